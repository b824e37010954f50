//! What can keep an image from being built.

use std::path::{Path, PathBuf};

use corten_recipe::KeyPath;

use crate::assembly::Origin;

/// A failed build.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two origins bring different files for one path.
    #[error("{path} comes from {first} and from {second}, and they differ")]
    Conflict {
        /// The path in the image.
        path: String,
        /// Who brought it first.
        first: String,
        /// Who else brings it.
        second: String,
    },
    /// A path that can't be in a file system.
    #[error("{path}: {why}")]
    Path {
        /// The path in the image.
        path: String,
        /// What is wrong with it.
        why: corten_formats::tree::TreeError,
    },
    /// A shared library is in no package that the program's package depends on.
    #[error(
        "{program} of package {package} needs {library}, which none of the packages that it depends on has"
    )]
    Library {
        /// Path of the program or library.
        program: String,
        /// Its package.
        package: String,
        /// What it needs.
        library: String,
    },
    /// A program can't be read.
    #[error("{program} of package {package}: {why}")]
    Program {
        /// Path of the program or library.
        program: String,
        /// Its package.
        package: String,
        /// What is wrong with it.
        why: corten_formats::elf::ElfError,
    },
    /// A package lacks a file that every image needs.
    #[error("package {package} has no {path}")]
    Missing {
        /// Name of the package.
        package: String,
        /// The file.
        path: String,
    },
    /// A package that something needs is not in the lock.
    #[error("the lock has no package {0}; run `corten lock --update`")]
    NotLocked(String),
    /// Something that the recipe names is wrong in view of the packages.
    #[error("{what}")]
    Recipe {
        /// What is wrong and what was expected.
        what: String,
        /// The value in the recipe, so that a message can point at it.
        key: KeyPath,
        /// What the writer probably meant.
        help: Option<String>,
    },
    /// The image is too large for what the recipe gives it.
    #[error(
        "the {part} has {bytes} bytes{}; half of its slot of {slot} bytes is the most, to leave room for updates",
        share(*images)
    )]
    TooLarge {
        /// `root image`, `hash tree`, `boot image`.
        part: &'static str,
        /// Its size.
        bytes: u64,
        /// How much of it are container images.
        images: u64,
        /// The room for it.
        slot: u64,
    },
    /// The boot image is too large for the ESP.
    #[error("the boot image has {bytes} bytes; the ESP of {esp} bytes has to have room for three")]
    Boot {
        /// Size of the boot image.
        bytes: u64,
        /// Size of the ESP.
        esp: u64,
    },
    /// A part of the image can't be made.
    #[error("making the {part}: {why}")]
    Part {
        /// `root image`, `boot image`, `disk` and so on.
        part: &'static str,
        /// Why.
        why: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Loader or boot image can't be signed.
    #[error(transparent)]
    Sign(#[from] corten_sign::SignError),
    /// The archive does not give what is needed.
    #[error(transparent)]
    Archive(#[from] corten_archive::Error),
    /// A file of the host can't be read.
    #[error("reading {}: {why}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// A file of the host can't be written.
    #[error("writing {}: {why}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
}

/// How much of a size container images are, in words; nothing without any.
fn share(images: u64) -> String {
    if images == 0 { String::new() } else { format!(", {images} of them container images") }
}

impl Error {
    pub(crate) fn conflict(path: &str, first: &Origin, second: &Origin) -> Self {
        Self::Conflict { path: path.into(), first: first.to_string(), second: second.to_string() }
    }

    /// A conflict as the fault of a value in the recipe; other errors stay what they are.
    pub(crate) fn at(self, key: &KeyPath) -> Self {
        match self {
            Self::Conflict { .. } | Self::Path { .. } => Self::Recipe {
                what: self.to_string(),
                key: key.clone(),
                help: Some("choose another path, or take one of the two away with [remove]".into()),
            },
            other => other,
        }
    }

    pub(crate) fn part(
        part: &'static str,
    ) -> impl Fn(Box<dyn std::error::Error + Send + Sync>) -> Self + Copy {
        move |why| Self::Part { part, why }
    }

    pub(crate) fn read(path: &Path, why: std::io::Error) -> Self {
        Self::Read { path: path.into(), why }
    }

    pub(crate) fn write(path: &Path, why: std::io::Error) -> Self {
        Self::Write { path: path.into(), why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_that_is_too_large_names_the_share_of_its_images() {
        let text = |images| Error::TooLarge { part: "root image", bytes: 9, images, slot: 16 }.to_string();
        assert_eq!(
            text(5),
            "the root image has 9 bytes, 5 of them container images; half of its slot of 16 bytes is the most, \
             to leave room for updates"
        );
        assert!(text(0).starts_with("the root image has 9 bytes; half"));
    }
}
