//! A node in namespaces of its own, somebody outside, and workloads that answer.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use corten_config::settings::{Firewall, PublishedPort, Transport, Workload, WorkloadNetwork};
use corten_containers::network::{Joined, Networks, Places};
use corten_network::WorkloadPort;
use corten_network::firewall::{Api, ruleset};
use corten_sys::netns;

/// Says that a test runs in namespaces of its own.
const INSIDE: &str = "CORTEN_NETWORKS_LAB";
/// How long something may take that happens at once. Machines of tests are slow.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a connection may take to count as open.
const OPEN: Duration = Duration::from_secs(3);
/// And how long nothing has to come for it to count as closed.
const CLOSED: Duration = Duration::from_millis(300);

/// The node of a test. Its own network is that of the process.
pub struct Lab {
    directory: tempfile::TempDir,
    tools: BTreeMap<&'static str, PathBuf>,
    pub networks: Networks,
}

/// Runs a test in namespaces of its own; skips it where there are none, or no tools.
pub fn lab(test: &str, body: impl FnOnce(&mut Lab)) {
    let tools = match find_tools() {
        Ok(tools) => tools,
        Err(why) => {
            assert!(std::env::var("CORTEN_REQUIRE_TOOLS").as_deref() != Ok("1"), "{why}");
            eprintln!("skipped: {why}");
            return;
        }
    };
    if std::env::var_os(INSIDE).is_some() {
        body(&mut Lab::build(tools));
        return;
    }
    let status = Command::new("unshare")
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture", "--include-ignored"])
        .env(INSIDE, "1")
        .status()
        .expect("unshare starts");
    assert!(status.success(), "{test} failed inside: {status}");
}

fn find_tools() -> Result<BTreeMap<&'static str, PathBuf>, String> {
    if fs::metadata("/proc/self/ns/net").is_err() || !is_root() {
        return Err("not root".into());
    }
    let folder = std::env::var_os("CORTEN_TOOLS_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = folder
        .into_iter()
        .chain(["/usr/lib/podman".into()])
        .chain(std::env::split_paths(&path))
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .collect();
    let mut found = BTreeMap::new();
    for name in ["netavark", "aardvark-dns", "nft", "ip", "unshare"] {
        let path = folders.iter().map(|folder| folder.join(name)).find(|path| path.exists());
        found.insert(name, path.ok_or(format!("{name} is missing"))?);
    }
    Ok(found)
}

fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().any(|line| line.split_whitespace().take(3).eq(["Uid:", "0", "0"]))
}

impl Lab {
    fn build(tools: BTreeMap<&'static str, PathBuf>) -> Self {
        let directory = tempfile::tempdir().expect("a folder");
        let resolv_conf = directory.path().join("resolv.conf");
        fs::write(&resolv_conf, "nameserver 192.0.2.1\nsearch lan.example\n").expect("writable");
        fs::write(directory.path().join("hosts"), "127.0.1.1 node\n192.0.2.1 router\n").expect("writable");
        // As on a node, where the one is a link to the other.
        let etc = directory.path().join("etc");
        fs::create_dir(&etc).expect("writable");
        std::os::unix::fs::symlink(&resolv_conf, etc.join("resolv.conf")).expect("writable");
        rustix::mount::mount_bind(&etc, "/etc").expect("a mount namespace of its own");
        let networks = Networks::open(places(directory.path(), &tools), "machine").expect("nothing is there");
        let lab = Self { directory, tools, networks };
        lab.ip("link set lo up");
        lab.firewall(&[], &Firewall::default());
        lab
    }

