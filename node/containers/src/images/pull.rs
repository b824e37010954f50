//! Images from registries: a child without rights speaks to them, and what it hands over goes to containerd.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Stdio;
use std::str::FromStr as _;
use std::time::Duration;

use corten_control::ContainersOrder;
use corten_fetch::http::Address;
use corten_fetch::name;
use corten_fetch::protocol::{DocumentKind, LONGEST_SILENCE};
use corten_fetch::{Event, Order, Pull, PullError};
use corten_oci::digest::Digest;
use corten_oci::manifest::{Descriptor as OciDescriptor, ImageConfig, Manifest};
use corten_oci::reference::Reference;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::accepted::SIGNED_BY;
use super::intake::{Documents, Intake, Layer};
use super::under_way::Held;
use super::{Image, ImageError, Images, Progress};
use crate::containerd::Writing;

/// Time that the child has to end by itself once it is told that nobody listens.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// Who fetches: a program, and the user that it runs as.
#[derive(Clone, Debug)]
pub struct Fetcher {
    /// The program.
    pub program: PathBuf,
    /// Its user and group; `None` for whoever runs this one.
    pub user: Option<(u32, u32)>,
    /// Files with certificates of the authorities that the world trusts.
    pub certificates: Vec<PathBuf>,
}

/// Documents of an image, as they come.
#[derive(Default)]
struct Came {
    manifest: Option<(Digest, Vec<u8>)>,
    config: Option<Vec<u8>>,
    /// The key that has signed it.
    signed_by: Option<Digest>,
}

/// A pull whose layers come.
struct Coming {
    intake: Intake,
    missing: Vec<Layer>,
    writing: BTreeMap<String, Writing>,
    signed_by: Option<Digest>,
    _held: Held,
    total: u64,
    done: u64,
}

impl Images {
    /// The image of a name, fetched if it is not here, or not verified as its registry's settings ask. A name that leads to
    /// an image that is here is not asked for again.
    pub async fn ensure(&self, name: &str, order: &ContainersOrder) -> Result<Image, ImageError> {
        match self.find(name).await {
            Ok(Some(image)) => return Ok(image),
            Ok(None) | Err(ImageError::Unverified(_)) => {}
            Err(error) => return Err(error),
        }
        let reference = parse(name)?;
        if reference.registry().is_none() {
            return Err(ImageError::Unknown(name.to_owned()));
        }
        self.pull(name, order, &Progress::default()).await?;
        self.find(name).await?.ok_or_else(|| ImageError::Unknown(name.to_owned()))
    }

    /// Fetches an image from its registry, also if one of its name is here.
    pub async fn pull(
        &self,
        name: &str,
        order: &ContainersOrder,
        progress: &Progress,
    ) -> Result<(), ImageError> {
        let reference = parse(name)?;
        let Some(registry) = reference.registry() else { return Err(ImageError::Unknown(name.to_owned())) };
        let order = order_for(name, registry, order, &self.fetcher.certificates);
        progress.step("resolving", 0, 0);
        let mut child = self.spawn()?;
        let (Some(stdout), Some(stdin)) = (child.stdout.take(), child.stdin.take()) else {
            return Err(ImageError::Interrupted);
        };
        let answer = self.receive(name, (stdout, stdin), &order, progress).await;
        // Its pipes are closed by now, so it ends; what hangs is ended.
        if tokio::time::timeout(ENDS_WITHIN, child.wait()).await.is_err() {
            let _ = child.kill().await;
        }
        answer
    }

    fn spawn(&self) -> Result<Child, ImageError> {
        let program = &self.fetcher.program;
        let mut command = Command::new(program);
        command.env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        command.kill_on_drop(true).current_dir("/");
        if let Some((user, group)) = self.fetcher.user {
            command.uid(user).gid(group);
        }
        command.spawn().map_err(|error| ImageError::File { path: program.display().to_string(), error })
    }

