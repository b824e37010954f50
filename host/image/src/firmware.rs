//! Firmware and microcode: programs for other parts of a machine than Linux runs on, and for what runs it.
//!
//! A module says in its `.modinfo` section which files it may ask the kernel for. Of the packages that the recipe
//! lists, those files are taken and no others: packages hold firmware for the hardware of twenty years. Where a
//! module asks for firmware that no listed package has, nothing is said, since most of these requests are for
//! older versions or for hardware that hardly anybody has.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use corten_formats::cpio;
use corten_formats::modules::matches;
use corten_formats::tree::Kind;
use corten_recipe::KeyPath;

use crate::assembly::{Assembly, Origin};
use crate::error::Error;
use crate::select::{Contents, Selected};

/// Where the kernel looks, and where packages have it.
const FOLDER: &str = "/usr/lib/firmware/";

/// What the kernel appends to the name of a file, in this order: Debian's can decompress both.
const SUFFIXES: [&str; 3] = ["", ".zst", ".xz"];

/// The firmware of the root. Each package has to have something that is asked for.
pub fn of_root(packages: &[&Contents], asked: &BTreeSet<String>) -> Result<Vec<Selected>, Error> {
    let mut files = Vec::new();
    for (number, contents) in packages.iter().enumerate() {
        let found = paths(contents, asked);
        if found.is_empty() {
            return Err(Error::Recipe {
                what: format!("no module of the image asks for firmware of package {}", contents.name),
                key: KeyPath::of(&["kernel", "firmware"]).item(number),
                help: Some("add the modules that do, or leave the package out".into()),
            });
        }
        files.extend(found.iter().flat_map(|path| with_links(contents, path)));
    }
    Ok(files)
}

/// The firmware of the initrd: path in it and content.
pub fn of_initrd(packages: &[&Contents], asked: &BTreeSet<String>) -> Vec<(String, Bytes)> {
    let content = |contents: &Contents, path: String| Some((path.clone(), contents.file(&path)?.clone()));
    let all = packages
        .iter()
        .flat_map(|contents| paths(contents, asked).into_iter().filter_map(|path| content(contents, path)));
    all.collect()
}

/// The terms under which a package may be passed on. Firmware and microcode are mostly not free, and nearly all of
/// their licences demand that they come along.
pub fn terms(contents: &Contents) -> Vec<Selected> {
    with_links(contents, &format!("/usr/share/doc/{}/copyright", contents.name))
}

/// Paths in a package of what is asked for: names below the folder, or globs.
fn paths(contents: &Contents, asked: &BTreeSet<String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for name in asked {
        if name.contains(['*', '?', '[']) {
            let path = format!("{FOLDER}{name}");
            let files = contents.entries.keys().filter(|entry| contents.file(entry).is_some());
            found.extend(files.filter(|entry| matches(&path, entry)).cloned());
        } else {
            let mut paths = SUFFIXES.iter().map(|suffix| format!("{FOLDER}{name}{suffix}"));
            found.extend(paths.find(|path| contents.file(path).is_some()));
        }
    }
    found
}

/// A file with the links that lead to it.
fn with_links(contents: &Contents, path: &str) -> Vec<Selected> {
    let way = contents.follow(path).unwrap_or_default();
    let node = |path: String| {
        let node = contents.entries.get(&path)?.clone();
        Some(Selected { path, node, package: contents.name.clone() })
    };
    way.into_iter().filter_map(node).collect()
}

