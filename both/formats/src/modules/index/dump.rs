//! The index as text, for people and for snapshots.

use std::fmt::Write;

use super::{
    format::BUILT_IN,
    reader::{IndexRef, Resolution},
};
use crate::modules::order::Need;

impl IndexRef<'_> {
    /// Everything that the index says, a line a record.
    pub fn dump(&self) -> String {
        let modules: Vec<_> = self.modules().collect();
        let mut out = format!("{} modules, {} aliases\n", modules.len(), self.aliases());
        for module in &modules {
            let loads = match self.resolve(module.name) {
                Resolution::Load(loads) => loads,
                Resolution::BuiltIn | Resolution::Unknown => Vec::new(),
            };
            let mark = |need| if need == Need::Soft { "?" } else { "" };
            let order: Vec<String> =
                loads.iter().map(|load| format!("{}{}", load.name, mark(load.need))).collect();
            // Writing to a string can't fail.
            let _ = writeln!(out, "module {} {}: {}", module.name, module.path, order.join(" "));
        }
        for at in 0..self.aliases() {
            let (pattern, prefix, module) = self.alias(at);
            let name = if module == BUILT_IN {
                "(built in)"
            } else {
                modules.get(module as usize).map_or("(nothing)", |module| module.name)
            };
            let _ = writeln!(out, "alias {} [{prefix}] {name}", String::from_utf8_lossy(pattern));
        }
        for name in self.built_in() {
            let _ = writeln!(out, "built in {}", String::from_utf8_lossy(name));
        }
        out
    }
}
