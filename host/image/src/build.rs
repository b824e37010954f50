//! A whole build, phase by phase.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use bytes::Bytes;
use corten_formats::qcow2::Qcow2;
use corten_formats::tree::{Kind, Tree};
use corten_recipe::{Format, Plan};
use corten_services::images::{Image, Images};
use serde::{Deserialize, Serialize};

use crate::boot::{boot_image, command_line, initrd};
use crate::cache::{Cache, Pieces, key, read_layer, write_layer};
use crate::disk::{Boot, disk};
use crate::error::Error;
use crate::event::{Event, Listener, Phase, timed};
use crate::hex::hex;
use crate::images;
use crate::locked::LockedPackages;
use crate::name::Naming;
use crate::output::{Artifact, write_atomically, write_compressed, write_raw, write_tar};
use crate::previous;
use crate::products::Identity;
use crate::root::{self, RootImage};
use crate::sbom::{FileRecord, Inventory, NodeInventory, cyclonedx, digests, spdx};
use crate::select::{Selection, multiarch, select, unaccounted};
use crate::signing::{Signing, signed};
use crate::tree::tree;

/// The programs of the node.
#[derive(Clone, Copy, Debug)]
pub struct NodePrograms {
    /// PID 1, which every image has.
    pub init: &'static [u8],
    /// All others as one. It is part of an image of which a service runs one of them, under their names.
    pub node: &'static [u8],
    /// containerd's shim, of which one runs for each workload. It is part of an image that runs workloads.
    pub shim: &'static [u8],
    /// What they are made of, as JSON.
    pub inventory: &'static str,
}

/// What to build.
pub struct Request<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The packages of the lock.
    pub packages: &'a LockedPackages<'a>,
    /// The last part of the version.
    pub build_number: u64,
    /// The programs of the node.
    pub programs: NodePrograms,
    /// What tells this `corten` from another in keys of caches. It gets into no artifact.
    pub builder: String,
    /// With what loader and boot image are signed, if they are.
    pub signing: Option<Signing<'a>>,
    /// What to make.
    pub formats: Vec<Format>,
    /// Where to.
    pub output: PathBuf,
    /// Where derived data is kept.
    pub cache: &'a Path,
    /// Whether earlier builds may help.
    pub reuse: crate::cache::Use,
}

/// Sizes of the parts of an image, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// EROFS image.
    pub root: u64,
    /// Hash tree.
    pub verity: u64,
    /// Boot image.
    pub boot: u64,
    /// Whole disk image, holes included.
    pub disk: u64,
}

/// A container image in the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltImage {
    /// Its name.
    pub name: String,
    /// Digest of its manifest.
    pub digest: String,
    /// Layers.
    pub layers: usize,
    /// Bytes of its files, not compressed.
    pub bytes: u64,
}

/// What a build made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Built {
    /// Name of the recipe.
    pub name: String,
    /// Version of the image.
    pub version: String,
    /// dm-verity root hash, hex.
    pub root_hash: String,
    /// Files that were written.
    pub artifacts: Vec<Artifact>,
    /// Sizes of the parts.
    pub sizes: Sizes,
    /// Packages that files were taken from.
    pub packages: usize,
    /// Regular files in the root, those of container images aside.
    pub files: usize,
    /// Container images in the root.
    #[serde(default)]
    pub images: Vec<BuiltImage>,
    /// Seconds by phase, and `total`.
    pub seconds: BTreeMap<String, f64>,
    /// Whether everything was there already.
    pub unchanged: bool,
}

impl BuiltImage {
    fn of(image: &Image) -> Self {
        let (name, digest) = (image.name.clone(), image.digest.clone());
        Self { name, digest, layers: image.layers.len(), bytes: image.bytes() }
    }
}

