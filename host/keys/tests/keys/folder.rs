//! `corten keys new`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use corten_api::identity::Kind;
use corten_api::role::Role;
use corten_keys::{KeyFolder, KeysError, read_certificates};
use corten_sign::FileSigner;
use corten_sign::efi::KeyVariable;

use crate::{all, mode, name, then, tool};

fn make(place: &Path) -> Result<KeyFolder, KeysError> {
    KeyFolder::make(place, &name("acme"), then(), 3_650)
}

#[test]
fn a_folder_has_all_keys_for_their_owner_alone() {
    let above = tempfile::tempdir().expect("a folder");
    let place = above.path().join("deep/down/acme");
    let folder = make(&place).expect("it is made");

    assert_eq!(mode(&place), 0o700);
    assert_eq!(mode(&folder.secure_boot_path()), 0o700);
    let files = all(&place);
    let keys: Vec<_> = files.iter().filter(|path| path.extension().is_some_and(|it| it == "key")).collect();
    assert_eq!(keys.len(), 5, "{files:?}");
    assert!(keys.iter().all(|key| mode(key) == 0o600));
    // Nothing else is left beside it.
    assert_eq!(fs::read_dir(place.parent().expect("a parent")).expect("a folder").count(), 1);

    let authority = folder.authority().expect("it is read");
    assert_eq!(authority.certificate().name, "acme");
    assert_eq!(authority.certificate().not_after, then().as_second() + 3_650 * 86_400);
    let admin = &read_certificates(&folder.admin_files().certificate).expect("it is read")[0];
    assert_eq!((admin.name.as_str(), admin.kind), ("acme", Kind::Client(Role::Admin)));
    assert_eq!(admin.not_after, then().as_second() + 365 * 86_400);
    folder.admin_files().read().expect("it is read").check().expect("key and certificate are of one");

    let images = folder.secure_boot();
    let (key, certificate) = (images.key(KeyVariable::Database), images.certificate(KeyVariable::Database));
    assert!(FileSigner::open(&key, &certificate).is_ok());
    assert!(images.lists().is_ok() && images.updates().is_ok());
}

#[test]
fn openssl_verifies_what_is_in_the_files() {
    let Some(mut openssl) = tool::find("openssl") else { return };
    let above = tempfile::tempdir().expect("a folder");
    let folder = make(&above.path().join("acme")).expect("it is made");
    let at = (then().as_second() + 86_400).to_string();
    openssl.args(["verify", "-x509_strict", "-purpose", "sslclient", "-attime", &at, "-CAfile"]);
    openssl.arg(folder.authority_files().certificate).arg(folder.admin_files().certificate);
    tool::run(&mut openssl);
    let mut openssl = tool::find("openssl").expect("it was there");
    tool::run(openssl.args(["pkey", "-check", "-noout", "-in"]).arg(folder.authority_files().key));
}

#[test]
fn nothing_is_overwritten() {
    let above = tempfile::tempdir().expect("a folder");
    let place = above.path().join("acme");
    fs::create_dir(&place).expect("a folder");
    // An empty folder is a place like another.
    make(&place).expect("it is made");
    let before: Vec<_> = all(&place).into_iter().map(|path| (fs::read(&path).ok(), path)).collect();
    let why = make(&place).expect_err("it is refused");
    assert!(matches!(&why, KeysError::Exists(path) if *path == place), "{why}");
    let after: Vec<_> = all(&place).into_iter().map(|path| (fs::read(&path).ok(), path)).collect();
    assert_eq!(after, before);

    let file = above.path().join("file");
    fs::write(&file, "mine").expect("it is written");
    assert!(matches!(make(&file), Err(KeysError::Exists(_))));
    let link = above.path().join("link");
    std::os::unix::fs::symlink("nowhere", &link).expect("a link");
    assert!(matches!(make(&link), Err(KeysError::Exists(_))));
    assert!(matches!(make(Path::new("/")), Err(KeysError::Exists(_))));
    assert!(matches!(make(&above.path().join("acme/..")), Err(KeysError::Exists(_))));
}

#[test]
fn what_an_interruption_left_is_no_obstacle_and_goes_away() {
    let above = tempfile::tempdir().expect("a folder");
    let left = above.path().join(".acme.unfinished-1");
    fs::create_dir(&left).expect("a folder");
    fs::write(left.join("authority.key"), "half").expect("it is written");
    // Somebody else is at work on this one.
    let busy = above.path().join(".acme.unfinished-2");
    fs::create_dir(&busy).expect("a folder");
    let lock = File::open(&busy).expect("a folder");
    lock.lock().expect("a lock");
    // And this one is for another place.
    let other = above.path().join(".acme2.unfinished-1");
    fs::create_dir(&other).expect("a folder");

    make(&above.path().join("acme")).expect("it is made");
    assert!(!left.exists());
    assert!(busy.exists() && other.exists());
}

/// Where the child makes a folder.
const PLACE: &str = "CORTEN_TEST_PLACE";

#[test]
#[ignore = "run as a process of its own, to be killed"]
fn makes_what_it_is_told() {
    let elsewhere = tempfile::tempdir().expect("a folder");
    let place = std::env::var_os(PLACE).map_or_else(|| elsewhere.path().join("acme"), PathBuf::from);
    make(&place).expect("it is made");
}

#[test]
fn killed_at_any_moment_it_is_whole_or_not_there() {
    let above = tempfile::tempdir().expect("a folder");
    let child = |place: &Path| {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["--ignored", "--exact", "folder::makes_what_it_is_told"]).env(PLACE, place);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
    };
    let began = Instant::now();
    let whole = above.path().join("whole");
    assert!(child(&whole).wait().expect("it ends").success());
    let (takes, files) = (began.elapsed(), all(&whole).len());

    for moment in 0..24 {
        let place = above.path().join("acme");
        let mut child = child(&place);
        // Most of the time goes into keys; what is written is written at the end.
        std::thread::sleep(takes * moment / 20);
        child.kill().expect("it is ours");
        child.wait().expect("it ends");
        if place.exists() {
            assert_eq!(all(&place).len(), files);
            fs::remove_dir_all(&place).expect("it is removed");
        }
    }
    make(&above.path().join("acme")).expect("it is made");
    assert_eq!(fs::read_dir(above.path()).expect("a folder").count(), 2);
}

#[test]
fn what_fails_leaves_nothing() {
    let above = tempfile::tempdir().expect("a folder");
    let why = KeyFolder::make(&above.path().join("acme"), &name("acme"), then(), 0).expect_err("no days");
    assert_eq!(why.to_string(), "a certificate of 0 days; expected 1 to 36500");
    assert_eq!(all(above.path()), Vec::<PathBuf>::new());

    let file = above.path().join("file");
    fs::write(&file, "").expect("it is written");
    assert!(make(&file.join("acme")).is_err());
    assert_eq!(all(above.path()), [file]);
}
