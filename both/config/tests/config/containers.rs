//! What is checked of containers and all that they name: each check with a document that it refuses, beside one that it
//! lets pass.

use std::fmt::Write as _;

use corten_config::settings::{
    CheckKind, DiskPressure, Mount, RestartPolicy, Variable, Verification, WorkloadNetwork,
};

use crate::common::{CERTIFICATE, refused, well, wrong};

const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----\\nMAA=\\n-----END PUBLIC KEY-----";

/// A workload with one container, and what else stands in it.
fn workload(name: &str, rest: &str) -> String {
    format!("[workloads.{name}]\n{rest}\n[workloads.{name}.containers.c]\nimage = \"x\"\n")
}

/// A container, and what else stands in it.
fn container(rest: &str) -> String {
    format!("{}{rest}", workload("w", ""))
}

fn mounts(mounts: &str) -> String {
    container(&format!("mounts = {{ {mounts} }}"))
}

fn many(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, n| {
        let _ = write!(text, "{}", item(n));
        text
    })
}

#[test]
fn what_is_not_written_is_filled_in() {
    let merged = well(&workload("w", ""));
    let workload = &merged.settings().containers.workloads["w"];
    assert_eq!(workload.network, WorkloadNetwork::Bridge { name: "default".into() });
    assert_eq!((workload.stop_seconds, workload.essential, workload.containerd), (10, false, false));
    let container = &workload.containers["c"];
    assert_eq!(container.resources.pids_max, Some(4096));
    assert_eq!(container.resources.memory_max, None);
    assert_eq!(container.restart, RestartPolicy::Always);
    assert!(container.capabilities.is_empty() && !container.privileged && !container.new_privileges);
    let merged = well(&container_with_check("tcp = 80\ninterval = \"3s\""));
    let check =
        merged.settings().containers.workloads["w"].containers["c"].readiness.clone().expect("it is there");
    assert_eq!((check.interval_seconds, check.timeout_seconds, check.failures), (3, 3, 3));
}

#[test]
fn a_workload_has_containers_with_images() {
    refused("[workloads.web]", &["`workloads.web.containers` is missing", "[workloads.web.containers.web]"]);
    refused("[workloads.web]\ncontainers = {}", &["the workload `web` has no container", "machine.toml:3"]);
    refused("[workloads.web.containers.a]", &["`workloads.web.containers.a.image` is missing"]);
    // That its name is wrong is enough.
    refused("[workloads.web.containers.A]\nimage = \"x\"", &["`A` is not a key", "did you mean `a`?"]);
}