/// The early archive with the microcode of these packages. Files for processors that take the same microcode have
/// the same content, which is put in once: the kernel looks at what a microcode says of itself, not at names.
pub fn microcode(packages: &[&Contents]) -> Result<Bytes, Error> {
    let mut vendors: BTreeMap<&str, (BTreeSet<&Bytes>, Vec<u8>)> = BTreeMap::new();
    for contents in packages {
        for (path, node) in &contents.entries {
            let Kind::File(content) = &node.kind else { continue };
            let vendor = match path.strip_prefix(FOLDER) {
                Some(path) if path.starts_with("intel-ucode/") => cpio::MICROCODE_INTEL,
                Some(path)
                    if path.starts_with("amd-ucode/microcode_amd") && path.strip_suffix(".bin").is_some() =>
                {
                    cpio::MICROCODE_AMD
                }
                _ => continue,
            };
            let (seen, joined) = vendors.entry(vendor).or_default();
            if seen.insert(content) {
                joined.extend_from_slice(content);
            }
        }
    }
    if vendors.is_empty() {
        return Ok(Bytes::new());
    }
    let mut assembly = Assembly::new(0);
    for (path, (_, content)) in vendors {
        assembly.file(path, Bytes::from(content), 0o644, Origin::Corten)?;
    }
    let (tree, _) = assembly.finish();
    cpio::write(&tree).map(Bytes::from).map_err(|why| Error::part("microcode")(why.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use corten_formats::tree::{Meta, Node};

    fn package(entries: &[(&str, Kind)]) -> Contents {
        let node = |kind: &Kind| Node { meta: Meta::default(), kind: kind.clone() };
        let entries = entries.iter().map(|(path, kind)| ((*path).to_owned(), node(kind))).collect();
        Contents { name: "firmware-x".into(), entries, ..Contents::default() }
    }

    fn file(content: &'static str) -> Kind {
        Kind::File(Bytes::from_static(content.as_bytes()))
    }

    fn asked(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn taken(package: &Contents, names: &[&str]) -> Vec<String> {
        let files = of_root(&[package], &asked(names)).expect("something is asked for");
        files.into_iter().map(|file| file.path).collect()
    }

    #[test]
    fn only_what_modules_ask_for_is_taken() {
        let package = package(&[
            ("/usr/lib/firmware/a/one.bin", file("1")),
            ("/usr/lib/firmware/a/two.bin", file("2")),
            ("/usr/lib/firmware/three.bin.xz", file("3")),
            ("/usr/lib/firmware/b-1.fw", file("4")),
            ("/usr/lib/firmware/c-1.fw", file("5")),
        ]);
        let names = ["a/one.bin", "three.bin", "b-*.fw", "not/there.bin"];
        assert_eq!(
            taken(&package, &names),
            ["/usr/lib/firmware/a/one.bin", "/usr/lib/firmware/b-1.fw", "/usr/lib/firmware/three.bin.xz"]
        );
    }

    #[test]
    fn a_link_comes_with_the_file_that_it_leads_to() {
        let package = package(&[
            ("/usr/lib/firmware/x/now.pkg", Kind::Symlink(b"x-1.pkg".to_vec())),
            ("/usr/lib/firmware/x/x-1.pkg", file("1")),
            ("/usr/lib/firmware/x/dangling.pkg", Kind::Symlink(b"gone.pkg".to_vec())),
        ]);
        let names = ["x/now.pkg", "x/dangling.pkg"];
        assert_eq!(taken(&package, &names), ["/usr/lib/firmware/x/now.pkg", "/usr/lib/firmware/x/x-1.pkg"]);
        let initrd = of_initrd(&[&package], &asked(&names));
        assert_eq!(initrd, [("/usr/lib/firmware/x/now.pkg".to_owned(), Bytes::from_static(b"1"))]);
    }

    #[test]
    fn a_package_that_nothing_asks_for_is_an_error_at_its_place_in_the_recipe() {
        let (used, unused) =
            (package(&[("/usr/lib/firmware/a", file("1"))]), package(&[("/usr/lib/firmware/b", file("2"))]));
        let error = of_root(&[&used, &unused], &asked(&["a"])).expect_err("nothing asks for b");
        assert_eq!(error.to_string(), "no module of the image asks for firmware of package firmware-x");
        let Error::Recipe { key, .. } = error else { panic!("{error}") };
        assert_eq!(key.to_string(), "kernel.firmware[1]");
    }

    #[test]
    fn equal_microcode_is_put_in_once() {
        let with = |names: &[&str]| {
            let entries: Vec<_> = names
                .iter()
                .map(|name| (format!("/usr/lib/firmware/intel-ucode/{name}"), file("update of 48 bytes")))
                .collect();
            let entries: Vec<(&str, Kind)> =
                entries.iter().map(|(path, kind)| (path.as_str(), kind.clone())).collect();
            microcode(&[&package(&entries)]).expect("it can be written")
        };
        assert_eq!(with(&["06-8f-04", "06-8f-05"]), with(&["06-8f-04"]));
    }
}
