//! From a recipe with images to a root that holds them.

use corten_formats::erofs::{self, NoCache, Options};
use corten_formats::tree::{Kind, Meta, Tree};
use corten_oci::manifest::Platform;
use corten_services::images::{IMAGES_INDEX_PATH, Images, layer_path};

use super::fixture::{What, add_image, add_image_for, archive, dump, entry, file, plan};
use crate::assembly::Origin;
use crate::error::Error;
use crate::images::{identity, open, place, read};

const LIMIT: u64 = 1 << 30;

fn placed(plan: &corten_recipe::Plan) -> (Tree, std::collections::BTreeMap<String, Origin>) {
    let images = read(&open(plan).expect("they can be opened"), LIMIT).expect("they can be read");
    let mut tree = Tree::new(Meta { mode: 0o755, mtime: 9, ..Meta::default() });
    let mut origins = std::collections::BTreeMap::new();
    place(&mut tree, &mut origins, &images, 9).expect("there is room");
    (tree, origins)
}

fn error(body: &str, folder: &std::path::Path) -> (String, String, Option<String>) {
    let plan = plan(folder, body);
    match open(&plan).and_then(|images| read(&images, LIMIT).map(drop)) {
        Err(Error::Recipe { what, key, help }) => (what, key.to_string(), help),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_layer_is_there_once_and_the_index_says_which_images_have_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let base = [entry("bin", What::Directory, 0o755), file("bin/sh", 0o4755)];
    let web = [entry("bin/sh", What::Whiteout, 0), file("bin/web", 0o755)];
    add_image(folder.path(), "base", &[&base]);
    let digest = add_image(folder.path(), "web:1", &[&base, &web]);
    let plan = plan(
        folder.path(),
        "[[image]]\nname = \"web:1\"\nsource = \".\"\n[[image]]\nname = \"base\"\nsource = \".\"\n",
    );
    let (tree, origins) = placed(&plan);
    let index = tree.lookup(IMAGES_INDEX_PATH.as_bytes()).expect("it is there");
    let Kind::File(text) = &tree.node(index).kind else { panic!("it is a file") };
    let index: Images = serde_json::from_slice(text).expect("it is an index");
    let names: Vec<&str> = index.images.iter().map(|image| image.name.as_str()).collect();
    assert_eq!(names, ["base", "web:1"]);
    let web = &index.images[1];
    assert_eq!((web.digest.clone(), web.config.user.as_str()), (digest.to_string(), "33"));
    assert_eq!(web.layers.len(), 2);
    assert_eq!(web.layers[0], index.images[0].layers[0]);
    let below = |n: usize, path: &str| format!("{}{path}", layer_path(&web.layers[n].diff_id));
    let is = |path: &str| &tree.node(tree.lookup(path.as_bytes()).expect("it is there")).kind;
    assert_eq!(is(&below(1, "/bin/sh")), &Kind::CharDevice(0, 0));
    assert!(matches!(origins.get(&below(1, "/bin/web")), Some(Origin::Image(name)) if name == "web:1"));
    let folders = tree.lookup(b"/usr/lib/corten/images/layers").expect("it is there");
    let Kind::Directory(layers) = &tree.node(folders).kind else { panic!("it is a directory") };
    assert_eq!(layers.len(), 2);
}

#[test]
fn root_alone_gets_to_images_and_an_image_file_system_holds_all_of_a_layer() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut su = file("su", 0o6755);
    su.xattrs.insert(b"security.capability".to_vec(), vec![1, 0, 0, 2]);
    let link = entry("again", What::HardLink(b"su".to_vec(), corten_oci::layer::Place::Layer), 0);
    let layer = [su, link, entry("gone", What::Whiteout, 0), entry("d", What::Opaque, 0), file("d/a", 0o600)];
    add_image(folder.path(), "x", &[&[file("gone", 0o644)], &layer]);
    let (tree, _) = placed(&plan(folder.path(), "[[image]]\nname = \"x\"\nsource = \".\"\n"));
    let images = tree.lookup(b"/usr/lib/corten/images").expect("it is there");
    assert_eq!(tree.node(images).meta.mode, 0o700);
    let written = erofs::write(&tree, &Options::new([1; 16], 9), &NoCache).expect("it has an image");
    let again = erofs::read(&written.bytes, &erofs::Limits::default()).expect("it can be read");
    assert_eq!(dump(&again), dump(&tree));
    let count = |tree: &Tree| tree.nodes().filter(|(_, node)| matches!(node.kind, Kind::File(_))).count();
    assert_eq!(count(&again), count(&tree), "a file with two names became two files");
}

