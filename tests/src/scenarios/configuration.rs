//! A node whose configuration is changed while it runs: wrong ones, trials, and what the right ones make of it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use corten_api::v1::{ApplyConfigRequest, Document, When as AppliesWhen};
use corten_vm::{Disk, DiskFormat, Forward, Writes};
use libtest_mimic::Trial;
use prost::Message as _;
use serde_json::Value;

use super::managed;
use super::wrong::WRONG;
use crate::live::{Node, Setting, Story, find};
use crate::scenario::{Place, When};

/// Of gRPC.
const INVALID_ARGUMENT: Option<u32> = Some(3);
/// What each of the documents here begins with.
const IDENTITY: &str = "[identity]\nhostname = \"changed\"\nlabels = { step = ";
/// Bytes of the further disks.
const SIZE: u64 = 64 << 20;
/// A card with a fixed address, on QEMU's network, whose router is at 10.0.2.2.
const FIXED: &str = "[network]\ndns = [\"10.0.2.3\"]\nsearch = [\"example.org\"]\n\
     hosts = { \"192.0.2.7\" = [\"seven.example.org\"] }\n\
     [network.links.ethernet]\nmatch = { mac = \"52:54:00:12:34:56\" }\ndhcp4 = false\nslaac = false\n\
     mtu = 1400\naddresses = [\"10.0.2.77/24\", \"10.0.2.15/24\"]\n\
     routes = [{ to = \"default\", via = \"10.0.2.2\" }, { to = \"198.51.100.0/24\", via = \"10.0.2.9\", metric = 50 }]\n";

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Story {
        name: "configuration",
        when: When::Always,
        setting: |workshop, name| {
            let Setting { mut machine, owner } =
                managed::setting(workshop, name, "[identity]\nhostname = \"platform\"\n")?;
            let blank = owner.path("blank.raw");
            std::fs::File::create(&blank)?.set_len(SIZE)?;
            let used = owner.path("used.raw");
            std::fs::write(&used, b"somebody's")?;
            std::fs::File::options().write(true).open(&used)?.set_len(SIZE)?;
            for path in [blank, used] {
                machine.disks.push(Disk { path, format: DiskFormat::Raw, writes: Writes::Dropped });
            }
            // A second card, on a network of its own.
            machine.extra.extend(["-netdev", "user,id=spare,net=10.9.0.0/24"].map(String::from));
            machine
                .extra
                .extend(["-device", "virtio-net-pci,netdev=spare,mac=52:54:00:12:34:57"].map(String::from));
            let host = crate::live::free_port()?;
            machine.forwards.push(Forward { host, guest: 8080 });
            owner.put("port", &host.to_string())?;
            Ok(Setting { machine, owner })
        },
        steps: &[
            ("becomes_ready", |node| {
                node.becomes_ready()?;
                node.answers()
            }),
            ("wrong_documents_are_checked_with_exact_messages", wrong_documents_are_checked),
            ("wrong_documents_are_not_applied", wrong_documents_are_not_applied),
            ("a_document_is_applied", a_document_is_applied),
            ("a_port_is_closed_until_it_is_allowed", a_port_is_closed_until_it_is_allowed),
            ("a_trial_that_cuts_the_network_goes_back", a_trial_that_cuts_the_network_goes_back),
            ("fixed_addresses_routes_and_names_are_set", fixed_addresses_routes_and_names_are_set),
            ("links_are_made_and_taken_away", links_are_made_and_taken_away),
            ("kernel_settings_are_set_and_given_back", kernel_settings_are_set_and_given_back),
            ("an_unknown_module_is_a_problem_and_no_more", an_unknown_module_is_a_problem),
            ("a_blank_disk_is_made_and_a_used_one_left_alone", a_blank_disk_is_made),
            ("a_confirmed_trial_and_the_rest_survive_a_restart", survives_a_restart),
            ("what_waits_for_the_restart_is_in_force_after_it", waits_for_the_restart),
            ("history_tells_of_all", history_tells_of_all),
            ("the_audit_log_survives_restarts", the_audit_log_survives_restarts),
        ],
    }
    .add(place, trials);
}

