//! All modules of a Debian kernel against depmod and modprobe.
//!
//! The kernel is the unpacked `linux-image` package in the folder that `CORTEN_KERNEL_TREE` names; without it the
//! case is skipped. kmod is a tool like others.

use std::{
    collections::BTreeSet,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use corten_formats::modules::{
    Builtin, Catalog, Index, IndexRef, KERNEL_REQUESTS, ModInfo, Module, Need, Resolution, canonical,
    sort_by_order,
};

use crate::tool;

/// Modules of the kernel with their content decompressed, in a folder of their own.
struct Kernel {
    folder: tempfile::TempDir,
    release: String,
    catalog: Catalog,
}

impl Kernel {
    fn load() -> Option<Self> {
        let Some(tree) = std::env::var_os("CORTEN_KERNEL_TREE") else {
            eprintln!("skipped: CORTEN_KERNEL_TREE is not set");
            return None;
        };
        let releases = fs::read_dir(Path::new(&tree).join("usr/lib/modules")).unwrap();
        let source = releases.map(|entry| entry.unwrap().path()).next().unwrap();
        let release = source.file_name().unwrap().to_str().unwrap().to_owned();
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("lib/modules").join(&release);
        let mut modules = Vec::new();
        let mut todo = vec![PathBuf::from("kernel")];
        while let Some(below) = todo.pop() {
            fs::create_dir_all(target.join(&below)).unwrap();
            for entry in fs::read_dir(source.join(&below)).unwrap() {
                let path = below.join(entry.unwrap().file_name());
                if source.join(&path).is_dir() {
                    todo.push(path);
                    continue;
                }
                let mut content = Vec::new();
                let file = fs::File::open(source.join(&path)).unwrap();
                liblzma::read::XzDecoder::new(file).read_to_end(&mut content).unwrap();
                let path = path.with_extension("");
                fs::write(target.join(&path), &content).unwrap();
                let info = ModInfo::of_module(&content).unwrap();
                let module = Module::new(path.to_str().unwrap(), info);
                assert_eq!(module.name, module.info.name);
                assert!(module.info.version_magic.starts_with(&release));
                modules.push(module);
            }
        }
        for name in ["modules.builtin", "modules.builtin.modinfo", "modules.order"] {
            fs::copy(source.join(name), target.join(name)).unwrap();
        }
        let text = |name: &str| fs::read_to_string(source.join(name)).unwrap();
        sort_by_order(&mut modules, &text("modules.order"));
        let modinfo = fs::read(source.join("modules.builtin.modinfo")).unwrap();
        let builtin = Builtin::parse(&text("modules.builtin"), &modinfo).unwrap();
        tool::run(tool::find("depmod")?.arg("-b").arg(folder.path()).arg(&release));
        Some(Self { folder, release, catalog: Catalog::new(modules, builtin).unwrap() })
    }

    fn depmod(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join("lib/modules").join(&self.release).join(name)).unwrap()
    }

    fn modprobe(&self, arguments: &[&str]) -> (bool, String) {
        let mut modprobe = tool::find("modprobe").unwrap();
        let (ok, text) =
            tool::try_run(modprobe.args(["-S", &self.release, "-d"]).arg(self.folder.path()).args(arguments));
        (ok, text)
    }
}

fn name_of(path: &str) -> String {
    canonical(Path::new(path.trim()).file_stem().unwrap().to_str().unwrap())
}

/// A text that a pattern matches: the first character of each set, something for each wildcard.
fn instance(pattern: &str) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match (c, rest.split_once(']')) {
            ('[', Some((set, after))) => {
                text.extend(set.chars().next());
                rest = after;
            }
            ('*', _) => text.push('0'),
            ('?', _) => text.push('1'),
            _ => text.push(c),
        }
    }
    text
}

#[test]
fn dependencies_aliases_and_requests_are_those_of_kmod() {
    let Some(kernel) = Kernel::load() else { return };
    let bytes = Index::build(&kernel.catalog).unwrap().to_bytes();
    let index = IndexRef::parse(&bytes).unwrap();
    eprintln!(
        "{} modules, {} aliases, {} bytes",
        kernel.catalog.modules().len(),
        index.aliases(),
        bytes.len()
    );

    // Hard dependencies: modules.dep lists all of them for each module.
    let mut lines = 0;
    for line in kernel.depmod("modules.dep").lines() {
        let (module, needed) = line.split_once(':').unwrap();
        let needed: BTreeSet<String> = needed.split_whitespace().map(name_of).collect();
        let name = name_of(module);
        let Resolution::Load(loads) = index.resolve(&name) else { panic!("{name}") };
        let hard = loads.iter().filter(|load| load.need == Need::Hard && load.name != name);
        assert_eq!(hard.map(|load| load.name.to_owned()).collect::<BTreeSet<_>>(), needed, "{name}");
        assert!(loads.iter().any(|load| load.path == module));
        let place = |wanted: &str| loads.iter().position(|load| load.name == wanted).unwrap();
        assert!(needed.iter().all(|other| place(other) < place(&name)), "{name}");
        lines += 1;
    }
    assert_eq!(lines, kernel.catalog.modules().len());

    // Soft dependencies: what modprobe would load, which takes the first softdep line of a module only.
    for line in kernel.depmod("modules.softdep").lines().filter(|line| line.starts_with("softdep ")) {
        let name = line.split(' ').nth(1).unwrap();
        let (ok, text) = kernel.modprobe(&["--show-depends", name]);
        assert!(ok, "{text}");
        let Resolution::Load(loads) = index.resolve(name) else { panic!("{name}") };
        for expected in text.lines().filter_map(|line| line.strip_prefix("insmod ")).map(name_of) {
            assert!(loads.iter().any(|load| load.name == expected), "{name} loads {expected}");
        }
    }

    // Aliases: one text for each pattern, and what modprobe says it leads to.
    let mut aliases = BTreeSet::new();
    for line in kernel.depmod("modules.alias").lines().filter(|line| line.starts_with("alias ")) {
        let pattern = line.split(' ').nth(1).unwrap();
        aliases.insert(instance(pattern));
    }
    assert!(aliases.len() > 1000);
    for alias in aliases {
        let (_, text) = kernel.modprobe(&["-R", &alias]);
        let expected: BTreeSet<String> = text.lines().map(canonical).collect();
        let Resolution::Load(loads) = index.resolve(&alias) else { panic!("{alias}: {text}") };
        assert!(
            expected.iter().all(|name| loads.iter().any(|load| load.name == name)),
            "{alias}: {text} {loads:?}"
        );
        let direct: BTreeSet<String> =
            kernel.catalog.lookup(&alias).into_iter().map(|target| format!("{target:?}")).collect();
        assert_eq!(direct.len(), expected.len(), "{alias}: {text}");
    }

    // Built in: modprobe has nothing to do.
    for name in kernel.catalog.builtin().names() {
        assert!(!matches!(index.resolve(name), Resolution::Unknown), "{name}");
    }
    assert_ne!(index.resolve("fs-ext4"), Resolution::Unknown);
    assert_eq!(index.resolve("no-such-module"), Resolution::Unknown);

    // The table of requests speaks of modules that exist: of what a module here asks for, something is there.
    let known_name = |name: &&str| !kernel.catalog.lookup(name).is_empty();
    for request in KERNEL_REQUESTS.iter().filter(|request| kernel.catalog.module(request.module).is_some()) {
        assert!(request.asks_for.iter().any(known_name), "{request:?}");
    }
}
