//! `corten.v1.Storage`.

use corten_api::v1;
use corten_api::v1::storage_server::Storage;
use tonic::{Request, Response, Status};

use super::facts;
use crate::facts::{disks, mounts};
use crate::root::Root;

/// Lists disks and what is mounted.
#[derive(Clone, Debug)]
pub struct StorageCalls(pub Root);

#[tonic::async_trait]
impl Storage for StorageCalls {
    async fn disks(
        &self,
        _: Request<v1::ListDisksRequest>,
    ) -> Result<Response<v1::ListDisksResponse>, Status> {
        let root = self.0.clone();
        let disks = facts(move || disks::list(&root)).await?;
        Ok(Response::new(v1::ListDisksResponse { disks }))
    }

    async fn mounts(
        &self,
        _: Request<v1::ListMountsRequest>,
    ) -> Result<Response<v1::ListMountsResponse>, Status> {
        let root = self.0.clone();
        let mounts = facts(move || mounts::list(&root)).await?;
        Ok(Response::new(v1::ListMountsResponse { mounts }))
    }
}
