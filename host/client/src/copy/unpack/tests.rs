//! Archives of nodes that mean well, and of those that do not.

use std::io::Cursor;

use corten_oci::tar::TarWriter;
use proptest::prelude::*;

use super::super::pack::pack;
use super::*;

/// An archive in memory.
struct Bytes(Cursor<Vec<u8>>);

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Input for Bytes {
    fn skip(&mut self, count: u64) -> io::Result<u64> {
        io::copy(&mut self.take(count), &mut io::sink())
    }
}

fn bytes(bytes: Vec<u8>) -> Bytes {
    Bytes(Cursor::new(bytes))
}

fn member(path: &str, mode: u16, form: Form) -> Member {
    let xattrs = std::collections::BTreeMap::default();
    Member { path: path.into(), form, mode, uid: 0, gid: 0, mtime: 1_000_000_000, xattrs }
}

/// An archive of members; files hold their own names.
fn archive(members: &[Member]) -> Bytes {
    let mut writer = TarWriter::new(Vec::new());
    for member in members {
        let content = if matches!(member.form, Form::File(_)) { member.path.clone() } else { Vec::new() };
        writer.add(member, &mut content.as_slice()).expect("it is in memory");
    }
    bytes(writer.finish().expect("it is in memory"))
}

fn file(path: &str, mode: u16) -> Member {
    member(path, mode, Form::File(path.len() as u64))
}

fn link(path: &str, target: &str) -> Member {
    member(path, 0o777, Form::Symlink(target.into()))
}

fn hard(path: &str, target: &str) -> Member {
    member(path, 0o644, Form::HardLink(target.into()))
}

/// A folder with `target` to unpack to, and what must not change beside it.
fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("target")).expect("a folder");
    fs::create_dir(folder.path().join("outside")).expect("a folder");
    fs::write(folder.path().join("outside/file"), "mine").expect("a file");
    folder
}

fn unpack(folder: &tempfile::TempDir, members: &[Member]) -> Result<Unpacked, CopyError> {
    let unpacker = Unpacker::new(folder.path().join("target"), Some("app".into()), Some("here".into()));
    unpacker.unpack(archive(members))
}

fn untouched(folder: &tempfile::TempDir) -> bool {
    let outside = folder.path().join("outside");
    fs::read_to_string(outside.join("file")).is_ok_and(|text| text == "mine")
        && fs::read_dir(outside).expect("a folder").count() == 1
        && fs::read_dir(folder.path()).expect("a folder").count() == 2
}

#[test]
fn what_was_asked_for_gets_the_name_that_was_named_and_no_rights_of_others() {
    let folder = place();
    let members = [
        member("app", 0o500, Form::Directory),
        file("app/run", 0o6755),
        link("app/to", "/etc/passwd"),
        hard("app/same", "app/run"),
        member("app/null", 0o666, Form::CharDevice(1, 3)),
        member("app/pipe", 0o666, Form::Fifo),
    ];
    let unpacked = unpack(&folder, &members).expect("it means well");
    assert_eq!(unpacked, Unpacked { files: 1, bytes: 7, passed_over: 2 });
    let here = folder.path().join("target/here");
    let mode = |name: &str| {
        let metadata = fs::symlink_metadata(here.join(name)).expect("it is there");
        metadata.permissions().mode() & 0o7777
    };
    assert_eq!((mode(""), mode("run")), (0o500, 0o755));
    assert_eq!(fs::read(here.join("same")).expect("it is there"), b"app/run");
    assert_eq!(fs::read_link(here.join("to")).expect("a link"), Path::new("/etc/passwd"));
    let time = fs::metadata(here.join("run")).expect("it is there").modified().expect("it has one");
    assert_eq!(time, SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000));
    assert_eq!(fs::read_dir(&here).expect("a folder").count(), 3);
    // The folder is removed with the test.
    fs::set_permissions(&here, Permissions::from_mode(0o700)).expect("it is ours");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in ["../outside/file", "/app/x", "app/../../outside/file", "other/x", "", "app/x/../../../y"] {
        for member in [file(name, 0o644), link(name, "x"), member(name, 0o755, Form::Directory)] {
            let folder = place();
            let result = unpack(&folder, std::slice::from_ref(&member));
            assert!(matches!(result, Err(CopyError::Outside { .. })), "{member:?}: {result:?}");
            assert!(untouched(&folder), "{member:?}");
        }
    }
    let folder = place();
    let result = unpack(&folder, &[hard("app/x", "../outside/file")]);
    assert!(matches!(result, Err(CopyError::Outside { .. })), "{result:?}");
}

