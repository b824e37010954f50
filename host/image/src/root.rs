//! The root image: the tree as EROFS, and its dm-verity hash tree, whose root hash is the identity of the version.

use bytes::Bytes;
use corten_formats::erofs::{self, Compression, Packing, PieceCache, PieceSize};
use corten_formats::tree::Tree;
use corten_formats::verity::{self, RootHash};
use corten_recipe::plan;

use crate::error::Error;
use crate::name::Naming;

/// A root image with its hash tree.
pub struct RootImage {
    /// EROFS image, whole blocks.
    pub data: Bytes,
    /// dm-verity superblock and hash tree, whole blocks.
    pub hashes: Bytes,
    /// Root of the tree.
    pub root_hash: RootHash,
}

/// Writes the EROFS image. `bare` is the tree without container images.
pub fn write(
    (tree, bare): (&Tree, &Tree),
    image: &plan::Image,
    naming: &Naming,
    pieces: &dyn PieceCache,
) -> Result<Bytes, Error> {
    let data = erofs(tree, image, naming, pieces)?;
    let (bytes, slot) = (data.len() as u64, image.slot_size.bytes());
    if bytes > slot / 2 {
        // Told only where it matters: it takes writing the image once more.
        let images = bytes - (erofs(bare, image, naming, pieces)?.len() as u64).min(bytes);
        return Err(Error::TooLarge { part: "root image", bytes, images, slot });
    }
    Ok(data)
}

fn erofs(tree: &Tree, image: &plan::Image, naming: &Naming, pieces: &dyn PieceCache) -> Result<Bytes, Error> {
    let compression = match image.compression {
        plan::Compression::None => Compression::None,
        plan::Compression::Lz4 => Compression::Lz4,
        plan::Compression::Zstd { level } => Compression::Zstd { level },
    };
    let fail = Error::part("root image");
    let piece = u32::try_from(image.piece_size.bytes()).map_err(|why| fail(why.into()))?;
    let piece = PieceSize::new(piece).map_err(|why| fail(why.into()))?;
    let mut options = erofs::Options::new(naming.uuid("root"), naming.epoch);
    options.packing = Packing { compression, piece };
    let written = erofs::write(tree, &options, pieces).map_err(|why| fail(why.into()))?;
    Ok(Bytes::from(written.bytes))
}

/// Makes the hash tree.
pub fn seal(data: Bytes, image: &plan::Image, naming: &Naming) -> Result<RootImage, Error> {
    let sealed = verity::format(&data, &naming.salt(), naming.uuid("verity"))
        .map_err(|why| Error::part("hash tree")(why.into()))?;
    let (bytes, slot) = (sealed.hash_image.len() as u64, image.verity_size.bytes());
    if bytes > slot / 2 {
        return Err(Error::TooLarge { part: "hash tree", bytes, images: 0, slot });
    }
    Ok(RootImage { data, hashes: Bytes::from(sealed.hash_image), root_hash: sealed.root_hash })
}