/// Builds an image.
pub fn build(request: &Request<'_>, listener: Listener<'_>) -> Result<Built, Error> {
    let started = Instant::now();
    let Request { plan, packages, .. } = request;
    let naming = Naming {
        recipe: plan.name.to_string(),
        version: format!("{}.{}", plan.version, request.build_number),
        epoch: packages.epoch(),
    };
    let plan_text = serde_json::to_vec(plan).map_err(|why| Error::part("plan")(why.into()))?;
    let formats = request.formats.iter().map(|format| format.name()).collect::<Vec<_>>().join(",");
    if let Some(signing) = &request.signing {
        signing.signer.certificate().check_validity(naming.epoch).map_err(corten_sign::SignError::from)?;
    }
    let signing = request.signing.as_ref().map(Signing::state).unwrap_or_default();
    let images = images::open(plan)?;
    let state = key(&[
        &plan_text,
        packages.digest().as_bytes(),
        request.builder.as_bytes(),
        naming.version.as_bytes(),
        formats.as_bytes(),
        signing.as_bytes(),
        images::identity(&images).as_bytes(),
    ]);
    if request.reuse == crate::cache::Use::Reuse
        && let Some(mut built) = previous::read(&request.output, &naming, &state)
    {
        built.seconds = BTreeMap::from([("total".to_owned(), started.elapsed().as_secs_f64())]);
        return Ok(built);
    }

    let mut seconds = BTreeMap::new();
    let selection = phase(Phase::Packages, listener, &mut seconds, || selection(request, listener))?;
    let who = Identity {
        recipe: naming.recipe.clone(),
        version: naming.version.clone(),
        suite: plan.archive.suite.to_string(),
    };
    let (bare, tree, origins, images) = phase(Phase::Tree, listener, &mut seconds, || {
        let (bare, mut origins) = tree(plan, &selection, &who, &request.programs, naming.epoch)?;
        let images = images::read(&images, images::limit(plan))?;
        let mut whole = bare.clone();
        images::place(&mut whole, &mut origins, &images, naming.epoch)?;
        Ok((bare, whole, origins, images))
    })?;
    let pieces = Pieces(Cache::new(&request.cache.join("pieces"), request.reuse));
    let (data, records) = phase(Phase::Root, listener, &mut seconds, || {
        let (data, records) = rayon::join(
            || root::write((&tree, &bare), &plan.image, &naming, &pieces),
            || digests(&tree, &origins),
        );
        Ok((data?, records))
    })?;
    let sealed = phase(Phase::Verity, listener, &mut seconds, || root::seal(data, &plan.image, &naming))?;
    let (loader, boot) = phase(Phase::Boot, listener, &mut seconds, || {
        let cache = Cache::new(request.cache, request.reuse);
        let initrd = initrd(&selection, request.programs.init, &cache)?;
        let line = command_line(plan, &sealed.root_hash);
        let image = boot_image(&selection, &initrd, &line, &who.boot_release())?;
        let sign = |program| signed(program, request.signing.as_ref());
        Ok((sign(selection.loader.clone())?, sign(image)?))
    })?;
    let parts = Parts { tree: &tree, loader: &loader, sealed: &sealed, boot: &boot };
    let (artifacts, sizes) = phase(Phase::Output, listener, &mut seconds, || {
        let mut output = output(request, &naming, &parts)?;
        output.0.extend(sboms(request, &naming, &sealed, (&selection, &images.index), &records)?);
        Ok(output)
    })?;
    seconds.insert("total".into(), started.elapsed().as_secs_f64());
    let built = Built {
        name: naming.recipe.clone(),
        version: naming.version.clone(),
        root_hash: hex(&sealed.root_hash.0),
        artifacts,
        sizes,
        packages: selection.licences.len(),
        files: bare.nodes().filter(|(_, node)| matches!(node.kind, Kind::File(_))).count(),
        images: images.index.images.iter().map(BuiltImage::of).collect(),
        seconds,
        unchanged: false,
    };
    previous::write(&request.output, &naming, &state, &built)?;
    Ok(built)
}

fn phase<T>(
    phase: Phase,
    listener: Listener<'_>,
    seconds: &mut BTreeMap<String, f64>,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    let started = Instant::now();
    let result = timed(phase, listener, work)?;
    seconds.insert(phase.name().into(), started.elapsed().as_secs_f64());
    Ok(result)
}

/// The selection, from the cache where the same packages were selected in the same way before.
fn selection(request: &Request<'_>, listener: Listener<'_>) -> Result<Selection, Error> {
    let Request { plan, packages, .. } = request;
    let wanted = serde_json::to_vec(&(&plan.packages, &plan.kernel, &plan.archive.architecture))
        .map_err(|why| Error::part("plan")(why.into()))?;
    let name = key(&[b"layer", &wanted, packages.digest().as_bytes(), request.builder.as_bytes()]);
    let cache = Cache::new(&request.cache.join("layers"), request.reuse);
    if let Some(selection) = read_layer(&cache, &name) {
        return Ok(selection);
    }
    let selection = select(plan, *packages)?;
    for name in selection.licences.keys() {
        if let Some(contents) = packages.unpacked(name)
            && let Some(open) = unaccounted(&contents, &plan.scripts)
        {
            listener(Event::Unaccounted(open.package));
        }
    }
    write_layer(&cache, &name, &selection);
    Ok(selection)
}

