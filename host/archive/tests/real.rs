//! The whole way on the real archive, from the mirror of this host. Needs the network, so it runs on request only:
//! `cargo test -p corten-archive --test real -- --ignored --nocapture`, or `cargo xtask test --long`.

use std::path::PathBuf;
use std::time::Instant;

use corten_archive::event::Event;
use corten_archive::lock::Lock;
use corten_archive::mirror::MirrorChoice;
use corten_archive::tools::{Tools, sets};
use corten_archive::{Archive, LockPolicy, Settings};
use corten_formats::deb::tar::Kind;

const REQUESTS: [&str; 11] = [
    "linux-image-cloud-amd64",
    "containerd",
    "crun",
    "nftables",
    "netavark",
    "aardvark-dns",
    "ca-certificates",
    "e2fsprogs",
    "ntpd-rs",
    "systemd-boot-efi",
    "libc6",
];

fn store() -> PathBuf {
    std::env::var_os("CORTEN_TEST_STORE")
        .map_or_else(|| std::env::temp_dir().join("corten-test-store"), PathBuf::from)
}

#[expect(clippy::needless_pass_by_value, reason = "consumers of events own them")]
fn show(event: Event) {
    if !matches!(event, Event::DownloadProgress { .. } | Event::DownloadStarted { .. }) {
        eprintln!("  {event:?}");
    }
}

#[test]
#[ignore = "needs the network"]
fn the_default_set_is_locked_fetched_and_unpacked() {
    let settings = Settings::new(store(), jiff::Timestamp::now(), "trixie", "amd64");
    let archive = Archive::open(settings).expect("an archive");
    let requests: Vec<String> = REQUESTS.iter().map(ToString::to_string).collect();
    let start = Instant::now();
    let lock =
        archive.lock_for(&requests, None, &LockPolicy::Use, &show).unwrap_or_else(|error| panic!("{error}"));
    eprintln!("locked {} packages in {:?}", lock.packages.len(), start.elapsed());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("corten.lock");
    lock.write(&path).expect("the lock is written");
    assert_eq!(Lock::read(&path).expect("the lock is read"), Some(lock.clone()));
    let again =
        archive.lock_for(&requests, Some(&lock), &LockPolicy::Locked, &show).expect("the lock answers");
    assert_eq!(again, lock);

    let names: Vec<&str> = lock.packages.iter().map(|package| package.name.as_str()).collect();
    let start = Instant::now();
    archive.fetch(&lock, &names, &show).unwrap_or_else(|error| panic!("{error}"));
    eprintln!("fetched in {:?}", start.elapsed());
    for name in ["containerd", "libc6"] {
        let start = Instant::now();
        let package = archive.unpack(&lock, &[name], &show).unwrap_or_else(|error| panic!("{error}"));
        eprintln!("unpacked {name}, {} entries, in {:?}", package[0].entries.len(), start.elapsed());
    }
    let start = Instant::now();
    let all = archive.unpack(&lock, &names, &show).unwrap_or_else(|error| panic!("{error}"));
    eprintln!(
        "unpacked all, {} entries, in {:?}",
        all.iter().map(|p| p.entries.len()).sum::<usize>(),
        start.elapsed()
    );
}