#[test]
fn a_plan_without_images_leaves_no_trace() {
    let folder = tempfile::tempdir().expect("a folder");
    let (tree, origins) = placed(&plan(folder.path(), ""));
    assert_eq!((tree.len(), origins.len()), (1, 0));
}

#[test]
fn a_changed_archive_is_another_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = plan(folder.path(), "[[image]]\nname = \"x\"\nsource = \".\"\n");
    let known = |content: &str| {
        let _ = std::fs::remove_file(folder.path().join("index.json"));
        add_image(folder.path(), "x", &[&[file(content, 0o644)]]);
        identity(&open(&plan).expect("it can be opened"))
    };
    let first = known("one");
    assert_eq!(known("one"), first);
    assert_ne!(known("two"), first);
}

#[test]
fn the_digest_of_an_image_is_compared_and_chooses_among_several() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = add_image(folder.path(), "1", &[&[file("one", 0o644)]]);
    let body = |digest: &str| format!("[[image]]\nname = \"x\"\nsource = \".\"\n{digest}");
    let alone = plan(folder.path(), &body(""));
    assert_eq!(open(&alone).expect("there is only one")[0].listed, one);
    add_image(folder.path(), "2", &[&[file("two", 0o644)]]);
    let chosen = plan(folder.path(), &body(&format!("digest = \"{one}\"\n")));
    assert_eq!(open(&chosen).expect("it is there")[0].listed, one);
    let (what, key, help) = error(&body(""), folder.path());
    assert_eq!(what, "image x: there are several images in it, and none of this name");
    assert_eq!(key, "images[0].source");
    assert_eq!(help.as_deref(), Some("its images are: 1, 2; a `digest` says which is meant"));
}

#[test]
fn an_image_of_another_digest_is_refused_where_the_digest_stands() {
    let folder = tempfile::tempdir().expect("a folder");
    let there = add_image(folder.path(), "x", &[&[file("one", 0o644)]]);
    let wanted = corten_oci::digest::Digest::of(b"another");
    let body = format!("[[image]]\nname = \"x\"\nsource = \".\"\ndigest = \"{wanted}\"\n");
    let (what, key, _) = error(&body, folder.path());
    assert_eq!((what, key.as_str()), (format!("image x: its digest is {there}"), "images[0].digest"));
}

#[test]
fn a_damaged_layer_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    add_image(folder.path(), "x", &[&[file("one", 0o644)]]);
    let blobs = folder.path().join("blobs/sha256");
    for blob in std::fs::read_dir(blobs).expect("they are there") {
        let path = blob.expect("it is there").path();
        let mut bytes = std::fs::read(&path).expect("it can be read");
        if let Some(at) = bytes.windows(3).rposition(|part| part == b"one").filter(|_| bytes[0] != b'{') {
            bytes[at] = b'0';
            std::fs::write(&path, bytes).expect("it can be written");
        }
    }
    let (what, key, _) = error("[[image]]\nname = \"x\"\nsource = \".\"\n", folder.path());
    assert!(what.contains("it was changed or damaged"), "{what}");
    assert_eq!(key, "images[0].source");
}

