//! Images: those of the node's own root, those of containerd's store, and how they come there.
//!
//! ```text
//! recipe   /usr/lib/corten/images  layers are trees of the verified root
//! import   archive -> file -> intake -.
//! pull     fetch (a child without rights) -> intake -> containerd: blobs, unpacked layers, a name
//! ```
//!
//! What a container starts from is a stack of folders either way, so a start asks nobody for a copy of anything.

mod import;
mod intake;
mod meant;
mod pull;
mod recipe;
mod room;
mod store;
mod used;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use corten_api::v1;
use tokio::sync::mpsc;

use crate::Error;
use crate::containerd::Containerd;
use crate::spec::ImageProcess;
pub use pull::Fetcher;
pub use recipe::Recipe;
use used::Used;

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
    /// Images come in one after another: two may share layers.
    turn: Arc<tokio::sync::Mutex<()>>,
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
        }
    }

    /// A container of this image starts.
    pub fn mark_used(&self, name: &str) {
        self.used.mark(name, crate::time::now_ns());
    }

    /// Writes down which images were used when.
    pub fn save_used(&self) -> std::io::Result<()> {
        self.used.save()
    }

    /// An image by the name that a workload has for it; those of the node's own root go first.
    pub async fn find(&self, name: &str) -> Result<Option<Image>, ImageError> {
        match self.recipe.find(name) {
            Some(image) => Ok(Some(image)),
            None => self.stored(name).await,
        }
    }

    /// All of them.
    pub async fn list(&self) -> Result<Vec<v1::Image>, ImageError> {
        let mut all = self.recipe.list();
        all.extend(self.list_stored().await?);
        for image in &mut all {
            image.used_ns = self.used.moment(&image.name);
        }
        Ok(all)
    }
}
