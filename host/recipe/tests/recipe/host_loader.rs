//! What is read from disk, and what is not.

use std::path::Path;

use corten_recipe::{HostLoader, LoadError, Loader, Location, Merged, RECIPE_LIMIT};

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
    std::fs::write(path, content).expect("it can be written");
}

fn load(path: &Path) -> Result<(), LoadError> {
    HostLoader.load(path.to_str().expect("text"), None).map(drop)
}

#[test]
fn paths_are_relative_to_the_recipe_that_names_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let head = "name = \"my\"\nversion = \"1\"\n";
    write(folder.path(), "a/my.toml", format!("{head}extends = \"../b/low.toml\"\n"));
    write(
        folder.path(),
        "b/low.toml",
        format!("{head}extends = \"base\"\n[files.\"/etc/x\"]\nsource = \"../files/x\"\n"),
    );
    write(folder.path(), "files/x", b"\0\xff");
    let merged = Merged::load(folder.path().join("a/my.toml").to_str().expect("text"), &HostLoader);
    let plan =
        merged.and_then(Merged::plan).unwrap_or_else(|report| panic!("{}", crate::common::shown(&report)));
    let file = &plan.files[&"/etc/x".parse().expect("a path")];
    assert_eq!(file.content.0.as_ref(), b"\0\xff");
}

#[test]
fn a_circle_through_other_folders_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let head = "name = \"my\"\nversion = \"1\"\n";
    write(folder.path(), "a/a.toml", format!("{head}extends = \"../b/b.toml\"\n"));
    write(folder.path(), "b/b.toml", format!("{head}extends = \"../a/./a.toml\"\n"));
    let path = folder.path().join("a/a.toml").canonicalize().expect("it is there");
    let report = Merged::load(path.to_str().expect("text"), &HostLoader).expect_err("a circle");
    assert_eq!(report.diagnostics()[0].code(), "recipe::cycle");
}

#[test]
fn what_is_no_recipe_is_refused_by_kind() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "large.toml", vec![b'#'; RECIPE_LIMIT as usize + 1]);
    write(folder.path(), "largest.toml", vec![b'#'; RECIPE_LIMIT as usize]);
    write(folder.path(), "binary.toml", b"\xff");
    assert!(matches!(load(&folder.path().join("large.toml")), Err(LoadError::TooLarge { .. })));
    assert!(load(&folder.path().join("largest.toml")).is_ok());
    assert!(matches!(load(&folder.path().join("binary.toml")), Err(LoadError::NotText(_))));
    assert!(matches!(load(&folder.path().join("none.toml")), Err(LoadError::NotFound(Location::Path(_)))));
    assert!(matches!(load(folder.path()), Err(LoadError::NotAFile(_))));
    assert!(matches!(load(Path::new("/dev/zero")), Err(LoadError::NotAFile(_))));
    assert!(matches!(load(&folder.path().join("binary.toml/x")), Err(LoadError::Io { .. })));
}

#[test]
fn a_name_that_no_built_in_recipe_has_is_answered_with_what_was_meant() {
    let help = |name: &str| match HostLoader.load(name, None) {
        Err(LoadError::NoBuiltIn { help, .. }) => help,
        other => panic!("{other:?}"),
    };
    assert_eq!(help("bas"), "did you mean `base`?");
    assert_eq!(
        help("Cargo.lock"),
        "built in are base, container-host, metal, node; a path has a slash in it or ends in `.toml`"
    );
    // The working directory of a test is the crate's folder.
    assert_eq!(
        help("src"),
        "built in are base, container-host, metal, node; a path has a slash in it or ends in `.toml`"
    );
}
