//! The kernel: which package has it, its modules for the root and for the initrd.
//!
//! Debian compresses each module with xz. They are stored decompressed: the kernel loads them without help, and
//! they compress together with everything else.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use bytes::Bytes;
use corten_formats::modules::{self, Builtin, Catalog, ModInfo, Module, UnknownWish};
use corten_formats::tree::{Kind, Meta, Node};
use corten_recipe::types::ModulePattern;
use corten_recipe::{KeyPath, Plan};
use rayon::prelude::*;

use crate::error::Error;
use crate::select::{Contents, KernelFiles, Packages};

/// Where kernel modules lie.
const MODULES: &str = "/usr/lib/modules";

/// Largest module after decompression, bytes. The largest of Debian's has 8 MiB.
const MODULE_LIMIT: u64 = 256 << 20;

/// What an image takes from a kernel package.
pub struct FromKernel {
    /// Kernel, initrd modules, index.
    pub kernel: KernelFiles,
    /// Modules of the root: path in the image and file.
    pub files: Vec<(String, Node)>,
    /// Firmware that these modules may ask for.
    pub asked: BTreeSet<String>,
    /// Firmware that the modules of the initrd may ask for.
    pub asked_at_boot: BTreeSet<String>,
}

/// The package that holds the kernel: the one that the recipe names, or the first along its dependencies, since
/// `linux-image-amd64` and the like only point at the current one.
pub fn package(named: &str, packages: &dyn Packages) -> Result<String, Error> {
    let mut level = vec![named.to_owned()];
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while !level.is_empty() {
        for contents in packages.load(&level)? {
            if kernel_path(&contents).is_some() {
                return Ok(contents.name.clone());
            }
        }
        let next: Vec<String> = level.iter().flat_map(|name| packages.dependencies(name)).collect();
        level = next
            .into_iter()
            .filter(|name| name.starts_with("linux-image-") && seen.insert(name.clone()))
            .collect();
    }
    Err(Error::Recipe {
        what: format!("neither {named:?} nor a linux-image package that it depends on has a kernel in /boot"),
        key: KeyPath::of(&["kernel", "package"]),
        help: Some("expected a package such as linux-image-cloud-amd64".into()),
    })
}

fn kernel_path(contents: &Contents) -> Option<&str> {
    contents.entries.keys().map(String::as_str).find(|path| path.starts_with("/boot/vmlinuz-"))
}

/// Takes kernel and modules from the package that holds them.
pub fn select(plan: &Plan, contents: &Contents) -> Result<FromKernel, Error> {
    let missing = |path: &str| Error::Missing { package: contents.name.clone(), path: path.into() };
    let path = kernel_path(contents).ok_or_else(|| missing("/boot/vmlinuz-*"))?;
    let release = path.trim_start_matches("/boot/vmlinuz-").to_owned();
    let image = contents.file(path).cloned().ok_or_else(|| missing(path))?;
    let folder = format!("{MODULES}/{release}/");
    let files = decompress(contents, &folder)?;
    let catalog = catalog(contents, &folder, &files)?;

    let root = closure(&catalog, &plan.kernel.modules, "modules")?;
    let boot = closure(&catalog, &plan.kernel.boot_modules, "boot-modules")?;
    // The root has the modules of the initrd as well: hardware that appears later needs the same drivers.
    let root = root.union(&boot).cloned().collect();
    let asked = |names: &BTreeSet<String>| {
        let modules = names.iter().filter_map(|name| catalog.module(name));
        modules.flat_map(|module| module.info.firmware.iter().cloned()).collect()
    };
    let (asked, asked_at_boot) = (asked(&root), asked(&boot));
    let meta = Meta { mode: 0o644, ..Meta::default() };
    let (root, root_index) = indexed(&catalog, &root, &files)?;
    let (boot, boot_index) = indexed(&catalog, &boot, &files)?;
    let mut boot_modules: Vec<(String, Bytes)> =
        boot.into_iter().map(|(path, content)| (format!("{folder}{path}"), content)).collect();
    boot_modules.push((format!("{folder}{}", modules::FILE_NAME), boot_index));
    let in_root =
        |(path, content)| (format!("{folder}{path}"), Node { meta: meta.clone(), kind: Kind::File(content) });
    Ok(FromKernel {
        kernel: KernelFiles { release, image, boot_modules, index: root_index },
        files: root.into_iter().map(in_root).collect(),
        asked,
        asked_at_boot,
    })
}

