//! Images: those of the node's own root, those of containerd's store, and how they come there.
//!
//! ```text
//! recipe   /usr/lib/corten/images  layers are trees of the verified root
//! import   archive -> file -> intake -.
//! pull     fetch (a child without rights) -> intake -> containerd: blobs, unpacked layers, a name
//! ```
//!
//! What a container starts from is a stack of folders either way, so a start asks nobody for a copy of anything.

mod accepted;
mod import;
mod intake;
mod meant;
mod pull;
mod recipe;
mod room;
mod store;
mod under_way;
mod used;
mod users;
mod views;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use corten_api::v1;
use corten_config::settings::Registry;
use tokio::sync::mpsc;

use crate::Error;
use crate::containerd::Containerd;
use crate::spec::ImageProcess;
pub use pull::Fetcher;
pub use recipe::Recipe;
use under_way::UnderWay;
use used::Used;
pub use users::Users;
use views::Left;

/// An image that containers can be made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its name.
    pub name: String,
    /// Digest of its manifest.
    pub digest: String,
    /// Where it is from.
    pub from: From,
    /// The folders of its layers, topmost first.
    pub layers: Vec<PathBuf>,
    /// What it says of its process.
    pub process: ImageProcess,
}

/// Where an image is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The node's own root.
    Recipe,
    /// containerd's store.
    Store,
}

impl From {
    /// The word of the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Recipe => "recipe",
            Self::Store => "store",
        }
    }
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// containerd.
    #[error(transparent)]
    Containerd(#[from] Error),
    /// What it is made of can't be read.
    #[error(transparent)]
    Source(#[from] corten_oci::source::SourceError),
    /// A document of an image can't be read.
    #[error("image {name}: {message}")]
    Document {
        /// Its name, or its digest.
        name: String,
        /// Why.
        message: String,
    },
    /// There is none of this name.
    #[error(
        "there is no image {0:?}, neither in the node's own root nor in its store, and no registry is named"
    )]
    Unknown(String),
    /// A pull came to nothing.
    #[error(transparent)]
    Pull(Box<corten_fetch::PullError>),
    /// Who fetches hangs.
    #[error("the program that fetches says nothing any more")]
    Silent,
    /// A layer is not what the image says.
    #[error("layer {layer} unpacks to {found}, the image says {expected}")]
    Lies {
        /// Its digest.
        layer: String,
        /// What it unpacks to.
        found: String,
        /// What the image says.
        expected: String,
    },
    /// The system.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// An archive that holds an image without a name.
    #[error("the archive names no image; say which name it is to have")]
    Nameless,
    /// As many names as images.
    #[error("{names} names for {images} images")]
    Names {
        /// Names that were given.
        names: usize,
        /// Images that the archive holds.
        images: usize,
    },
    /// What a name is.
    #[error("{name:?} is no name of an image: {error}")]
    Name {
        /// What was given.
        name: String,
        /// Why.
        error: corten_oci::reference::ReferenceError,
    },
    /// A name with the digest of something else.
    #[error("{name:?} names another image: the one of the archive is {found}")]
    Content {
        /// The name.
        name: String,
        /// What the archive holds.
        found: corten_oci::digest::Digest,
    },
    /// It is here, and was not verified as the settings ask.
    #[error(
        "image {0:?} is here, but not verified as the settings of its registry ask; it has to be pulled from there"
    )]
    Unverified(String),
    /// Whoever does the work is gone.
    #[error("interrupted")]
    Interrupted,
}

/// Hears how far a pull or an import is. Nobody has to listen.
#[derive(Clone, Debug, Default)]
pub struct Progress(Option<mpsc::Sender<v1::ImageProgress>>);

impl Progress {
    /// Tells this one.
    pub fn to(sender: mpsc::Sender<v1::ImageProgress>) -> Self {
        Self(Some(sender))
    }

    /// Tells. Who is too slow misses some.
    fn tell(&self, message: v1::ImageProgress) {
        if let Some(sender) = &self.0 {
            let _ = sender.try_send(message);
        }
    }

    /// Tells, and waits until it is heard.
    async fn tell_surely(&self, message: v1::ImageProgress) {
        if let Some(sender) = &self.0 {
            let _ = sender.send(message).await;
        }
    }

    fn step(&self, step: &str, total_bytes: u64, done_bytes: u64) {
        self.tell(v1::ImageProgress { step: step.into(), total_bytes, done_bytes, ..Default::default() });
    }
}

/// All images of a node. Clones are the same ones.
#[derive(Clone, Debug)]
pub struct Images {
    containerd: Containerd,
    recipe: Arc<Recipe>,
    fetcher: Arc<Fetcher>,
    used: Arc<Used>,
    /// Held while what is there is looked at or changed, and never while something is waited for that comes from outside.
    turn: Arc<tokio::sync::Mutex<()>>,
    under_way: Arc<UnderWay>,
    left: Arc<Mutex<Left>>,
    /// The settings of now, which say what may run.
    registries: Arc<Mutex<BTreeMap<String, Registry>>>,
}

impl Images {
    /// Those of a root and of a containerd.
    pub fn new(containerd: Containerd, recipe: Recipe, fetcher: Fetcher, used: &Path) -> Self {
        Self {
            containerd,
            recipe: Arc::new(recipe),
            fetcher: Arc::new(fetcher),
            used: Arc::new(Used::open(used)),
            turn: Arc::default(),
            under_way: Arc::default(),
            left: Arc::default(),
            registries: Arc::default(),
        }
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of registries from now on. What of the store may run changes with it.
    pub fn set_registries(&self, registries: BTreeMap<String, Registry>) {
        *self.registries() = registries;
    }

    fn registries(&self) -> MutexGuard<'_, BTreeMap<String, Registry>> {
        self.registries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A container of this image starts.
    pub fn mark_used(&self, name: &str) {
        self.used.mark(name, crate::time::now_ns());
    }

    /// Writes down which images were used when.
    pub fn save_used(&self) -> std::io::Result<()> {
        self.used.save()
    }

    /// An image by the name that a workload has for it; those of the node's own root go first, and may always run: they
    /// are verified with it. Fails with [`ImageError::Unverified`] where the settings of its registry don't let it run.
    pub async fn find(&self, name: &str) -> Result<Option<Image>, ImageError> {
        match self.recipe.find(name) {
            Some(image) => Ok(Some(image)),
            None => self.stored(name).await,
        }
    }

    /// All of them, those of the node's own root first, each with its users.
    pub async fn list(&self, users: &Users) -> Result<Vec<v1::Image>, ImageError> {
        let mut all = self.recipe.list(users);
        all.extend(self.list_stored(users).await?);
        for image in &mut all {
            image.used_ns = self.used.moment(&image.name);
        }
        Ok(all)
    }
}
