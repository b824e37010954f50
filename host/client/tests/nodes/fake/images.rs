//! `corten.v1.Images` and `corten.v1.Volumes`, made up.

use std::pin::Pin;
use std::sync::Arc;

use corten_api::error::ApiError;
use corten_api::v1;
use corten_api::v1::images_server::Images;
use corten_api::v1::import_image_request::Message;
use corten_api::v1::volumes_server::Volumes;
use tokio_stream::Stream;
use tonic::{Code, Request, Response, Status, Streaming};

use super::Facts;

pub struct ImageService(pub Arc<Facts>);

type Items<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn progress(names: &[String]) -> Vec<Result<v1::ImageProgress, Status>> {
    let step = |step: &str, done_bytes, trouble: &str| v1::ImageProgress {
        step: step.into(),
        total_bytes: 100,
        done_bytes,
        trouble: trouble.into(),
        ..Default::default()
    };
    let done = |name: &String| v1::ImageProgress {
        step: "done".into(),
        name: name.clone(),
        digest: "sha256:0a".into(),
        ..Default::default()
    };
    let steps =
        [step("fetching", 50, ""), step("fetching", 60, "connection reset"), step("unpacking", 100, "")];
    steps.into_iter().chain(names.iter().map(done)).map(Ok).collect()
}

#[tonic::async_trait]
impl Images for ImageService {
    async fn list(
        &self,
        _: Request<v1::ListImagesRequest>,
    ) -> Result<Response<v1::ListImagesResponse>, Status> {
        let image = v1::Image { name: "registry.example/web:1".into(), ..Default::default() };
        Ok(Response::new(v1::ListImagesResponse { images: vec![image] }))
    }

    type PullStream = Items<v1::ImageProgress>;

    async fn pull(
        &self,
        request: Request<v1::PullImageRequest>,
    ) -> Result<Response<Self::PullStream>, Status> {
        let name = request.into_inner().name;
        if name.ends_with(":none") {
            return Err(ApiError::new(Code::NotFound, "the registry has no such image", "").into());
        }
        Ok(Response::new(Box::pin(tokio_stream::iter(progress(&[name])))))
    }

    type ImportStream = Items<v1::ImageProgress>;

    async fn import(
        &self,
        request: Request<Streaming<v1::ImportImageRequest>>,
    ) -> Result<Response<Self::ImportStream>, Status> {
        let mut asked = request.into_inner();
        let (mut names, mut all) = (Vec::new(), Vec::new());
        while let Some(message) = asked.message().await? {
            match message.message {
                Some(Message::Start(start)) => names = start.names,
                Some(Message::Data(data)) => all.extend(data),
                None => {}
            }
            if all.starts_with(b"no archive") {
                return Err(ApiError::new(Code::InvalidArgument, "it is no archive", "").into());
            }
        }
        *self.0.received.lock().expect("nobody panics") = all;
        Ok(Response::new(Box::pin(tokio_stream::iter(progress(&names)))))
    }

    async fn remove(
        &self,
        request: Request<v1::RemoveImageRequest>,
    ) -> Result<Response<v1::RemoveImageResponse>, Status> {
        self.0.told.lock().expect("nobody panics").push(format!("remove {}", request.into_inner().name));
        Ok(Response::new(v1::RemoveImageResponse { freed_bytes: 1 << 20 }))
    }
}

#[tonic::async_trait]
impl Volumes for ImageService {
    async fn list(
        &self,
        _: Request<v1::ListVolumesRequest>,
    ) -> Result<Response<v1::ListVolumesResponse>, Status> {
        let volume = v1::Volume { name: "data".into(), ..Default::default() };
        Ok(Response::new(v1::ListVolumesResponse { volumes: vec![volume] }))
    }

    async fn remove(
        &self,
        request: Request<v1::RemoveVolumeRequest>,
    ) -> Result<Response<v1::RemoveVolumeResponse>, Status> {
        self.0.told.lock().expect("nobody panics").push(format!("remove {}", request.into_inner().name));
        Ok(Response::new(v1::RemoveVolumeResponse {}))
    }
}
