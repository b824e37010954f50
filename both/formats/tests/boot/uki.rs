//! Boot images: ukify, damaged programs, and random bytes.

use corten_formats::uki::{self, Parts, PeError, PeImage};
use proptest::prelude::*;

use crate::tool;

const SBAT: &[u8] = b"sbat,1,SBAT Version,sbat,1,url\nsystemd,1,The systemd Developers,systemd,257,url\n";

/// A PE program with these sections, as a linker would write it, and room for `room` more.
fn program(sections: &[(&str, &[u8])], room: usize, dll_characteristics: u16) -> Vec<u8> {
    let mut out = vec![0; 0x40];
    out[..2].copy_from_slice(b"MZ");
    out[0x3c] = 0x40;
    out.extend_from_slice(b"PE\0\0\x64\x86");
    out.extend_from_slice(&(sections.len() as u16).to_le_bytes());
    out.extend_from_slice(&[0; 12]);
    out.extend_from_slice(&[0xf0, 0, 0x2e, 0x02]);
    let optional = out.len();
    out.resize(optional + 0xf0, 0);
    let put = |out: &mut Vec<u8>, at: usize, value: u32| {
        out[optional + at..optional + at + 4].copy_from_slice(&value.to_le_bytes());
    };
    put(&mut out, 0, 0x20b);
    put(&mut out, 16, 0x1000);
    put(&mut out, 32, 0x1000);
    put(&mut out, 36, 0x200);
    put(&mut out, 68, 0xa | u32::from(dll_characteristics) << 16);
    put(&mut out, 108, 16);
    let headers = (out.len() + (sections.len() + room) * 40).next_multiple_of(0x200);
    put(&mut out, 60, headers as u32);
    put(&mut out, 64, 0xdead_beef);
    let (mut address, mut offset) = (0x1000, headers);
    for (name, content) in sections {
        let mut row = [0; 40];
        row[..name.len()].copy_from_slice(name.as_bytes());
        let fields = [content.len(), address, content.len().next_multiple_of(0x200), offset];
        for (n, field) in fields.iter().enumerate() {
            row[8 + n * 4..12 + n * 4].copy_from_slice(&(*field as u32).to_le_bytes());
        }
        row[36..].copy_from_slice(&0x4000_0040_u32.to_le_bytes());
        out.extend_from_slice(&row);
        address += content.len().next_multiple_of(0x1000);
        offset += fields[2];
    }
    put(&mut out, 56, address as u32);
    out.resize(headers, 0);
    for (_, content) in sections {
        out.extend_from_slice(content);
        out.resize(out.len().next_multiple_of(0x200), 0);
    }
    out
}

/// A section of the stub that ukify has room in to merge the revocation data of kernel and stub.
fn sbat() -> Vec<u8> {
    let mut sbat = SBAT.to_vec();
    sbat.resize(0x400, 0);
    sbat
}

fn stub() -> Vec<u8> {
    program(&[(".text", &[0x90; 5000]), (".sbat", &sbat()), (".sdmagic", b"#### LoaderInfo ####")], 12, 0x160)
}

fn kernel(dll_characteristics: u16) -> Vec<u8> {
    program(&[(".text", &vec![0xcc; 70_000]), (".sbat", SBAT)], 1, dll_characteristics)
}

fn parts(linux: &[u8]) -> Parts<'_> {
    Parts {
        os_release: b"ID=corten\nVERSION_ID=1.0.7\n",
        cmdline: b"console=ttyS0 panic=10",
        uname: b"6.12.117+deb13-cloud-amd64",
        microcode: &[],
        initrd: &[0x33; 12_345],
        linux,
    }
}

#[test]
fn sections_are_appended_behind_those_of_the_stub() {
    let (stub, linux) = (stub(), kernel(0x160));
    let parts = Parts { microcode: &[0x44; 512], ..parts(&linux) };
    let bytes = uki::build(&stub, &parts).expect("it fits");
    let image = PeImage::parse(&bytes).expect("it reads");
    insta::assert_snapshot!(uki::dump(&image));
    assert_eq!(image.section(".osrel"), Some(parts.os_release));
    assert_eq!(image.section(".cmdline"), Some(parts.cmdline));
    assert_eq!(image.section(".uname"), Some(parts.uname));
    assert_eq!(image.section(".linux"), Some(parts.linux));
    assert_eq!(image.section(".initrd"), Some(parts.initrd));
    assert_eq!(image.section(".ucode"), Some(parts.microcode));
    assert_eq!(image.section(".sbat"), Some(&sbat()[..]));
    assert_eq!(image.section(".nothing"), None);
    assert_eq!(uki::build(&stub, &parts).expect("it fits"), bytes);
}

#[test]
fn a_kernel_that_executes_data_clears_the_flag_of_the_stub() {
    let (stub, linux) = (stub(), kernel(0));
    let bytes = uki::build(&stub, &parts(&linux)).expect("it fits");
    assert_eq!(PeImage::parse(&bytes).expect("it reads").dll_characteristics(), 0x60);
}

#[test]
fn what_keeps_a_boot_image_from_being_made_is_named() {
    let (stub, linux) = (stub(), kernel(0x160));
    let error = |stub: &[u8], parts: Parts<'_>| uki::build(stub, &parts).expect_err("it can't be made");
    let mut arm = linux.clone();
    arm[0x44..0x46].copy_from_slice(&0xaa64_u16.to_le_bytes());
    let mut signed = stub.clone();
    signed[0x40 + 24 + 112 + 32] = 1;
    let full = program(&[(".text", &[1]), (".data", &[2])], 0, 0);
    let twice = program(&[(".osrel", &[1])], 6, 0);
    let mut odd = stub.clone();
    odd[0x40 + 24 + 240 + 20] = 1;
    let errors = [
        error(b"#!/bin/sh", parts(&linux)),
        error(&stub[..300], parts(&linux)),
        error(&stub, parts(b"\x1f\x8b\x08 gzip")),
        error(&stub, parts(&arm)),
        error(&signed, parts(&linux)),
        error(&stub, Parts { cmdline: b"", ..parts(&linux) }),
        error(&twice, parts(&linux)),
        error(&full, parts(&linux)),
        error(&odd, parts(&linux)),
    ];
    insta::assert_snapshot!(errors.map(|error| error.to_string()).join("\n"));
}

