//! Images: which there are, how they come and go.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use corten_api::v1;
use corten_api::v1::images_server::Images;
use corten_api::v1::import_image_request::Message as In;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status, Streaming};

use super::{Answers, WAITING, failed, refuse};
use crate::daemon::programs::name;
use crate::daemon::shell::Shell;
use crate::images::{ImageError, Progress};

pub(super) struct ImageCalls(pub(super) Shell);

fn status(error: &ImageError) -> Status {
    let code = match error {
        ImageError::Unknown(_) => Code::NotFound,
        ImageError::Containerd(_) | ImageError::Interrupted | ImageError::Silent => Code::Unavailable,
        ImageError::File { .. } => Code::Internal,
        ImageError::Pull(_) | ImageError::Unverified(_) => Code::FailedPrecondition,
        _ => Code::InvalidArgument,
    };
    refuse(code, error.to_string(), "")
}

/// An archive that is removed when the import is over, however it ended.
struct Spool(PathBuf);

impl Drop for Spool {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl ImageCalls {
    /// All images with their users.
    async fn all(&self) -> Result<Vec<v1::Image>, Status> {
        let users = self.0.image_users().await.map_err(|error| status(&error.into()))?;
        self.0.images.list(&users).await.map_err(|error| status(&error))
    }
}

#[tonic::async_trait]
impl Images for ImageCalls {
    type PullStream = Answers<v1::ImageProgress>;
    type ImportStream = Answers<v1::ImageProgress>;

    async fn list(
        &self,
        _: Request<v1::ListImagesRequest>,
    ) -> Result<Response<v1::ListImagesResponse>, Status> {
        Ok(Response::new(v1::ListImagesResponse { images: self.all().await? }))
    }

    async fn pull(
        &self,
        request: Request<v1::PullImageRequest>,
    ) -> Result<Response<Self::PullStream>, Status> {
        let name = request.into_inner().name;
        let (sender, mut progress) = mpsc::channel(WAITING);
        let (answers, stream) = mpsc::channel(WAITING);
        let shell = self.0.clone();
        tokio::spawn(async move {
            let sender = Progress::to(sender);
            let order = shell.order();
            let pulling = async {
                let pulled = shell.images.pull(&name, &order, &sender).await;
                drop(sender);
                pulled
            };
            Box::pin(hand_on(pulling, &mut progress, answers)).await;
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    async fn import(
        &self,
        request: Request<Streaming<v1::ImportImageRequest>>,
    ) -> Result<Response<Self::ImportStream>, Status> {
        let mut requests = request.into_inner();
        let folder = self.0.paths.imports();
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
        let spool = Spool(folder.join(name("import")));
        let mut file = tokio::fs::File::create(&spool.0).await.map_err(failed)?;
        let mut names = Vec::new();
        while let Some(message) = requests.next().await.transpose()? {
            match message.message {
                Some(In::Start(start)) => names = start.names,
                Some(In::Data(data)) => file.write_all(&data).await.map_err(|error| {
                    refuse(
                        Code::ResourceExhausted,
                        format!("keeping the archive: {error}"),
                        "make room on the disk",
                    )
                })?,
                None => {}
            }
        }
        file.flush().await.map_err(failed)?;
        drop(file);
        let (sender, mut progress) = mpsc::channel(WAITING);
        let (answers, stream) = mpsc::channel(WAITING);
        let shell = self.0.clone();
        tokio::spawn(async move {
            let sender = Progress::to(sender);
            let importing = async {
                let imported = shell.images.import(&spool.0, names, &sender).await.map(drop);
                drop((sender, spool));
                imported
            };
            Box::pin(hand_on(importing, &mut progress, answers)).await;
            // Containers that wait for an image need not wait any longer.
            shell.tell(crate::fleet::Event::ImagesCame);
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    async fn remove(
        &self,
        request: Request<v1::RemoveImageRequest>,
    ) -> Result<Response<v1::RemoveImageResponse>, Status> {
        let name = request.into_inner().name;
        let all = self.all().await?;
        // Those of the store come last.
        let image = all.iter().rfind(|image| image.name == name);
        if let Some(image) = image.filter(|image| !image.used_by.is_empty()) {
            let cause = format!("{name} is used by {}", image.used_by.join(", "));
            return Err(refuse(
                Code::FailedPrecondition,
                cause,
                "take the workload out of the configuration first, or end what else uses it",
            ));
        }
        if image.is_some_and(|image| image.from == crate::images::From::Recipe.word()) {
            let cause = format!("{name} is part of the node's own image");
            return Err(refuse(Code::FailedPrecondition, cause, "only images of the store can be removed"));
        }
        let freed_bytes = image.map_or(0, |image| image.bytes);
        self.0.images.remove(&name).await.map_err(|error| status(&error))?;
        Ok(Response::new(v1::RemoveImageResponse { freed_bytes }))
    }
}

/// Hands progress on as it comes, and then what came of it.
async fn hand_on(
    work: impl Future<Output = Result<(), ImageError>>,
    progress: &mut mpsc::Receiver<v1::ImageProgress>,
    answers: mpsc::Sender<Result<v1::ImageProgress, Status>>,
) {
    let telling = async {
        while let Some(message) = progress.recv().await {
            // What is under way goes on when nobody listens any more.
            let _ = answers.send(Ok(message)).await;
        }
    };
    let (done, ()) = tokio::join!(work, telling);
    if let Err(error) = done {
        let _ = answers.send(Err(status(&error))).await;
    }
}
