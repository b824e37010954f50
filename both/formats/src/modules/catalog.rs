//! All modules of a kernel with what is built in: where names and aliases are looked up.

use std::collections::{BTreeMap, HashMap};

use super::{
    builtin::Builtin,
    info::ModInfo,
    name::{canonical, canonical_pattern, of_path},
    pattern::{literal_prefix, matches},
};

/// A module file and what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Canonical name.
    pub name: String,
    /// Path relative to `/usr/lib/modules/<release>`, `kernel/fs/fat/vfat.ko` for example.
    pub path: String,
    /// The content of its `.modinfo` section.
    pub info: ModInfo,
}

impl Module {
    /// A module of that path. Its name is that of the file, as depmod has it.
    pub fn new(path: &str, info: ModInfo) -> Self {
        Self { name: of_path(path), path: path.into(), info }
    }
}

/// Sorts modules as `modules.order` lists them, the rest behind them by path. Where several serve one alias, they
/// are loaded in this order.
pub fn sort_by_order(modules: &mut [Module], order: &str) {
    let rank: HashMap<String, usize> = order.lines().map(of_path).zip(0..).collect();
    modules.sort_by(|a, b| {
        let rank = |module: &Module| rank.get(&module.name).copied().unwrap_or(usize::MAX);
        rank(a).cmp(&rank(b)).then_with(|| a.path.cmp(&b.path))
    });
}

/// What a name or an alias leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A module of the catalog.
    Module(&'a Module),
    /// It is part of the kernel: nothing to do.
    BuiltIn,
}

/// Why modules don't make a catalog.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// Two files have one module name.
    #[error("{first:?} and {second:?} are both module {name:?}")]
    Duplicate {
        /// The canonical name.
        name: String,
        /// Path of the one.
        first: String,
        /// Path of the other.
        second: String,
    },
}

/// Modules by name and alias.
#[derive(Clone, Debug)]
pub struct Catalog {
    modules: Vec<Module>,
    builtin: Builtin,
    by_name: BTreeMap<String, usize>,
    /// Patterns by what stands before their first special character, so that a look-up tries few of them.
    by_prefix: BTreeMap<String, Vec<(String, usize)>>,
}

impl Catalog {
    /// Takes the modules, in the order in which those that serve one alias are to be loaded.
    pub fn new(modules: Vec<Module>, builtin: Builtin) -> Result<Self, CatalogError> {
        let mut by_name = BTreeMap::new();
        let mut by_prefix: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
        for (number, module) in modules.iter().enumerate() {
            if let Some(other) = by_name.insert(module.name.clone(), number) {
                let first: &Module = &modules[other];
                return Err(CatalogError::Duplicate {
                    name: module.name.clone(),
                    first: first.path.clone(),
                    second: module.path.clone(),
                });
            }
            for alias in &module.info.aliases {
                let pattern = canonical_pattern(alias);
                let prefix =
                    String::from_utf8_lossy(&pattern.as_bytes()[..literal_prefix(pattern.as_bytes())]);
                by_prefix.entry(prefix.into_owned()).or_default().push((pattern, number));
            }
        }
        Ok(Self { modules, builtin, by_name, by_prefix })
    }

    /// All modules in their order.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// What is built into the kernel.
    pub fn builtin(&self) -> &Builtin {
        &self.builtin
    }

    /// The module of that name, in either spelling.
    pub fn module(&self, name: &str) -> Option<&Module> {
        self.number(&canonical(name)).map(|number| &self.modules[number])
    }

    /// What a name or alias leads to, in kmod's order: a module of that name; else all modules that serve it as an
    /// alias; else what is built in. Empty if nothing does.
    pub fn lookup(&self, request: &str) -> Vec<Target<'_>> {
        let found = self.lookup_modules(request);
        if !found.is_empty() {
            return found.into_iter().map(|number| Target::Module(&self.modules[number])).collect();
        }
        let request = canonical(request);
        let mut aliases = self.builtin.aliases();
        if self.builtin.contains(&request) || aliases.any(|(pattern, _)| matches(pattern, &request)) {
            vec![Target::BuiltIn]
        } else {
            Vec::new()
        }
    }

    /// The modules that a name or alias leads to, by number.
    pub(super) fn lookup_modules(&self, request: &str) -> Vec<usize> {
        let request = canonical(request);
        if let Some(number) = self.number(&request) {
            return vec![number];
        }
        let prefixes = (0..=request.len()).filter_map(|len| self.by_prefix.get(request.get(..len)?));
        let found = prefixes.flatten().filter(|(pattern, _)| matches(pattern, &request));
        let mut numbers: Vec<usize> = found.map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// The number of the module of a canonical name.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }
}
