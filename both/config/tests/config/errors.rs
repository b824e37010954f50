//! What a person reads when a configuration is wrong. Each document is shown with what is said about it.

use crate::common::{KEY, KEY_BYTES, toml, wrong, yaml};
use corten_config::{Document, read};

fn told(bodies: &[&str]) -> String {
    let told: Vec<String> = bodies.iter().map(|body| format!("{body}\n--> {}", wrong(body))).collect();
    told.join("\n\n")
}

fn told_of(documents: &[Document]) -> String {
    read(documents).map(drop).expect_err("something is wrong").to_string()
}

#[test]
fn keys_types_and_values() {
    insta::assert_snapshot!(told(&[
        "[identity]\nhostnam = \"a\"",
        "[identity]\nflavour = 1",
        "[indentity]\nhostname = \"a\"",
        "identity = \"a\"",
        "[identity]\nhostname = 7",
        "[identity]\nhostname = \"Node_1\"",
        "[identity]\nlabels = { \"-a\" = \"b\", rack = [\"a\"] }",
        "[network]\ndns = \"192.0.2.53\"\nntp = [\"time_server\"]\nsearch = [\"-a.org\"]",
        "[network]\ndns = [\"192.0.2.0/24\", \"ff02::1\", \"192.0.2.1\", \"192.0.2.1\"]",
        "[network.links.Lan]\nmatch = { name = \"eth0\" }\ndhcp4 = \"yes\"",
        "[network.links.lan]\nmatch = { mac = \"52-54-00-12-34-56\" }\nmtu = 40\naddresses = [\"192.0.2.4\", \"192.0.2.0/24\"]",
        "[network.links.lan]\nmatch = { name = \"eth0\" }\nroutes = [{ to = \"192.0.2.1/24\" }, { via = \"192.0.2.1\" }]",
        "[network.vlans.a-very-long-name-10]\nlink = \"lan\"\nid = 4095",
        "[network.bonds.lo]\nlinks = []\nmode = \"802.3da\"",
    ]));
}

#[test]
fn values_of_the_other_tables() {
    insta::assert_snapshot!(told(&[
        "[api]\ntrusted = [\"abc\", \"-----BEGIN CERTIFICATE-----\\nMAA=\"]\nallowed = [\"192.0.2.1\"]",
        "[api]\nrevoked = [\"AA:BB\", \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]",
        "[api]\ncertificate = \"-----BEGIN CERTIFICATE-----\\nMAA\\n-----END CERTIFICATE-----\"\n\
         key = \"-----BEGIN EC PRIVATE KEY-----\\nMAA=\\n-----END EC PRIVATE KEY-----\"",
        "[api]\nkey = \"(kept by the node)\"",
        "[api.limits]\nconnections = 0",
        "[kernel]\nmodules = [\"wireguard.ko\"]\nsysctl = { swappiness = 1, \"vm.swappiness\" = true }",
        "[storage.disks.data]\ndisk = { name = \"/dev/vdb\" }\nfile-system = \"xfs\"\nlabel = \"a label that is too long\"\n\
         mount = \"/mnt/data\"",
        "[[firewall.allow]]\nprotocol = \"sctp\"\nports = [0, \"90-80\", \"http\"]\nfrom = [\"192.0.2.1/24\"]",
        "[logging.targets.central]\naddress = \"logs.example.org\"\ntransport = \"udp\"\nformat = \"jsn\"",
        "[health.checks.web]\nhttp = \"https://127.0.0.1/\"\ninterval = 30\ntimeout = \"5 s\"\nfailures = 0",
        "[health.checks.web]\ntcp = \"::1:80\"\ninterval = \"30\"",
        "[metrics]\nport = 70000",
    ]));
}

