//! The server with other people's clients: QEMU's and libnbd's.
#![allow(missing_docs)]

use std::fs::File;
use std::path::{Path, PathBuf};

use corten_volatile::{Action, Cut, Loss, Promise, Record, Server, remains, write_image};

#[path = "../../../both/formats/tests/tool/mod.rs"]
mod tool;

const SIZE: u64 = 4 << 20;

struct Bench {
    folder: tempfile::TempDir,
    server: Server,
}

impl Bench {
    /// Serves a disk whose every sector holds its number modulo 251.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let bytes: Vec<u8> = (0..SIZE).map(|at| (at / 512 % 251) as u8).collect();
        std::fs::write(folder.path().join("before"), &bytes).expect("write");
        std::fs::write(folder.path().join("disk"), &bytes).expect("write");
        let file = File::options().read(true).write(true).open(folder.path().join("disk")).expect("disk");
        let server = Server::start(file, &folder.path().join("socket")).expect("a server");
        Self { folder, server }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn url(&self) -> String {
        format!("nbd+unix:///?socket={}", self.server.socket().display())
    }

    /// What a cut leaves of the disk.
    fn after(folder: &Path, record: &Record, cut: &Cut) -> Vec<u8> {
        let path = folder.join("after");
        std::fs::copy(folder.join("before"), &path).expect("copy");
        let file = File::options().write(true).open(&path).expect("open");
        write_image(&file, &remains(record, cut)).expect("write");
        std::fs::read(path).expect("read")
    }
}

#[test]
fn libnbd_finds_a_disk_with_a_cache_that_can_be_flushed() {
    let Some(mut nbdinfo) = tool::find("nbdinfo") else { return };
    let bench = Bench::new();
    let text = tool::run(nbdinfo.arg(bench.url()));
    for line in [
        "export-size: 4194304",
        "can_flush: true",
        "can_fua: true",
        "can_trim: true",
        "can_zero: true",
        "can_multi_conn: false",
        "is_read_only: false",
        "block_size_minimum: 512",
    ] {
        assert!(text.contains(line), "no {line:?} in {text}");
    }
}

#[test]
fn libnbd_and_qemu_read_the_same_bytes() {
    let (Some(mut nbdcopy), Some(mut qemu_img)) = (tool::find("nbdcopy"), tool::find("qemu-img")) else {
        return;
    };
    let bench = Bench::new();
    let before = std::fs::read(bench.path("before")).expect("read");
    tool::run(nbdcopy.arg(bench.url()).arg(bench.path("libnbd")));
    assert!(std::fs::read(bench.path("libnbd")).expect("read") == before);
    tool::run(qemu_img.args(["convert", "-O", "raw", &bench.url()]).arg(bench.path("qemu")));
    assert!(std::fs::read(bench.path("qemu")).expect("read") == before);
}

#[test]
fn what_qemu_writes_is_recorded_and_read_back_and_a_cut_keeps_what_it_flushed() {
    let Some(mut command) = tool::find("qemu-io") else { return };
    let Bench { folder, server } = Bench::new();
    let url = format!("nbd+unix:///?socket={}", server.socket().display());
    command.args(["-f", "raw", "-t", "writeback"]);
    for script in [
        "write -P 0xa1 64k 8k",
        "write -z 128k 64k",
        "discard 256k 64k",
        "flush",
        "write -f -P 0xb2 512k 1k",
        "write -P 0xc3 1M 512",
        "read -P 0xa1 64k 8k",
        "read -P 0 128k 64k",
        "read -P 0 256k 64k",
        "read -P 0xc3 1M 512",
    ] {
        command.args(["-c", script]);
    }
    let text = tool::run(command.arg(&url));
    assert!(!text.contains("failed"), "{text}");
    let record = server.stop();

    let kinds = record.operations().iter().map(|operation| match &operation.action {
        Action::Write(write) if write.forced => "forced",
        Action::Write(_) => "write",
        Action::Flush => "flush",
    });
    let kinds: Vec<_> = kinds.collect();
    assert_eq!(kinds[..6], ["write", "write", "write", "flush", "forced", "write"], "{kinds:?}");

    let before = std::fs::read(folder.path().join("before")).expect("read");
    let live = std::fs::read(folder.path().join("disk")).expect("read");
    let last = record.writes().last().expect("writes").0.answered.expect("it was answered");
    let mut flushed = live.clone();
    flushed[1 << 20..][..512].copy_from_slice(&before[1 << 20..][..512]);
    let at = |at, loss| Cut { at, promise: Promise::Kept, loss };
    assert!(Bench::after(folder.path(), &record, &at(last, Loss::Nothing)) == live);
    assert!(Bench::after(folder.path(), &record, &at(last, Loss::All)) == flushed);
    assert!(Bench::after(folder.path(), &record, &at(0, Loss::Nothing)) == before);
}
