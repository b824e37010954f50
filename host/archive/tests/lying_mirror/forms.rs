//! The forms that an archive can have: compressed indexes, indexes by hash, a mirror on the host's own disk.

use std::io::Write as _;

use corten_archive::archive::{Archive, LockPolicy};
use corten_archive::event::ignore;
use corten_archive::hash::ContentHash;
use corten_archive::mirror::MirrorChoice;

use crate::world::{World, archive_key, clearsign};

const INDEX: &str = "main/binary-amd64/Packages";

fn compressed(world: &World, form: &str) -> Vec<u8> {
    let index = world.index();
    if form == ".gz" {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(index.as_bytes()).expect("memory");
        return encoder.finish().expect("memory");
    }
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(index.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn compressed_indexes_are_read() {
    for form in [".xz", ".gz"] {
        let world = World::new();
        let index = compressed(&world, form);
        let release =
            world.release() + &format!(" {} {} {INDEX}{form}\n", ContentHash::of(&index), index.len());
        world.server.put("dists/test/InRelease", clearsign(&release, archive_key()));
        world.server.put(&format!("dists/test/{INDEX}{form}"), index);
        world.server.remove(&format!("dists/test/{INDEX}"));
        assert_eq!(world.build(), Ok(2), "{form}");
    }
}

#[test]
fn an_index_that_is_cut_off_before_it_was_hashed_is_refused() {
    let world = World::new();
    let mut index = compressed(&world, ".xz");
    index.truncate(index.len() - 20);
    let release = world.release() + &format!(" {} {} {INDEX}.xz\n", ContentHash::of(&index), index.len());
    world.server.put("dists/test/InRelease", clearsign(&release, archive_key()));
    world.server.put(&format!("dists/test/{INDEX}.xz"), index);
    insta::assert_snapshot!(world.failure());
}

#[test]
fn indexes_are_asked_for_by_hash_where_the_archive_has_them() {
    let mut world = World::new();
    world.release_fields += "Acquire-By-Hash: yes\n";
    world.publish();
    assert_eq!(world.build(), Ok(2), "the plain path is good enough");
    let hash = ContentHash::of(world.index().as_bytes());
    let by_hash = format!("dists/test/main/binary-amd64/by-hash/SHA256/{hash}");
    assert_eq!(world.server.requests("by-hash"), [format!("/debian/{by_hash}")]);
    let _ = std::fs::remove_dir_all(world.store());
    // A mirror in the middle of an update: the plain path has the next index already.
    world.server.put(&by_hash, world.index().into_bytes());
    world.server.put(&format!("dists/test/{INDEX}"), b"Package: next\n".to_vec());
    assert_eq!(world.build(), Ok(2));
}

#[test]
fn a_mirror_on_the_disk_is_read() {
    let world = World::new();
    let folder = tempfile::tempdir().expect("a folder");
    let put = |path: &str, content: &[u8]| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("below a folder")).expect("a folder");
        std::fs::write(path, content).expect("a file");
    };
    put("dists/test/InRelease", &clearsign(&world.release(), archive_key()));
    put(&format!("dists/test/{INDEX}"), world.index().as_bytes());
    for (name, version, _, file) in &world.packages {
        put(&format!("pool/{name}_{version}.deb"), file);
    }
    let mut settings = world.settings();
    settings.mirror =
        MirrorChoice::Given { main: format!("file://{}", folder.path().display()), security: None };
    let archive = Archive::open(settings).expect("the store opens");
    let lock =
        archive.lock_for(&["a".into()], None, &LockPolicy::Use, &ignore).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(archive.unpack(&lock, &["a", "b"], &ignore).expect("they are unpacked").len(), 2);
    assert!(world.server.requests("").is_empty());
}