/// Builds with ukify and with ours; all bytes but those of `.sbat`, which ukify rewrites, have to be the same.
#[test]
fn ukify_writes_the_same_bytes_and_shows_ours() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stubs = vec![stub()];
    let real = ["/usr/lib/systemd/boot/efi/linuxx64.efi.stub"];
    stubs.extend(
        tool::find_file("linuxx64.efi.stub", &real).map(|path| std::fs::read(path).expect("it reads")),
    );
    for (stub, flags) in stubs.iter().flat_map(|stub| [(stub, 0x160), (stub, 0)]) {
        let linux = kernel(flags);
        let parts = parts(&linux);
        let ours = uki::build(stub, &parts).expect("it fits");
        let paths = [("stub", &stub[..]), ("linux", &linux), ("initrd", parts.initrd)]
            .map(|(name, bytes)| tool::file(&folder, name, bytes));
        let theirs = folder.path().join("theirs.efi");
        let Some(mut build) = tool::find("ukify") else { return };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        build
            .arg("build")
            .arg("--stub")
            .arg(&paths[0])
            .arg("--linux")
            .arg(&paths[1])
            .arg("--initrd")
            .arg(&paths[2]);
        build.args(["--cmdline", &text(parts.cmdline), "--uname", &text(parts.uname)]);
        build.args(["--os-release", &text(parts.os_release)]).arg("--output").arg(&theirs);
        tool::run(&mut build);
        let theirs = std::fs::read(theirs).expect("it was written");
        assert!(without_sbat(&theirs) == without_sbat(&ours), "other bytes than ukify's");

        let ours = tool::file(&folder, "ours.efi", &ours);
        let mut inspect = tool::find("ukify").expect("it was there");
        let shown = tool::run(inspect.arg("inspect").arg(ours).args(["--json", "short"]));
        for part in [
            "\"text\": \"console=ttyS0 panic=10\"",
            "VERSION_ID=1.0.7",
            "\"size\": 12345",
            "sbat,1,SBAT Version",
        ] {
            assert!(shown.contains(part), "{shown} lacks {part}");
        }
    }
}

/// The program with content and size of its section `.sbat` made zero.
fn without_sbat(bytes: &[u8]) -> Vec<u8> {
    let image = PeImage::parse(bytes).expect("it reads");
    let (n, sbat) = image.sections().iter().enumerate().find(|(_, s)| s.name == ".sbat").expect("it has one");
    let mut out = bytes.to_vec();
    out[sbat.raw_offset as usize..(sbat.raw_offset + sbat.raw_size) as usize].fill(0);
    let table = bytes[0x3c] as usize + 24 + 240;
    out[table + n * 40 + 8..table + n * 40 + 12].fill(0);
    out
}

#[test]
fn programs_for_32_bit_machines_are_refused() {
    let mut small = stub();
    small[0x40 + 25] = 1;
    assert_eq!(PeImage::parse(&small).err(), Some(PeError::Magic(0x10b)));
}

proptest! {
    #[test]
    fn sections_read_back(
        texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..3000), 4), code in 1_usize..9000,
    ) {
        let linux = program(&[(".text", &vec![7; code])], 1, 0);
        let [os_release, cmdline, uname, initrd] = &texts[..] else { unreachable!("four were asked for") };
        let parts = Parts { os_release, cmdline, uname, microcode: &[], initrd, linux: &linux };
        let bytes = uki::build(&stub(), &parts).expect("it fits");
        let image = PeImage::parse(&bytes).expect("it reads");
        prop_assert_eq!(image.section(".osrel"), Some(&os_release[..]));
        prop_assert_eq!(image.section(".initrd"), Some(&initrd[..]));
        prop_assert_eq!(image.section(".linux"), Some(&linux[..]));
        prop_assert_eq!(bytes.len() % 512, 0);
        let mut end = 0;
        for section in image.sections() {
            prop_assert!(section.virtual_address >= end && section.virtual_address % 0x1000 == 0);
            end = section.virtual_address + section.virtual_size;
        }
        prop_assert_eq!(image.size_of_image(), end.next_multiple_of(0x1000));
    }

    #[test]
    fn random_bytes_never_panic_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut bytes = bytes;
        let _ = PeImage::parse(&bytes);
        if bytes.len() > 0x40 {
            bytes[..2].copy_from_slice(b"MZ");
            bytes[0x3c..0x40].fill(0);
            let _ = PeImage::parse(&bytes);
        }
    }

    #[test]
    fn damage_never_panics_reader_or_writer(
        changes in prop::collection::vec((0_usize..0x200, any::<u8>()), 1..5), cut in 0_usize..9000, linux in any::<bool>(),
    ) {
        let (mut stub, mut kernel) = (stub(), kernel(0));
        let damaged = if linux { &mut kernel } else { &mut stub };
        for (at, byte) in changes {
            damaged[at] = byte;
        }
        if cut < 4000 {
            damaged.truncate(cut);
        }
        if let Ok(bytes) = uki::build(&stub, &parts(&kernel)) {
            let image = PeImage::parse(&bytes).expect("what is built reads");
            let _ = uki::dump(&image);
        }
    }
}