/// A document of the operator with a label that says which.
fn document(node: &Node<'_>, step: &str, more: &str) -> Result<String> {
    node.owner.configuration(&format!("{IDENTITY}\"{step}\" }}\n{more}"))
}

fn applies(node: &mut Node<'_>, step: &str, more: &str) -> Result<()> {
    let text = document(node, step, more)?;
    node.applies("operator.toml", &text, &[])?.exits_with(0)
}

fn generation(node: &mut Node<'_>) -> Result<u64> {
    let configuration = node.ask(&["config", "get"])?;
    Ok(configuration["generation"].as_u64().unwrap_or_default())
}

fn problems(node: &mut Node<'_>) -> Result<String> {
    Ok(node.ask(&["config", "get"])?["problems"].to_string())
}

fn wrong_documents_are_checked(node: &mut Node<'_>) -> Result<()> {
    ensure!(WRONG.len() >= 20, "{} documents", WRONG.len());
    for wrong in WRONG {
        let path = node.owner.put(wrong.name, wrong.text)?;
        let ran = node.run(&["-o", "json", "config", "check", path.to_str().context("no text")?])?;
        ran.exits_with(14).context(wrong.name)?;
        let found = &ran.json()?[0]["result"]["problems"][0];
        ensure!(found["document"] == wrong.name && found["line"] == wrong.line, "{}: {found}", wrong.name);
        let message = found["message"].as_str().unwrap_or_default();
        ensure!(message.starts_with(wrong.message), "{}: {message:?}", wrong.name);
        ensure!(found["help"].as_str().unwrap_or_default() == wrong.help, "{}: {found}", wrong.name);
    }
    Ok(())
}

fn wrong_documents_are_not_applied(node: &mut Node<'_>) -> Result<()> {
    for wrong in WRONG {
        let ran = node.applies(wrong.name, wrong.text, &[])?;
        ensure!(ran.exits_with(0).is_err(), "{}: {ran}", wrong.name);
        let (told, start) = (format!("{}{}", ran.said(), ran.printed()), wrong.message);
        let place = format!("{}:{}", wrong.name, wrong.line);
        ensure!(told.contains(start) && told.contains(&place), "{}: {told}", wrong.name);
    }
    // The command asks the node what is wrong before it asks it to apply. Others need not.
    let mut wire = node.wire(Some(&node.owner.admin))?;
    for wrong in WRONG {
        let document = Document { name: wrong.name.into(), format: 0, text: wrong.text.into() };
        let request = ApplyConfigRequest {
            document: Some(document),
            when: AppliesWhen::Now.into(),
            ..ApplyConfigRequest::default()
        };
        let answer = wire.call("corten.v1.Config/Apply", &request.encode_to_vec())?;
        ensure!(answer.code == INVALID_ARGUMENT, "{}: {answer:?}", wrong.name);
    }
    ensure!(generation(node)? == 0, "one was applied");
    ensure!(node.ask(&["info"])?["hostname"] == "platform", "one is in force");
    Ok(())
}

fn a_document_is_applied(node: &mut Node<'_>) -> Result<()> {
    let text = document(node, "first", "")?;
    let path = node.owner.put("operator.toml", &text)?;
    // Without --yes nothing is done.
    let ran = node.run(&["config", "apply", path.to_str().context("no text")?])?;
    ran.exits_with(2)?;
    ensure!(ran.printed().contains("identity.hostname"), "{ran}");
    ensure!(generation(node)? == 0, "it was applied without --yes");
    applies(node, "first", "")?;
    node.until(Duration::from_secs(20), |node| {
        let info = node.ask(&["info"])?;
        ensure!(info["hostname"] == "changed" && info["labels"]["step"] == "first", "{info}");
        Ok(())
    })?;
    ensure!(generation(node)? == 1, "its number is {}", generation(node)?);
    Ok(())
}

/// What `echo` of the recipe answers at its port.
fn echo(node: &Node<'_>) -> Result<()> {
    let port: u16 = std::fs::read_to_string(node.owner.path("port"))?.parse()?;
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(4)))?;
    stream.write_all(b"hello")?;
    let mut back = [0; 5];
    stream.read_exact(&mut back).context("no echo")?;
    ensure!(back == *b"hello", "{back:?}");
    Ok(())
}

