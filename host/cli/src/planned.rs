//! What plans of operating systems and of container images have in common for the commands: packages, complaints.

use std::collections::BTreeMap;

use corten_recipe::plan::Userland;
use corten_recipe::{ContainerPlan, Diagnostic, KeyPath, Plan};

/// A plan of either kind.
pub trait Planned {
    /// What is about files, packages and accounts.
    fn userland(&self) -> Userland<'_>;

    /// The packages that a lock has to answer for.
    fn requests(&self) -> BTreeMap<String, Option<String>>;

    /// A complaint about the value at a key.
    fn diagnostic(&self, key: KeyPath, code: &'static str, message: String) -> Diagnostic;

    /// Where the recipe names a package.
    fn key_of(&self, package: &str) -> KeyPath;
}

impl Planned for Plan {
    fn userland(&self) -> Userland<'_> {
        self.userland()
    }

    fn requests(&self) -> BTreeMap<String, Option<String>> {
        corten_image::requests(self)
    }

    fn diagnostic(&self, key: KeyPath, code: &'static str, message: String) -> Diagnostic {
        self.diagnostic(key, code, message)
    }

    fn key_of(&self, package: &str) -> KeyPath {
        let kernel = &self.kernel;
        let lists = [("microcode", &kernel.microcode), ("firmware", &kernel.firmware)];
        let listed = lists.into_iter().find_map(|(list, packages)| {
            let at = packages.iter().position(|listed| listed.as_str() == package)?;
            Some(KeyPath::of(&["kernel", list]).item(at))
        });
        match listed {
            _ if kernel.package.as_str() == package => KeyPath::of(&["kernel", "package"]),
            Some(key) => key,
            None => KeyPath::of(&["packages", package]),
        }
    }
}

impl Planned for ContainerPlan {
    fn userland(&self) -> Userland<'_> {
        self.userland()
    }

    fn requests(&self) -> BTreeMap<String, Option<String>> {
        corten_image::userland_requests(self.userland())
    }

    fn diagnostic(&self, key: KeyPath, code: &'static str, message: String) -> Diagnostic {
        self.diagnostic(key, code, message)
    }

    fn key_of(&self, package: &str) -> KeyPath {
        KeyPath::of(&["packages", package])
    }
}