#[test]
fn there_is_a_most_of_everything() {
    let workloads = |count| many(count, |n| format!("w{n} = {{ containers.c.image = \"x\" }}\n"));
    refused(
        &format!("[workloads]\n{}", workloads(257)),
        &["`workloads` has 257 entries, and 256 are the most"],
    );
    well(&format!("[workloads]\n{}", workloads(256)));
    let containers = |count| many(count, |n| format!("[workloads.w.containers.c{n}]\nimage = \"x\"\n"));
    refused(&containers(17), &["`workloads.w.containers` has 17 entries, and 16 are the most"]);
    well(&containers(16));
    let places = |count| mounts(&many(count, |n| format!("\"/m{n}\" = {{ tmpfs = true }}, ")));
    refused(&places(65), &["mounts` has 65 entries, and 64 are the most"]);
    well(&places(64));
    let variables =
        |count| container(&format!("environment = {{ {} }}", many(count, |n| format!("V{n} = \"\", "))));
    refused(&variables(129), &["environment` has 129 entries, and 128 are the most"]);
    well(&variables(128));
    for (list, most, item) in [
        ("ports", 64, (|n| format!("{}, ", n + 1)) as fn(usize) -> String),
        ("aliases", 64, |n| format!("\"a{n}\", ")),
    ] {
        let list_of = |count| workload("w", &format!("{list} = [{}]", many(count, item)));
        refused(&list_of(most + 1), &[&format!("`workloads.w.{list}` has {} entries", most + 1)]);
        well(&list_of(most));
    }
    for list in ["command", "arguments"] {
        let list_of = |count| container(&format!("{list} = [{}]", "\"a\",".repeat(count)));
        refused(&list_of(257), &["has 257 entries, and 256 are the most"]);
        well(&list_of(256));
    }
    let files = |count| {
        let files = many(count, |n| format!("\"/a/{n}\", "));
        format!(
            "[containers]\nhost-paths = [\"/a\"]\n{}",
            container(&format!("environment-files = [{files}]"))
        )
    };
    refused(&files(17), &["environment-files` has 17 entries"]);
    well(&files(16));
    let paths = |count| format!("[containers]\nhost-paths = [{}]", many(count, |n| format!("\"/a{n}\", ")));
    refused(&paths(65), &["`containers.host-paths` has 65 entries"]);
    well(&paths(64));
    let secrets = |count| format!("[secrets]\n{}", many(count, |n| format!("s{n} = \"x\"\n")));
    refused(&secrets(257), &["`secrets` has 257 entries"]);
    well(&secrets(256));
    let registries = |count| format!("[registries]\n{}", many(count, |n| format!("r{n} = {{}}\n")));
    refused(&registries(257), &["`registries` has 257 entries"]);
    well(&registries(256));
    let mirrors =
        |count| format!("[registries.a]\nmirrors = [{}]", many(count, |n| format!("\"http://m{n}\", ")));
    refused(&mirrors(17), &["`registries.a.mirrors` has 17 entries"]);
    well(&mirrors(16));
}