fn a_port_is_closed_until_it_is_allowed(node: &mut Node<'_>) -> Result<()> {
    ensure!(echo(node).is_err(), "the port is open");
    applies(node, "port", "[[firewall.allow]]\nprotocol = \"tcp\"\nports = [8080]\n")?;
    node.until(Duration::from_secs(20), |node| echo(node))?;
    applies(
        node,
        "port",
        "[[firewall.allow]]\nprotocol = \"tcp\"\nports = [8080]\nfrom = [\"192.0.2.0/24\"]\n",
    )?;
    node.until(Duration::from_secs(20), |node| {
        ensure!(echo(node).is_err(), "the port is still open");
        Ok(())
    })
}

/// The link keeps nothing that QEMU's network knows.
fn a_trial_that_cuts_the_network_goes_back(node: &mut Node<'_>) -> Result<()> {
    let before = generation(node)?;
    let cut = "[network.links.ethernet]\nmatch = { mac = \"52:54:00:12:34:56\" }\ndhcp4 = false\nslaac = false\naddresses = [\"192.0.2.9/24\"]\n";
    let text = document(node, "cut", cut)?;
    node.applies("cut.toml", &text, &["--trial", "15s"])?.exits_with(0)?;
    node.until(Duration::from_secs(10), |node| {
        ensure!(node.run(&["info"])?.exits_with(0).is_err(), "the network is not cut");
        Ok(())
    })?;
    node.until(Duration::from_mins(1), |node| node.ask(&["info"]).map(drop))?;
    let history = node.ask(&["config", "history"])?;
    ensure!(history[0]["state"] == "went back", "{history}");
    ensure!(generation(node)? == before, "another one is in force");
    ensure!(node.ask(&["info"])?["labels"]["step"] == "port", "another one is in force");
    Ok(())
}

/// On trial, and confirmed.
fn fixed_addresses_routes_and_names_are_set(node: &mut Node<'_>) -> Result<()> {
    let text = document(node, "fixed", FIXED)?;
    node.applies("fixed.toml", &text, &["--trial", "60s"])?.exits_with(0)?;
    node.until(Duration::from_secs(30), |node| {
        let addresses = node.ask(&["addresses"])?;
        ensure!(find(&addresses, "address", "10.0.2.77/24")?["source"] == "static", "{addresses}");
        ensure!(find(&addresses, "address", "10.0.2.15/24")?["source"] == "static", "{addresses}");
        let routes = node.ask(&["routes"])?;
        ensure!(find(&routes, "via", "10.0.2.2")?["source"] == "static", "{routes}");
        let other = find(&routes, "destination", "198.51.100.0/24")?;
        ensure!(other["via"] == "10.0.2.9" && other["metric"] == 50, "{other}");
        let links = node.ask(&["links"])?;
        ensure!(find(&links["links"], "configured_as", "ethernet")?["mtu"] == 1400, "{links}");
        ensure!(links["search"] == serde_json::json!(["example.org"]), "{links}");
        Ok(())
    })?;
    node.run(&["config", "confirm"])?.exits_with(0)?;
    let again = node.run(&["config", "confirm"])?;
    ensure!(again.said().contains("no configuration is on trial"), "{again}");
    let settings = settings(node)?;
    for line in [
        "/proc/sys/kernel/hostname: changed",
        "/etc/hosts: 192.0.2.7",
        "/etc/resolv.conf: nameserver 10.0.2.3",
        "/etc/resolv.conf: search example.org",
    ] {
        ensure!(settings.contains(line), "no {line:?} in\n{settings}");
    }
    Ok(())
}

/// What the service `settings` of the recipe finds.
fn settings(node: &mut Node<'_>) -> Result<String> {
    let before = node.log("settings")?.lines().count();
    node.run(&["restart", "settings"])?.exits_with(0)?;
    node.until(Duration::from_secs(20), |node| {
        ensure!(node.service("settings")?["state"] == "done", "it still runs");
        let log = node.log("settings")?;
        let new: Vec<_> = log.lines().skip(before).collect();
        ensure!(new.iter().any(|line| line.contains("/proc/modules: ")), "nothing new");
        Ok(new.join("\n"))
    })
}

