//! What nodes are told to do, apart from their configuration.

use corten_api::v1::{self, Partition};

use crate::connection::{Connection, NodeError};
use crate::view::Done;

/// What is made anew when a node is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// Everything that the node keeps: configuration, keys, containers, audit log.
    State,
    /// The version in the slot that does not run.
    OtherSlot,
}

/// What the machine does after a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// It starts again.
    Start,
    /// It stays off.
    StayOff,
}

impl Reset {
    /// What is lost, for people.
    pub fn loses(self) -> &'static str {
        match self {
            Self::State => {
                "the state: configuration, keys, containers and audit log; the node is in maintenance afterwards, unless its platform configures it"
            }
            Self::OtherSlot => {
                "the version in the slot that does not run: nothing to fall back to until the next update"
            }
        }
    }

    fn partition(self) -> Partition {
        match self {
            Self::State => Partition::State,
            Self::OtherSlot => Partition::OtherSlot,
        }
    }
}

/// Stops a service and starts it again.
pub async fn restart(connection: Connection, name: String) -> Result<Done, NodeError> {
    let request = v1::RestartServiceRequest { name: name.clone() };
    connection.answer(connection.services().restart(request)).await?;
    Ok(Done::new(format!("{name} was restarted")))
}

/// What a workload is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// To run.
    Start,
    /// To stop until it is started again.
    Stop,
    /// To stop and run again.
    Restart,
}

/// Tells a workload something, and waits until it is done.
pub async fn workload(connection: Connection, name: String, order: Order) -> Result<Done, NodeError> {
    let mut client = connection.workloads();
    let said = name.clone();
    let done = match order {
        Order::Start => {
            connection.wait(client.start(v1::StartWorkloadRequest { name })).await?;
            "was started"
        }
        Order::Stop => {
            connection.wait(client.stop(v1::StopWorkloadRequest { name })).await?;
            "was stopped"
        }
        Order::Restart => {
            connection.wait(client.restart(v1::RestartWorkloadRequest { name })).await?;
            "was restarted"
        }
    };
    Ok(Done::new(format!("{said} {done}")))
}

/// Removes a volume with all that it holds.
pub async fn remove_volume(connection: Connection, name: String) -> Result<Done, NodeError> {
    let request = v1::RemoveVolumeRequest { name: name.clone() };
    connection.wait(connection.volumes().remove(request)).await?;
    Ok(Done::new(format!("{name} was removed with all that it held")))
}

/// Starts the machine again.
pub async fn reboot(connection: Connection) -> Result<Done, NodeError> {
    let response = connection.answer(connection.node().reboot(v1::RebootRequest {})).await?;
    Ok(Done::new("the node restarts").of_start(response.boot_id))
}

/// Switches the machine off.
pub async fn power_off(connection: Connection) -> Result<Done, NodeError> {
    connection.answer(connection.node().power_off(v1::PowerOffRequest {})).await?;
    Ok(Done::new("the node stops its services and switches off"))
}

/// Has partitions made anew at the next start, which follows at once.
pub async fn reset(
    connection: Connection,
    what: Vec<Reset>,
    afterwards: Afterwards,
) -> Result<Done, NodeError> {
    let partitions = what.into_iter().map(|what| what.partition().into()).collect();
    let power_off = afterwards == Afterwards::StayOff;
    let response =
        connection.answer(connection.node().reset(v1::ResetRequest { partitions, power_off })).await?;
    let then = if power_off { "is made anew and switches off" } else { "is made anew and starts again" };
    Ok(Done::new(format!("the node {then}")).of_start(response.boot_id))
}
