//! The time: which servers the time service asks, and whether it runs.
//!
//! The service is `ntp-daemon` of ntpd-rs; the format of its file is that of ntp.toml(5) of version 1.

use std::fmt::Write as _;
use std::net::Ipv6Addr;

use corten_config::Problem;
use corten_control::{Answer, Request, State};

use super::files::{self, Written};
use super::init::ask;
use super::inputs::Wanted;
use super::keep::{Reconcile, problem};
use crate::root::Root;

/// Where the service finds its configuration.
pub const NTP_CONFIG: &str = "/run/corten/agent/ntp.toml";
/// Its name in the table of services. A node may have none.
const SERVICE: &str = "ntp";

/// Keeps the time service as the settings say.
pub struct Time {
    root: Root,
    read: Read,
}

/// Whether the service that runs has read what is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    Yes,
    No,
}

impl Time {
    /// Keeps it below a root.
    pub fn new(root: Root) -> Self {
        Self { root, read: Read::No }
    }

    async fn reconcile(&mut self, servers: &[String]) -> Result<(), String> {
        let services = match ask(&self.root, &Request::Services).await {
            Ok(Answer::Services { services }) => services,
            Ok(answer) => return Err(format!("init answered {answer:?} to a request for services")),
            Err(error) => return Err(error.to_string()),
        };
        let Some(status) = services.into_iter().find(|status| status.name == SERVICE) else { return Ok(()) };
        let service = SERVICE.to_owned();
        let runs = match status.state {
            State::Waiting | State::Starting | State::Ready | State::BackOff => true,
            State::Off | State::Done | State::Failed | State::Stopped => false,
            State::Stopping => return Err(format!("service {SERVICE} is being stopped")),
        };
        if servers.is_empty() {
            return if runs { self.accepted(Request::StopService { service }).await } else { Ok(()) };
        }
        let written = files::replace(&self.root.path(NTP_CONFIG), config(servers).as_bytes());
        if written.map_err(|error| format!("{NTP_CONFIG}: {error}"))? == Written::Changed {
            self.read = Read::No;
        }
        let request = match (runs, self.read) {
            (false, _) => Request::StartService { service },
            (true, Read::No) => Request::RestartService { service },
            (true, Read::Yes) => return Ok(()),
        };
        self.accepted(request).await?;
        self.read = Read::Yes;
        Ok(())
    }

    async fn accepted(&self, request: Request) -> Result<(), String> {
        match ask(&self.root, &request).await {
            Ok(Answer::Accepted) => Ok(()),
            Ok(Answer::Refused { why }) => Err(format!("service {SERVICE}: {why}")),
            Ok(answer) => Err(format!("init answered {answer:?} to a request about service {SERVICE}")),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// The service's configuration.
fn config(servers: &[String]) -> String {
    let mut text = "# Written by corten-agent from the configuration of the node.\n".to_owned();
    text.push_str("[observability]\nlog-level = \"warn\"\n");
    for server in servers {
        // With a port, since colons are taken for one.
        let address = match server.parse::<Ipv6Addr>() {
            Ok(address) => format!("[{address}]:123"),
            Err(_) => server.clone(),
        };
        let _ = write!(text, "\n[[source]]\nmode = \"server\"\naddress = \"{}\"\n", escaped(&address));
    }
    // The service's own default is three, which would never set a clock by one or two servers. Half of them may be
    // silent; one that is wrong is outvoted from three on.
    let agreeing = servers.len().div_ceil(2).clamp(1, 3);
    // A machine may start with any time, earlier or later than the right one. Once it runs, a step of more than the
    // default (1,000 s) ends the service; init starts it again, and then it is a first step.
    let _ = write!(
        text,
        "\n[synchronization]\nminimum-agreeing-sources = {agreeing}\n\
         startup-step-panic-threshold = {{ forward = \"inf\", backward = \"inf\" }}\n"
    );
    text
}

/// What may stand in a basic string of TOML: names and addresses are made of these characters alone.
fn escaped(address: &str) -> String {
    address.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.:[]%".contains(*c)).collect()
}

impl Reconcile for Time {
    const NAME: &'static str = "time";

    async fn reconcile(&mut self, wanted: &Wanted) -> Vec<Problem> {
        let own = &wanted.settings.network.ntp;
        let servers = if own.is_empty() { &wanted.offered_ntp } else { own };
        let result = self.reconcile(servers).await;
        result.err().map(|why| problem("network.ntp", why)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests;
