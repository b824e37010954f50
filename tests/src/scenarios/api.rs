//! What a configured node tells its owner, by the command and by the wire, and what its agent may do.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use corten_api::methods::METHODS;
use flate2::read::GzDecoder;
use libtest_mimic::Trial;
use serde_json::Value;

use super::managed;
use crate::live::{Crowd, Node, Story, find};
use crate::ran::Ran;
use crate::scenario::{Place, When};
use crate::tool;

/// What the two programs that are always there may have resident together.
const RESIDENT: u64 = 25_000_000;

/// Connections that say nothing, and malformed requests beside them.
const IDLE: usize = 30;
const MALFORMED: u64 = 1000;
/// Bytes that a second flood may add.
const GROWTH: u64 = 4_000_000;

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Story {
        name: "api",
        when: When::Always,
        setting: |workshop, name| {
            managed::setting(workshop, name, "[identity]\nhostname = \"api\"\nlabels = { rack = \"b7\" }\n")
        },
        steps: &[
            ("becomes_ready", |node| node.becomes_ready()),
            ("becomes_healthy", becomes_healthy),
            ("tells_what_it_is", tells_what_it_is),
            ("lists_its_services", lists_its_services),
            ("shows_one_service", shows_one_service),
            ("shows_logs_of_all_and_of_one", shows_logs),
            ("follows_a_log", follows_a_log),
            ("shows_what_the_kernel_says", shows_what_the_kernel_says),
            ("lists_its_processes", lists_its_processes),
            ("lists_disks_and_mounts", lists_disks_and_mounts),
            ("lists_links_and_addresses", lists_links_and_addresses),
            ("lists_routes_and_sockets", lists_routes_and_sockets),
            ("counts", counts),
            ("tells_of_what_changes", tells_of_what_changes),
            ("tells_where_its_start_went", tells_where_its_start_went),
            ("shows_its_configuration_without_secrets", shows_its_configuration_without_secrets),
            ("collects_an_archive_without_secrets", collects_an_archive_without_secrets),
            ("needs_little_memory", needs_little_memory),
            ("has_an_agent_without_rights", has_an_agent_without_rights),
            ("talks_to_a_client_that_is_not_ours", talks_to_a_client_that_is_not_ours),
            ("bears_a_crowd", bears_a_crowd),
            ("has_a_killed_agent_back_in_a_second", has_a_killed_agent_back_in_a_second),
        ],
    }
    .add(place, trials);
}

fn becomes_healthy(node: &mut Node<'_>) -> Result<()> {
    node.answers()?;
    let health = node.ask(&["health", "--wait", "--timeout", "60s"])?;
    ensure!(health["verdict"] == "healthy", "{health}");
    find(&health["checks"], "name", "service/containerd")?;
    Ok(())
}

fn tells_what_it_is(node: &mut Node<'_>) -> Result<()> {
    let info = node.ask(&["info"])?;
    let ready = node.ready.clone().context("not ready")?;
    for (key, expected) in [
        ("hostname", "api"),
        ("mode", "configured"),
        ("version", &ready.version),
        ("root_hash", &ready.root_hash),
        ("machine_id", &ready.machine_id),
        ("architecture", "x86_64"),
    ] {
        ensure!(info[key] == *expected, "{key} is {}, expected {expected:?}", info[key]);
    }
    ensure!(info["labels"]["rack"] == "b7", "{}", info["labels"]);
    ensure!(info["reason"].is_null(), "{}", info["reason"]);
    let memory = info["memory_bytes"].as_u64().unwrap_or_default();
    ensure!((800 << 20..1 << 30).contains(&memory), "memory of {memory} bytes");
    Ok(())
}

fn lists_its_services(node: &mut Node<'_>) -> Result<()> {
    let services = node.ask(&["services"])?;
    for name in ["agent", "network", "containerd", "echo"] {
        let service = find(&services, "name", name)?;
        ensure!(service["state"] == "ready" && service["pid"].is_u64(), "{service}");
        ensure!(service["memory_bytes"].as_u64() > Some(100_000), "{service}");
    }
    ensure!(find(&services, "name", "platform")?["state"] == "done", "{services}");
    ensure!(find(&services, "name", "ntp")?["state"] == "off", "{services}");
    Ok(())
}

