//! Images of an archive that somebody hands over.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use corten_oci::digest::Digest;
use corten_oci::manifest::Platform;
use corten_oci::reference::Reference;
use corten_oci::source::{self, Opened, Source as _};
use tokio::sync::mpsc;

use super::intake::{Documents, Intake, Layer, plain};
use super::{ImageError, Images, Progress};

/// Bytes of an archive without its compression: what an image may unpack to is bounded by the disk, this bounds the copy
/// that is made of a compressed archive.
const MAX_UNPACKED: u64 = 64 << 30;
/// Bytes that go to containerd in one message; the most is 4 MiB, and it holds a message as a whole.
const PIECE: usize = 256 << 10;
/// Pieces that wait.
const UNDER_WAY: usize = 4;

/// An image of an archive, with the names that it is to have.
struct Chosen {
    names: Vec<String>,
    image: source::Image,
}

impl Images {
    /// Takes in the images of an archive, which lies in a file of its own; `names` take the place of those that they have
    /// there.
    pub async fn import(
        &self,
        archive: &Path,
        names: Vec<String>,
        progress: &Progress,
    ) -> Result<Vec<String>, ImageError> {
        let path = archive.to_owned();
        let opened = blocking(move || open(&path)).await??;
        let opened = Arc::new(opened);
        let chosen = {
            let opened = Arc::clone(&opened);
            blocking(move || choose(&opened, &names)).await??
        };
        let mut imported = Vec::new();
        for Chosen { names, image } in chosen {
            self.import_one(&opened, image, &names, progress).await?;
            imported.extend(names);
        }
        Ok(imported)
    }

    async fn import_one(
        &self,
        opened: &Arc<Opened>,
        image: source::Image,
        names: &[String],
        progress: &Progress,
    ) -> Result<(), ImageError> {
        let documents = Documents {
            manifest_descriptor: image.descriptor,
            manifest_bytes: image.manifest_bytes,
            manifest: image.manifest,
            config_bytes: image.config_bytes,
            config: image.config,
        };
        let layers = documents.manifest.layers.clone();
        let (intake, missing, _held) = self.begin_intake(documents).await?;
        let total = missing.iter().map(|layer| layer.blob.size).sum();
        let mut done = 0;
        for layer in &missing {
            progress.step("fetching", total, done);
            let Some(descriptor) = layers.iter().find(|other| plain(other) == layer.blob) else { continue };
            self.copy(opened, descriptor.clone(), layer, &intake).await?;
            done += layer.blob.size;
        }
        progress.step("unpacking", total, done);
        let _turn = self.turn.lock().await;
        for layer in intake.missing().await? {
            intake.unpack(&layer).await?;
        }
        // Nobody has verified it.
        intake.finish(names, BTreeMap::new(), progress).await?;
        self.views_may_be_left();
        Ok(())
    }

    /// Copies a layer from the archive to containerd.
    async fn copy(
        &self,
        opened: &Arc<Opened>,
        descriptor: corten_oci::manifest::Descriptor,
        layer: &Layer,
        intake: &Intake,
    ) -> Result<(), ImageError> {
        let (sender, mut pieces) = mpsc::channel::<Vec<u8>>(UNDER_WAY);
        let opened = Arc::clone(opened);
        let reader = tokio::task::spawn_blocking(move || -> Result<(), ImageError> {
            let mut blob = source::blob(&*opened, &descriptor)?;
            loop {
                let mut piece = vec![0; PIECE];
                let length = fill(&mut blob, &mut piece)
                    .map_err(|error| ImageError::File { path: descriptor.digest.to_string(), error })?;
                piece.truncate(length);
                // Nobody takes it any more: containerd says why.
                if length == 0 || sender.blocking_send(piece).is_err() {
                    return Ok(());
                }
            }
        });
        let labels = BTreeMap::new();
        let mut writing = self.containerd.write_blob(&layer.blob, labels.clone(), intake.lease());
        while let Some(piece) = pieces.recv().await {
            if !writing.write(piece).await {
                break;
            }
        }
        drop(pieces);
        reader.await.map_err(|_| ImageError::Interrupted)??;
        writing.finish(&layer.blob, labels).await?;
        Ok(())
    }
}

