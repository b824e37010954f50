//! How the file of contexts is kept: whole, private, and by one at a time.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::contexts::{Credentials, Trust};
use corten_api::identity::Fingerprint;

fn name(text: &str) -> NodeName {
    text.parse().expect("a name")
}

fn node(port: u16) -> Node {
    Node {
        address: format!("127.0.0.1:{port}").parse().expect("an address"),
        trust: Trust::Fingerprint(Fingerprint::of(b"a")),
        credentials: Some(Credentials { certificate: "keys/admin.pem".into(), key: "/k/admin.key".into() }),
        note: None,
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn what_is_changed_is_in_a_file_for_its_owner_alone() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("config/corten/contexts.toml");
    let mut contexts = Contexts::load(&path).expect("no file, no nodes");
    contexts.register(name("lab"), node(1)).expect("it is free");
    contexts.use_node(&name("lab")).expect("it is there");
    assert_eq!((mode(&path), mode(path.parent().expect("a folder"))), (0o600, 0o700));
    let read = Contexts::load(&path).expect("it is ours");
    assert_eq!(read.document(), contexts.document());
    let node = read.node(&name("lab")).expect("it was registered");
    let files = node.credentials.expect("it has them");
    assert_eq!(files.certificate, folder.path().join("config/corten/keys/admin.pem"));
    assert_eq!(files.key, Path::new("/k/admin.key"));
}

#[test]
fn a_name_is_given_once_and_a_node_that_goes_is_not_current_any_more() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut contexts = Contexts::load(&folder.path().join("contexts.toml")).expect("no file");
    contexts.register(name("lab"), node(1)).expect("it is free");
    let taken = contexts.register(name("lab"), node(2)).expect_err("it is taken");
    assert!(matches!(taken, ContextsError::Taken(_)), "{taken}");
    let second = contexts.register_as_free(&name("lab"), node(2)).expect("another name is");
    assert_eq!(second, name("lab-2"));
    contexts.use_node(&second).expect("it is there");
    contexts.unregister(&second).expect("it is there");
    assert_eq!(contexts.document().current, None);
    let gone = contexts.unregister(&second).expect_err("it is gone").to_string();
    assert_eq!(gone, "there is no node lab-2; there are lab");
    assert!(contexts.use_node(&second).is_err());
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("contexts.toml");
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let path = &path;
            scope.spawn(move || {
                let mut contexts = Contexts::load(path).expect("it is whole at any time");
                for number in 0..8 {
                    contexts.register(name(&format!("n{writer}-{number}")), node(1)).expect("it is free");
                    contexts.register_as_free(&name("same"), node(1)).expect("some name is free");
                }
            });
        }
    });
    assert_eq!(Contexts::load(&path).expect("it is whole").nodes().count(), 128);
}

#[test]
fn a_link_stays_a_link() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (link, target) = (folder.path().join("contexts.toml"), folder.path().join("elsewhere.toml"));
    std::fs::write(&target, "").expect("it is written");
    std::os::unix::fs::symlink(&target, &link).expect("it is made");
    Contexts::load(&link).expect("it is empty").register(name("lab"), node(1)).expect("it is free");
    assert!(link.is_symlink());
    assert!(std::fs::read_to_string(&target).expect("it is there").contains("[nodes.lab]"));
}

#[test]
fn a_wrong_file_is_named_and_not_overwritten() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("contexts.toml");
    std::fs::write(&path, "curent = 1\n").expect("it is written");
    let error = Contexts::load(&path).expect_err("it is wrong").to_string();
    assert!(error.starts_with(&path.display().to_string()) && error.contains("curent"), "{error}");
    let mut contexts = Contexts { path: path.clone(), document: Document::default() };
    assert!(contexts.register(name("lab"), node(1)).is_err());
    assert_eq!(std::fs::read(&path).expect("it is there"), b"curent = 1\n");
}

#[test]
fn the_environment_says_where_contexts_are() {
    let path = |pairs: &[(&str, &str)]| {
        let found = |name: &str| Some(pairs.iter().find(|pair| pair.0 == name)?.1.to_owned());
        default_path(&found).map(|path| path.display().to_string()).map_err(|error| error.to_string())
    };
    let home = ("HOME", "/home/me");
    assert_eq!(path(&[home]).as_deref(), Ok("/home/me/.config/corten/contexts.toml"));
    assert_eq!(path(&[home, ("XDG_CONFIG_HOME", "/x")]).as_deref(), Ok("/x/corten/contexts.toml"));
    assert_eq!(
        path(&[home, ("XDG_CONFIG_HOME", "x")]).as_deref(),
        Ok("/home/me/.config/corten/contexts.toml")
    );
    assert!(path(&[]).is_err());
}