fn shows_one_service(node: &mut Node<'_>) -> Result<()> {
    let agent = node.ask(&["services", "agent"])?;
    ensure!(agent["uid"] == 901 && agent["exec"][0] == "/usr/lib/corten/agent", "{agent}");
    ensure!(agent["capabilities"] == serde_json::json!(["CAP_SYSLOG"]), "{agent}");
    let unknown = node.run(&["services", "nothing"])?;
    ensure!(unknown.said().contains("nothing"), "{unknown}");
    ensure!(unknown.exits_with(0).is_err(), "{unknown}");
    Ok(())
}

fn shows_logs(node: &mut Node<'_>) -> Result<()> {
    let all = node.prints(&["logs"])?;
    ensure!(all.contains("containerd") && all.contains("ready"), "{all}");
    let one = node.log("corten")?;
    ensure!(one.lines().count() > 5 && one.lines().all(|line| line.contains("corten")), "{one}");
    let last = node.prints(&["logs", "corten", "--tail", "2"])?;
    ensure!(last.lines().count() == 2, "{last}");
    Ok(())
}

/// A line that comes while somebody reads is there at once.
fn follows_a_log(node: &mut Node<'_>) -> Result<()> {
    let mut command = node.command()?;
    let mut follows =
        command.args(["logs", "look", "--follow"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let lines = BufReader::new(follows.stdout.take().context("no output")?);
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    let restarted = node.run(&["restart", "look"]).and_then(|ran| ran.exits_with(0));
    let line = receive.recv_timeout(Duration::from_secs(20));
    follows.kill()?;
    follows.wait()?;
    restarted?;
    let line = line.context("no line came")?;
    ensure!(line.contains("agent Uid:"), "{line}");
    Ok(())
}

fn shows_what_the_kernel_says(node: &mut Node<'_>) -> Result<()> {
    let kernel = node.prints(&["dmesg"])?;
    ensure!(kernel.contains("Command line:") && kernel.contains("Linux version"), "{kernel}");
    let last = node.prints(&["dmesg", "--tail", "3"])?;
    ensure!(last.lines().count() == 3 && last.lines().all(|line| line.contains("kernel")), "{last}");
    Ok(())
}

fn lists_its_processes(node: &mut Node<'_>) -> Result<()> {
    let processes = node.ask(&["processes"])?;
    ensure!(find(&processes, "service", "agent")?["uid"] == 901, "{processes}");
    ensure!(find(&processes, "service", "network")?["uid"] == 902, "{processes}");
    let list = processes.as_array().context("no list")?;
    ensure!(list.iter().any(|process| process["pid"] == 1), "{processes}");
    ensure!(list.iter().all(|process| process["state"].is_string()), "{processes}");
    Ok(())
}

fn lists_disks_and_mounts(node: &mut Node<'_>) -> Result<()> {
    let disks = node.ask(&["disks"])?;
    let disk = find(&disks, "name", "vda")?;
    ensure!(disk["system"] == true && disk["bytes"] == 8u64 << 30, "{disk}");
    ensure!(disk["partitions"].as_array().is_some_and(|partitions| partitions.len() == 6), "{disk}");
    let mounts = node.ask(&["mounts"])?;
    ensure!(find(&mounts, "target", "/")?["kind"] == "erofs", "{mounts}");
    let state = find(&mounts, "target", "/var")?;
    ensure!(state["kind"] == "ext4" && state["available_bytes"].as_u64() > Some(1 << 30), "{state}");
    Ok(())
}

/// As QEMU's user network gives them.
fn lists_links_and_addresses(node: &mut Node<'_>) -> Result<()> {
    let links = node.ask(&["links"])?;
    let card = find(&links["links"], "driver", "virtio_net")?;
    ensure!(card["state"] == "up" && card["configured_as"] == "ethernet", "{card}");
    ensure!(card["problem"].is_null(), "{card}");
    ensure!(links["dns"] == serde_json::json!(["10.0.2.3"]), "{links}");
    let addresses = node.ask(&["addresses"])?;
    ensure!(find(&addresses, "address", "10.0.2.15/24")?["source"] == "dhcp4", "{addresses}");
    Ok(())
}

fn lists_routes_and_sockets(node: &mut Node<'_>) -> Result<()> {
    let routes = node.ask(&["routes"])?;
    ensure!(find(&routes, "via", "10.0.2.2")?["source"] == "dhcp", "{routes}");
    let sockets = node.ask(&["sockets"])?;
    let list = sockets.as_array().context("no list")?;
    let listens = |port: &str, uid: u64| {
        list.iter().any(|socket| {
            socket["state"] == "LISTEN"
                && socket["uid"] == uid
                && socket["local"].as_str().is_some_and(|local| local.ends_with(port))
        })
    };
    ensure!(listens(":7443", 901) && listens(":8080", 0), "{sockets}");
    Ok(())
}

fn counts(node: &mut Node<'_>) -> Result<()> {
    let text = node.prints(&["metrics"])?;
    ensure!(text.ends_with("# EOF\n"), "{text}");
    let mut samples = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').with_context(|| line.to_owned())?;
        let value: f64 = value.parse().with_context(|| line.to_owned())?;
        ensure!(name.starts_with("corten_") && value.is_finite(), "{line}");
        samples += 1;
    }
    ensure!(samples > 50, "{samples} samples");
    let calls = "corten_api_calls_total{method=\"corten.v1.Metrics/Get\"";
    ensure!(text.contains("corten_config_generation") && text.contains("corten_api_"), "{text}");
    // The first time that it was asked for is counted when it is asked for again.
    ensure!(node.prints(&["metrics"])?.contains("corten.v1.Metrics/Get"), "no {calls}");
    Ok(())
}

fn tells_of_what_changes(node: &mut Node<'_>) -> Result<()> {
    // Its start may be over before the agent watches.
    node.run(&["restart", "containerd"])?.exits_with(0)?;
    becomes_healthy(node)?;
    let mut command = node.command()?;
    let mut follows =
        command.args(["events", "--backlog"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut out = follows.stdout.take().context("no output")?;
    std::thread::sleep(Duration::from_secs(3));
    follows.kill()?;
    follows.wait()?;
    let mut text = String::new();
    out.read_to_string(&mut text)?;
    for expected in ["containerd", "network", "look"] {
        ensure!(text.contains(expected), "no {expected:?} among the events:\n{text}");
    }
    Ok(())
}

fn tells_where_its_start_went(node: &mut Node<'_>) -> Result<()> {
    let timeline = node.ask(&["timeline"])?;
    ensure!(timeline["ready_ms"].as_u64() > Some(500), "{timeline}");
    for name in ["stage1.verity", "service.containerd", "service.agent"] {
        let step = find(&timeline["steps"], "name", name)?;
        ensure!(step["end_ms"].as_u64() >= step["start_ms"].as_u64(), "{step}");
    }
    let drawn = node.prints(&["timeline"])?;
    ensure!(drawn.contains("service.containerd"), "{drawn}");
    Ok(())
}

fn shows_its_configuration_without_secrets(node: &mut Node<'_>) -> Result<()> {
    let text = node.prints(&["config", "get"])?;
    ensure!(text.contains("hostname = \"api\"") && text.contains("BEGIN CERTIFICATE"), "{text}");
    let secret = secret(node)?;
    ensure!(!text.contains(&secret) && !text.contains("BEGIN PRIVATE KEY"), "the key is shown");
    let json = node.ask(&["config", "get"])?.to_string();
    ensure!(!json.contains(&secret), "the key is shown");
    Ok(())
}

/// A line of the node's private key.
fn secret(node: &Node<'_>) -> Result<String> {
    let text = std::fs::read_to_string(node.owner.path("10-test.toml"))?;
    let key = text.split("-----BEGIN PRIVATE KEY-----").nth(1).context("no key in the document")?;
    Ok(key.trim_start().lines().next().context("no key in the document")?.to_owned())
}

fn collects_an_archive_without_secrets(node: &mut Node<'_>) -> Result<()> {
    let path = node.owner.path("support.tar.gz");
    let path = path.to_str().context("no text")?;
    node.prints(&["support", "--output", path])?;
    let secret = secret(node)?;
    let mut archive = tar::Archive::new(GzDecoder::new(std::fs::File::open(path)?));
    let mut names = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.display().to_string();
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        let content = String::from_utf8_lossy(&content).into_owned();
        ensure!(!content.contains(&secret), "{name} holds the node's key");
        names.push((name, content.len()));
    }
    let has = |part: &str| names.iter().any(|(name, length)| name.contains(part) && *length > 0);
    for part in ["log", "config", "services", "links", "audit", "metrics"] {
        ensure!(has(part), "nothing of {part} in {names:?}");
    }
    Ok(())
}

/// By the kernel's own count of what is resident, as `corten node processes` tells it.
fn needs_little_memory(node: &mut Node<'_>) -> Result<()> {
    let processes = node.ask(&["processes"])?;
    let of = |found: Option<&Value>| found.and_then(|process| process["memory_bytes"].as_u64());
    let list = processes.as_array().context("no list")?;
    let init = of(list.iter().find(|process| process["pid"] == 1)).context("no init")?;
    let agent = of(Some(find(&processes, "service", "agent")?)).context("no agent")?;
    let network = of(Some(find(&processes, "service", "network")?)).context("no network")?;
    ensure!(init + agent < RESIDENT, "init has {init} bytes, the agent {agent}");
    ensure!(network < 8_000_000, "the network service has {network} bytes");
    Ok(())
}

/// What `look` printed when its log was followed.
fn has_an_agent_without_rights(node: &mut Node<'_>) -> Result<()> {
    let text = node.log("look")?;
    // CAP_SYSLOG is number 34.
    let syslog = format!("{:016x}", 1u64 << 34);
    for (name, expected) in [
        ("Uid:", "901 901 901 901"),
        ("CapPrm:", &syslog),
        ("CapEff:", &syslog),
        ("CapBnd:", &syslog),
        ("NoNewPrivs:", "1"),
        ("Seccomp:", "2"),
    ] {
        let line = format!("agent {name} {expected}");
        ensure!(text.lines().any(|found| found.replace('\t', " ").ends_with(&line)), "no {line:?}:\n{text}");
    }
    Ok(())
}

/// Python's gRPC, which learns by reflection what there is.
fn talks_to_a_client_that_is_not_ours(node: &mut Node<'_>) -> Result<()> {
    let script = node.owner.put("client.py", include_str!("client.py"))?;
    let mut python = tool::tool("python3")?;
    python.arg(script).arg(format!("127.0.0.1:{}", node.port));
    python.args(["authority.pem", "admin.pem", "admin.key"].map(|name| node.owner.path(name)));
    let ran = Ran::new(&mut python)?;
    ran.exits_with(0)?;
    let found = ran.json()?;
    ensure!(found["hostname"] == "api" && found["lines"] == 7, "{found}");
    let services = found["services"].as_array().context("no services")?;
    // Reflection of either version tells of itself and not of the other.
    for (method, _) in METHODS.iter().filter(|(method, _)| !method.starts_with("grpc.reflection.")) {
        let service = method.split('/').next().unwrap_or_default();
        ensure!(services.iter().any(|name| name == service), "no {service} in {found}");
    }
    Ok(())
}

/// While the services go on: containerd stays the same process.
fn bears_a_crowd(node: &mut Node<'_>) -> Result<()> {
    let before = node.service("agent")?;
    let mut crowd = Crowd::gather(node, IDLE)?;
    let mut resident = Vec::new();
    for _ in 0..2 {
        crowd.floods(MALFORMED)?;
        let processes = node.ask(&["processes"])?;
        let agent = find(&processes, "service", "agent")?["memory_bytes"].as_u64();
        resident.push(agent.context("no agent")?);
    }
    ensure!(resident[1] < resident[0] + GROWTH && resident[1] < RESIDENT, "{resident:?}");
    crowd.is_there()?;
    let after = node.service("agent")?;
    ensure!(after["pid"] == before["pid"] && after["state"] == "ready", "{before}, then {after}");
    Ok(())
}

fn has_a_killed_agent_back_in_a_second(node: &mut Node<'_>) -> Result<()> {
    let (agent, containerd) = (node.service("agent")?, node.service("containerd")?);
    // Its answer may be lost with the agent.
    node.run(&["restart", "kill"])?;
    node.until(Duration::from_secs(30), |node| {
        let found = node.service("agent")?;
        ensure!(found["pid"] != agent["pid"] && found["state"] == "ready", "{found}");
        Ok(())
    })?;
    ensure!(node.service("containerd")?["pid"] == containerd["pid"], "containerd was started again");
    ensure!(node.service("agent")?["restarts"] == 1, "{agent}");
    let killed = uptime(node, "kill", "kills the agent")?;
    let back = uptime(node, "corten", "service.agent took")?;
    ensure!((killed..killed + 1000).contains(&back), "killed at {killed} ms, ready at {back} ms");
    Ok(())
}

/// Milliseconds after kernel start of the last line of a log with this text.
fn uptime(node: &mut Node<'_>, source: &str, text: &str) -> Result<u64> {
    let ran = node.prints(&["-o", "json", "logs", source])?;
    let mut lines = ran.lines().filter(|line| line.contains(text));
    let last = lines.next_back().with_context(|| format!("no {text:?} in the log of {source}:\n{ran}"))?;
    let line: Value = serde_json::from_str(last).with_context(|| last.to_owned())?;
    let line = line.get("result").unwrap_or(&line);
    line["uptime_ms"].as_u64().with_context(|| format!("no time in {line}"))
}
