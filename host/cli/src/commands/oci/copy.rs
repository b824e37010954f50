//! `corten oci copy`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use corten_oci::reference::Reference;
use corten_oci::source::{Listed, Location, Opened, Shape, Source as _, load};
use corten_oci::write::{ArchiveWriter, DockerWriter, LayoutWriter, Sink, Which, WriteError, transfer};

use super::choose::{self, NoChoice, choose, one_name, open};
use super::view::printable;
use super::written::written;
use crate::arguments::CopyArguments;
use crate::exit::Exit;
use crate::output::put;

/// An image, and the name that it gets.
struct Wanted<'a> {
    image: &'a Listed,
    name: Option<String>,
}

/// Runs the command.
pub fn copy(arguments: &CopyArguments) -> Result<Exit> {
    let CopyArguments { from, to, .. } = arguments;
    let opened = open(from)?;
    let name = one_name(to.name.as_deref(), arguments.tag.as_deref())?;
    let wanted: Vec<Wanted<'_>> = if arguments.all {
        if name.is_some() || from.name.is_some() {
            return Err(NoChoice::Contradiction("all images are copied under their own names").into());
        }
        opened.images().iter().map(|image| Wanted { image, name: image.name.clone() }).collect()
    } else {
        let image = choose(&opened, from, from.name.as_deref())?;
        vec![Wanted { image, name: name.map(str::to_owned).or_else(|| image.name.clone()) }]
    };
    let which =
        if arguments.all_platforms { Which::All } else { Which::Platform(arguments.platform.clone()) };
    let shape = if to.shape.is_none() && to.path.is_dir() { Shape::Layout } else { to.shape_to_write() };
    let digests = match shape {
        Shape::Layout => into_layout(&opened, &wanted, &which, &to.path),
        Shape::OciArchive => into_archive(&opened, &wanted, &which, &to.path),
        Shape::DockerArchive if arguments.all_platforms => {
            Err(NoChoice::Contradiction("an archive of Docker has images for one platform").into())
        }
        Shape::DockerArchive => into_docker(&opened, &wanted, arguments, &to.path),
    };
    let mut text = String::new();
    for (wanted, digest) in wanted.iter().zip(digests.map_err(|error| told(from, error))?) {
        let name = wanted.name.as_deref().map_or_else(|| "(no name)".to_owned(), printable);
        let _ = writeln!(text, "{digest}  {name}");
    }
    put(&text)?;
    Ok(Exit::Done)
}

/// An error of copying, with the place that it is about.
fn told(place: &Location, error: anyhow::Error) -> anyhow::Error {
    error.downcast::<WriteError>().map_or_else(|error| error, |error| choose::from(place, error))
}

fn into_layout(opened: &Opened, wanted: &[Wanted<'_>], which: &Which, path: &Path) -> Result<Vec<String>> {
    let mut layout = LayoutWriter::open(path)?;
    let digests = into(opened, wanted, which, &mut layout)?;
    layout.finish()?;
    Ok(digests)
}

fn into_archive(opened: &Opened, wanted: &[Wanted<'_>], which: &Which, path: &Path) -> Result<Vec<String>> {
    written(path, |out| {
        let mut archive = ArchiveWriter::new(out)?;
        let digests = into(opened, wanted, which, &mut archive)?;
        Ok((archive.finish()?, digests))
    })
}

fn into(
    opened: &Opened,
    wanted: &[Wanted<'_>],
    which: &Which,
    sink: &mut dyn Sink,
) -> Result<Vec<String>, WriteError> {
    let one = |wanted: &Wanted<'_>| {
        let descriptor = transfer(opened, &wanted.image.descriptor, sink, which)?;
        sink.image(wanted.name.as_deref(), &descriptor)?;
        Ok(descriptor.digest.to_string())
    };
    wanted.iter().map(one).collect()
}

fn into_docker(
    opened: &Opened,
    wanted: &[Wanted<'_>],
    arguments: &CopyArguments,
    path: &Path,
) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for wanted in wanted {
        let name = wanted.name.as_deref().map(|name| {
            name.parse::<Reference>().with_context(|| format!("the name {:?} of an image", printable(name)))
        });
        names.push(name.transpose()?);
    }
    written(path, |out| {
        let mut archive = DockerWriter::new(out);
        let mut digests = Vec::new();
        for (wanted, name) in wanted.iter().zip(&names) {
            let image = load(opened, &wanted.image.descriptor, &arguments.platform)?;
            archive.image(opened, &image, name.as_ref())?;
            digests.push(image.manifest.config.digest.to_string());
        }
        Ok((archive.finish()?, digests))
    })
}