#[test]
fn nothing_is_written_through_a_link() {
    // A link of the archive itself.
    let folder = place();
    let outside = folder.path().join("outside");
    let outside = outside.to_str().expect("a name");
    let _ = unpack(&folder, &[link("app/d", outside), file("app/d/file", 0o644), file("app/d/new", 0o644)]);
    assert!(untouched(&folder));
    let folder = place();
    let _ = unpack(&folder, &[link("app", outside), file("app/file", 0o644)]);
    assert!(untouched(&folder));
    // One that was there before.
    let folder = place();
    let outside = folder.path().join("outside");
    symlink(&outside, folder.path().join("target/here")).expect("a link");
    let result = unpack(&folder, &[file("app/file", 0o644)]);
    assert!(matches!(result, Err(CopyError::Link(_))), "{result:?}");
    let result = unpack(&folder, &[hard("app/x", "app/file")]);
    assert!(matches!(result, Err(CopyError::Link(_))), "{result:?}");
    assert!(untouched(&folder));
    // A file that is one is replaced.
    let folder = place();
    symlink(folder.path().join("outside/file"), folder.path().join("target/here")).expect("a link");
    unpack(&folder, &[file("app", 0o644)]).expect("a file");
    assert!(untouched(&folder));
    assert_eq!(fs::read(folder.path().join("target/here")).expect("a file"), b"app");
    // A hard link to a link would be one.
    let folder = place();
    fs::create_dir(folder.path().join("target/here")).expect("a folder");
    symlink(folder.path().join("outside/file"), folder.path().join("target/here/l")).expect("a link");
    let result = unpack(&folder, &[hard("app/x", "app/l")]);
    assert!(matches!(result, Err(CopyError::Link(_))), "{result:?}");
}

#[test]
fn the_root_of_a_container_lands_in_the_folder_itself() {
    let folder = place();
    let unpacker = Unpacker::new(folder.path().join("target"), None, None);
    let members = [member("./", 0o700, Form::Directory), file("./etc/hosts", 0o644)];
    unpacker.unpack(archive(&members)).expect("it means well");
    assert_eq!(fs::read(folder.path().join("target/etc/hosts")).expect("a file"), b"./etc/hosts");
}

#[test]
fn what_is_packed_is_unpacked_as_it_was() {
    let folder = place();
    let source = folder.path().join("source");
    fs::create_dir_all(source.join("deep/deeper")).expect("folders");
    fs::write(source.join("deep/deeper/file"), "text").expect("a file");
    fs::set_permissions(source.join("deep/deeper/file"), Permissions::from_mode(0o4751)).expect("it is ours");
    symlink("deep/deeper", source.join("link")).expect("a link");
    std::os::unix::net::UnixListener::bind(source.join("socket")).expect("a socket");
    let mut out = Vec::new();
    let passed_over = pack(&source, "app", &mut out).expect("it can be read");
    assert_eq!(passed_over, [source.join("socket")]);
    let unpacker = Unpacker::new(folder.path().join("target"), Some("app".into()), None);
    assert_eq!(unpacker.unpack(bytes(out)).expect("it is ours").files, 1);
    let app = folder.path().join("target/app");
    let file = app.join("link/file");
    assert_eq!(fs::read_to_string(&file).expect("a file"), "text");
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o7777, 0o751);
    assert!(!app.join("socket").exists());
}

fn parts() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec!["app", "a", "b", "..", ".", "", "outside", "file"]);
    prop::collection::vec(part, 1..5).prop_map(|parts| parts.join("/"))
}

proptest! {
    #[test]
    fn no_archive_writes_outside(
        members in prop::collection::vec((parts(), 0_usize..4, parts(), any::<u16>()), 1..8),
    ) {
        let folder = place();
        let members: Vec<Member> = members.into_iter().map(|(path, kind, target, mode)| match kind {
            0 => file(&path, mode),
            1 => link(&path, &format!("../../{target}")),
            2 => hard(&path, &target),
            _ => member(&path, 0o700, Form::Directory),
        }).collect();
        let _ = unpack(&folder, &members);
        prop_assert!(untouched(&folder));
    }

    #[test]
    fn any_bytes_are_an_archive_or_refused(noise in prop::collection::vec(any::<u8>(), 0..2000)) {
        let folder = place();
        let unpacker = Unpacker::new(folder.path().join("target"), Some("app".into()), None);
        let _ = unpacker.unpack(bytes(noise));
        prop_assert!(untouched(&folder));
    }
}
