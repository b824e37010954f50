//! From what a recipe wants to all modules that this takes: dependencies, soft ones too, and what the kernel will
//! ask for by name.

use std::collections::BTreeMap;

use super::{
    catalog::{Catalog, Target},
    glob::path_matches,
    name::canonical,
    pattern::matches,
    requests::KERNEL_REQUESTS,
};

/// Names that are suggested for an unknown one.
const SUGGESTIONS: usize = 3;

/// Why a module is in a [`Closure`]: the first reason that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// A wish names it, or a glob or alias in it does.
    Wish(String),
    /// Another module can't be loaded without it.
    Dependency(String),
    /// Another module would like it to be loaded before or after it.
    SoftDependency(String),
    /// Another module's code asks the kernel for it by name.
    Request(String, &'static str),
}

/// Modules by canonical name, each with its reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closure {
    /// The modules.
    pub modules: BTreeMap<String, Why>,
}

/// A wish that leads nowhere.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no kernel module, path or alias matches {wish:?}{}", suggestion(nearest))]
pub struct UnknownWish {
    /// What was wished for, or what a module needs.
    pub wish: String,
    /// Names that are spelled much like it, the nearest first.
    pub nearest: Vec<String>,
}

fn suggestion(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!(", did you mean {}?", nearest.join(" or ")) }
}

impl Catalog {
    /// What one wish leads to. A wish with `/` is a glob over paths below `kernel/` without `.ko`; one with `*`,
    /// `?` or `[` is a glob over names; any other is a name or an alias.
    pub fn find(&self, wish: &str) -> Result<Vec<Target<'_>>, UnknownWish> {
        let by = |test: &dyn Fn(&str, &str) -> bool| {
            let all = self.modules().iter().filter(|module| test(&module.name, stem(&module.path)));
            all.map(Target::Module).collect::<Vec<_>>()
        };
        let found = if wish.contains('/') {
            by(&|_, path| path_matches(wish, path))
        } else if wish.contains(['*', '?', '[']) {
            let wish = canonical(wish);
            by(&|name, _| matches(&wish, name))
        } else {
            self.lookup(wish)
        };
        if found.is_empty() { Err(self.unknown(wish)) } else { Ok(found) }
    }

    /// Everything that the wishes take.
    pub fn closure<S: AsRef<str>>(&self, wishes: &[S]) -> Result<Closure, UnknownWish> {
        let mut closure = Closure::default();
        let mut todo = Vec::new();
        for wish in wishes.iter().map(AsRef::as_ref) {
            for target in self.find(wish)? {
                if let Target::Module(module) = target {
                    todo.push((module, Why::Wish(wish.into())));
                }
            }
        }
        // First in, first out, so that the reason is the shortest one.
        let mut next = 0;
        while next < todo.len() {
            let (module, why) = todo[next].clone();
            next += 1;
            if closure.modules.contains_key(&module.name) {
                continue;
            }
            closure.modules.insert(module.name.clone(), why);
            for name in &module.info.depends {
                match self.module(name) {
                    Some(needed) => todo.push((needed, Why::Dependency(module.name.clone()))),
                    None if self.builtin().contains(name) => {}
                    None => return Err(self.unknown(name)),
                }
            }
            let soft = module.info.soft_before.iter().chain(&module.info.soft_after);
            let soft = soft.map(|name| (name.as_str(), Why::SoftDependency(module.name.clone())));
            let asked = KERNEL_REQUESTS.iter().filter(|request| request.module == module.name);
            let asked = asked.flat_map(|request| {
                let why = Why::Request(module.name.clone(), request.reason);
                request.asks_for.iter().map(move |name| (*name, why.clone()))
            });
            for (name, why) in soft.chain(asked) {
                for target in self.lookup(name) {
                    if let Target::Module(wished) = target {
                        todo.push((wished, why.clone()));
                    }
                }
            }
        }
        Ok(closure)
    }

    /// A catalog of these modules only, in the same order.
    #[must_use]
    pub fn selection(&self, closure: &Closure) -> Self {
        let chosen = self.modules().iter().filter(|module| closure.modules.contains_key(&module.name));
        Self::new(chosen.cloned().collect(), self.builtin().clone())
            .expect("names were unique in the whole catalog")
    }

    fn unknown(&self, wish: &str) -> UnknownWish {
        let wanted = canonical(wish.trim_end_matches(".ko"));
        let names = self.modules().iter().map(|module| module.name.as_str()).chain(self.builtin().names());
        let mut near: Vec<(usize, &str)> =
            names.map(|name| (strsim::damerau_levenshtein(&wanted, name), name)).collect();
        near.sort_unstable();
        let limit = wanted.len() / 3;
        let near = near.into_iter().take_while(|(distance, _)| *distance <= limit).take(SUGGESTIONS);
        UnknownWish { wish: wish.into(), nearest: near.map(|(_, name)| name.into()).collect() }
    }
}

/// A module's path below `kernel/`, without `.ko`.
fn stem(path: &str) -> &str {
    let path = path.strip_prefix("kernel/").unwrap_or(path);
    path.split_once(".ko").map_or(path, |(stem, _)| stem)
}
