//! Images for several platforms.

use corten_oci::json;
use corten_oci::manifest::{Descriptor, Index, Platform};
use corten_oci::media;
use corten_oci::source::{Opened, Source as _, SourceError, load, load_all};
use corten_oci::write::{ArchiveWriter, Sink as _, Which, transfer};

use crate::fixture::{image, open};

fn platform(text: &str) -> Platform {
    text.parse().expect("a platform")
}

/// An index of images for these platforms, an index around it if that is asked for, and a statement about them.
fn archive(platforms: &[&str], around: usize) -> Opened {
    let mut archive = ArchiveWriter::new(Vec::new()).expect("memory");
    let mut index = Index::empty();
    for name in platforms {
        let made = image(&[name], platform(name));
        made.write(&mut archive);
        index.manifests.push(made.image.descriptor);
    }
    let statement = format!(
        "{{\"schemaVersion\":2,\"config\":{{\"mediaType\":\"application/vnd.oci.empty.v1+json\",\"digest\":\"{}\",\
         \"size\":2}},\"layers\":[]}}",
        corten_oci::digest::Digest::of(b"{}")
    );
    archive
        .blob(&Descriptor::of("application/vnd.oci.empty.v1+json", b"{}"), &mut &b"{}"[..])
        .expect("a blob");
    let mut about = Descriptor::of(media::MANIFEST, statement.as_bytes());
    archive.blob(&about, &mut statement.as_bytes()).expect("a blob");
    about.platform = Some(platform("unknown/unknown"));
    index.manifests.push(about);
    let mut bytes = json::write(&index);
    for _ in 0..around {
        let mut outer = Index::empty();
        outer.manifests.push(Descriptor::of(media::INDEX, &bytes));
        archive.blob(&Descriptor::of(media::INDEX, &bytes), &mut &bytes[..]).expect("an index");
        bytes = json::write(&outer);
    }
    let descriptor = Descriptor::of(media::INDEX, &bytes);
    archive.blob(&descriptor, &mut &bytes[..]).expect("an index");
    archive.image(Some("a:1"), &descriptor).expect("a name");
    open(archive.finish().expect("memory")).expect("an archive")
}

fn loaded(source: &Opened, wanted: &str) -> Result<String, SourceError> {
    let image = load(source, &source.images()[0].descriptor, &platform(wanted))?;
    Ok(image.config.platform().to_string())
}

#[test]
fn the_image_of_the_platform_is_found() {
    let source = archive(&["linux/arm64/v8", "linux/amd64/v3", "linux/amd64", "windows/amd64"], 0);
    assert_eq!(loaded(&source, "linux/amd64").expect("there is one"), "linux/amd64");
    assert_eq!(loaded(&source, "linux/arm64").expect("there is one"), "linux/arm64/v8");
    assert_eq!(loaded(&source, "linux/amd64/v3").expect("there is one"), "linux/amd64/v3");
    let error = loaded(&source, "linux/riscv64").expect_err("there is none").to_string();
    let digest = source.images()[0].descriptor.digest;
    assert_eq!(error, format!("{digest} has no image for linux/riscv64"));
    let all = load_all(&source, &source.images()[0].descriptor).expect("images");
    let all: Vec<_> = all.iter().map(|image| image.config.platform().to_string()).collect();
    assert_eq!(all, ["linux/arm64/v8", "linux/amd64/v3", "linux/amd64", "windows/amd64"]);
}

#[test]
fn an_image_that_says_something_else_of_itself_is_refused() {
    let made = image(&["x"], platform("linux/arm64"));
    let mut archive = ArchiveWriter::new(Vec::new()).expect("memory");
    made.write(&mut archive);
    let mut descriptor = made.image.descriptor.clone();
    descriptor.platform = Some(Platform::linux_amd64());
    archive.image(None, &descriptor).expect("no name");
    let source = open(archive.finish().expect("memory")).expect("an archive");
    let error = loaded(&source, "linux/amd64").expect_err("it is for another one").to_string();
    assert_eq!(error, format!("{} has no image for linux/amd64, but one for linux/arm64", descriptor.digest));
}

#[test]
fn indexes_are_nested_once() {
    assert!(loaded(&archive(&["linux/amd64"], 1), "linux/amd64").is_ok());
    let error = loaded(&archive(&["linux/amd64"], 2), "linux/amd64").expect_err("too deep");
    assert!(matches!(error, SourceError::NotAnImage { .. }), "{error}");
}

#[test]
fn one_platform_is_copied_or_all_with_what_is_said_about_them() {
    let source = archive(&["linux/arm64", "linux/amd64"], 1);
    let copy = |which| {
        let mut archive = ArchiveWriter::new(Vec::new()).expect("memory");
        let descriptor =
            transfer(&source, &source.images()[0].descriptor, &mut archive, &which).expect("an image");
        archive.image(Some("a:1"), &descriptor).expect("a name");
        open(archive.finish().expect("memory")).expect("an archive")
    };
    let one = copy(Which::Platform(platform("linux/arm64")));
    assert!(media::is_manifest(&one.images()[0].descriptor.media_type));
    assert_eq!(loaded(&one, "linux/arm64").expect("there is one"), "linux/arm64");
    let all = copy(Which::All);
    assert_eq!(all.images(), source.images());
    assert_eq!(loaded(&all, "linux/arm64").expect("there is one"), "linux/arm64");
    assert_eq!(loaded(&all, "linux/amd64").expect("there is one"), "linux/amd64");
    let whole = transfer(
        &all,
        &all.images()[0].descriptor,
        &mut ArchiveWriter::new(Vec::new()).expect("memory"),
        &Which::All,
    );
    assert!(whole.is_ok(), "the statement was copied too: {whole:?}");
}

#[test]
fn texts_of_platforms_are_checked() {
    for wrong in ["", "linux", "linux/", "/amd64", "linux/amd64/v3/x", "linux/amd 64"] {
        assert!(wrong.parse::<Platform>().is_err(), "{wrong}");
    }
    assert_eq!(platform("linux/arm/v7").to_string(), "linux/arm/v7");
}