    pub fn places(&self) -> Places {
        places(self.directory.path(), &self.tools)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Another daemon takes over.
    pub fn restart(&mut self) -> Vec<String> {
        self.networks = Networks::open(self.places(), "machine").expect("readable");
        self.networks.restore().expect("the kernel tells")
    }

    /// Puts the node's own firewall into force.
    pub fn firewall(&self, ports: &[WorkloadPort], firewall: &Firewall) {
        let api = Api { ports: &[7443], allowed: &["198.51.100.0/24".parse().expect("a network")] };
        let mut nft = Command::new(&self.tools["nft"])
            .args(["-f", "-"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("nft starts");
        let text = ruleset(firewall, api, ports);
        nft.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it reads");
        assert!(nft.wait().expect("it ends").success(), "{text}");
    }

    /// Somebody outside: another namespace with a cable to the node, at 192.0.2.1 and 2001:db8::1; the node is at 7.
    pub fn outside(&self) -> PathBuf {
        let place = self.path("outside");
        fs::write(&place, "").expect("writable");
        netns::make(&place).expect("root may");
        self.ip("link add ext0 type veth peer name ext1");
        // `ip` knows namespaces by process or by a name below /run/netns, so the peer goes in by a link to here.
        fs::create_dir_all("/run/netns").expect("writable");
        let known = format!("/run/netns/corten-{}", std::process::id());
        fs::write(&known, "").expect("writable");
        rustix::mount::mount_bind(&place, &known).expect("root may");
        let name = known.rsplit('/').next().unwrap_or_default().to_owned();
        self.ip(&format!("link set ext1 netns {name}"));
        rustix::mount::unmount(&known, rustix::mount::UnmountFlags::DETACH).expect("just mounted");
        fs::remove_file(&known).expect("ours");
        for command in [
            "address add 192.0.2.7/24 dev ext0",
            "address add 2001:db8::7/64 dev ext0 nodad",
            "link set ext0 up",
        ] {
            self.ip(command);
        }
        netns::within(&place, || {
            for command in [
                "link set lo up",
                "address add 192.0.2.1/24 dev ext1",
                "address add 2001:db8::1/64 dev ext1 nodad",
                "link set ext1 up",
                // What an attacker on the same network may do.
                "route add 10.89.0.0/16 via 192.0.2.7",
            ] {
                self.ip(command);
            }
        })
        .expect("it is kept");
        place
    }

    /// Runs `ip` in the network of this thread.
    pub fn ip(&self, arguments: &str) -> String {
        let output = Command::new(&self.tools["ip"]).args(arguments.split_whitespace()).output();
        let output = output.expect("ip starts");
        assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub fn join(&mut self, name: &str, workload: &Workload) -> Joined {
        self.networks.join(name, workload).unwrap_or_else(|error| panic!("{name} joins: {error}"))
    }

    /// All that belongs to workloads, as text.
    pub fn left(&self) -> String {
        let nft = Command::new(&self.tools["nft"]).args(["list", "ruleset"]).output().expect("nft starts");
        let links = self.ip("-o link");
        let links: Vec<&str> = links.lines().filter_map(|line| line.split(": ").nth(1)).collect();
        let mounts = fs::read_to_string("/proc/self/mountinfo").expect("readable");
        let mounts: Vec<&str> = mounts.lines().filter(|line| line.contains("nsfs")).collect();
        let mut files = Vec::new();
        list(&self.places().folder, &mut files);
        files.sort();
        format!(
            "{}\n{links:?}\n{mounts:?}\n{files:#?}\nname servers: {}",
            String::from_utf8_lossy(&nft.stdout),
            name_servers().len()
        )
    }
}

/// Processes of name servers that have not ended.
pub fn name_servers() -> Vec<u32> {
    let is_one = |number: &u32| {
        let line = fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains("aardvark-dns\0")
    };
    let entries = fs::read_dir("/proc").expect("readable").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(is_one).collect()
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("readable").flatten() {
        files.push(entry.path());
        if entry.path().is_dir() {
            list(&entry.path(), files);
        }
    }
}

fn places(directory: &Path, tools: &BTreeMap<&'static str, PathBuf>) -> Places {
    Places {
        folder: directory.join("containers"),
        netavark: tools["netavark"].clone(),
        name_server: tools["aardvark-dns"].clone(),
        nft: tools["nft"].clone(),
        resolv_conf: directory.join("resolv.conf"),
        hosts: directory.join("hosts"),
    }
}

/// A workload on a bridge.
pub fn on(bridge: &str) -> Workload {
    workload(WorkloadNetwork::Bridge { name: bridge.to_owned() })
}

pub fn workload(network: WorkloadNetwork) -> Workload {
    Workload {
        containers: BTreeMap::new(),
        network,
        ports: Vec::new(),
        aliases: Vec::new(),
        after: Vec::new(),
        schedule: None,
        essential: false,
        system: None,
        containerd: false,
        runtime: None,
        stop_seconds: Workload::STOP_SECONDS,
    }
}

/// A port of the node that leads to port 80 of a workload.
pub fn port(address: &str, node_port: u16, protocol: Transport) -> PublishedPort {
    PublishedPort { address: address.parse().ok(), node_port, port: 80, protocol }
}

pub fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Runs something in the network of a workload.
pub fn within<T: Send>(joined: &Joined, task: impl FnOnce() -> T + Send) -> T {
    netns::within(joined.namespace.as_deref().expect("it has its own"), task).expect("it is kept")
}

/// Answers on a TCP port with these words until the test ends, from the network of this thread.
pub fn serve(address: IpAddr, port: u16, words: &'static str) {
    let listener = TcpListener::bind((address, port)).expect("the port is free");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = (&stream).write_all(words.as_bytes());
        }
    });
}

/// Gives UDP packets back, with these words in front.
pub fn echo(address: IpAddr, port: u16, words: &'static str) {
    let socket = UdpSocket::bind((address, port)).expect("the port is free");
    std::thread::spawn(move || {
        let mut packet = [0; 512];
        while let Ok((_, from)) = socket.recv_from(&mut packet) {
            let _ = socket.send_to(words.as_bytes(), from);
        }
    });
}

/// What is answered there, from the network of this thread; `None` if nobody answers.
pub fn get(address: IpAddr, port: u16) -> Option<String> {
    read(address, port, OPEN)
}

/// Whether nobody answers there.
pub fn is_closed(address: IpAddr, port: u16) -> bool {
    read(address, port, CLOSED).is_none()
}

fn read(address: IpAddr, port: u16, patience: Duration) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::new(address, port), patience).ok()?;
    stream.set_read_timeout(Some(patience)).ok()?;
    let mut words = String::new();
    stream.read_to_string(&mut words).ok()?;
    Some(words)
}

