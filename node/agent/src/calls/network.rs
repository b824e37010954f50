//! `corten.v1.Network`: what the kernel has, with what the network service made of the configuration.

use std::sync::Arc;

use corten_api::v1;
use corten_api::v1::network_server::Network;
use corten_network::{Source, State};
use tokio::sync::watch;
use tonic::{Request, Response, Status};

use super::facts;
use crate::facts::{addresses, links, routes, sockets};
use crate::root::Root;

/// Lists links, addresses, routes and sockets.
#[derive(Clone, Debug)]
pub struct NetworkCalls {
    /// Where files are.
    pub root: Root,
    /// What the network service did last.
    pub state: watch::Receiver<Arc<State>>,
}

#[tonic::async_trait]
impl Network for NetworkCalls {
    async fn links(
        &self,
        _: Request<v1::ListLinksRequest>,
    ) -> Result<Response<v1::ListLinksResponse>, Status> {
        let state = Arc::clone(&self.state.borrow());
        let root = self.root.clone();
        let links = facts(move || Ok((links::list(&root)?, addresses::list()?))).await?;
        Ok(Response::new(describe(links.0, &links.1, &state)))
    }

    async fn addresses(
        &self,
        _: Request<v1::ListAddressesRequest>,
    ) -> Result<Response<v1::ListAddressesResponse>, Status> {
        let state = Arc::clone(&self.state.borrow());
        let mut addresses = facts(addresses::list).await?;
        for address in &mut addresses {
            if let Some(source) = source(address, &state) {
                address.source = source.into();
            }
        }
        Ok(Response::new(v1::ListAddressesResponse { addresses }))
    }

    async fn routes(
        &self,
        _: Request<v1::ListRoutesRequest>,
    ) -> Result<Response<v1::ListRoutesResponse>, Status> {
        let routes = facts(routes::list).await?;
        Ok(Response::new(v1::ListRoutesResponse { routes }))
    }

    async fn sockets(
        &self,
        _: Request<v1::ListSocketsRequest>,
    ) -> Result<Response<v1::ListSocketsResponse>, Status> {
        let root = self.root.clone();
        let sockets = facts(move || sockets::list(&root)).await?;
        Ok(Response::new(v1::ListSocketsResponse { sockets }))
    }
}

/// Links with their addresses and what the network service says of them.
pub(super) fn describe(
    links: Vec<v1::Link>,
    addresses: &[v1::Address],
    state: &State,
) -> v1::ListLinksResponse {
    let links = links.into_iter().map(|mut link| {
        let of_link = addresses.iter().filter(|address| address.link == link.name);
        link.addresses = of_link.map(|address| address.address.clone()).collect();
        if let Some(known) = state.links.get(&link.name) {
            link.configured_as = known.configured_as.clone().unwrap_or_default();
            link.problem = known.problem.clone().unwrap_or_default();
        }
        link
    });
    v1::ListLinksResponse {
        links: links.collect(),
        dns: state.dns.iter().map(ToString::to_string).collect(),
        search: state.search.clone(),
        ntp: state.ntp.clone(),
    }
}

/// Where an address of the configuration is from.
fn source(address: &v1::Address, state: &State) -> Option<&'static str> {
    let link = state.links.get(&address.link)?;
    let known = link.addresses.iter().find(|known| known.address.to_string() == address.address)?;
    Some(match known.source {
        Source::Static => "static",
        Source::Dhcp4 => "dhcp4",
        Source::Dhcp6 => "dhcp6",
        Source::Slaac => "slaac",
    })
}
