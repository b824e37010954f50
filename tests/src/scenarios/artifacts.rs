//! Everything that a build leaves, read by other people's programs; and what is in the root.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use corten_formats::erofs;
use corten_formats::tree::{Kind, Tree};
use libtest_mimic::Trial;
use serde_json::Value;

use super::RECIPE;
use crate::built::Built;
use crate::image::another_hash;
use crate::scenario::{Place, Scenario, When};
use crate::tool::{run, tool};
use crate::workshop::Workshop;

/// Where the ESP begins in a disk image.
const ESP_OFFSET: u64 = 1 << 20;

/// A build of every format.
struct Every {
    built: Built,
    folder: PathBuf,
}

impl std::fmt::Display for Every {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.built.fmt(f)
    }
}

impl Every {
    fn artifact(&self, format: &str) -> Result<PathBuf> {
        self.built.artifact(format)
    }

    fn tree(&self) -> Result<Tree> {
        Ok(erofs::read(&std::fs::read(self.artifact("root")?)?, &erofs::Limits::default())?)
    }
}

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Scenario {
        name: "artifacts",
        when: When::Always,
        run: build,
        cases: &[
            ("json_names_sizes_and_hashes", json_names_sizes_and_hashes),
            ("fsck_erofs_accepts_the_root", |_, every| {
                reads("fsck.erofs", [every.artifact("root")?.as_path()])
            }),
            ("veritysetup_verifies_the_root", veritysetup_verifies_the_root),
            ("sgdisk_accepts_the_disk", sgdisk_accepts_the_disk),
            ("fsck_vfat_accepts_the_esp", fsck_vfat_accepts_the_esp),
            ("ukify_reads_the_boot_image", ukify_reads_the_boot_image),
            ("systemd_dissect_accepts_the_disk", systemd_dissect_accepts_the_disk),
            ("qemu_img_accepts_the_qcow2_and_finds_the_same_disk", qemu_img_accepts_the_qcow2),
            ("zstd_unpacks_the_same_disk", zstd_unpacks_the_same_disk),
            ("tar_lists_every_file_of_the_root", tar_lists_every_file_of_the_root),
            ("no_shell_interpreter_or_package_manager", no_shell_interpreter_or_package_manager),
            ("no_setuid_file", no_setuid_file),
            ("root_and_boot_image_are_small", root_and_boot_image_are_small),
            ("sboms_name_each_file_once", sboms_name_each_file_once),
            ("an_unchanged_build_says_so", an_unchanged_build_says_so),
            ("other_surroundings_give_the_same_bytes", other_surroundings_give_the_same_bytes),
        ],
    }
    .add(place, trials);
}

fn build(workshop: &Workshop) -> Result<Every> {
    let folder = workshop.path("artifacts");
    Ok(Every { built: every_format(workshop.corten(), &folder)?, folder })
}

fn every_format(corten: Command, folder: &Path) -> Result<Built> {
    Built::run(corten, RECIPE, folder, (&["raw", "raw.zst", "qcow2", "uki", "root", "tar"], &[]))
}

fn reads<const N: usize>(name: &str, arguments: [&Path; N]) -> Result<()> {
    run(tool(name)?.args(arguments)).map(drop)
}

fn json_names_sizes_and_hashes(_: &Workshop, every: &Every) -> Result<()> {
    for artifact in every.built.artifacts()? {
        let path = artifact["path"].as_str().context("no path")?;
        let bytes = std::fs::metadata(path)?.len();
        ensure!(artifact["bytes"] == bytes, "{path} has {bytes} bytes");
    }
    let uki = every.artifact("uki")?;
    let told = every.built.artifacts()?.iter().find(|artifact| artifact["format"] == "uki");
    let told = told.and_then(|artifact| artifact["sha256"].as_str()).context("no sha256")?;
    let found = run(Command::new("sha256sum").arg(&uki))?;
    ensure!(found.starts_with(told), "sha256sum says {found}");
    for key in ["version", "root_hash", "packages", "files"] {
        ensure!(!every.built.0[key].is_null(), "{key} is missing");
    }
    for size in ["root", "verity", "boot", "disk"] {
        ensure!(
            every.built.0["sizes"][size].as_u64().is_some_and(|bytes| bytes > 0),
            "sizes.{size} is missing"
        );
    }
    ensure!(every.built.0["seconds"]["total"].is_number(), "seconds.total is missing");
    Ok(())
}