/// The same over UDP.
pub fn get_udp(address: IpAddr, port: u16) -> Option<String> {
    let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).ok()?;
    socket.set_read_timeout(Some(OPEN)).ok()?;
    socket.connect((address, port)).ok()?;
    socket.send(b"hello").ok()?;
    let mut packet = [0; 512];
    let length = socket.recv(&mut packet).ok()?;
    Some(String::from_utf8_lossy(&packet[..length]).into_owned())
}

/// Waits until something is so.
pub fn wait(what: &str, is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Addresses that the first server of a resolv.conf has for a name, as a resolver asks that searches its first domain.
/// `None` if it does not answer.
pub fn resolve(resolv_conf: &str, name: &str) -> Option<Vec<IpAddr>> {
    let mut words = resolv_conf.split_whitespace();
    let server = words.nth(1)?.parse().ok()?;
    let domain = words.skip_while(|word| *word != "search").nth(1)?;
    let name = if name.contains('.') { name.to_owned() } else { format!("{name}.{domain}") };
    let mut addresses = ask(server, &name, 1)?;
    addresses.extend(ask(server, &name, 28)?);
    Some(addresses)
}

fn ask(server: IpAddr, name: &str, kind: u16) -> Option<Vec<IpAddr>> {
    let mut question = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        question.push(label.len() as u8);
        question.extend(label.as_bytes());
    }
    question.push(0);
    question.extend([kind, 1].map(u16::to_be_bytes).concat());
    let socket = UdpSocket::bind(if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" }).ok()?;
    socket.set_read_timeout(Some(OPEN)).ok()?;
    socket.connect((server, 53)).ok()?;
    socket.send(&question).ok()?;
    let mut answer = [0; 512];
    let length = socket.recv(&mut answer).ok()?;
    // Each answer: a name, type, class, time, length, data. Whichever form the name has, the data comes last.
    let mut addresses = Vec::new();
    let mut rest = answer.get(question.len()..length)?;
    for _ in 0..u16::from_be_bytes([answer[6], answer[7]]) {
        let name = match rest.first()? {
            pointer if pointer & 0xc0 == 0xc0 => 2,
            _ => rest.iter().position(|byte| *byte == 0)? + 1,
        };
        let size = usize::from(u16::from_be_bytes([*rest.get(name + 8)?, *rest.get(name + 9)?]));
        let data = rest.get(name + 10..name + 10 + size)?;
        addresses.extend(<[u8; 4]>::try_from(data).map(IpAddr::from));
        addresses.extend(<[u8; 16]>::try_from(data).map(IpAddr::from));
        rest = rest.get(name + 10 + size..)?;
    }
    Some(addresses)
}
