//! In which order modules are loaded: what a module needs before it, what it would like before it, itself, what it
//! would like after it.
//!
//! Hard dependencies have no cycles. Soft ones may: a module that is wished for before another one, but needs that
//! one itself, comes after all.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::Catalog;

/// Whether a module is needed, or only tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Without it the module that was asked for can't be loaded.
    Hard,
    /// If it can't be loaded, the rest goes on.
    Soft,
}

/// Why there is no order.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DependencyError {
    /// A module needs one that is neither there nor built in.
    #[error(
        "module {module:?} needs module {missing:?}, which is neither selected nor built into the kernel"
    )]
    Missing {
        /// The module.
        module: String,
        /// What it needs.
        missing: String,
    },
    /// Modules need each other.
    #[error("module {0:?} needs itself in the end")]
    Cycle(String),
}

/// The resolved dependencies of a catalog, by number of the module.
pub(super) struct Dependencies {
    hard: Vec<Vec<usize>>,
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
    /// Everything that a module needs, directly or not, itself not included.
    closure: Vec<BTreeSet<usize>>,
}

impl Dependencies {
    /// Resolves names to modules. Soft ones that lead nowhere are left out.
    pub fn of(catalog: &Catalog) -> Result<Self, DependencyError> {
        let modules = catalog.modules();
        let soft = |names: &[String]| names.iter().flat_map(|name| catalog.lookup_modules(name)).collect();
        let mut hard = Vec::with_capacity(modules.len());
        for module in modules {
            let mut needed = Vec::new();
            for name in &module.info.depends {
                match catalog.number(name) {
                    Some(number) => needed.push(number),
                    None if catalog.builtin().contains(name) => {}
                    None => {
                        let (module, missing) = (module.name.clone(), name.clone());
                        return Err(DependencyError::Missing { module, missing });
                    }
                }
            }
            hard.push(needed);
        }
        let closure =
            closures(&hard).map_err(|number| DependencyError::Cycle(modules[number].name.clone()))?;
        Ok(Self {
            hard,
            before: modules.iter().map(|module| soft(&module.info.soft_before)).collect(),
            after: modules.iter().map(|module| soft(&module.info.soft_after)).collect(),
            closure,
        })
    }

    /// The modules to load for one module, in order, itself included.
    pub fn load_order(&self, module: usize) -> Vec<(usize, Need)> {
        let mut walk =
            Walk { dependencies: self, state: BTreeMap::new(), order: Vec::new(), later: vec![module] };
        while let Some(next) = walk.later.pop() {
            walk.visit(next);
        }
        let need = |m: &usize| {
            if *m == module || self.closure[module].contains(m) { Need::Hard } else { Need::Soft }
        };
        walk.order.iter().map(|m| (*m, need(m))).collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Pending,
    Placed,
}

struct Walk<'a> {
    dependencies: &'a Dependencies,
    state: BTreeMap<usize, State>,
    order: Vec<usize>,
    /// Modules that are to be tried, but need one that is not placed yet.
    later: Vec<usize>,
}

impl Walk<'_> {
    /// Places a module behind what it needs. The depth of the recursion is bounded by the number of modules that
    /// hang together, which is a few dozen in a real kernel.
    fn visit(&mut self, module: usize) {
        if self.state.contains_key(&module) {
            return;
        }
        self.state.insert(module, State::Pending);
        let dependencies = self.dependencies;
        for needed in &dependencies.hard[module] {
            self.visit(*needed);
        }
        for wished in &dependencies.before[module] {
            self.try_visit(*wished);
        }
        self.state.insert(module, State::Placed);
        self.order.push(module);
        for wished in &dependencies.after[module] {
            self.try_visit(*wished);
        }
    }

    fn try_visit(&mut self, module: usize) {
        let pending = |m: &usize| self.state.get(m) == Some(&State::Pending);
        if self.dependencies.closure[module].iter().any(pending) {
            self.later.push(module);
        } else {
            self.visit(module);
        }
    }
}

/// What each module needs, directly or not. The error is a module of a cycle.
fn closures(hard: &[Vec<usize>]) -> Result<Vec<BTreeSet<usize>>, usize> {
    let mut missing: Vec<usize> = hard.iter().map(Vec::len).collect();
    let mut users = vec![Vec::new(); hard.len()];
    for (module, needed) in hard.iter().enumerate() {
        for dependency in needed {
            users[*dependency].push(module);
        }
    }
    let mut closures = vec![BTreeSet::new(); hard.len()];
    let mut ready: Vec<usize> = (0..hard.len()).filter(|module| missing[*module] == 0).collect();
    let mut done = 0;
    while let Some(module) = ready.pop() {
        done += 1;
        for user in &users[module] {
            let mut all = std::mem::take(&mut closures[*user]);
            all.insert(module);
            all.extend(closures[module].iter().copied());
            closures[*user] = all;
            missing[*user] -= 1;
            if missing[*user] == 0 {
                ready.push(*user);
            }
        }
    }
    if done < hard.len() {
        return Err(missing.iter().position(|count| *count > 0).unwrap_or(0));
    }
    Ok(closures)
}
