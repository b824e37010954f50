//! Reading the index where it lies, without copying or parsing it first.
//!
//! The file stands on the verified root, but nothing here trusts it: whatever its bytes are, a look-up ends, and
//! what points outside the file counts as unknown.

use std::cmp::Ordering;

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned, little_endian::U32};

use super::format::{AliasRecord, BUILT_IN, Header, MAGIC, ModuleRecord, NameRecord, SOFT, VERSION};
use crate::modules::{name::canonical, order::Need, pattern::matches_bytes};

/// Why a file is not an index.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// It does not begin like one.
    #[error("not an index of kernel modules")]
    Magic,
    /// It was written by another version.
    #[error("the index of kernel modules has version {0}, expected {VERSION}")]
    Version(u32),
    /// Its tables do not fit its size.
    #[error("the index of kernel modules is cut off or damaged")]
    Size,
}

/// An index in memory.
#[derive(Clone, Copy, Debug)]
pub struct IndexRef<'a> {
    modules: &'a [ModuleRecord],
    aliases: &'a [AliasRecord],
    built_in: &'a [NameRecord],
    loads: &'a [U32],
    text: &'a [u8],
}

/// One module to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load<'a> {
    /// Canonical name, as in `/proc/modules`.
    pub name: &'a str,
    /// Path relative to the folder of the index.
    pub path: &'a str,
    /// Whether the request fails if this one can't be loaded.
    pub need: Need,
}

/// What a name or alias leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution<'a> {
    /// These modules, in this order. Where several modules serve an alias, all of them are there, and each is only
    /// tried: drivers for other processors refuse to load, for example.
    Load(Vec<Load<'a>>),
    /// Part of the kernel: nothing to do.
    BuiltIn,
    /// Nothing serves it.
    Unknown,
}

impl<'a> IndexRef<'a> {
    /// Takes the content of the file. Takes the same time whatever its size.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, IndexError> {
        let (header, rest) = Header::ref_from_prefix(bytes).map_err(|_| IndexError::Magic)?;
        if header.magic != MAGIC {
            return Err(IndexError::Magic);
        }
        if header.version != VERSION {
            return Err(IndexError::Version(header.version.get()));
        }
        let (modules, rest) = table(rest, header.modules)?;
        let (aliases, rest) = table(rest, header.aliases)?;
        let (built_in, rest) = table(rest, header.built_in)?;
        let (loads, text) = table(rest, header.loads)?;
        if text.len() != header.text.get() as usize {
            return Err(IndexError::Size);
        }
        Ok(Self { modules, aliases, built_in, loads, text })
    }

    /// What a module name or an alias leads to, in kmod's order: a module of that name, else the modules that serve
    /// it as an alias, else what is built in.
    pub fn resolve(&self, request: &str) -> Resolution<'a> {
        let request = canonical(request);
        let exact =
            self.modules.binary_search_by(|m| self.bytes(m.name, m.name_len.get()).cmp(request.as_bytes()));
        if let Ok(number) = exact {
            return self.load(&[number as u32]);
        }
        let found = self.serving(request.as_bytes());
        let mut modules: Vec<u32> = found.iter().copied().filter(|module| *module != BUILT_IN).collect();
        modules.sort_unstable_by_key(|number| self.modules.get(*number as usize).map(|m| m.rank.get()));
        modules.dedup();
        if !modules.is_empty() {
            return self.load(&modules);
        }
        let name = |record: &NameRecord| self.slice(record.name, record.len.get() as usize);
        let known = self.built_in.binary_search_by(|record| name(record).cmp(request.as_bytes())).is_ok();
        if known || !found.is_empty() { Resolution::BuiltIn } else { Resolution::Unknown }
    }

    /// Every module as name and path, by name.
    pub fn modules(&self) -> impl Iterator<Item = Load<'a>> {
        let index = *self;
        (0..self.modules.len() as u32).filter_map(move |number| index.entry(number, Need::Hard))
    }

    /// Number of alias patterns.
    pub fn aliases(&self) -> usize {
        self.aliases.len()
    }

    pub(super) fn alias(&self, at: usize) -> (&'a [u8], usize, u32) {
        let record = &self.aliases[at];
        (self.bytes(record.pattern, record.len.get()), record.prefix.get().into(), record.module.get())
    }

    pub(super) fn built_in(&self) -> impl Iterator<Item = &'a [u8]> {
        let index = *self;
        self.built_in.iter().map(move |record| index.slice(record.name, record.len.get() as usize))
    }

    /// Numbers of the modules with a pattern that matches.
    fn serving(&self, request: &[u8]) -> Vec<u32> {
        let mut found = Vec::new();
        let mut range = self.aliases;
        for len in 0..=request.len() {
            // All patterns in the range begin with the first `len` characters; those with no more come first.
            let whole = range.partition_point(|alias| usize::from(alias.prefix.get()) <= len);
            let matching = range[..whole].iter().filter(|alias| {
                let pattern = self.bytes(alias.pattern, alias.len.get());
                matches_bytes(pattern.get(len..).unwrap_or_default(), &request[len..])
            });
            found.extend(matching.map(|alias| alias.module.get()));
            range = &range[whole..];
            let Some(next) = request.get(len) else { break };
            let at = |alias: &AliasRecord| self.bytes(alias.pattern, alias.len.get()).get(len).copied();
            let before = |order: Ordering| move |alias: &AliasRecord| at(alias).cmp(&Some(*next)) < order;
            let low = range.partition_point(before(Ordering::Equal));
            let high = range.partition_point(before(Ordering::Greater));
            range = range.get(low..high).unwrap_or_default();
            if range.is_empty() {
                break;
            }
        }
        found
    }

    /// The loads of some modules one after the other, each module once.
    fn load(&self, modules: &[u32]) -> Resolution<'a> {
        let alone = modules.len() == 1;
        let mut loads: Vec<Load<'a>> = Vec::new();
        for number in modules {
            let Some(module) = self.modules.get(*number as usize) else { continue };
            let first = module.first_load.get() as usize;
            let all =
                first.checked_add(module.loads.get() as usize).and_then(|end| self.loads.get(first..end));
            for load in all.unwrap_or_default() {
                let need = if alone && load.get() & SOFT == 0 { Need::Hard } else { Need::Soft };
                let Some(entry) = self.entry(load.get() & !SOFT, need) else { continue };
                if loads.iter().all(|known| known.name != entry.name) {
                    loads.push(entry);
                }
            }
        }
        if loads.is_empty() { Resolution::Unknown } else { Resolution::Load(loads) }
    }

    fn entry(&self, number: u32, need: Need) -> Option<Load<'a>> {
        let module = self.modules.get(number as usize)?;
        let text = |at, len: u16| str::from_utf8(self.bytes(at, len)).ok().filter(|text| !text.is_empty());
        let name = text(module.name, module.name_len.get())?;
        Some(Load { name, path: text(module.path, module.path_len.get())?, need })
    }

    fn bytes(&self, at: U32, len: u16) -> &'a [u8] {
        self.slice(at, len.into())
    }

    fn slice(&self, at: U32, len: usize) -> &'a [u8] {
        let at = at.get() as usize;
        at.checked_add(len).and_then(|end| self.text.get(at..end)).unwrap_or_default()
    }
}

/// The first so many records of some bytes, and the rest.
fn table<T>(bytes: &[u8], count: U32) -> Result<(&[T], &[u8]), IndexError>
where
    T: FromBytes + Immutable + KnownLayout + Unaligned,
{
    <[T]>::ref_from_prefix_with_elems(bytes, count.get() as usize).map_err(|_| IndexError::Size)
}
