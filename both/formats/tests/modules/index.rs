//! The index that init reads.

use corten_formats::modules::{Builtin, Catalog, Index, IndexRef, Load, Need, Resolution, Target};
use proptest::prelude::*;

use crate::{kernel, module};

fn resolve(request: &str) -> String {
    let index = Index::build(&kernel()).unwrap();
    match IndexRef::parse(index.as_bytes()).unwrap().resolve(request) {
        Resolution::Load(loads) => loads.iter().map(text).collect::<Vec<_>>().join(" "),
        other => format!("{other:?}"),
    }
}

fn text(load: &Load<'_>) -> String {
    format!("{}{}", load.name, if load.need == Need::Soft { "?" } else { "" })
}

#[test]
fn the_index_of_a_small_kernel_is_this() {
    let index = Index::build(&kernel()).unwrap();
    insta::assert_snapshot!(IndexRef::parse(index.as_bytes()).unwrap().dump());
}

#[test]
fn requests_of_the_kernel_are_resolved() {
    let requests = [
        "btrfs",
        "fs-btrfs",
        "crypto-sha256",
        "crypto-crc32c",
        "ext4",
        "fs-ext4",
        "vfio",
        "vfio-iommu-type1",
        "virtio:d00000001v00001AF4",
        "pci:v00008086d0000100Esv00001AF4sd00001100bc02sc00i00",
        "fs-xfs",
        "",
        "*",
    ];
    let lines: Vec<String> =
        requests.iter().map(|request| format!("{request:?} -> {}", resolve(request))).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    "btrfs" -> xor raid6_pq libcrc32c sha256_ssse3? blake2b_generic? btrfs
    "fs-btrfs" -> xor raid6_pq libcrc32c sha256_ssse3? blake2b_generic? btrfs
    "crypto-sha256" -> sha256_ssse3? sha256_arm?
    "crypto-crc32c" -> BuiltIn
    "ext4" -> BuiltIn
    "fs-ext4" -> BuiltIn
    "vfio" -> vfio vfio_iommu_type1?
    "vfio-iommu-type1" -> vfio vfio_iommu_type1
    "virtio:d00000001v00001AF4" -> failover net_failover virtio_net
    "pci:v00008086d0000100Esv00001AF4sd00001100bc02sc00i00" -> e1000
    "fs-xfs" -> Unknown
    "" -> Unknown
    "*" -> Unknown
    "#);
}

#[test]
fn a_missing_or_circular_dependency_is_named() {
    let error =
        |modules| Index::build(&Catalog::new(modules, Builtin::default()).unwrap()).unwrap_err().to_string();
    assert_eq!(
        error(vec![module("a.ko", "depends=b-c")]),
        r#"module "a" needs module "b_c", which is neither selected nor built into the kernel"#
    );
    let circle = vec![module("a.ko", "depends=b"), module("b.ko", "depends=a")];
    assert_eq!(error(circle), r#"module "a" needs itself in the end"#);
}

#[test]
fn a_damaged_index_is_refused_by_its_head() {
    let good = Index::build(&kernel()).unwrap().to_bytes();
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        IndexRef::parse(&bytes).unwrap_err().to_string()
    };
    assert_eq!(refused(&|b| b[0] = 0), "not an index of kernel modules");
    assert_eq!(refused(&|b| b.truncate(20)), "not an index of kernel modules");
    assert_eq!(refused(&|b| b[8] = 9), "the index of kernel modules has version 9, expected 1");
    assert_eq!(refused(&|b| b.truncate(200)), "the index of kernel modules is cut off or damaged");
    assert_eq!(refused(&|b| b.push(0)), "the index of kernel modules is cut off or damaged");
}

/// Names of modules in a catalog of eight.
fn name(number: usize) -> String {
    format!("m{number}")
}

/// A catalog whose hard dependencies go from higher to lower numbers, and whose soft ones go anywhere.
fn catalogs() -> impl Strategy<Value = Catalog> {
    let lists = || prop::collection::vec(0..8usize, 0..3);
    let aliases = prop::collection::vec("[ab*?]{1,4}", 0..3);
    prop::collection::vec((lists(), lists(), lists(), aliases), 8).prop_map(|modules| {
        let modules = modules.into_iter().enumerate().map(|(number, (hard, before, after, aliases))| {
            let join =
                |list: Vec<usize>, with: &str| list.into_iter().map(name).collect::<Vec<_>>().join(with);
            let hard = hard.into_iter().filter(|n| *n < number).collect();
            let mut records = format!(
                "depends={}\nsoftdep=pre: {}\nsoftdep=post: {}",
                join(hard, ","),
                join(before, " "),
                join(after, " ")
            );
            for alias in aliases {
                records.push_str("\nalias=");
                records.push_str(&alias);
            }
            module(&format!("{}.ko", name(number)), &records)
        });
        let builtin = Builtin::parse("k/b.ko\n", b"b.alias=b*\0").unwrap();
        Catalog::new(modules.collect(), builtin).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn load_orders_hold_every_module_once_behind_what_it_needs(catalog in catalogs()) {
        let index = Index::build(&catalog).unwrap();
        let index = IndexRef::parse(index.as_bytes()).unwrap();
        for wanted in catalog.modules() {
            let Resolution::Load(loads) = index.resolve(&wanted.name) else { panic!("{}", wanted.name) };
            let mut seen: Vec<&str> = Vec::new();
            for load in &loads {
                prop_assert!(!seen.contains(&load.name));
                for needed in &catalog.module(load.name).unwrap().info.depends {
                    prop_assert!(seen.contains(&needed.as_str()), "{} before {needed}", load.name);
                    if load.need == Need::Hard {
                        let needed = loads.iter().find(|other| other.name == needed.as_str()).unwrap();
                        prop_assert_eq!(needed.need, Need::Hard);
                    }
                }
                seen.push(load.name);
            }
            let own = loads.iter().find(|load| load.name == wanted.name).unwrap();
            prop_assert_eq!(own.need, Need::Hard);
            let soft = wanted.info.soft_before.iter().chain(&wanted.info.soft_after);
            prop_assert!(soft.clone().all(|name| seen.contains(&name.as_str())));
        }
    }

    #[test]
    fn the_index_finds_what_the_catalog_finds(catalog in catalogs(), request in "[abm0-9]{0,5}") {
        let index = Index::build(&catalog).unwrap();
        let found = IndexRef::parse(index.as_bytes()).unwrap().resolve(&request);
        let expected = catalog.lookup(&request);
        match found {
            Resolution::Unknown => prop_assert_eq!(expected, []),
            Resolution::BuiltIn => prop_assert_eq!(expected, [Target::BuiltIn]),
            Resolution::Load(loads) => {
                for target in &expected {
                    let Target::Module(module) = target else { panic!("{target:?}") };
                    prop_assert!(loads.iter().any(|load| load.name == module.name));
                }
                prop_assert!(!expected.is_empty());
            }
        }
    }

    #[test]
    fn no_bytes_make_a_look_up_panic(at in any::<prop::sample::Index>(), value in any::<u8>(), cut in 0..2000usize) {
        let mut bytes = Index::build(&kernel()).unwrap().to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = value;
        let keep = bytes.len() - cut.min(bytes.len()) / 40 * 40;
        bytes.truncate(keep);
        if let Ok(index) = IndexRef::parse(&bytes) {
            for request in ["btrfs", "crypto-sha256", "pci:v00008086d0000100Esv*", "zzz"] {
                let _ = index.resolve(request);
            }
            let _ = index.dump();
        }
    }
}
