//! What a module says of itself.

use corten_formats::modules::{Builtin, Catalog, ModInfo, Module, sort_by_order};
use proptest::prelude::*;

#[test]
fn records_are_read_and_names_are_canonical() {
    let info = ModInfo::parse(
        b"name=nls-utf8\0depends=a-b,c\0softdep=x pre: d-e f post: g\0alias=pci:v1-*\0alias=fs-x\0firmware=a/b.bin\0vermagic=6.12 SMP\0license=GPL\0\0junk",
    );
    insta::assert_debug_snapshot!(info, @r#"
    ModInfo {
        name: "nls_utf8",
        depends: [
            "a_b",
            "c",
        ],
        soft_before: [
            "d_e",
            "f",
        ],
        soft_after: [
            "g",
        ],
        aliases: [
            "pci:v1-*",
            "fs-x",
        ],
        firmware: [
            "a/b.bin",
        ],
        version_magic: "6.12 SMP",
    }
    "#);
}

#[test]
fn files_that_are_no_modules_are_refused() {
    let refused = |bytes: &[u8]| ModInfo::of_module(bytes).unwrap_err().to_string();
    assert!(refused(b"").starts_with("not a 64-bit ELF file: "));
    assert!(refused(b"\x7fELF").starts_with("not a 64-bit ELF file: "));
    let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    assert_eq!(refused(&own), "the file has no .modinfo section, so it is not a kernel module");
}

#[test]
fn what_modules_builtin_says_is_read() {
    let builtin =
        Builtin::parse("kernel/a/b-c.ko\n\nkernel/d.ko\n", b"b-c.alias=x-[a-z]-y\0d.parm=p:q\0e\0").unwrap();
    assert_eq!(builtin.names().collect::<Vec<_>>(), ["b_c", "d"]);
    assert_eq!(builtin.aliases().collect::<Vec<_>>(), [("x_[a-z]_y", "b_c")]);
    let error = Builtin::parse("kernel/a.ko\nwhat\n", b"").unwrap_err();
    assert_eq!(error.to_string(), "line 2 of modules.builtin is \"what\", expected the path of a module");
}

#[test]
fn two_files_of_one_name_are_refused() {
    let module = |path| Module::new(path, ModInfo::default());
    let error = Catalog::new(vec![module("a/x-y.ko"), module("b/x_y.ko")], Builtin::default()).unwrap_err();
    assert_eq!(error.to_string(), r#""a/x-y.ko" and "b/x_y.ko" are both module "x_y""#);
}

#[test]
fn modules_are_sorted_as_the_kernel_lists_them() {
    let mut modules = ["b.ko", "z.ko", "a.ko", "y-1.ko"].map(|path| Module::new(path, ModInfo::default()));
    sort_by_order(&mut modules, "k/y_1.o\nk/b.ko\n");
    assert_eq!(modules.map(|module| module.path), ["b.ko", "a.ko", "y-1.ko", "z.ko"]);
}

proptest! {
    #[test]
    fn no_bytes_make_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = ModInfo::of_module(&bytes);
        let info = ModInfo::parse(&bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let _ = Builtin::parse(&text, &bytes);
        let catalog = Catalog::new(vec![Module::new(&text, info)], Builtin::default()).unwrap();
        let _ = (catalog.lookup(&text), catalog.find(&text));
    }
}