#[test]
#[ignore = "needs the network"]
fn tools_run_with_their_own_libraries() {
    let settings = Settings::new(store(), jiff::Timestamp::now(), "trixie", "amd64");
    let archive = Archive::open(settings).expect("an archive");
    let tools = Tools::new(&archive, &store().join("locks"));
    let start = Instant::now();
    let qemu =
        tools.ensure(sets::QEMU.name, sets::QEMU.packages, &show).unwrap_or_else(|error| panic!("{error}"));
    eprintln!("QEMU in {:?}: {}", start.elapsed(), qemu.path().display());
    let start = Instant::now();
    let checkers = tools
        .ensure(sets::CHECKERS.name, sets::CHECKERS.packages, &show)
        .unwrap_or_else(|error| panic!("{error}"));
    eprintln!("checkers in {:?}: {}", start.elapsed(), checkers.path().display());
    qemu.file("usr/share/OVMF/OVMF_CODE_4M.fd").expect("the firmware");
    let runs = [
        (&qemu, "usr/bin/qemu-system-x86_64", "--version", "QEMU emulator version 10."),
        (&checkers, "usr/bin/qemu-img", "--version", "qemu-img version 10."),
        (&checkers, "usr/bin/fsck.erofs", "--version", "erofs-utils"),
        (&checkers, "usr/sbin/veritysetup", "--version", "veritysetup 2."),
        (&checkers, "usr/sbin/sgdisk", "--version", "GPT fdisk"),
        (&checkers, "usr/sbin/fsck.vfat", "--help", "fsck.vfat"),
        (&checkers, "usr/bin/mcopy", "--version", "mtools"),
        (&checkers, "usr/bin/sbverify", "--version", "sbverify"),
        (&checkers, "usr/bin/ukify", "--version", "ukify 257"),
        (&checkers, "usr/bin/systemd-dissect", "--version", "systemd 257"),
        (&checkers, "usr/sbin/mkfs.ext4", "-V", "mke2fs 1.47"),
    ];
    for (root, program, argument, expected) in runs {
        let mut command = root.command(program).unwrap_or_else(|error| panic!("{error}"));
        let output = command.arg(argument).output().expect("it runs");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        assert!(text.contains(expected), "{program}: {text}");
        eprintln!("{program}: {}", text.lines().next().unwrap_or_default());
    }
    let wrappers = tempfile::tempdir().expect("a folder");
    checkers.write_wrappers(wrappers.path(), sets::CHECKERS.programs).expect("wrappers");
    let output =
        std::process::Command::new(wrappers.path().join("ukify")).arg("--version").output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stdout).contains("ukify 257"), "{output:?}");

    let disk = wrappers.path().join("disk");
    std::fs::write(&disk, vec![0; 8 << 20]).expect("a disk");
    let sgdisk =
        std::process::Command::new(wrappers.path().join("sgdisk")).args(["-n", "1"]).arg(&disk).output();
    assert!(sgdisk.expect("it runs").status.success());
    let mkfs =
        checkers.command("usr/sbin/mkfs.ext4").expect("the tool").args(["-q", "-F"]).arg(&disk).status();
    assert!(mkfs.expect("it runs").success());
}

#[test]
#[ignore = "needs the network and starts a machine"]
fn a_kernel_of_the_archive_starts_in_its_qemu() {
    let settings = Settings::new(store(), jiff::Timestamp::now(), "trixie", "amd64");
    let archive = Archive::open(settings).expect("an archive");
    let qemu =
        Tools::new(&archive, &store().join("locks")).ensure(sets::QEMU.name, sets::QEMU.packages, &show);
    let qemu = qemu.unwrap_or_else(|error| panic!("{error}"));
    let requests = ["linux-image-cloud-amd64".to_owned()];
    let lock =
        archive.lock_for(&requests, None, &LockPolicy::Use, &show).unwrap_or_else(|error| panic!("{error}"));
    let name = &lock.package("linux-image-cloud-amd64").expect("in the lock").depends[0];
    let package = archive.unpack(&lock, &[name], &show).unwrap_or_else(|error| panic!("{error}"));
    let kernel =
        package[0].entries.iter().find(|entry| entry.path.starts_with("boot/vmlinuz-")).expect("a kernel");
    let Kind::File(content) = &kernel.kind else { panic!("{} is no file", kernel.path) };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("vmlinuz");
    std::fs::write(&path, content).expect("the kernel is written");
    let mut command = qemu.command("usr/bin/qemu-system-x86_64").expect("QEMU");
    command.args(["-accel", "tcg", "-m", "512", "-display", "none", "-serial", "stdio", "-monitor", "none"]);
    command.args(["-no-reboot", "-append", "console=ttyS0 panic=-1", "-kernel"]).arg(&path);
    let output = command.output().expect("QEMU runs");
    let console = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert_eq!(complaints, "", "{command:?}");
    assert!(console.contains("Linux version 6.") && console.contains("Unable to mount root fs"), "{console}");
}

#[test]
#[ignore = "needs the network"]
fn the_mirror_of_the_host_can_be_read_over_tls() {
    let settings = Settings::new(store(), jiff::Timestamp::now(), "trixie", "amd64");
    let plain = Archive::open(settings.clone()).expect("an archive");
    let url =
        plain.mirror(&show).unwrap_or_else(|error| panic!("{error}")).main.replace("http://", "https://");
    let host = url.split('/').nth(2).expect("a host");
    if let Err(error) = std::net::TcpStream::connect((host, 443)) {
        eprintln!("skipped: the mirror does not serve https: {error}");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings {
        mirror: MirrorChoice::Given { main: url, security: None },
        store: folder.path().to_owned(),
        ..settings
    };
    let archive = Archive::open(settings).expect("an archive");
    let requests = ["libc6".to_owned()];
    let lock = archive.lock_for(&requests, None, &LockPolicy::Use, &show);
    let lock = lock.unwrap_or_else(|error| panic!("{error}"));
    archive.fetch(&lock, &["libc6"], &show).unwrap_or_else(|error| panic!("{error}"));
    assert!(lock.suites.iter().any(|suite| suite.name == "trixie-security"), "{:?}", lock.suites);
}