fn veritysetup_verifies_the_root(_: &Workshop, every: &Every) -> Result<()> {
    let hash = every.built.text("root_hash")?;
    let (root, verity) = (every.artifact("root")?, every.artifact("verity")?);
    run(tool("veritysetup")?.arg("verify").args([&root, &verity]).arg(hash))?;
    let wrong = another_hash(hash)?;
    ensure!(
        run(tool("veritysetup")?.arg("verify").args([&root, &verity]).arg(wrong)).is_err(),
        "veritysetup accepts another root hash as well"
    );
    Ok(())
}

fn sgdisk_accepts_the_disk(_: &Workshop, every: &Every) -> Result<()> {
    let said = run(tool("sgdisk")?.arg("-v").arg(every.artifact("raw")?))?;
    ensure!(said.contains("No problems found"), "{said}");
    Ok(())
}

fn fsck_vfat_accepts_the_esp(_: &Workshop, every: &Every) -> Result<()> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let mut disk = std::fs::File::open(every.artifact("raw")?)?;
    disk.seek(SeekFrom::Start(ESP_OFFSET))?;
    let esp = every.folder.join("esp");
    std::io::copy(&mut disk.take(512 << 20), &mut std::fs::File::create(&esp)?)?;
    let said = run(tool("fsck.vfat")?.arg("-n").arg(&esp))?;
    let listed = run(tool("mdir")?.arg("-i").arg(&esp).args(["-b", "-/", "::"]))?;
    std::fs::remove_file(esp)?;
    ensure!(!said.contains("Dirty") && !said.contains("differ"), "{said}");
    let mut files: Vec<&str> = listed.lines().filter(|line| !line.ends_with('/')).collect();
    files.sort_unstable();
    let uki = every.artifact("uki")?;
    let uki = format!("::/EFI/Linux/{}", uki.file_name().unwrap_or_default().display());
    let expected =
        ["::/EFI/BOOT/BOOTX64.EFI", &uki, "::/EFI/systemd/systemd-bootx64.efi", "::/loader/loader.conf"];
    ensure!(files == expected, "{files:?}");
    Ok(())
}

fn ukify_reads_the_boot_image(_: &Workshop, every: &Every) -> Result<()> {
    let said = run(tool("ukify")?.arg("inspect").arg(every.artifact("uki")?))?;
    let hash = every.built.text("root_hash")?;
    for part in [".linux:", ".initrd:", ".cmdline:", ".osrel:", ".uname:", hash] {
        ensure!(said.contains(part), "{part} is not in\n{said}");
    }
    Ok(())
}

fn systemd_dissect_accepts_the_disk(_: &Workshop, every: &Every) -> Result<()> {
    let said = run(tool("systemd-dissect")?.arg("--validate").arg(every.artifact("raw")?))?;
    ensure!(said.contains("OK"), "{said}");
    Ok(())
}

fn qemu_img_accepts_the_qcow2(_: &Workshop, every: &Every) -> Result<()> {
    let (raw, qcow2) = (every.artifact("raw")?, every.artifact("qcow2")?);
    run(tool("qemu-img")?.arg("check").arg(&qcow2))?;
    run(tool("qemu-img")?.args(["compare", "-f", "raw", "-F", "qcow2"]).args([&raw, &qcow2])).map(drop)
}

fn zstd_unpacks_the_same_disk(_: &Workshop, every: &Every) -> Result<()> {
    let unpacked = every.folder.join("unpacked.raw");
    run(tool("zstd")?
        .args(["-q", "-d", "-f", "--sparse"])
        .arg(every.artifact("raw.zst")?)
        .arg("-o")
        .arg(&unpacked))?;
    let same = run(Command::new("cmp").arg(every.artifact("raw")?).arg(&unpacked));
    std::fs::remove_file(&unpacked)?;
    same.map(drop)
}

fn tar_lists_every_file_of_the_root(_: &Workshop, every: &Every) -> Result<()> {
    let listed = run(Command::new("tar").arg("-tf").arg(every.artifact("tar")?))?;
    let mut paths = 0;
    every.tree()?.walk(|_, _| paths += 1);
    ensure!(listed.lines().count() == paths, "tar lists {} entries of {paths}", listed.lines().count());
    Ok(())
}

/// Names of programs that a person or an intruder could run others with.
const FORBIDDEN: [&str; 24] = [
    "sh", "bash", "dash", "busybox", "zsh", "ash", "python3", "perl", "lua", "awk", "gawk", "mawk", "ruby",
    "node", "apt", "apt-get", "dpkg", "rpm", "apk", "ssh", "sshd", "su", "sudo", "login",
];