/// Every module of the package by its path below the folder, without the suffix of its compression.
fn decompress(contents: &Contents, folder: &str) -> Result<BTreeMap<String, Bytes>, Error> {
    let modules: Vec<(&str, &Bytes)> = contents
        .entries
        .iter()
        .filter_map(|(path, node)| match &node.kind {
            Kind::File(content) => Some((path.strip_prefix(folder)?, content)),
            _ => None,
        })
        .filter(|(path, _)| path.strip_suffix(".xz").unwrap_or(path).strip_suffix(".ko").is_some())
        .collect();
    let plain = |(path, content): (&str, &Bytes)| {
        let (stem, content) = match path.strip_suffix(".xz") {
            Some(stem) => {
                let mut plain = Vec::with_capacity(content.len() * 4);
                let decoder = liblzma::read::XzDecoder::new(content.as_ref());
                let read = decoder.take(MODULE_LIMIT).read_to_end(&mut plain);
                read.map_err(|why| Error::part("kernel modules")(format!("{path}: {why}").into()))?;
                (stem, Bytes::from(plain))
            }
            None => (path, content.clone()),
        };
        Ok((stem.to_owned(), content))
    };
    modules.into_par_iter().map(plain).collect()
}

fn catalog(contents: &Contents, folder: &str, files: &BTreeMap<String, Bytes>) -> Result<Catalog, Error> {
    let fail = Error::part("module index");
    let text = |name: &str| contents.file(&format!("{folder}{name}")).map(AsRef::as_ref).unwrap_or_default();
    let mut modules = Vec::with_capacity(files.len());
    for (path, content) in files {
        let info = ModInfo::of_module(content).map_err(|why| fail(format!("{path}: {why}").into()))?;
        modules.push(Module::new(path, info));
    }
    modules::sort_by_order(&mut modules, &String::from_utf8_lossy(text("modules.order")));
    let list = String::from_utf8_lossy(text("modules.builtin"));
    let builtin = Builtin::parse(&list, text("modules.builtin.modinfo")).map_err(|why| fail(why.into()))?;
    Catalog::new(modules, builtin).map_err(|why| fail(why.into()))
}

/// The modules that the patterns of the recipe take, with everything that they need and ask for while they run.
fn closure(catalog: &Catalog, patterns: &[ModulePattern], list: &str) -> Result<BTreeSet<String>, Error> {
    let mut wanted = BTreeSet::new();
    for (number, pattern) in patterns.iter().enumerate() {
        let found =
            catalog.closure(&[pattern.as_str()]).map_err(|UnknownWish { wish, nearest }| Error::Recipe {
                what: format!("the kernel has no module {wish:?}"),
                key: KeyPath::of(&["kernel", list]).item(number),
                help: nearest.first().map(|near| format!("did you mean {near:?}?")),
            })?;
        wanted.extend(found.modules.into_keys());
    }
    Ok(wanted)
}

/// These modules as files by path, and their index.
fn indexed(
    catalog: &Catalog,
    names: &BTreeSet<String>,
    files: &BTreeMap<String, Bytes>,
) -> Result<(Vec<(String, Bytes)>, Bytes), Error> {
    let fail = Error::part("module index");
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let closure = catalog.closure(&names).map_err(|why| fail(why.into()))?;
    let selection = catalog.selection(&closure);
    let index = modules::Index::build(&selection).map_err(|why| fail(why.into()))?.to_bytes();
    let content = |module: &Module| Some((module.path.clone(), files.get(&module.path)?.clone()));
    Ok((selection.modules().iter().filter_map(content).collect(), Bytes::from(index)))
}
