//! Disk images on the host: a copy that keeps holes, for machines whose disk lives on after the run.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::SeekFrom;
use rustix::io::Errno;

use crate::error::Error;
use crate::qcow2;

/// The disk that a machine keeps in `folder`: a copy of `image`, made if it is not there yet. The folder is made
/// as well. A copy that was interrupted is not taken for a disk, since it gets its name when it is whole.
///
/// A disk that has less than `room` bytes grows to that; none shrinks.
pub fn keep_disk(image: &Path, folder: &Path, room: u64) -> Result<PathBuf, Error> {
    let extension = image.extension().unwrap_or("raw".as_ref());
    let kept = folder.join("disk").with_extension(extension);
    if !kept.exists() {
        fs::create_dir_all(folder).map_err(Error::host("creating", folder))?;
        whole(&kept, |unfinished| sparse_copy(image, unfinished))?;
    }
    grow(&kept, room).map_err(Error::host("growing", &kept))?;
    Ok(kept)
}

/// Has a file made that gets its name when it is whole, so that nobody takes a part of it for the file.
pub(crate) fn whole(file: &Path, make: impl FnOnce(&Path) -> Result<(), Error>) -> Result<(), Error> {
    let unfinished = file.with_extension("unfinished");
    let name = || {
        File::open(&unfinished)?.sync_all()?;
        fs::rename(&unfinished, file)
    };
    let done = make(&unfinished).and_then(|()| name().map_err(Error::host("writing", file)));
    done.inspect_err(|_| drop(fs::remove_file(&unfinished)))
}

fn grow(disk: &Path, room: u64) -> std::io::Result<()> {
    let file = File::options().read(true).write(true).open(disk)?;
    if disk.extension() == Some("qcow2".as_ref()) {
        return qcow2::grow(&file, room);
    }
    if file.metadata()?.len() < room { file.set_len(room) } else { Ok(()) }
}

/// Copies a file with its holes: a disk image of gigabytes whose data is megabytes costs megabytes.
pub fn sparse_copy(from: &Path, to: &Path) -> Result<(), Error> {
    let source =
        File::open(from).map_err(|source| Error::Input { what: "disk image", path: from.into(), source })?;
    let target = File::create(to).map_err(Error::host("creating", to))?;
    copy_data(&source, &target).map_err(Error::host("writing", to))
}

fn copy_data(source: &File, target: &File) -> std::io::Result<()> {
    let length = source.metadata()?.len();
    target.set_len(length)?;
    let mut buffer = vec![0; 1 << 20];
    let mut at = 0;
    while at < length {
        // ENXIO: nothing but a hole up to the end. A file system without holes answers as if all were data.
        let start = match rustix::fs::seek(source, SeekFrom::Data(at)) {
            Ok(start) => start,
            Err(Errno::NXIO) => break,
            Err(error) => return Err(error.into()),
        };
        let end = rustix::fs::seek(source, SeekFrom::Hole(start))?.min(length);
        at = start;
        while at < end {
            let want = buffer.len().min((end - at) as usize);
            let count = source.read_at(&mut buffer[..want], at)?;
            if count == 0 {
                return Ok(());
            }
            target.write_all_at(&buffer[..count], at)?;
            at += count as u64;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use corten_formats::extent::Extents;
    use corten_formats::qcow2::Qcow2;

    use super::*;

    #[test]
    fn a_file_that_can_not_be_made_whole_is_not_there_at_all() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let file = folder.path().join("variables.fd");
        let full = Error::host("writing", &file);
        let made = whole(&file, |part| {
            fs::write(part, "half").expect("write");
            Err(full(std::io::Error::from(std::io::ErrorKind::StorageFull)))
        });
        assert!(made.is_err());
        assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 0);
    }

    #[test]
    fn a_copy_has_the_same_bytes_and_the_same_holes() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let image = folder.path().join("image.raw");
        let file = File::create(&image).expect("image");
        file.write_all_at(b"head", 0).expect("write");
        file.write_all_at(&[7; 5000], 40 << 20).expect("write");
        file.set_len(64 << 20).expect("length");
        let kept = keep_disk(&image, &folder.path().join("keep"), 0).expect("copy");
        assert_eq!(kept.file_name().expect("name"), "disk.raw");
        assert!(fs::read(&image).expect("read") == fs::read(&kept).expect("read"));
        assert!(kept.metadata().expect("metadata").blocks() <= file.metadata().expect("metadata").blocks());
    }

    #[test]
    fn a_kept_disk_is_not_copied_again() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let image = folder.path().join("image.raw");
        fs::write(&image, "first").expect("write");
        let kept = keep_disk(&image, folder.path(), 0).expect("copy");
        fs::write(&kept, "changed by the guest").expect("write");
        assert_eq!(keep_disk(&image, folder.path(), 0).expect("kept"), kept);
        assert_eq!(fs::read(&kept).expect("read"), b"changed by the guest");
    }

    #[test]
    fn a_kept_raw_disk_grows_and_never_shrinks() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let image = folder.path().join("image.raw");
        fs::write(&image, "image").expect("write");
        for (room, expected) in [(1 << 20, 1 << 20), (4096, 1 << 20), (2 << 20, 2 << 20)] {
            let kept = keep_disk(&image, &folder.path().join("keep"), room).expect("kept");
            assert_eq!(kept.metadata().expect("metadata").len(), expected);
        }
    }

    #[test]
    fn a_kept_qcow2_disk_has_the_room_of_a_raw_one() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let image = folder.path().join("image.qcow2");
        let empty = Extents::new(1 << 20);
        Qcow2::new(&empty).expect("a size").write(&mut File::create(&image).expect("image")).expect("write");
        let kept = keep_disk(&image, &folder.path().join("keep"), 8 << 30).expect("kept");
        let size = |path| qcow2::size(&File::open(path).expect("open")).expect("size");
        assert_eq!((size(&kept), size(&image)), (8 << 30, 1 << 20));
    }

    #[test]
    fn an_image_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let error = keep_disk(Path::new("/no/such.raw"), folder.path(), 0).expect_err("no image").to_string();
        assert!(error.starts_with("disk image /no/such.raw: "), "{error}");
        assert!(!folder.path().join("disk.raw").exists());
    }
}
