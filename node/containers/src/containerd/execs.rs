//! Which execs run in a container, as far as its shim tells.

use prost::Message as _;

use super::{Containerd, refused, request};
use crate::Error;
use crate::api::containerd::runc::v1::ProcessDetails;
use crate::api::containerd::services::tasks::v1::ListPidsRequest;
use crate::api::containerd::services::tasks::v1::tasks_client::TasksClient;

impl Containerd {
    /// Names of the execs whose processes run in a container. Those that ended and were not removed are not among them.
    pub(crate) async fn execs(&self, id: &str) -> Result<Vec<String>, Error> {
        let list = ListPidsRequest { container_id: id.to_owned() };
        let mut client = TasksClient::new(self.channel.clone());
        let answer = client.list_pids(request(list)).await.map_err(refused("list processes"))?;
        let infos = answer.into_inner().processes.into_iter().filter_map(|process| process.info);
        let details = infos.filter_map(|info| ProcessDetails::decode(info.value.as_slice()).ok());
        Ok(details.map(|details| details.exec_id).filter(|exec| !exec.is_empty()).collect())
    }
}
