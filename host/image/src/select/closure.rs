//! The shared libraries that programs need: a breadth-first search along the dependencies of the package that
//! each program comes from.
//!
//! A library is looked for in the package that needs it, then in that package's dependencies, then in theirs, in
//! the order in which the packages name them; and last along the dependencies of the program's package, since a
//! library may leave it to programs to depend on what both need. Packages whose name starts with `lib` come first, because that is
//! where libraries are: others are only unpacked when no `lib` package has it. The answer depends on the lock
//! alone, never on which package arrived first.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use corten_formats::elf::{ElfFile, is_elf};

use super::contents::Contents;
use crate::assembly::normalise;
use crate::error::Error;

/// The packages of a lock, unpacked when asked for.
pub trait Packages {
    /// Unpacks these packages, all at once; what is unpacked already comes at no cost.
    fn load(&self, names: &[String]) -> Result<Vec<Arc<Contents>>, Error>;
    /// The packages that this one depends on, in the order in which it names them.
    fn dependencies(&self, name: &str) -> Vec<String>;
}

/// A file of a package: package name and path.
pub type Located = (String, String);

/// A file whose libraries are looked for.
struct Wanting {
    /// Package of the program that needs it.
    program: String,
    /// Its own package.
    package: String,
    /// Its path.
    path: String,
}

/// Finds libraries and loaders.
pub struct Closure<'a> {
    packages: &'a dyn Packages,
    /// Folders that the dynamic loader searches by itself.
    folders: Vec<String>,
    /// What was found before, by the package that asked and the name.
    known: BTreeMap<Located, Located>,
}

impl<'a> Closure<'a> {
    /// A search for programs of one architecture, `x86_64-linux-gnu` for example.
    pub fn new(packages: &'a dyn Packages, multiarch: &str) -> Self {
        let folders = ["/usr/lib/", "/usr/lib64/"].into_iter();
        let folders =
            folders.flat_map(|base| [format!("{base}{multiarch}"), base.trim_end_matches('/').into()]);
        Self { packages, folders: folders.collect(), known: BTreeMap::new() }
    }

    /// Every file that these need to run, they themselves not included, each with its package.
    pub fn of(&mut self, programs: &[Located]) -> Result<BTreeSet<Located>, Error> {
        let mut queue: VecDeque<Wanting> = VecDeque::new();
        for (package, path) in programs {
            queue.push_back(Wanting {
                program: package.clone(),
                package: package.clone(),
                path: path.clone(),
            });
        }
        let mut seen: BTreeSet<Located> = programs.iter().cloned().collect();
        let mut found = BTreeSet::new();
        while let Some(wanting) = queue.pop_front() {
            let contents = self.contents(&wanting.package)?;
            let Some(content) = contents.file(&wanting.path).filter(|content| is_elf(content)) else {
                continue;
            };
            let elf = ElfFile::parse(content).map_err(|why| Error::Program {
                program: wanting.path.clone(),
                package: wanting.package.clone(),
                why,
            })?;
            for candidates in self.candidates(&wanting.path, &elf) {
                let library = self.find(&wanting, &candidates)?;
                if seen.insert(library.clone()) {
                    let (package, path) = library.clone();
                    queue.push_back(Wanting { program: wanting.program.clone(), package, path });
                }
                found.insert(library);
            }
        }
        Ok(found)
    }

    /// Where each thing that a file needs may lie, in the order of the dynamic loader.
    fn candidates(&self, path: &str, elf: &ElfFile) -> Vec<Vec<String>> {
        let origin = path.rsplit_once('/').map_or("/", |(folder, _)| folder);
        let own = elf
            .search_path()
            .iter()
            .map(|path| super::contents::resolve("/", &path.replace("$ORIGIN", origin)));
        let folders: Vec<String> = own.chain(self.folders.iter().cloned()).collect();
        let interpreter = elf.interpreter.iter().map(|path| vec![normalise(path)]);
        let libraries =
            elf.needed.iter().map(|name| folders.iter().map(|folder| format!("{folder}/{name}")).collect());
        interpreter.chain(libraries).collect()
    }

    fn contents(&self, name: &str) -> Result<Arc<Contents>, Error> {
        let mut loaded = self.packages.load(&[name.to_owned()])?;
        Ok(loaded.swap_remove(0))
    }

    /// The first package along the dependencies that has one of the paths.
    fn find(&mut self, wanting: &Wanting, candidates: &[String]) -> Result<Located, Error> {
        let name = candidates.first().map_or("", |path| path.rsplit('/').next().unwrap_or(path));
        let key = (wanting.package.clone(), name.to_owned());
        if let Some(found) = self.known.get(&key) {
            return Ok(found.clone());
        }
        let library_package = |name: &str| name.starts_with("lib");
        for from in [&wanting.package, &wanting.program] {
            let found = match self.search(from, candidates, &library_package)? {
                Some(found) => Some(found),
                None => self.search(from, candidates, &|_| true)?,
            };
            if let Some(found) = found {
                self.known.insert(key, found.clone());
                return Ok(found);
            }
        }
        let Wanting { package, path, .. } = wanting;
        Err(Error::Library { program: path.clone(), package: package.clone(), library: name.into() })
    }

    fn search(
        &self,
        from: &str,
        candidates: &[String],
        into: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Located>, Error> {
        let mut level = vec![from.to_owned()];
        let mut seen: BTreeSet<String> = level.iter().cloned().collect();
        while !level.is_empty() {
            for contents in self.packages.load(&level)? {
                let has = |path: &&String| contents.file(path).is_some();
                if let Some(path) = candidates.iter().find(has) {
                    return Ok(Some((contents.name.clone(), path.clone())));
                }
            }
            let next = level.iter().flat_map(|name| self.packages.dependencies(name));
            level = next.filter(|name| into(name) && seen.insert(name.clone())).collect();
        }
        Ok(None)
    }
}
