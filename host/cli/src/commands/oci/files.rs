//! `corten oci pack` of files.

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use corten_oci::compression::Compression;
use corten_oci::gather::{Common, GatherError, Gathered};
use corten_oci::manifest::{History, ImageConfig, Platform};
use corten_oci::source::{Image, Opened, load};
use corten_oci::write::{ArchiveWriter, Assembled, Layer, Sink as _, WriteError, assemble, copy_blob};
use jiff::Timestamp;
use serde_json::json;

use super::choose::{self, choose, open};
use super::written::written;
use crate::arguments::{FileOptions, Method, PackArguments, RunOptions};
use crate::exit::Exit;
use crate::output::put;
use crate::progress::size;

/// What a history says of such a layer.
const MAKER: &str = "corten oci pack";

/// The image that files are added to.
struct Base {
    opened: Opened,
    image: Image,
}

/// Runs the command.
pub fn pack(arguments: &PackArguments) -> Result<Exit> {
    let PackArguments { files: options, run, .. } = arguments;
    let output = arguments.output.as_deref().context("no place for the archive")?;
    let base = options.base.as_ref().map(|from| -> Result<Base> {
        let opened = open(from)?;
        let listed = choose(&opened, from, from.name.as_deref())?;
        let image = load(&opened, &listed.descriptor, &Platform::linux_amd64());
        let image = image.map_err(|error| choose::from(from, error.into()))?;
        Ok(Base { opened, image })
    });
    let base = base.transpose()?;
    let files = gather(options, base.as_ref())?;
    let added = if files.is_empty() { None } else { Some(layer(&files, compression(options.compression))?) };
    let mut layers = base.as_ref().map(|base| base.image.layers()).unwrap_or_default();
    layers.extend(added.as_ref().map(|(layer, _)| layer.clone()));
    let image = assemble(config(options, run, base.as_ref(), added.is_some())?, &layers);
    let name = options.tag.as_ref().map(ToString::to_string);
    write(output, name.as_deref(), &image, &layers, added, base.as_ref())?;

    let digest = image.descriptor.digest;
    let (count, content) = files.size();
    let bytes: u64 = layers.iter().map(|layer| layer.descriptor.size).sum();
    let text = if arguments.json {
        let object = json!({
            "name": name, "digest": digest, "layers": layers.len(), "size": bytes, "files": count, "content": content,
            "path": output,
        });
        format!("{object:#}\n")
    } else {
        format!(
            "{} packed\ndigest   {digest}\nlayers   {}, {}\nadded    {count} files, {}\narchive  {}\n",
            name.as_deref().unwrap_or("image"),
            layers.len(),
            size(bytes),
            size(content),
            output.display()
        )
    };
    put(&text)?;
    Ok(Exit::Done)
}

fn gather(options: &FileOptions, base: Option<&Base>) -> Result<Gathered> {
    let (uid, gid) = options.owner;
    let mut files = Gathered::new(Common { uid, gid, mtime: i64::from(options.time) });
    options.add.iter().try_for_each(|addition| files.add(addition))?;
    if base.is_none() {
        files.add_parents();
    }
    Ok(files)
}

fn compression(method: Method) -> Compression {
    match method {
        Method::Gzip => Compression::Gzip,
        Method::Zstd => Compression::Zstd,
        Method::None => Compression::None,
    }
}

/// Writes the layer into a file without a name: its size has to be known before an archive can hold it.
fn layer(files: &Gathered, compression: Compression) -> Result<(Layer, File)> {
    let file = tempfile::tempfile().context("a temporary file")?;
    let written = files.write(BufWriter::with_capacity(1 << 20, file), compression);
    let (layer, out) = written.map_err(|error| -> anyhow::Error {
        match error {
            // The files are read only now.
            WriteError::Io { what, source } => GatherError::Io { path: what.into(), source }.into(),
            other => other.into(),
        }
    })?;
    let mut file = out.into_inner().context("a temporary file")?;
    file.rewind().context("a temporary file")?;
    Ok((layer, file))
}

fn config(options: &FileOptions, run: &RunOptions, base: Option<&Base>, adds: bool) -> Result<ImageConfig> {
    let mut config =
        base.map_or_else(|| ImageConfig::new(Platform::linux_amd64()), |base| base.image.config.clone());
    let created = Timestamp::from_second(i64::from(options.time)).context("the time")?.to_string();
    config.created = Some(created.clone());
    config.history.push(History {
        created: Some(created),
        created_by: Some(MAKER.into()),
        empty_layer: !adds,
        ..History::default()
    });
    let own = &mut config.config;
    if !run.entrypoint.is_empty() {
        own.entrypoint.clone_from(&run.entrypoint);
        // The arguments of another program.
        own.cmd.clear();
    }
    if !run.command.is_empty() {
        own.cmd.clone_from(&run.command);
    }
    for pair in &run.env {
        let start = format!("{}=", pair.name);
        let text = start.clone() + &pair.value;
        match own.env.iter_mut().find(|variable| variable.starts_with(&start)) {
            Some(variable) => *variable = text,
            None => own.env.push(text),
        }
    }
    for (field, value) in [
        (&mut own.user, &run.user),
        (&mut own.working_dir, &run.workdir),
        (&mut own.stop_signal, &run.stop_signal),
    ] {
        if let Some(value) = value {
            field.clone_from(value);
        }
    }
    own.exposed_ports.extend(run.expose.iter().map(|port| port.0.clone()));
    own.volumes.extend(run.volume.iter().cloned());
    own.labels.extend(run.label.iter().map(|pair| (pair.name.clone(), pair.value.clone())));
    Ok(config)
}

fn write(
    output: &Path,
    name: Option<&str>,
    image: &Assembled,
    layers: &[Layer],
    added: Option<(Layer, File)>,
    base: Option<&Base>,
) -> Result<()> {
    let own = added.as_ref().map(|(layer, _)| layer.descriptor.digest);
    let mut file = added.map(|(_, file)| BufReader::new(file));
    written(output, |out| {
        let mut archive = ArchiveWriter::new(out)?;
        for Layer { descriptor, .. } in layers {
            match (&mut file, base) {
                (Some(content), _) if Some(descriptor.digest) == own => archive.blob(descriptor, content)?,
                (_, Some(base)) => copy_blob(&base.opened, descriptor, &mut archive)?,
                (_, None) => {}
            }
        }
        image.write(&mut archive)?;
        archive.image(name, &image.descriptor)?;
        Ok((archive.finish()?, ()))
    })
}