fn links_are_made_and_taken_away(node: &mut Node<'_>) -> Result<()> {
    let more = format!(
        "{FIXED}[network.links.spare]\nmatch = {{ mac = \"52:54:00:12:34:57\" }}\n[network.vlans.v10]\nlink = \"ethernet\"\nid = 10\n\
         [network.bridges.br0]\nlinks = [\"v10\"]\naddresses = [\"192.0.2.65/28\"]\n\
         [network.bonds.bond0]\nlinks = [\"spare\"]\naddresses = [\"192.0.2.129/28\"]\n"
    );
    applies(node, "links", &more)?;
    node.until(Duration::from_secs(30), |node| {
        let links = node.ask(&["links"])?;
        for (name, kind) in [("v10", "vlan"), ("br0", "bridge"), ("bond0", "bond")] {
            let link = find(&links["links"], "name", name)?;
            ensure!(link["kind"] == kind && link["problem"].is_null(), "{link}");
        }
        let addresses = node.ask(&["addresses"])?;
        ensure!(find(&addresses, "address", "192.0.2.65/28")?["link"] == "br0", "{addresses}");
        ensure!(find(&addresses, "address", "192.0.2.129/28")?["link"] == "bond0", "{addresses}");
        Ok(())
    })?;
    applies(node, "fixed", FIXED)?;
    node.until(Duration::from_secs(30), |node| {
        let links = node.ask(&["links"])?;
        for name in ["v10", "br0", "bond0"] {
            ensure!(find(&links["links"], "name", name).is_err(), "{name} is still there: {links}");
        }
        Ok(())
    })
}

fn kernel_settings_are_set_and_given_back(node: &mut Node<'_>) -> Result<()> {
    let has = |node: &mut Node<'_>, expected: &str| -> Result<()> {
        let found = settings(node)?;
        ensure!(found.contains(&format!("/proc/sys/vm/swappiness: {expected}")), "{found}");
        Ok(())
    };
    let more = format!("{FIXED}[kernel]\nmodules = [\"dummy\"]\nsysctl = {{ \"vm.swappiness\" = 17 }}\n");
    has(node, "60")?;
    applies(node, "kernel", &more)?;
    node.until(Duration::from_secs(30), |node| has(node, "17"))?;
    let found = settings(node)?;
    ensure!(found.contains("/proc/modules: dummy "), "{found}");
    applies(node, "fixed", FIXED)?;
    node.until(Duration::from_secs(30), |node| has(node, "60"))
}

fn an_unknown_module_is_a_problem(node: &mut Node<'_>) -> Result<()> {
    applies(node, "module", &format!("{FIXED}[kernel]\nmodules = [\"no-such-module\"]\n"))?;
    node.until(Duration::from_secs(30), |node| {
        let found = problems(node)?;
        ensure!(found.contains("no-such-module") || found.contains("no_such_module"), "{found}");
        Ok(())
    })?;
    ensure!(node.ask(&["info"])?["mode"] == "configured", "it is in maintenance");
    applies(node, "fixed", FIXED)?;
    node.until(Duration::from_secs(30), |node| {
        let found = problems(node)?;
        ensure!(!found.contains("such"), "{found}");
        Ok(())
    })
}

const DISKS: &str = "[storage.disks.data]\ndisk = { name = \"vdb\" }\nmount = \"/var/mnt/data\"\n\
     [storage.disks.used]\ndisk = { name = \"vdc\" }\nmount = \"/var/mnt/used\"\n";

fn a_blank_disk_is_made(node: &mut Node<'_>) -> Result<()> {
    applies(node, "disks", &format!("{FIXED}{DISKS}"))?;
    node.until(Duration::from_mins(1), |node| has_its_disk(node))?;
    node.until(Duration::from_secs(20), |node| {
        let found = problems(node)?;
        ensure!(found.contains("used") && !found.contains("storage.disks.data"), "{found}");
        Ok(())
    })?;
    ensure!(find(&node.ask(&["mounts"])?, "target", "/var/mnt/used").is_err(), "the used disk is mounted");
    Ok(())
}

