//! The selection: every file that packages bring, the kernel, and what the boot chain takes from packages.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use corten_recipe::types::PackageName;
use corten_recipe::{KeyPath, Plan};

use super::closure::Packages;
use super::contents::Contents;
use super::userland::{Selected, licences, take, userland_requests};
use crate::error::Error;
use crate::{firmware, kernel};

/// The package with the loader and the stub of boot images.
pub const BOOT_PACKAGE: &str = "systemd-boot-efi";

/// The kernel and what belongs to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelFiles {
    /// Release, as `uname -r` prints it.
    pub release: String,
    /// The kernel itself.
    pub image: Bytes,
    /// Modules of the initrd with their index and their firmware: path in the initrd and content.
    pub boot_modules: Vec<(String, Bytes)>,
    /// Index of the modules in the root.
    pub index: Bytes,
}

/// Everything that an image takes from packages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Files of the root, by path.
    pub files: Vec<Selected>,
    /// The kernel.
    pub kernel: KernelFiles,
    /// Certificates for the bundle.
    pub certificates: Vec<Bytes>,
    /// The stub that a boot image is made from.
    pub stub: Bytes,
    /// The boot loader.
    pub loader: Bytes,
    /// Early archive with microcode; empty without any.
    pub microcode: Bytes,
    /// Packages that something was taken from, with their licences where they say them.
    pub licences: BTreeMap<String, Option<String>>,
}

/// The names by which an architecture is known.
pub struct Names {
    /// Folder of libraries.
    pub multiarch: &'static str,
    /// Suffix of EFI programs.
    pub efi: &'static str,
}

/// What Debian calls the folder of libraries, and UEFI its programs, for an architecture; `None` for one that
/// Corten can't boot.
pub fn multiarch(architecture: &str) -> Option<Names> {
    match architecture {
        "amd64" => Some(Names { multiarch: "x86_64-linux-gnu", efi: "x64" }),
        "arm64" => Some(Names { multiarch: "aarch64-linux-gnu", efi: "aa64" }),
        _ => None,
    }
}

/// The packages that a lock has to answer for: name and version constraint as Debian writes it.
pub fn requests(plan: &Plan) -> BTreeMap<String, Option<String>> {
    let mut wanted = userland_requests(plan.userland());
    let listed = plan.kernel.microcode.iter().chain(&plan.kernel.firmware);
    for name in listed.map(PackageName::as_str).chain([plan.kernel.package.as_str(), BOOT_PACKAGE]) {
        wanted.entry(name.to_owned()).or_default();
    }
    wanted
}

/// Selects files. Packages are unpacked as they turn out to be needed.
pub fn select(plan: &Plan, packages: &dyn Packages) -> Result<Selection, Error> {
    let architecture = plan.archive.architecture.as_str();
    let names = multiarch(architecture).ok_or_else(|| Error::Recipe {
        what: format!("corten can't make a boot image for {architecture:?}"),
        key: KeyPath::of(&["archive", "architecture"]),
        help: Some("expected amd64 or arm64".into()),
    })?;
    // Everything that is named is unpacked at once, which keeps all cores busy.
    let mut wanted: Vec<String> = requests(plan).into_keys().collect();
    let kernel_package = kernel::package(plan.kernel.package.as_str(), packages)?;
    wanted.retain(|name| name != plan.kernel.package.as_str());
    wanted.push(kernel_package.clone());
    let loaded: BTreeMap<String, Arc<Contents>> =
        wanted.iter().cloned().zip(packages.load(&wanted)?).collect();

    let mut selection = Selection::default();
    let taken = take(plan.userland(), &loaded, packages, names.multiarch)?;
    let mut used = taken.used;
    used.extend([kernel_package.clone(), BOOT_PACKAGE.to_owned()]);
    (selection.files, selection.certificates) = (taken.files, taken.certificates);

    let boot = &loaded[BOOT_PACKAGE];
    let efi = |file: String| {
        let path = format!("/usr/lib/systemd/boot/efi/{file}");
        boot.file(&path).cloned().ok_or(Error::Missing { package: BOOT_PACKAGE.into(), path })
    };
    selection.stub = efi(format!("linux{}.efi.stub", names.efi))?;
    selection.loader = efi(format!("systemd-boot{}.efi", names.efi))?;

    let modules = kernel::select(plan, &loaded[&kernel_package])?;
    selection.kernel = modules.kernel;
    selection.files.extend(modules.files.into_iter().map(|(path, node)| Selected {
        path,
        node,
        package: kernel_package.clone(),
    }));
    let contents_of = |list: &[PackageName]| -> Vec<&Contents> {
        list.iter().map(|name| loaded[name.as_str()].as_ref()).collect()
    };
    let microcode = contents_of(&plan.kernel.microcode);
    selection.microcode = firmware::microcode(&microcode)?;
    let packages_with_firmware = contents_of(&plan.kernel.firmware);
    selection.files.extend(firmware::of_root(&packages_with_firmware, &modules.asked)?);
    selection
        .kernel
        .boot_modules
        .extend(firmware::of_initrd(&packages_with_firmware, &modules.asked_at_boot));
    for contents in microcode.into_iter().chain(packages_with_firmware) {
        selection.files.extend(firmware::terms(contents));
        used.insert(contents.name.clone());
    }

    selection.files.sort_by(|a, b| a.path.cmp(&b.path));
    selection.files.dedup();
    selection.licences = licences(used, packages)?;
    Ok(selection)
}