    async fn receive(
        &self,
        name: &str,
        (stdout, stdin): (ChildStdout, ChildStdin),
        order: &Order,
        progress: &Progress,
    ) -> Result<(), ImageError> {
        let mut pull = Pull::start(stdout, stdin, order).await?;
        let mut coming = None;
        if let Err(error) = self.hear(name, &mut pull, &mut coming, progress).await {
            if let Some(coming) = coming {
                coming.give_up(self).await;
            }
            return Err(error);
        }
        let Some(Coming { intake, signed_by, total, .. }) = coming else {
            return Err(ImageError::Interrupted);
        };
        progress.step("unpacking", total, total);
        let _turn = self.turn.lock().await;
        for layer in intake.missing().await? {
            intake.unpack(&layer).await?;
        }
        let labels = signed_by.map(|key| (SIGNED_BY.to_owned(), key.to_string()));
        intake.finish(&[name.to_owned()], labels.into_iter().collect(), progress).await?;
        self.views_may_be_left();
        Ok(())
    }

    /// Takes what comes until all layers are here.
    async fn hear(
        &self,
        name: &str,
        pull: &mut Pull<ChildStdout, ChildStdin>,
        coming: &mut Option<Coming>,
        progress: &Progress,
    ) -> Result<(), ImageError> {
        let mut came = Came::default();
        loop {
            let next = tokio::time::timeout(LONGEST_SILENCE, pull.next()).await;
            let Some(event) = next.map_err(|_| ImageError::Silent)?? else { return Ok(()) };
            match event {
                Event::Resolved { signed_by, .. } => came.signed_by = signed_by,
                Event::Document { kind: DocumentKind::Manifest, digest, bytes } => {
                    came.manifest = Some((digest, bytes));
                }
                Event::Document { kind: DocumentKind::Config, bytes, .. } => came.config = Some(bytes),
                Event::Choose { .. } => {
                    let begun = self.begin(name, std::mem::take(&mut came)).await?;
                    let digests: BTreeSet<&String> =
                        begun.missing.iter().map(|layer| &layer.blob.digest).collect();
                    let chosen = digests.into_iter().filter_map(|digest| Digest::from_str(digest).ok());
                    pull.choose(chosen.collect()).await?;
                    progress.step("fetching", begun.total, 0);
                    *coming = Some(begun);
                }
                Event::Data { digest, bytes, .. } => {
                    if let Some(coming) = coming {
                        coming.data(self, &digest.to_string(), bytes).await?;
                        progress.step("fetching", coming.total, coming.done);
                    }
                }
                Event::Restart { digest } => {
                    if let Some(coming) = coming {
                        coming.restart(self, &digest.to_string()).await?;
                    }
                }
                Event::Complete { digest, .. } => {
                    if let Some(coming) = coming {
                        coming.complete(&digest.to_string()).await?;
                    }
                }
                Event::Trouble(trouble) => progress.tell(corten_api::v1::ImageProgress {
                    step: "fetching".into(),
                    trouble: format!("{}: {}", trouble.place, trouble.failure),
                    ..Default::default()
                }),
                Event::Document { .. } | Event::Done | Event::Failed(_) => {}
            }
        }
    }

    /// The documents are there: what is missing?
    async fn begin(&self, name: &str, came: Came) -> Result<Coming, ImageError> {
        let wrong = |message: String| ImageError::Document { name: name.to_owned(), message };
        let (Some((digest, manifest_bytes)), Some(config_bytes)) = (came.manifest, came.config) else {
            return Err(ImageError::Interrupted);
        };
        let manifest = Manifest::parse(&manifest_bytes).map_err(|error| wrong(error.to_string()))?;
        let config =
            ImageConfig::parse_for(&manifest, &config_bytes).map_err(|error| wrong(error.to_string()))?;
        let media_type =
            manifest.media_type.clone().unwrap_or_else(|| corten_oci::media::MANIFEST.to_owned());
        let documents = Documents {
            manifest_descriptor: OciDescriptor::new(&media_type, digest, manifest_bytes.len() as u64),
            manifest_bytes,
            manifest,
            config_bytes,
            config,
        };
        let (intake, missing, held) = self.begin_intake(documents).await?;
        let total = missing.iter().map(|layer| layer.blob.size).sum();
        let signed_by = came.signed_by;
        Ok(Coming { intake, missing, writing: BTreeMap::new(), signed_by, _held: held, total, done: 0 })
    }

