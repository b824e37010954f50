//! Layouts, archives and documents that mean harm.

use std::fmt::Write as _;

use corten_oci::digest::Digest;
use corten_oci::json::DocumentError;
use corten_oci::layer::{Entry, Kind, Place};
use corten_oci::manifest::{Descriptor, ImageConfig, Index, Manifest, Platform};
use corten_oci::source::{Source as _, blob, document, load, open as open_path};
use corten_oci::tar::TarWriter;
use corten_oci::{limits, media};
use proptest::prelude::*;

use crate::fixture::{Made, files, image, members, open, path, plain};

const MARK: (&str, &[u8]) = ("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);

fn descriptor(media_type: &str, bytes: &[u8]) -> String {
    serde_json::to_string(&Descriptor::of(media_type, bytes)).expect("a descriptor")
}

fn index(manifests: &str) -> Vec<u8> {
    format!("{{\"schemaVersion\":2,\"manifests\":[{manifests}]}}").into_bytes()
}

/// Opening the archive, and the first image of it.
fn told(archive: Vec<u8>) -> String {
    let source = match open(archive) {
        Ok(source) => source,
        Err(error) => return error.to_string(),
    };
    let Some(listed) = source.images().first() else { return "no images".into() };
    let loaded = load(&source, &listed.descriptor, &Platform::linux_amd64());
    loaded.err().map_or_else(|| "it is read".into(), |error| error.to_string())
}

#[test]
fn archives_that_lead_elsewhere_are_refused() {
    let file = |path: &'static str| members([(path, Kind::File(1), &b"x"[..])]);
    let link = |path: &'static str, target: &str| members([(path, Kind::Symlink(target.into()), &b""[..])]);
    let mut text = String::new();
    for (name, archive) in [
        ("nothing", members([])),
        ("parent", file("../etc/passwd")),
        ("twice", files(&[("index.json", b"1"), ("./index.json", b"2")])),
        ("device", members([("blobs", Kind::CharDevice(1, 3), &b""[..])])),
        ("link out of it", link("index.json", "../../etc/passwd")),
        ("absolute link", link("index.json", "/etc/passwd")),
        ("empty link", link("a", "")),
        ("hard link out of it", members([("a", Kind::HardLink(b"../b".to_vec(), Place::Lower), &b""[..])])),
        (
            "link to itself",
            members([
                ("oci-layout", Kind::Symlink(b"oci-layout".to_vec()), &b""[..]),
                ("manifest.json", Kind::Symlink(b"x".to_vec()), b""),
            ]),
        ),
        ("not UTF-8", unreadable()),
        ("no index", files(&[MARK])),
        ("other version", files(&[("oci-layout", br#"{"imageLayoutVersion":"2.0.0"}"#)])),
        ("no version", files(&[("oci-layout", b"{}")])),
        ("large index", files(&[MARK, ("index.json", &vec![b' '; limits::DOCUMENT as usize + 1])])),
        ("deep index", files(&[MARK, ("index.json", "[".repeat(1000).as_bytes())])),
    ] {
        let _ = writeln!(text, "{name}: {}", told(archive));
    }
    insta::assert_snapshot!(text);
}

fn unreadable() -> Vec<u8> {
    let mut tar = TarWriter::new(Vec::new());
    let entry = Entry::new(&b"a\xff"[..], Kind::File(0), 0o644);
    tar.add(&entry.member(), &mut std::io::empty()).expect("memory");
    tar.finish().expect("memory")
}

#[test]
fn many_members_are_refused() {
    let paths: Vec<_> = (0..=limits::MEMBERS).map(|number| number.to_string()).collect();
    let archive = members(paths.iter().map(|path| (path.as_str(), Kind::File(0), &b""[..])));
    assert!(told(archive).ends_with("it is one of more than 65536"));
}

#[test]
fn blobs_that_are_not_what_they_should_be_are_noticed() {
    let Made { image, blobs } = plain();
    let list = index(&descriptor(media::MANIFEST, &image.manifest));
    let manifest = path(&image.descriptor.digest);
    let config = path(&Digest::of(&image.config));
    let of = |manifest_bytes: &[u8], config_bytes: &[u8]| {
        files(&[MARK, ("index.json", &list), (&manifest, manifest_bytes), (&config, config_bytes)])
    };
    assert_eq!(told(of(&image.manifest, &image.config)), "it is read");
    let mut changed = image.config.clone();
    changed[5] ^= 1;
    let mut text = String::new();
    for (name, archive) in [
        ("changed configuration", of(&image.manifest, &changed)),
        ("long configuration", of(&image.manifest, &[&image.config[..], b" "].concat())),
        ("short manifest", of(&image.manifest[1..], &image.config)),
        ("configuration in place of the manifest", of(&image.config, &image.config)),
        ("no configuration", files(&[MARK, ("index.json", &list), (&manifest, &image.manifest)])),
    ] {
        let _ = writeln!(text, "{name}: {}", told(archive));
    }
    insta::assert_snapshot!(text);
    // A layer that is not there is noticed by whoever wants it.
    let source = open(of(&image.manifest, &image.config)).expect("an archive");
    assert!(blob(&source, &blobs[0].0).is_err());
    let huge = Descriptor { size: u64::MAX, ..Descriptor::of(media::MANIFEST, &image.manifest) };
    assert!(document(&source, &huge).is_err());
}

#[test]
fn documents_that_contradict_themselves_are_refused() {
    let config = descriptor(media::CONFIG, b"{}");
    let layer = descriptor(media::LAYER, b"");
    let manifest = |rest: &str| format!("{{\"schemaVersion\":2,\"config\":{config},\"layers\":[]{rest}}}");
    let layers = |layer: &str, count: usize| {
        let layers = vec![layer; count].join(",");
        format!("{{\"schemaVersion\":2,\"config\":{config},\"layers\":[{layers}]}}")
    };
    let strange = layer.replace(media::LAYER, "application/vnd.oci.image.layer.v1.tar+encrypted");
    let mut text = String::new();
    let mut tell = |name: &str, error: Option<DocumentError>| {
        let error = error.unwrap_or_else(|| panic!("{name} is read"));
        let _ = writeln!(text, "{name}: {error}");
    };
    assert!(Manifest::parse(manifest("").as_bytes()).is_ok());
    assert!(Manifest::parse(layers(&layer, limits::LAYERS).as_bytes()).is_ok());
    for (name, document) in [
        ("manifest and index", manifest(",\"manifests\":[]")),
        ("first schema", manifest(",\"fsLayers\":[]")),
        ("schema", manifest("").replace(":2,", ":1,")),
        ("type of an index", manifest(&format!(",\"mediaType\":\"{}\"", media::INDEX))),
        ("many layers", layers(&layer, limits::LAYERS + 1)),
        ("encrypted layer", layers(&strange, 1)),
        ("artifact", manifest("").replace(media::CONFIG, "application/vnd.example")),
        ("negative size", manifest("").replace("\"size\":2", "\"size\":-2")),
        ("digest that is a path", manifest("").replace("sha256:", "sha256:../")),
        ("two configurations", manifest(&format!(",\"config\":{config}"))),
        ("no object", "[]".into()),
        ("something behind it", manifest("") + "{}"),
        ("nothing", String::new()),
    ] {
        tell(name, Manifest::parse(document.as_bytes()).err());
    }
    let many = vec![layer.as_str(); limits::IMAGES + 1].join(",");
    for (name, document) in [
        ("index and manifest", "{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}".into()),
        ("index with a configuration", "{\"schemaVersion\":2,\"manifests\":[],\"config\":{}}".into()),
        ("index of schema 1", "{\"schemaVersion\":1,\"manifests\":[]}".into()),
        (
            "index of the type of a manifest",
            format!("{{\"schemaVersion\":2,\"mediaType\":\"{}\"}}", media::MANIFEST),
        ),
        ("many manifests", format!("{{\"schemaVersion\":2,\"manifests\":[{many}]}}")),
    ] {
        tell(name, Index::parse(document.as_bytes()).err());
    }
    let whole =
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}";
    assert!(ImageConfig::parse(whole.as_bytes()).is_ok());
    for (name, document) in [
        ("root of something", whole.replace("layers", "parts")),
        ("no root", "{\"architecture\":\"amd64\",\"os\":\"linux\"}".into()),
        ("command of numbers", whole.replace("{\"arch", "{\"config\":{\"Cmd\":[1]},\"arch")),
        (
            "many steps",
            whole.replace("{\"arch", &format!("{{\"history\":[{}{{}}],\"arch", "{},".repeat(70_000))),
        ),
    ] {
        tell(name, ImageConfig::parse(document.as_bytes()).err());
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_configuration_of_another_image_is_refused() {
    let one = plain().image;
    let other = image(&["x"], Platform::linux_amd64()).image;
    let manifest = Manifest::parse(&one.manifest).expect("a manifest");
    let error = ImageConfig::parse_for(&manifest, &other.config).expect_err("it is of another one");
    assert_eq!(error.to_string(), "it is of an image with 1 layers, and its manifest has 3");
}

#[test]
fn what_others_write_is_read() {
    let config = br#"{"architecture":"amd64","os":"linux","variant":null,"container":"ab","docker_version":"1",
        "config":{"Hostname":"","User":"www","ExposedPorts":{"80/tcp":{},"53/udp":null},"Env":null,"Cmd":["a"],
        "Volumes":null,"Labels":null,"Entrypoint":null,"Healthcheck":{"Interval":1}},
        "rootfs":{"type":"layers","diff_ids":null},"history":null}"#;
    let config = ImageConfig::parse(config).expect("a configuration");
    assert_eq!((config.config.user.as_str(), config.config.cmd), ("www", vec!["a".to_owned()]));
    assert_eq!(config.config.exposed_ports, ["53/udp".to_owned(), "80/tcp".to_owned()].into());
    let index = br#"{"schemaVersion":2,"manifests":null,"subject":{}}"#;
    assert!(Index::parse(index).expect("an index").manifests.is_empty());
}

#[test]
fn a_folder_with_links_is_no_layout() {
    let folder = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("oci-layout")).expect("a link");
    let open = || open_path(folder.path(), || unreachable!("it is no archive"), 0);
    let error = open().expect_err("it leads elsewhere").to_string();
    assert!(error.ends_with("oci-layout: it is a symbolic link"), "{error}");
    std::fs::remove_file(folder.path().join("oci-layout")).expect("it was there");
    assert!(open().expect_err("it is empty").to_string().starts_with("it is no layout of OCI"));
}

proptest! {
    #[test]
    fn any_document_is_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = (Manifest::parse(&bytes), Index::parse(&bytes), ImageConfig::parse(&bytes));
    }

    #[test]
    fn a_changed_archive_never_gives_another_content(at in 0_usize..20_000, byte: u8) {
        let made = plain();
        let mut archive = made.archive(&[Some("a:1")]);
        let at = at % archive.len();
        archive[at] = byte;
        let Ok(source) = open(archive) else { return Ok(()) };
        for listed in source.images() {
            let Ok(image) = load(&source, &listed.descriptor, &Platform::linux_amd64()) else { continue };
            prop_assert_eq!(Digest::of(&image.manifest_bytes), listed.descriptor.digest);
            for layer in &image.manifest.layers {
                let mut bytes = Vec::new();
                let Ok(mut reader) = blob(&source, layer) else { continue };
                if std::io::Read::read_to_end(&mut reader, &mut bytes).is_ok() {
                    prop_assert_eq!(Digest::of(&bytes), layer.digest);
                }
            }
        }
    }
}