#[test]
fn what_is_not_there_and_what_is_for_another_machine_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let (what, _, help) = error("[[image]]\nname = \"x\"\nsource = \"nothing.tar\"\n", folder.path());
    assert!(what.contains("nothing.tar"), "{what}");
    assert!(help.is_some_and(|help| help.contains("relative to the recipe")));
    let arm = Platform { architecture: "arm64".into(), ..Platform::linux_amd64() };
    add_image_for(folder.path(), "x", &[&[file("one", 0o644)]], arm);
    let (what, _, _) = error("[[image]]\nname = \"x\"\nsource = \".\"\n", folder.path());
    assert!(what.contains("linux/arm64"), "{what}");
}

#[test]
fn layers_below_one_that_hides_everything_are_left_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let hiding = [entry("", What::Opaque, 0), file("new", 0o644)];
    add_image(folder.path(), "x", &[&[file("old", 0o644)], &hiding, &[file("more", 0o644)]]);
    let plan = plan(folder.path(), "[[image]]\nname = \"x\"\nsource = \".\"\n");
    let images = read(&open(&plan).expect("it can be opened"), LIMIT).expect("it can be read");
    assert_eq!((images.index.images[0].layers.len(), images.layers.len()), (2, 2));
    let has = |name: &str| images.layers.values().any(|layer| layer.tree.lookup(name.as_bytes()).is_some());
    assert!(has("new") && has("more") && !has("old"));
}

#[test]
fn the_limit_is_for_all_layers_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let limit = 4 << 10;
    let layers: Vec<[_; 1]> = (0..64).map(|n| [file(&format!("{n:090}"), 0o644)]).collect();
    let layers: Vec<&[_]> = layers.iter().map(<[_; 1]>::as_slice).collect();
    add_image(folder.path(), "x", &layers[..32]);
    add_image(folder.path(), "y", &layers[32..]);
    let plan_of = |name: &str| format!("[[image]]\nname = \"{name}\"\nsource = \".\"\n");
    let one = plan(folder.path(), &plan_of("x"));
    assert!(read(&open(&one).expect("it can be opened"), limit).is_ok());
    let both = plan(folder.path(), &(plan_of("x") + &plan_of("y")));
    match read(&open(&both).expect("they can be opened"), limit) {
        Err(Error::Recipe { what, .. }) => {
            assert!(what.ends_with(": the layers of all images have more than 4096 bytes"), "{what}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_layer_that_an_image_has_twice_lies_where_it_is_topmost() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut root = entry("", What::Directory, 0o700);
    root.uid = 5;
    let (again, between) = ([file("d/a", 0o644)], [root, entry("d", What::Directory, 0o711)]);
    let last = [file("last", 0o644)];
    add_image(folder.path(), "x", &[&again, &between, &again, &last, &[], &[]]);
    let plan = plan(folder.path(), "[[image]]\nname = \"x\"\nsource = \".\"\n");
    let images = read(&open(&plan).expect("it can be opened"), LIMIT).expect("it can be read");
    let ids: Vec<&String> = images.index.images[0].layers.iter().map(|layer| &layer.diff_id).collect();
    let of = |entries: &[_]| corten_oci::digest::Digest::of(&archive(entries)).hex();
    assert_eq!(ids, [&of(&between), &of(&again), &of(&last), &of(&[])]);
    let tree = dump(&images.layers[ids[1]].tree);
    assert_eq!(tree[..2], ["/ 0700 5:0 directory", "/d 0711 0:0 directory"]);
}

#[test]
fn a_layer_that_would_differ_on_other_layers_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let top = [file("d/a", 0o644)];
    add_image(folder.path(), "one", &[&[entry("d", What::Directory, 0o700)], &top]);
    add_image(folder.path(), "two", &[&[entry("d", What::Directory, 0o755)], &top]);
    let (what, key, _) = error(
        "[[image]]\nname = \"one\"\nsource = \".\"\n[[image]]\nname = \"two\"\nsource = \".\"\n",
        folder.path(),
    );
    assert!(
        what.ends_with("stands on other layers than in image one, and would not be the same there"),
        "{what}"
    );
    assert_eq!(key, "images[1].source");
}