#[test]
fn containers_and_what_they_name() {
    insta::assert_snapshot!(told(&[
        "[containers]\nhost-paths = [\"/var/lib\", \"srv\", \"/srv/../etc\", \"/srv/\"]\nallow-exec = 1\ndisk-high-percent = 101",
        "[containers]\nallow-exce = true",
        "[registries.\"https://registry.example.org/\"]\nplain-http = \"yes\"",
        "[registries.\"registry.example.org\"]\nmirrors = [\"mirror.example.org\", \"https://mirror.example.org/v2/\"]\n\
         user = \"node\"\nverify = \"signed\"\nkeys = [\"abc\"]",
        "[secrets]\nDB_PASSWORD = \"geheim\"\ndb-password = 7",
        "[workload.web]",
        "[workloads.Web_1]\nimage = \"web\"",
        "[workloads.web]\nnetwork = \"a-bridge-too-far\"\nports = [\"80:web\", \"0.0.0.0:80:80\", 70000]\naliases = [\"www.example.org\"]\n\
         after = \"db\"\nschedule = \"0 3 * *\"\nsystem = \"root\"\nruntime = \"/usr/bin/crun\"\nstop-seconds = \"10s\"\n\
         [workloads.web.containers.nginx]\nimage = \"web\"",
        "[workloads.web.containers.nginx]\nimage = \"Registry.example.org/Web:1\"\ncommand = \"nginx\"\narguments = [1]\n\
         environment = { \"A B\" = \"x\", C = true, D = { secret = \"a\", value = \"b\" } }\nenvironment-files = [\"web.env\"]\n\
         working-directory = \"srv\"\nuser = \"www:data:x\"\ncapabilities = [\"NET_BIND_SERVICE\", \"CAP_EVERYTHING\"]\n\
         stop-signal = \"QUIT\"\nrestart = \"unless-stopped\"",
        "[workloads.web.containers.nginx]\nimage = \"web@sha256:abc\"\nresources = { cpu = 1.5, memory-max = \"64M\", memory = \"1 GiB\", pids-max = 0 }\n\
         mounts = { data = { volume = \"web_data\" }, \"/proc/x\" = { tmpfs = true }, \"/h\" = { host = \"/srv\", size = \"1 MiB\" } }\n\
         startup = { http = \"http://localhost:80/\", interval = 5 }\nliveness = { tcp = \"80\", failures = 0 }",
        "[network.proxy]\nhttp = \"proxy.example.org:3128\"\nno-proxy = [\"*.example.org\", \"192.0.2.1/24\"]",
    ]));
}

#[test]
fn containers_that_do_not_go_together() {
    let web = "[workloads.web.containers.web]\nimage = \"web\"";
    let db = "[workloads.db.containers.db]\nimage = \"db\"";
    insta::assert_snapshot!(told(&[
        &format!("[workloads.web]\nafter = [\"dv\"]\nports = [80, \"127.0.0.1:80:8080\", 7443]\n{web}\n{db}"),
        &format!("[workloads.web]\nafter = [\"db\"]\n{web}\n[workloads.db]\nafter = [\"web\"]\n{db}"),
        &format!(
            "[workloads.web]\nafter = [\"db\"]\n{web}\n[workloads.db]\nschedule = \"@daily\"\n{db}\nrestart = \"always\""
        ),
        &format!(
            "{web}\nprivileged = true\ncapabilities = [\"CAP_CHOWN\"]\nmounts = {{ \"/a\" = {{ host = \"/srv\" }} }}"
        ),
        &format!("[secrets]\nworld = \"x\"\n{web}\nenvironment = {{ A = {{ secret = \"word\" }} }}"),
        "[workloads.web]\nessential = true",
        "[registries.a]\nverify = \"signature\"\nuser = \"node\"",
    ]));
}