/// Reads until the buffer is full or there is no more.
fn fill(reader: &mut impl std::io::Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ImageError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| ImageError::Interrupted)
}

/// Opens an archive; a compressed one goes into a file beside it that has no name.
fn open(path: &Path) -> Result<Opened, ImageError> {
    let beside = path.with_extension("unpacked");
    let spool = || {
        let file =
            std::fs::File::options().read(true).write(true).create(true).truncate(true).open(&beside)?;
        std::fs::remove_file(&beside)?;
        Ok(file)
    };
    Ok(source::open(path, spool, MAX_UNPACKED)?)
}

/// Which images are taken, and under which names.
fn choose(opened: &Opened, names: &[String]) -> Result<Vec<Chosen>, ImageError> {
    let listed = opened.images();
    if !names.is_empty() && names.len() != listed.len() && !is_one_image(listed) {
        return Err(ImageError::Names { names: names.len(), images: listed.len() });
    }
    let mut chosen: Vec<Chosen> = Vec::new();
    for (at, image) in listed.iter().enumerate() {
        let names = if names.is_empty() {
            vec![image.name.clone().ok_or(ImageError::Nameless)?]
        } else if is_one_image(listed) {
            if at > 0 {
                break;
            }
            names.to_vec()
        } else {
            names.get(at).cloned().into_iter().collect()
        };
        let listed = image.descriptor.digest;
        let image = source::load(opened, &image.descriptor, &Platform::linux_amd64())?;
        for name in &names {
            check(name, [listed, image.descriptor.digest])?;
        }
        chosen.push(Chosen { names, image });
    }
    Ok(chosen)
}

/// Whether an image may have a name: one with a digest is for that content alone.
fn check(name: &str, [listed, manifest]: [Digest; 2]) -> Result<(), ImageError> {
    let read: Result<Reference, _> = name.parse();
    let reference = read.map_err(|error| ImageError::Name { name: name.to_owned(), error })?;
    match reference.digest() {
        Some(digest) if *digest != listed && *digest != manifest => {
            Err(ImageError::Content { name: name.to_owned(), found: manifest })
        }
        _ => Ok(()),
    }
}

/// Whether all that is listed is one image under several names.
fn is_one_image(listed: &[source::Listed]) -> bool {
    // Descriptors also carry the names.
    listed
        .iter()
        .all(|other| listed.first().is_some_and(|first| first.descriptor.digest == other.descriptor.digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_digest_is_for_that_content() {
        let [listed, manifest, other] =
            ["listed", "manifest", "other"].map(|text| Digest::of(text.as_bytes()));
        let checked = |name: String| check(&name, [listed, manifest]).map_err(|error| error.to_string());
        assert_eq!(checked("web:1".into()), Ok(()));
        assert_eq!(checked(format!("r.test/web@{listed}")), Ok(()));
        assert_eq!(checked(format!("r.test/web:1@{manifest}")), Ok(()));
        let refused = checked(format!("web@{other}"));
        assert_eq!(
            refused,
            Err(format!("\"web@{other}\" names another image: the one of the archive is {manifest}"))
        );
    }

    #[test]
    fn one_image_under_two_names_is_one() {
        let listed = |name: &str, content: &[u8]| {
            let mut descriptor = corten_oci::manifest::Descriptor::of(corten_oci::media::MANIFEST, content);
            descriptor.annotations.insert(corten_oci::manifest::REF_NAME.into(), name.into());
            source::Listed { name: Some(name.into()), descriptor }
        };
        assert!(is_one_image(&[listed("a", b"x"), listed("b", b"x")]));
        assert!(!is_one_image(&[listed("a", b"x"), listed("b", b"y")]));
    }
}