fn no_shell_interpreter_or_package_manager(_: &Workshop, every: &Every) -> Result<()> {
    let mut found = Vec::new();
    let tree = every.tree()?;
    tree.walk(|path, id| {
        let path = String::from_utf8_lossy(path);
        let name = path.rsplit('/').next().unwrap_or_default();
        let script = match &tree.node(id).kind {
            Kind::File(content) => content.starts_with(b"#!"),
            _ => false,
        };
        if script || FORBIDDEN.contains(&name) || name.starts_with("python") || name.starts_with("perl") {
            found.push(path.into_owned());
        }
    });
    ensure!(found.is_empty(), "{found:?}");
    Ok(())
}

fn no_setuid_file(_: &Workshop, every: &Every) -> Result<()> {
    let tree = every.tree()?;
    let privileged = tree.nodes().filter(|(_, node)| {
        let file = matches!(node.kind, Kind::File(_));
        file && (node.meta.mode & 0o6000 != 0
            || node.meta.xattrs.contains_key(b"security.capability".as_slice()))
    });
    ensure!(privileged.count() == 0, "files that give rights to whoever runs them");
    Ok(())
}

fn root_and_boot_image_are_small(_: &Workshop, every: &Every) -> Result<()> {
    let sizes =
        ["root", "verity", "boot"].map(|part| every.built.0["sizes"][part].as_u64().unwrap_or(u64::MAX / 4));
    ensure!(sizes.iter().sum::<u64>() <= 70_000_000, "{sizes:?}");
    Ok(())
}

fn sboms_name_each_file_once(_: &Workshop, every: &Every) -> Result<()> {
    let tree = every.tree()?;
    let mut files: BTreeMap<String, usize> = BTreeMap::new();
    tree.walk(|path, id| {
        if matches!(tree.node(id).kind, Kind::File(_)) {
            files.insert(String::from_utf8_lossy(path).into_owned(), 0);
        }
    });
    let spdx: Value = serde_json::from_slice(&std::fs::read(every.artifact("spdx")?)?)?;
    for file in spdx["files"].as_array().context("no files in SPDX")? {
        let path = file["fileName"].as_str().unwrap_or_default().trim_start_matches('.');
        *files.get_mut(path).with_context(|| format!("SPDX names {path}"))? += 1;
    }
    let cyclonedx: Value = serde_json::from_slice(&std::fs::read(every.artifact("cyclonedx")?)?)?;
    let outer = cyclonedx["components"].as_array().context("no components in CycloneDX")?;
    let inner = outer.iter().filter_map(|component| component["components"].as_array()).flatten();
    for file in outer.iter().chain(inner).filter(|component| component["type"] == "file") {
        let path = file["name"].as_str().unwrap_or_default();
        *files.get_mut(path).with_context(|| format!("CycloneDX names {path}"))? += 1;
    }
    let odd: Vec<_> = files.iter().filter(|(_, count)| **count != 2).collect();
    ensure!(odd.is_empty(), "not once in each: {odd:?}");
    Ok(())
}

fn an_unchanged_build_says_so(workshop: &Workshop, every: &Every) -> Result<()> {
    let again = every_format(workshop.corten(), &every.folder)?;
    ensure!(again.0["unchanged"] == true, "unchanged is {}", again.0["unchanged"]);
    ensure!(again.text("root_hash")? == every.built.text("root_hash")?, "another root hash");
    Ok(())
}

/// Another folder, time zone, locale, umask, number of threads, and nothing of earlier builds.
fn other_surroundings_give_the_same_bytes(workshop: &Workshop, every: &Every) -> Result<()> {
    let folder = workshop.path("artifacts, elsewhere");
    let program = workshop.corten().get_program().to_owned();
    let mut command = Command::new("sh");
    command.args(["-c", "umask 077; program=$1; shift; exec \"$program\" \"$@\" --fresh", "sh"]).arg(program);
    command.env("TZ", "Pacific/Kiritimati").env("LC_ALL", "tr_TR.UTF-8").env("RAYON_NUM_THREADS", "1");
    let (ours, theirs) = (every.built.hashes()?, every_format(command, &folder)?.hashes()?);
    std::fs::remove_dir_all(folder)?;
    ensure!(ours == theirs, "{ours:#?}\n{theirs:#?}");
    ensure!(ours.len() == 9, "only {} artifacts were compared", ours.len());
    Ok(())
}
