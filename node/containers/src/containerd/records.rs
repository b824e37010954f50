//! Records of containers: what containerd knows of one beside its process.

use std::collections::BTreeMap;

use prost::Message as _;
use prost_types::Any;

use super::{Containerd, if_there, refused, request};
use crate::Error;
use crate::api::containerd::runc::v1::Options;
use crate::api::containerd::services::containers::v1::container::Runtime;
use crate::api::containerd::services::containers::v1::containers_client::ContainersClient;
use crate::api::containerd::services::containers::v1::{
    Container, CreateContainerRequest, DeleteContainerRequest, ListContainersRequest,
};

const RUNTIME: &str = "io.containerd.runc.v2";
const SPEC: &str = "types.containerd.io/opencontainers/runtime-spec/1/Spec";

/// A container's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its id.
    pub id: String,
    /// Name of its image, for those who look with other tools.
    pub image: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// The runtime specification, JSON.
    pub specification: String,
    /// Absolute path of the OCI runtime.
    pub runtime: String,
}

/// What the shim is told: which program is the runtime.
pub(super) fn options(runtime: &str) -> Any {
    let options = Options { binary_name: runtime.to_owned(), ..Options::default() };
    Any { type_url: "containerd.runc.v1.Options".into(), value: options.encode_to_vec() }
}

impl Containerd {
    fn containers(&self) -> ContainersClient<tonic::transport::Channel> {
        ContainersClient::new(self.channel.clone())
    }

    /// All records.
    pub async fn records(&self) -> Result<Vec<Record>, Error> {
        let all = ListContainersRequest { filters: Vec::new() };
        let answer = self.containers().list(request(all)).await.map_err(refused("list containers"))?;
        Ok(answer.into_inner().containers.into_iter().map(read).collect())
    }

    /// Makes a record; one of the same id must not be there.
    pub async fn create_record(&self, record: &Record) -> Result<(), Error> {
        let container = Container {
            id: record.id.clone(),
            labels: record.labels.clone().into_iter().collect(),
            image: record.image.clone(),
            runtime: Some(Runtime { name: RUNTIME.into(), options: Some(options(&record.runtime)) }),
            spec: Some(Any { type_url: SPEC.into(), value: record.specification.clone().into_bytes() }),
            ..Container::default()
        };
        let create = CreateContainerRequest { container: Some(container) };
        self.containers().create(request(create)).await.map_err(refused("create a container"))?;
        Ok(())
    }

    /// Removes a record. That there is none is no failure.
    pub async fn delete_record(&self, id: &str) -> Result<(), Error> {
        let delete = DeleteContainerRequest { id: id.to_owned() };
        let answer = self.containers().delete(request(delete)).await.map_err(refused("delete a container"));
        if_there(answer).map(drop)
    }
}

fn read(container: Container) -> Record {
    let options = container.runtime.and_then(|runtime| runtime.options);
    let runtime = options.and_then(|options| Options::decode(options.value.as_slice()).ok());
    Record {
        id: container.id,
        image: container.image,
        labels: container.labels.into_iter().collect(),
        specification: container
            .spec
            .map(|spec| String::from_utf8_lossy(&spec.value).into_owned())
            .unwrap_or_default(),
        runtime: runtime.map(|options| options.binary_name).unwrap_or_default(),
    }
}