#[test]
fn what_is_beyond_reason_is_refused_in_time() {
    let started = std::time::Instant::now();
    let ports = many(1000, |n| format!("\"127.0.0.{}:1:1\", ", n % 250));
    let all = many(8, |n| format!("[workloads.w{n}]\nports = [{ports}]\n"));
    wrong(&all);
    let chain = many(256, |n| {
        let next = (n + 1) % 256;
        format!("w{n} = {{ after = [\"w{next}\"], containers.c.image = \"x\" }}\n")
    });
    refused(&format!("[workloads]\n{chain}"), &["in a circle: `w0` after `w1`"]);
    let names = many(64, |n| format!("\"x{n}\", "));
    let all = many(200, |n| format!("w{n} = {{ after = [{names}], containers.c.image = \"x\" }}\n"));
    wrong(&format!("[workloads]\n{all}"));
    let never =
        many(200, |n| format!("w{n} = {{ schedule = \"0 0 30 2 *\", containers.c.image = \"x\" }}\n"));
    wrong(&format!("[workloads]\n{never}"));
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn secrets_that_are_named_exist() {
    let secret = "[secrets]\ndb-password = \"x\"\n";
    let variable = |name: &str| container(&format!("environment = {{ A = {{ secret = \"{name}\" }} }}"));
    refused(
        &format!("{secret}{}", variable("db-pasword")),
        &["environment.A.secret` names \"db-pasword\"", "did you mean `db-password`?", "machine.toml:8"],
    );
    well(&format!("{secret}{}", variable("db-password")));
    let mount = |name: &str| mounts(&format!("\"/s\" = {{ secret = \"{name}\" }}"));
    refused(&mount("db-password"), &["mounts.\"/s\".secret` names \"db-password\", which does not exist"]);
    well(&format!("{secret}{}", mount("db-password")));
}

#[test]
fn secrets_are_texts_of_some_length() {
    for (secret, why) in [
        ("\"\"", "the secret `a` is empty"),
        ("\"(kept by the node)\"", "stands for one that the node doesn't have"),
        ("\"geheim\\u0000\"", "holds NUL"),
        (&format!("\"{}\"", "geheim".repeat(12_000)), "longer than 64 KiB"),
        ("7", "`secrets.a` is an integer, expected a string"),
        ("[\"geheim\"]", "`secrets.a` is a list"),
        ("{ geheim = \"geheim\" }", "`secrets.a` is a table"),
    ] {
        let body = format!("[secrets]\na = {secret}");
        refused(&body, &[why, "machine.toml:3:5"]);
        assert!(!wrong(&body).contains("geheim"));
    }
    refused("[secrets]\nA_b = \"geheim\"", &["`A_b` is not a key of `secrets`", "did you mean `a-b`?"]);
    well("[secrets]\na = \"two\\nlines\"");
}

#[test]
fn paths_of_the_node_are_allowed_first() {
    let with = |paths: &str, body: &str| format!("[containers]\nhost-paths = [{paths}]\n{body}");
    let mount = |path: &str| mounts(&format!("\"/h\" = {{ host = \"{path}\" }}"));
    let file = |path: &str| container(&format!("environment-files = [\"{path}\"]"));
    for body in [&mount as &dyn Fn(&str) -> String, &file] {
        refused(&body("/srv/a"), &["`/srv/a` is in no folder of", "allow it: `host-paths = [\"/srv/a\"]`"]);
        for outside in ["/srv", "/srv/ab", "/var/lib/a"] {
            refused(&with("\"/srv/a\"", &body(outside)), &["is in no folder of", "the folders are `/srv/a`"]);
        }
        for inside in ["/srv/a", "/srv/a/b/c"] {
            well(&with("\"/srv/a\"", &body(inside)));
        }
        for wrong in ["srv/a", "/srv/a/../b", "/srv/a/", "/srv//a", "/srv/a/./b", ""] {
            refused(&with("\"/srv/a\"", &body(wrong)), &["expected an absolute path without"]);
        }
    }
    // Nobody is told to allow what can't be.
    assert!(!wrong(&mount("/proc/1")).contains("allow it"));
}

#[test]
fn no_folder_is_handed_out_that_is_the_nodes_own() {
    for (path, why) in [
        ("/", "`/` holds what is of the node alone"),
        ("/run", "`/run` holds what is of the node alone"),
        ("/usr", "of the node alone"),
        ("/etc", "of the node alone"),
        ("/var", "of the node alone"),
        ("/var/lib", "`/var/lib/corten` is the node's own"),
        ("/var/lib/corten", "`/var/lib/corten` is the node's own"),
        ("/var/lib/corten/agent/audit", "is the node's own"),
        ("/var/lib/containerd", "`/var/lib/containerd` is the node's own"),
        ("/var/lib/containerd/io.containerd.content.v1.content", "is the node's own"),
        ("/run/corten/api/admin.sock", "`/run/corten` is the node's own"),
        ("/run/containerd", "`/run/containerd` is the node's own"),
        ("/usr/lib", "`/usr/lib/corten` is the node's own"),
        ("/proc", "`/proc` is the kernel's"),
        ("/sys/fs/cgroup", "is the kernel's"),
        ("/dev/vda", "is the kernel's"),
        ("var/lib/shared", "expected the absolute path of a folder"),
        ("/srv/../proc", "expected the absolute path of a folder"),
    ] {
        refused(&format!("[containers]\nhost-paths = [\"{path}\"]"), &[why]);
    }
    for path in
        ["/srv", "/var/lib/cortenx", "/var/mnt/data", "/run/user", "/usr/share/zoneinfo", "/devices", "/home"]
    {
        well(&format!("[containers]\nhost-paths = [\"{path}\"]"));
    }
    refused("[containers]\nhost-paths = [\"/srv/\"]", &["did you mean `/srv`?"]);
}

#[test]
fn disks_are_emptied_to_below_where_it_begins() {
    let of = |rest: &str| well(&format!("[containers]\n{rest}")).settings().containers.disk;
    assert_eq!(of(""), DiskPressure { high_percent: 85, low_percent: 75 });
    assert_eq!(of("disk-high-percent = 60"), DiskPressure { high_percent: 60, low_percent: 50 });
    assert_eq!(of("disk-high-percent = 2"), DiskPressure { high_percent: 2, low_percent: 1 });
    assert_eq!(of("disk-low-percent = 10"), DiskPressure { high_percent: 85, low_percent: 10 });
    for (high, low) in [(50, 50), (50, 60)] {
        let body = format!("[containers]\ndisk-high-percent = {high}\ndisk-low-percent = {low}");
        refused(&body, &[&format!("from {high} % on, and {low} % is not below that")]);
    }
    refused("[containers]\ndisk-low-percent = 85", &["from 85 % on, and 85 %"]);
    refused("[containers]\ndisk-high-percent = 100", &["expected 2 to 99"]);
}

#[test]
fn workloads_wait_for_what_can_be_waited_for() {
    let two = |a: &str, b: &str| workload("a", a) + &workload("b", b);
    refused(&two("after = [\"c\"]", ""), &["`workloads.a.after` names \"c\", which does not exist"]);
    let body = workload("db", "") + &workload("web", "after = [\"dbs\"]");
    refused(&body, &["did you mean `db`?", "machine.toml:7:10"]);
    refused(&two("after = [\"a\"]", ""), &["in a circle: `a` after `a`"]);
    refused(&two("after = [\"b\"]", "after = [\"a\"]"), &["in a circle: `a` after `b` after `a`"]);
    let three = two("after = [\"b\"]", "after = [\"c\"]") + &workload("c", "after = [\"a\"]");
    refused(&three, &["in a circle: `a` after `b` after `c` after `a`"]);
    refused(
        &two("after = [\"b\"]", "schedule = \"@daily\""),
        &["`b` runs by its schedule, and `a` can't wait for it"],
    );
    well(&two("after = [\"b\"]\nschedule = \"@daily\"", ""));
    well(&(two("after = [\"b\", \"c\"]", "after = [\"c\"]") + &workload("c", "")));
    // One whose name is wrong is there all the same.
    refused(&(workload("a", "after = [\"b_\"]")), &["expected a name"]);
}

#[test]
fn schedules_come_and_what_they_start_ends() {
    let scheduled = |rest: &str| format!("{}{rest}", workload("w", "schedule = \"0 3 * * *\""));
    let policy = |body: &str| well(body).settings().containers.workloads["w"].containers["c"].restart;
    assert_eq!(policy(&scheduled("")), RestartPolicy::Never);
    assert_eq!(policy(&scheduled("restart = \"on-failure\"")), RestartPolicy::OnFailure);
    assert_eq!(policy(&container("restart = \"always\"")), RestartPolicy::Always);
    refused(&scheduled("restart = \"always\""), &["what runs by a schedule has to end"]);
    refused(
        &workload("w", "schedule = \"0 25 * * *\""),
        &["`workloads.w.schedule` is \"0 25 * * *\"", "the hour `25` is not one of 0 to 23"],
    );
    refused(&workload("w", "schedule = \"0 0 31 2 *\""), &["this day never comes"]);
    refused(&workload("w", "schedule = \"@dayly\""), &["did you mean `@daily`?"]);
    let merged = well(&scheduled(""));
    assert_eq!(merged.settings().containers.workloads["w"].schedule.as_deref(), Some("0 3 * * *"));
}

#[test]
fn a_port_of_the_node_leads_to_one_workload() {
    let one = |ports: &str| workload("a", &format!("ports = [{ports}]"));
    let two = |a: &str, b: &str| one(a) + &workload("b", &format!("ports = [{b}]"));
    for ports in [
        "\"80:1\", \"80:2\"",
        "80, \"127.0.0.1:80:1\"",
        "\"[2001:db8::1]:80:1\", 80",
        "\"80/udp\", \"80:1/udp\"",
    ] {
        refused(&one(ports), &["port 80 of the node is published twice", "machine.toml:3"]);
    }
    refused(
        &two("80", "\"192.0.2.1:80:8080\""),
        &["TCP port 80 of the node is published twice", "machine.toml:7"],
    );
    refused(&two("\"127.0.0.1:80:80\"", "\"127.0.0.1:80:8080\""), &["published twice"]);
    well(&two("80, \"80/udp\"", "\"8080:80\""));
    well(&one("\"127.0.0.1:80:80\", \"127.0.0.2:80:80\", \"[2001:db8::1]:80:80\""));
    refused(&one("80, 80"), &["80 stands twice in `workloads.a.ports`"]);
}

#[test]
fn ports_of_the_node_itself_are_not_published() {
    let one = |ports: &str| workload("a", &format!("ports = [{ports}]"));
    for ports in ["7443", "\"7443:443\"", "\"127.0.0.1:7443:443\""] {
        refused(&one(ports), &["port 7443 is the API's"]);
    }
    well(&one("\"7443/udp\", \"443:7443\""));
    let metrics = "[metrics]\nport = 9443\n";
    refused(&format!("{metrics}{}", one("\"9443:80\"")), &["port 9443 is that of metrics"]);
    well(&format!("{metrics}{}", one("\"9443:80/udp\"")));
    well(&one("\"9443:80\""));
}

#[test]
fn networks_go_with_ports_and_aliases() {
    let of = |network: &str, rest: &str| workload("a", &format!("network = \"{network}\"\n{rest}"));
    refused(&of("none", "ports = [80]"), &["`network = \"none\"` can't be reached by a port"]);
    refused(&of("host", "ports = [\"8080:80\"]"), &["port 8080 can't lead to another one, 80"]);
    well(&of("host", "ports = [\"80:80\", 81, \"82\"]"));
    for network in ["host", "none"] {
        refused(&of(network, "aliases = [\"www\"]"), &["aliases are names on a bridge"]);
    }
    well(&of("front", "ports = [\"8080:80\"]\naliases = [\"www\"]"));
    let clash = |network: &str| of("front", "aliases = [\"b\"]") + &workload("b", network);
    refused(&clash("network = \"front\""), &["`b` is the name of a workload on the bridge `front`"]);
    well(&clash(""));
    refused(&workload("a", "aliases = [\"a\"]"), &["`a` is the name of a workload on the bridge `default`"]);
    // Two that are called alike share the work.
    well(&(workload("a", "aliases = [\"www\"]") + &workload("b", "aliases = [\"www\"]")));
}

#[test]
fn bridges_have_links_of_their_own() {
    let of = |name: &str| workload("a", &format!("network = \"{name}\""));
    well(&of("abcdefghijkl"));
    refused(&of("abcdefghijklm"), &["1 to 12 characters"]);
    refused(&of("Front"), &["did you mean `front`?"]);
    let bridge = "[network.bridges.ctn-default]\n";
    refused(
        &format!("{bridge}{}", workload("a", "")),
        &["`ctn-default` is the link of the bridge `default`"],
    );
    well(&format!("{bridge}{}", of("front")));
    well(&format!("{bridge}{}", of("host")));
}

#[test]
fn rights_are_given_once() {
    refused(&container("privileged = true\ncapabilities = [\"CAP_CHOWN\"]"), &["leaves none to name"]);
    well(&container("privileged = false\ncapabilities = [\"CAP_CHOWN\"]"));
    well(&container("privileged = true\ncapabilities = []"));
    refused(&container("capabilities = [\"NET_ADMIN\"]"), &["did you mean `CAP_NET_ADMIN`?"]);
    refused(&container("capabilities = [\"cap_chwon\"]"), &["did you mean `CAP_CHOWN`?"]);
    refused(&container("capabilities = [\"all\"]"), &["expected the name of a capability"]);
    for system in ["", "system = \"operator\""] {
        refused(
            &workload("w", &format!("containerd = true\n{system}")),
            &["makes a workload root of the node"],
        );
    }
    well(&workload("w", "containerd = true\nsystem = \"admin\""));
    refused(&workload("w", "system = \"root\""), &["expected `reader`, `operator` or `admin`"]);
}

#[test]
fn mounts_are_of_one_kind_at_a_place_that_can_be() {
    for place in
        ["data", "/", "/proc", "/proc/sys", "/sys", "/dev", "/dev/shm", "/data/", "/a/../b", "/a//b", ""]
    {
        refused(
            &mounts(&format!("\"{place}\" = {{ tmpfs = true }}")),
            &["expected an absolute path that is not `/`"],
        );
    }
    refused(&mounts("\"/data/\" = { tmpfs = true }"), &["did you mean `/data`?"]);
    refused(
        &mounts("\"/data\" = { tmpfs = true }, \"/data\" = { volume = \"a\" }"),
        &["`\"/data\"` stands twice"],
    );
    refused(&mounts("\"/a\" = {}"), &["a mount of nothing"]);
    refused(&mounts("\"/a\" = { read-only = true }"), &["a mount of nothing"]);
    refused(&mounts("\"/a\" = { tmpfs = false }"), &["a mount of nothing", "write `tmpfs = true`"]);
    refused(
        &mounts("\"/a\" = { tmpfs = true, volume = \"a\" }"),
        &["`volume` and `tmpfs` exclude each other"],
    );
    refused(
        &mounts("\"/a\" = { tmpfs = true, read-only = true }"),
        &["`read-only` says nothing about `tmpfs`"],
    );
    refused(
        &mounts("\"/a\" = { volume = \"a\", size = \"1 MiB\" }"),
        &["`size` says nothing about `volume`"],
    );
    refused(&mounts("\"/a\" = { volume = \"A_b\" }"), &["did you mean `a-b`?"]);
    let merged = well(&mounts("\"/a\" = { volume = \"a\" }, \"/a/b\" = { tmpfs = true, size = \"2MiB\" }"));
    let mounts = &merged.settings().containers.workloads["w"].containers["c"].mounts;
    assert_eq!(mounts["/a"], Mount::Volume { name: "a".into(), read_only: false });
    assert_eq!(mounts["/a/b"], Mount::Tmpfs { size: Some(2 << 20) });
}

#[test]
fn variables_have_one_value() {
    let environment = |variables: &str| container(&format!("environment = {{ {variables} }}"));
    refused(&environment("A = {}"), &["the variable `A` has no value"]);
    refused(
        &environment("A = { text = \"a\", secret = \"b\" }"),
        &["`text` and `secret` exclude each other"],
    );
    refused(&environment("A = true"), &["is a boolean, expected a string or an integer", "machine.toml:6"]);
    refused(&environment("A = [\"a\"]"), &["is a list, expected a string or an integer"]);
    refused(&environment("A = \"a\\u0000\""), &["a text of 64 KiB at most without NUL"]);
    refused(&environment("A = \"(kept by the node)\""), &["stands for a secret that the node doesn't have"]);
    assert!(wrong(&environment("A = { txet = \"a\" }")).contains("did you mean `text`?"));
    refused(&environment("\"A=B\" = \"a\""), &["is not a key of", "expected the name of a variable"]);
    let merged = well(&environment("A = \"\", B = -7, \"a.b-c\" = { text = \"x\\ny\" }"));
    let variables = &merged.settings().containers.workloads["w"].containers["c"].environment;
    let text = |text: &str| Variable::Text { text: text.into() };
    assert_eq!(
        (&variables["A"], &variables["B"], &variables["a.b-c"]),
        (&text(""), &text("-7"), &text("x\ny"))
    );
}

fn container_with_check(check: &str) -> String {
    format!("{}[workloads.w.containers.c.readiness]\n{check}", workload("w", ""))
}

#[test]
fn checks_of_containers_ask_one_thing_in_time() {
    refused(&container_with_check("interval = \"5s\""), &["readiness` asks nothing"]);
    refused(&container_with_check("tcp = 80\nhttp = \":80\""), &["`http` and `tcp` exclude each other"]);
    refused(&container_with_check("tcp = 80\nservice = \"a\""), &["`service` says nothing about `tcp`"]);
    refused(&container_with_check("tcp = 0"), &["expected 1 to 65535"]);
    refused(&container_with_check("tcp = 80\ninterval = \"2s\"\ntimeout = \"3s\""), &["may take 3 s"]);
    refused(&container_with_check("command = []"), &["readiness.command` names no program"]);
    refused(&container_with_check("command = [\"\"]"), &["names no program"]);
    refused(&container("command = []"), &["`workloads.w.containers.c.command` names no program"]);
    for (http, close) in [
        ("8080/path", ":8080/path"),
        ("http://127.0.0.1:8080/path", ":8080/path"),
        ("localhost:8080", ":8080"),
    ] {
        let help = format!("did you mean `{close}`?");
        refused(&container_with_check(&format!("http = \"{http}\"")), &["a port of the container", &help]);
    }
    let kind = |check: &str| {
        let merged = well(&container_with_check(check));
        let check = merged.settings().containers.workloads["w"].containers["c"].readiness.clone();
        check.expect("it is there").kind
    };
    assert_eq!(kind("http = \":8080\""), CheckKind::Http { port: 8080, path: "/".into() });
    assert_eq!(kind("grpc = 9000"), CheckKind::Grpc { port: 9000, service: String::new() });
}

#[test]
fn limits_can_be_reached() {
    let resources = |rest: &str| container(&format!("resources = {{ {rest} }}"));
    refused(
        &resources("memory-max = \"64 MiB\", memory-high = \"65 MiB\""),
        &["`memory-high` is above `memory-max`"],
    );
    well(&resources("memory-max = \"64 MiB\", memory-high = \"64 MiB\""));
    refused(&resources("memory-max = \"1023 KiB\""), &["less than 1 MiB"]);
    refused(&resources("pids-max = 0"), &["expected 1 to 4194304"]);
    refused(&resources("pids-max = \"unlimited\""), &["is a string, expected an integer"]);
    refused(&resources("io-weight = 0"), &["expected 1 to 10000"]);
    let millis = |cpu: &str| {
        let merged = well(&resources(&format!("cpu = {cpu}")));
        merged.settings().containers.workloads["w"].containers["c"].resources.cpu_millis
    };
    for (cpu, expected) in
        [("\"1.5\"", 1500), ("\"500m\"", 500), ("2", 2000), ("\"0.01\"", 10), ("\"1.005\"", 1005)]
    {
        assert_eq!(millis(cpu), Some(expected), "{cpu}");
    }
    for cpu in [
        "\"0\"",
        "\"9m\"",
        "\"1.0005\"",
        "\"-1\"",
        "\".5\"",
        "\"1.\"",
        "\"\"",
        "\"+1\"",
        "\"99999999999\"",
        "0",
    ] {
        refused(&resources(&format!("cpu = {cpu}")), &["a number of processors from 0.01 to 4096"]);
    }
}

#[test]
fn registries_let_in_what_they_are_told() {
    let registry = |rest: &str| format!("[registries.\"registry.example.org\"]\n{rest}");
    let keys = format!("keys = [\"{PUBLIC_KEY}\"]");
    let verify =
        |body: &str| well(body).settings().containers.registries["registry.example.org"].verify.clone();
    assert_eq!(verify(&registry("")), Verification::None);
    assert_eq!(verify(&registry("verify = \"digest\"")), Verification::Digest);
    assert!(matches!(
        verify(&registry(&format!("verify = \"signature\"\n{keys}"))),
        Verification::Signature { keys } if keys.len() == 1
    ));
    assert_eq!(verify(&registry("verify = \"none\"\nkeys = []")), Verification::None);
    for rest in ["verify = \"signature\"", "verify = \"signature\"\nkeys = []"] {
        refused(&registry(rest), &["keys` is missing", "whose signatures count?"]);
    }
    for verify in ["", "verify = \"none\"", "verify = \"digest\""] {
        refused(
            &registry(&format!("{keys}\n{verify}")),
            &["keys say something with `verify = \"signature\"` alone"],
        );
    }
    refused(&registry(&format!("{keys}\nverify = \"signatur\"")), &["did you mean `signature`?"]);
    refused(
        &registry(&format!("verify = \"signature\"\nkeys = [\"\"\"{CERTIFICATE}\"\"\"]")),
        &["expected a public key in PEM", "this holds `CERTIFICATE`"],
    );
}

#[test]
fn a_login_is_whole_and_for_one_registry() {
    let registry = |name: &str, rest: &str| format!("[registries.\"{name}\"]\n{rest}");
    refused(&registry("a", "user = \"u\""), &["`registries.a.password` is missing"]);
    refused(&registry("a", "password = \"p\""), &["`registries.a.user` is missing"]);
    refused(
        &registry("*", "user = \"u\"\npassword = \"p\""),
        &["every registry would be shown this password"],
    );
    well(&registry("a", "user = \"u\"\npassword = \"p\""));
    for password in ["\"(kept by the node)\"", "\"\"", "\"geheim\\n\"", "7"] {
        let body = registry("a", &format!("user = \"u\"\npassword = {password}"));
        refused(&body, &["`registries.a.password` is", "expected a"]);
        assert!(!wrong(&body).contains("geheim"));
    }
    refused(&registry("a", "user = \"u:p\"\npassword = \"p\""), &["without `:`"]);
}

#[test]
fn no_port_of_the_kernels_own_loopback_leads_to_a_bridge() {
    let ports = |rest: &str| workload("w", &format!("ports = [\"[::1]:53:53/udp\"]{rest}"));
    let told = ["from [::1]", "publish it on 127.0.0.1, or write `network = \"host\"`", "machine.toml:3:10"];
    refused(&ports(""), &told);
    refused(&ports("\nnetwork = \"front\""), &told);
    well(&ports("\nnetwork = \"host\""));
    well(&workload("w", "ports = [\"127.0.0.1:53:53/udp\"]"));
}

#[test]
fn items_keep_their_numbers_beside_wrong_ones() {
    let second = |body: &str, word: &str, column: &str| {
        let report = wrong(body);
        let line = report.lines().find(|line| line.contains(word)).unwrap_or_else(|| panic!("{report}"));
        assert!(line.contains(column), "{report}");
    };
    second(&workload("w", "ports = [0, 7443]"), "is the API's", ":3:13");
    second(&workload("w", "after = [\"B_\", \"x\"]"), "names \"x\"", ":3:16");
    second(&(workload("w", "aliases = [\"B_\", \"v\"]") + &workload("v", "")), "name of a workload", ":3:18");
    second(&container("environment-files = [\"b\", \"/srv/x\"]"), "in no folder", ":6:27");
}

#[test]
fn numbers_and_truths_that_are_meant_as_text_are_said_how_to_write() {
    refused(
        &container("resources = { cpu = 1.5 }"),
        &["resources.cpu` is a number with a fraction", "help: write it as text: \"1.5\""],
    );
    refused(
        &container("environment = { A = true }"),
        &["containers.c.environment.A` is a boolean", "help: write it as text: \"true\""],
    );
    refused(
        &container("environment = { A = { text = 1.5 } }"),
        &["containers.c.environment.A.text` is a number", "help: write it as text: \"1.5\""],
    );
    refused(
        &container("environment = { A = [] }"),
        &["containers.c.environment.A` is a list, expected a string"],
    );
    assert!(!wrong(&container("resources = { cpu = [1] }")).contains("help"));
}