/// What artifacts are made from.
struct Parts<'a> {
    tree: &'a Tree,
    loader: &'a Bytes,
    sealed: &'a RootImage,
    boot: &'a Bytes,
}

fn output(
    request: &Request<'_>,
    naming: &Naming,
    parts: &Parts<'_>,
) -> Result<(Vec<Artifact>, Sizes), Error> {
    let image = &request.plan.image;
    let efi = multiarch(request.plan.archive.architecture.as_str()).map_or("x64", |names| names.efi);
    let boot_name = naming.boot_image(&parts.sealed.root_hash);
    let boot = Boot {
        loader: parts.loader,
        efi,
        name: boot_name.clone(),
        image: parts.boot,
        enrolment: request.signing.and_then(|signing| signing.enrolment),
    };
    let disk = disk(parts.sealed, &boot, image, naming)?;
    let folder = &request.output;
    std::fs::create_dir_all(folder).map_err(|why| Error::write(folder, why))?;
    let stem = naming.artifact();
    let mut artifacts = Vec::new();
    let bytes =
        |path: &Path, content: &[u8]| write_atomically(path, |file| std::io::Write::write_all(file, content));
    for format in &request.formats {
        let ending = match format {
            // Not `NAME.verity` beside `NAME.raw`: other tools take that for the hash tree of the whole disk.
            Format::Root => "root.erofs",
            other => other.name(),
        };
        let path = folder.join(format!("{stem}.{ending}"));
        match format {
            Format::Raw => write_raw(&path, &disk)?,
            Format::RawZst => write_compressed(&path, &disk)?,
            Format::Qcow2 => {
                let qcow2 = Qcow2::new(&disk).map_err(|why| Error::part("qcow2 image")(why.into()))?;
                write_atomically(&path, |file| qcow2.write(file))?;
            }
            Format::Uki => {
                let path = folder.join(&boot_name);
                bytes(&path, parts.boot)?;
                artifacts.push(Artifact::of(path, format.name())?);
                continue;
            }
            Format::Root => {
                bytes(&path, &parts.sealed.data)?;
                let hashes = folder.join(format!("{stem}.root.verity"));
                bytes(&hashes, &parts.sealed.hashes)?;
                artifacts.push(Artifact::of(hashes, "verity")?);
            }
            Format::Tar => write_tar(&path, parts.tree)?,
        }
        artifacts.push(Artifact::of(path, format.name())?);
    }
    let sizes = Sizes {
        root: parts.sealed.data.len() as u64,
        verity: parts.sealed.hashes.len() as u64,
        boot: parts.boot.len() as u64,
        disk: disk.size(),
    };
    Ok((artifacts, sizes))
}

fn sboms(
    request: &Request<'_>,
    naming: &Naming,
    sealed: &RootImage,
    (selection, images): (&Selection, &Images),
    records: &[FileRecord],
) -> Result<Vec<Artifact>, Error> {
    let node: NodeInventory =
        serde_json::from_str(request.programs.inventory).map_err(|why| Error::part("SBOM")(why.into()))?;
    let mut packages = BTreeMap::new();
    for (name, licence) in &selection.licences {
        packages.insert(name.clone(), request.packages.component(name, licence.clone())?);
    }
    let inventory = Inventory {
        name: naming.recipe.clone(),
        version: naming.version.clone(),
        root_hash: hex(&sealed.root_hash.0),
        epoch: naming.epoch,
        packages,
        images: images.images.clone(),
        node,
        files: records.to_vec(),
    };
    let mut artifacts = Vec::new();
    for (kind, ending, text) in
        [("spdx", "spdx.json", spdx(&inventory)), ("cyclonedx", "cdx.json", cyclonedx(&inventory))]
    {
        let path = request.output.join(format!("{}.{ending}", naming.artifact()));
        write_atomically(&path, |file| std::io::Write::write_all(file, text.as_bytes()))?;
        artifacts.push(Artifact::of(path, kind)?);
    }
    Ok(artifacts)
}
