//! Building the index from a catalog.

use std::collections::HashMap;

use zerocopy::{
    IntoBytes,
    little_endian::{U16, U32},
};

use super::format::{AliasRecord, BUILT_IN, Header, MAGIC, ModuleRecord, NameRecord, SOFT, VERSION};
use crate::modules::{
    catalog::Catalog,
    name::canonical_pattern,
    order::{Dependencies, DependencyError, Need},
    pattern::literal_prefix,
};

/// An index, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    bytes: Vec<u8>,
}

impl Index {
    /// Builds it from the modules that the image holds. Every module must find what it needs among them or built
    /// in; soft dependencies that are not there are left out.
    pub fn build(catalog: &Catalog) -> Result<Self, DependencyError> {
        let dependencies = Dependencies::of(catalog)?;
        let modules = catalog.modules();
        let mut by_name: Vec<usize> = (0..modules.len()).collect();
        by_name.sort_by(|a, b| modules[*a].name.cmp(&modules[*b].name));
        let mut numbers = vec![0; modules.len()];
        for (number, module) in (0u32..).zip(&by_name) {
            numbers[*module] = number;
        }

        let mut text = Text::default();
        let mut loads: Vec<U32> = Vec::new();
        let mut records = Vec::with_capacity(modules.len());
        for at in &by_name {
            let module = &modules[*at];
            let first_load = loads.len() as u32;
            loads.extend(dependencies.load_order(*at).into_iter().map(|(other, need)| {
                let soft = if need == Need::Soft { SOFT } else { 0 };
                U32::new(numbers[other] | soft)
            }));
            records.push(ModuleRecord {
                name: text.add(&module.name),
                path: text.add(&module.path),
                name_len: U16::new(module.name.len() as u16),
                path_len: U16::new(module.path.len() as u16),
                first_load: U32::new(first_load),
                loads: U32::new(loads.len() as u32 - first_load),
                rank: U32::new(*at as u32),
            });
        }

        let mut aliases: Vec<(String, u32)> = Vec::new();
        for (module, number) in modules.iter().zip(&numbers) {
            aliases.extend(module.info.aliases.iter().map(|alias| (canonical_pattern(alias), *number)));
        }
        aliases.extend(catalog.builtin().aliases().map(|(pattern, _)| (pattern.to_owned(), BUILT_IN)));
        // By prefix first: a pattern may continue with a character that sorts before the end of another one.
        aliases.sort_by(|(a, x), (b, y)| {
            let prefix = |pattern: &String| pattern.as_bytes()[..literal_prefix(pattern.as_bytes())].to_vec();
            prefix(a).cmp(&prefix(b)).then_with(|| a.cmp(b)).then(x.cmp(y))
        });
        aliases.dedup();
        let aliases = aliases.iter().map(|(pattern, module)| AliasRecord {
            pattern: text.add(pattern),
            len: U16::new(pattern.len() as u16),
            prefix: U16::new(literal_prefix(pattern.as_bytes()) as u16),
            module: U32::new(*module),
        });
        let aliases: Vec<AliasRecord> = aliases.collect();
        let built_in: Vec<NameRecord> = catalog
            .builtin()
            .names()
            .map(|name| NameRecord { name: text.add(name), len: U32::new(name.len() as u32) })
            .collect();

        let count = |len: usize| U32::new(len as u32);
        let header = Header {
            magic: MAGIC,
            version: U32::new(VERSION),
            modules: count(records.len()),
            aliases: count(aliases.len()),
            built_in: count(built_in.len()),
            loads: count(loads.len()),
            text: count(text.bytes.len()),
        };
        let parts = [
            header.as_bytes(),
            records.as_bytes(),
            aliases.as_bytes(),
            built_in.as_bytes(),
            loads.as_bytes(),
            &text.bytes,
        ];
        Ok(Self { bytes: parts.concat() })
    }

    /// The content of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// The content of the file, to be looked at.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Text of names, paths and patterns, each stored once.
#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    places: HashMap<String, u32>,
}

impl Text {
    fn add(&mut self, text: &str) -> U32 {
        let next = self.bytes.len() as u32;
        let place = *self.places.entry(text.to_owned()).or_insert(next);
        if place == next {
            self.bytes.extend_from_slice(text.as_bytes());
        }
        U32::new(place)
    }
}