    /// Begins to take an image in: which layers are missing, that nobody else fetches now.
    pub(super) async fn begin_intake(
        &self,
        documents: Documents,
    ) -> Result<(Intake, Vec<Layer>, Held), ImageError> {
        let intake = Intake::begin(&self.containerd, documents).await?;
        let look = async || {
            let _turn = self.turn.lock().await;
            intake.missing().await
        };
        let missing = look().await?;
        let held = self.under_way.hold(&missing.iter().map(|layer| &layer.blob.digest).collect()).await;
        // Whoever was waited for may have brought some of them.
        let missing = look().await?;
        Ok((intake, missing, held))
    }
}

impl Coming {
    fn layer(&self, digest: &str) -> Option<&Layer> {
        self.missing.iter().find(|layer| layer.blob.digest == digest)
    }

    async fn data(&mut self, images: &Images, digest: &str, bytes: Vec<u8>) -> Result<(), ImageError> {
        let Some(layer) = self.layer(digest) else { return Ok(()) };
        if !self.writing.contains_key(digest) {
            let writing = images.containerd.write_blob(&layer.blob, BTreeMap::new(), self.intake.lease());
            self.writing.insert(digest.to_owned(), writing);
        }
        self.done += bytes.len() as u64;
        if let Some(writing) = self.writing.get_mut(digest)
            && !writing.write(bytes).await
        {
            return self.complete(digest).await;
        }
        Ok(())
    }

    /// What came is removed before anybody else fetches it.
    async fn give_up(self, images: &Images) {
        for writing in self.writing.into_values() {
            if let Err(error) = writing.abandon(&images.containerd).await {
                eprintln!("images: {error}");
            }
        }
    }

    /// What came of a layer is void.
    async fn restart(&mut self, images: &Images, digest: &str) -> Result<(), ImageError> {
        if let Some(writing) = self.writing.remove(digest) {
            self.done = self.done.saturating_sub(writing.written());
            writing.abandon(&images.containerd).await?;
        }
        Ok(())
    }

    /// All of a layer came. containerd has hashed it.
    async fn complete(&mut self, digest: &str) -> Result<(), ImageError> {
        let (Some(layer), Some(writing)) = (self.layer(digest).cloned(), self.writing.remove(digest)) else {
            return Ok(());
        };
        Ok(writing.finish(&layer.blob, BTreeMap::new()).await?)
    }
}

fn parse(name: &str) -> Result<Reference, ImageError> {
    name.parse().map_err(|error| ImageError::Name { name: name.to_owned(), error })
}

/// What the child is told.
fn order_for(name: &str, registry: &str, order: &ContainersOrder, certificates: &[PathBuf]) -> Order {
    let registries = &order.containers.registries;
    let known = name::settings(registries, registry).cloned().unwrap_or_default();
    let login = |mirror: &String| {
        let address = Address::parse(mirror).ok()?;
        let settings = name::named(registries, address.authority(), |_| address.is_plain())?;
        Some((address.authority().to_owned(), settings.login.clone()?))
    };
    Order {
        mirror_logins: known.mirrors.iter().filter_map(login).collect(),
        authorities: order.authorities.clone(),
        certificates: certificates.to_vec(),
        proxy: order.containers.proxy.clone(),
        registry: known,
        ..Order::new(name)
    }
}

impl From<PullError> for ImageError {
    fn from(error: PullError) -> Self {
        Self::Pull(Box::new(error))
    }
}
