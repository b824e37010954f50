//! The ways in for a configuration, all at once: each sets a label of its own, and the name, which is the last one's.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use corten_vm::{Disk, DiskFormat, Document, Machine, OnReset, Writes, sparse_copy};
use libtest_mimic::Trial;

use super::managed;
use crate::esp::Esp;
use crate::live::{Node, Setting, Story, find};
use crate::scenario::{Place, When};
use crate::tool;

/// Bytes of the volume.
const VOLUME: u64 = 4 << 20;

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Story {
        name: "ways_in",
        when: When::Always,
        setting: |workshop, name| {
            let owner = managed::owner(workshop, name)?;
            let image = managed::image(workshop)?;
            let disk = owner.path("disk.raw");
            sparse_copy(&image.disk, &disk)?;
            let mut esp = Esp::open(&disk)?;
            esp.put("corten/config.toml", document("esp").as_bytes())?;
            esp.close()?;

            let volume = owner.path("volume.raw");
            std::fs::File::create(&volume)?.set_len(VOLUME)?;
            tool::run(tool::tool("mkfs.vfat")?.args(["-n", "CORTEN"]).arg(&volume))?;
            let file = owner.put("config.yaml", &yaml("volume"))?;
            tool::run(tool::tool("mcopy")?.arg("-i").arg(&volume).arg(file).arg("::config.yaml"))?;

            let credential = format!("io.systemd.credential:corten.config.toml={}", document("smbios"));
            let credential = owner.put("credential", &credential)?;
            let run = owner.document("10-run.toml", &tables("fw-cfg"))?;
            let last = owner.put("20-last.yaml", &yaml("fw-cfg-last"))?;
            let last = Document { name: "20-last.yaml".into(), path: last };
            let kept = |path| Disk { path, format: DiskFormat::Raw, writes: Writes::Dropped };
            let machine = Machine {
                disks: vec![kept(disk), kept(volume)],
                configuration: vec![run, last],
                on_reset: OnReset::Restart,
                extra: vec!["-smbios".into(), format!("type=11,path={}", credential.display())],
                ..image.uefi()
            };
            Ok(Setting { machine, owner })
        },
        steps: &[
            ("becomes_ready", |node| {
                node.becomes_ready()?;
                node.answers()
            }),
            ("each_way_in_is_taken", each_way_in_is_taken),
            ("later_ones_lie_over_earlier_ones", later_ones_lie_over_earlier_ones),
            ("the_operators_lies_over_all", the_operators_lies_over_all),
            ("each_value_knows_where_it_is_from", each_value_knows_where_it_is_from),
        ],
    }
    .add(place, trials);
}

const WAYS: [&str; 5] = ["esp", "volume", "smbios", "fw-cfg", "fw-cfg-last"];

fn tables(way: &str) -> String {
    format!("[identity]\nhostname = \"by-{way}\"\nlabels = {{ {way} = \"yes\", way = \"{way}\" }}\n")
}

fn document(way: &str) -> String {
    format!("version = 1\n{}", tables(way))
}

fn yaml(way: &str) -> String {
    format!("version: 1\nidentity:\n  hostname: by-{way}\n  labels:\n    {way}: \"yes\"\n    way: {way}\n")
}

fn each_way_in_is_taken(node: &mut Node<'_>) -> Result<()> {
    let info = node.ask(&["info"])?;
    for way in WAYS {
        ensure!(info["labels"][way] == "yes", "nothing came by {way}: {info}");
    }
    ensure!(info["reason"].is_null(), "{info}");
    Ok(())
}

fn later_ones_lie_over_earlier_ones(node: &mut Node<'_>) -> Result<()> {
    let info = node.ask(&["info"])?;
    ensure!(info["hostname"] == "by-fw-cfg-last" && info["labels"]["way"] == "fw-cfg-last", "{info}");
    Ok(())
}

fn the_operators_lies_over_all(node: &mut Node<'_>) -> Result<()> {
    node.applies("operator.toml", &document("api"), &[])?.exits_with(0)?;
    node.until(Duration::from_secs(20), |node| {
        let info = node.ask(&["info"])?;
        ensure!(info["hostname"] == "by-api" && info["labels"]["way"] == "api", "{info}");
        ensure!(info["labels"]["esp"] == "yes", "{info}");
        Ok(())
    })
}

fn each_value_knows_where_it_is_from(node: &mut Node<'_>) -> Result<()> {
    let configuration = node.ask(&["config", "get", "--origin"])?;
    let origins = &configuration["origins"];
    for (key, document) in [
        ("network.links.ethernet.dhcp4", "config.toml"),
        ("identity.labels.esp", "10-esp-config.toml"),
        ("identity.labels.volume", "20-volume-vdb-config.yaml"),
        ("identity.labels.smbios", "30-smbios-config.toml"),
        ("identity.labels.fw-cfg", "40-fw-cfg-10-run.toml"),
        ("identity.labels.fw-cfg-last", "40-fw-cfg-20-last.yaml"),
        ("identity.labels.api", "operator.toml"),
        ("identity.hostname", "operator.toml"),
    ] {
        let origin = find(origins, "key", key)?;
        let from = origin["document"].as_str().context("no document")?;
        ensure!(from.ends_with(document) && origin["line"].as_u64() > Some(0), "{origin}");
    }
    Ok(())
}
