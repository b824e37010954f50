//! Embeds the node's programs, which `cargo xtask build` makes first.
//!
//! Without them, as in a plain `cargo build`, the command still works for everything but building images.

use std::path::{Path, PathBuf};

const PROGRAMS: [&str; 4] = ["corten-init", "corten-node", "corten-shim", "inventory.json"];

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-env-changed=CORTEN_NODE_PROGRAMS");
    let source = std::env::var_os("CORTEN_NODE_PROGRAMS").map(PathBuf::from);
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    for name in PROGRAMS {
        let content = match &source {
            Some(folder) => {
                println!("cargo::rerun-if-changed={}", folder.join(name).display());
                std::fs::read(folder.join(name))?
            }
            None => Vec::new(),
        };
        write(&out.join(name), &content)?;
    }
    Ok(())
}

fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    std::fs::write(path, content)
}
