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
    for place in [from, to] {
        no_registry(place)?;
    }
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
        Shape::Layout => into_layout(&opened, &wanted, &which, (from, to)),
        Shape::OciArchive => {
            into_archive(&opened, &wanted, &which, &to.path).map_err(|error| told(from, error))
        }
        Shape::DockerArchive if arguments.all_platforms => {
            Err(NoChoice::Contradiction("an archive of Docker has images for one platform").into())
        }
        Shape::DockerArchive => {
            into_docker(&opened, &wanted, arguments, &to.path).map_err(|error| told(from, error))
        }
    };
    let mut text = String::new();
    for (wanted, digest) in wanted.iter().zip(digests?) {
        let name = wanted.name.as_deref().map_or_else(|| "(no name)".to_owned(), printable);
        let _ = writeln!(text, "{digest}  {name}");
    }
    put(&text)?;
    Ok(Exit::Done)
}

/// Other tools take registries where paths stand. What looks like one and is no path is no new folder.
fn no_registry(place: &Location) -> Result<(), NoChoice> {
    let name = place.name.as_deref().unwrap_or_default();
    let path = place.path.display().to_string();
    let first = path.split('/').next().unwrap_or_default();
    let has_port = name.split_once('/').is_some_and(|(port, _)| port.parse::<u16>().is_ok());
    let is_host = path.contains('/') && first.trim_matches('.').contains('.');
    let is_registry = name.starts_with("//") || (path == "docker" && !name.is_empty()) || has_port || is_host;
    if place.shape.is_none() && is_registry && !Path::new(first).exists() {
        return Err(NoChoice::Registry(place.to_string()));
    }
    Ok(())
}

/// An error of reading what is copied, with its place.
fn told(place: &Location, error: anyhow::Error) -> anyhow::Error {
    error.downcast::<WriteError>().map_or_else(|error| error, |error| choose::from(place, error))
}

fn into_layout(
    opened: &Opened,
    wanted: &[Wanted<'_>],
    which: &Which,
    (from, to): (&Location, &Location),
) -> Result<Vec<String>> {
    let mut layout = LayoutWriter::open(&to.path).map_err(|error| choose::from(to, error))?;
    let digests = into(opened, wanted, which, &mut layout).map_err(|error| choose::from(from, error))?;
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