fn has_its_disk(node: &mut Node<'_>) -> Result<()> {
    let mounts = node.ask(&["mounts"])?;
    let data = find(&mounts, "target", "/var/mnt/data")?;
    ensure!(data["kind"] == "ext4" && data["source"] == "/dev/vdb", "{data}");
    Ok(())
}

fn survives_a_restart(node: &mut Node<'_>) -> Result<()> {
    let before = generation(node)?;
    node.run(&["reboot"])?.exits_with(0)?;
    node.becomes_ready()?;
    node.answers()?;
    ensure!(generation(node)? == before, "generation {before} became {}", generation(node)?);
    let info = node.ask(&["info"])?;
    ensure!(info["labels"]["step"] == "disks" && info["hostname"] == "changed", "{info}");
    find(&node.ask(&["addresses"])?, "address", "10.0.2.77/24")?;
    node.until(Duration::from_secs(30), |node| has_its_disk(node))
}

fn waits_for_the_restart(node: &mut Node<'_>) -> Result<()> {
    let text = document(node, "later", "")?;
    node.applies("later.toml", &text, &["--when", "at-reboot"])?.exits_with(0)?;
    let configuration = node.ask(&["config", "get"])?;
    ensure!(configuration["pending_generation"].is_u64(), "{configuration}");
    ensure!(node.ask(&["info"])?["labels"]["step"] == "disks", "it is in force already");
    node.run(&["reboot", "--wait", "--timeout", "5m"])?.exits_with(0)?;
    let info = node.ask(&["info"])?;
    ensure!(info["labels"]["step"] == "later", "{info}");
    node.becomes_ready()
}

fn history_tells_of_all(node: &mut Node<'_>) -> Result<()> {
    let history = node.ask(&["config", "history"])?;
    let entries = history.as_array().context("no list")?;
    let states = |state: &str| entries.iter().filter(|entry| entry["state"] == state).count();
    ensure!(states("in force") == 1 && entries[0]["state"] == "in force", "{history}");
    ensure!(states("went back") == 1 && states("replaced") > 3, "{history}");
    ensure!(entries.iter().all(|entry| entry["by"] == "owner"), "{history}");
    Ok(())
}

/// Who changed what, from where, with which result; refusals too.
fn the_audit_log_survives_restarts(node: &mut Node<'_>) -> Result<()> {
    let audit = node.ask(&["audit"])?;
    let entries = audit.as_array().context("no list")?;
    let of = |method: &str, result: &str| {
        let fits = |entry: &&Value| {
            entry["method"] == method && entry["result"].as_str().is_some_and(|text| text.starts_with(result))
        };
        entries.iter().filter(fits).collect::<Vec<_>>()
    };
    // One stands for many that came to nothing.
    ensure!(!of("corten.v1.Config/Apply", "InvalidArgument").is_empty(), "{audit}");
    ensure!(of("corten.v1.Config/Apply", "ok").len() > 6, "{audit}");
    ensure!(of("corten.v1.Config/Confirm", "FailedPrecondition").len() == 1, "{audit}");
    let restarts = of("corten.v1.Node/Reboot", "ok");
    ensure!(restarts.len() == 2, "{audit}");
    let owner = node.owner.admin.check()?.fingerprint.to_string();
    for entry in restarts {
        ensure!(entry["who"] == "owner" && entry["role"] == "admin", "{entry}");
        ensure!(entry["certificate"] == owner.as_str(), "{entry}");
        ensure!(entry["from"].as_str().is_some_and(|from| from.starts_with("10.0.2.2:")), "{entry}");
    }
    let first = of("corten.v1.Config/Apply", "ok")[0];
    ensure!(first["what"].as_str().is_some_and(|what| what.contains("operator.toml")), "{first}");
    let numbers: Vec<_> = entries.iter().map(|entry| entry["number"].as_u64()).collect();
    ensure!(numbers.is_sorted() && numbers[0] == Some(1), "{numbers:?}");
    Ok(())
}