#[test]
fn documents_that_are_none() {
    let deep = format!("version = 1\nidentity = {}1{}", "[".repeat(40), "]".repeat(40));
    let large = format!("version = 1\n# {}", "a".repeat(256 << 10));
    let documents = [
        vec![toml("")],
        vec![toml("version = 2")],
        vec![toml("version = \"1\"")],
        vec![toml("version = 1\n[identity\nhostname = a\nversion = 1")],
        vec![toml("version = 1\nversion = 1")],
        vec![toml("version = 1\n[identity]\n[identity]")],
        vec![toml(&deep)],
        vec![toml(&large)],
        vec![yaml("")],
        vec![yaml("- a\n- b")],
        vec![yaml("version: 1\nidentity:\n  hostname: a\n  hostname: b")],
        vec![yaml("version: 1\nidentity: &a\n  hostname: a\n")],
        vec![yaml("version: 1\nidentity:\n  <<: {hostname: a}\n")],
        vec![yaml("version: 1\nidentity: !secret {hostname: a}\n")],
        vec![yaml("version: 1\nidentity:\n   hostname: a\n  labels: {}\n")],
        vec![yaml("version: 1\nidentity: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")],
        vec![yaml("version: 1\nidentity:\n  hostnam: a\nmetrics:\n  port: 9443.5\n")],
        vec![yaml("version: 1\n---\nversion: 1\n")],
        vec![toml("version = 1"), yaml("identity: {hostname: A}")],
    ];
    let told: Vec<String> = documents.iter().map(|documents| told_of(documents)).collect();
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn all_that_is_wrong_is_told_at_once_in_the_order_of_documents_and_lines() {
    let image = toml("version = 1\n[network.vlans.lan10]\nlink = \"lam\"\nid = 10\n[metrics]\nport = 0\n");
    let operator = yaml(
        "version: 1\nnetwork:\n  links:\n    lan:\n      match: {mac: 52:54:00:12:34:56}\n      dhcp: true\nidentity:\n  \
         hostname: Node\n",
    );
    insta::assert_snapshot!(told_of(&[image, operator]));
}

#[test]
fn nothing_that_is_told_holds_a_secret() {
    let key = KEY.replace('\n', "\\n");
    for body in [
        format!("[api]\nkey = \"{} \"\n", key.replace("==", "=")),
        format!("[api]\ntrusted = [\"{key}\"]"),
        format!("[api]\nkee = \"{key}\""),
        format!("[identity]\nhostname = \"{key}\""),
        format!("[identity]\nlabels = {{ a = \"{}\" }}", KEY.replace('\n', " ")),
    ] {
        let report = wrong(&body);
        assert!(!report.contains("MAsMCWdl"), "{report}");
    }
}

#[test]
fn a_report_for_developers_holds_no_text_of_a_document() {
    let text = format!("version = 1\n[api]\nkey = \"\"\"{KEY}\"\"\"\n[metrics]\nport = 0\n");
    let report = read(&[toml(&text)]).map(drop).expect_err("two things are wrong");
    let complaints = format!("{:?}", report.diagnostics());
    assert!(complaints.contains("[api]") && !complaints.contains(KEY_BYTES), "{complaints}");
    insta::assert_snapshot!(format!("{report:?}"));
    assert!(!format!("{report:#?}").contains(KEY_BYTES));
}

/// The texts of everything that is told of a document.
fn shown(document: &Document) -> Vec<String> {
    let report = read(std::slice::from_ref(document)).map(drop).expect_err("something is wrong");
    let texts = report.diagnostics();
    texts.iter().filter_map(|one| Some(one.origin()?.source.text.to_string())).collect()
}

#[test]
fn lines_that_are_shown_have_stars_over_their_secrets() {
    let documents = [
        toml(&format!(
            "version = 1\n[api]\nkey = \"\"\"{KEY}\"\"\"\nport = 0\n[secrets]\ndb = \"geheim\"\nnumber = 4711\n\
             list = [\"geheim\"]\n[registries.a]\nuser = 7\npassword = {{ x = \"geheim\" }}\n\
             [network.proxy]\nhttp = \"u:geheim@p\""
        )),
        toml("version = 1\nsecrets = \"geheim\"\nmetrics.port = 0"),
        toml("version = 1\nsecrets = [\n  \"geheim\",\n]\nmetrics.port = 0 # https://u:geheim@p/"),
        yaml(&format!(
            "version: 1\napi:\n  key: |\n{}  port: 0\nsecrets:\n  db: geheim\n  two: >\n    geheim\n    geheim\n  \
             list: [geheim, 4711]\n  more:\n  - geheim\n",
            KEY.lines().fold(String::new(), |text, line| text + "    " + line + "\n")
        )),
        toml(
            "version = 1\nhostname = a\n[secrets]\ndb = \"geheim\"\nc = geheim\n[registries.a]\npassword = geheim",
        ),
        yaml("version: 1\nsecrets:\n  db: geheim\n  b: [geheim\nregistries:\n  a: {password: geheim\n"),
        toml(&format!("version = 1\na = b\n[api]\nkey = \"\"\"{KEY}\"\"\"\nnew = \"geheim\"\n")),
    ];
    for document in &documents {
        let texts = shown(document);
        assert!(!texts.is_empty());
        for text in texts {
            for secret in ["geheim", "4711", KEY_BYTES] {
                assert!(!text.contains(secret), "{text}\n{}", document.text);
            }
            assert_eq!(text.len(), document.text.len());
            assert_eq!(text.lines().count(), document.text.lines().count());
        }
    }
    let told = [&documents[0], &documents[4]].map(|document| shown(document).remove(0));
    assert!(told[0].contains("port = 0\n[secrets]\ndb = ********\nnumber = ****\n"), "{}", told[0]);
    assert!(told[1].contains("\nhostname = a\n") && told[1].contains("\npassword =*******"), "{}", told[1]);
}
