//! Two namespaces with a cable between them, and the programs in them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use corten_config::settings::{Addressing, Link, LinkKind, Match, Network};
use corten_network::{LinkState, Order, State};
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// How long something may take that happens at once. Machines of tests are slow.
const PATIENCE: Duration = Duration::from_secs(30);

/// A side of the cable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where dnsmasq runs; its end of the cable is `r0`, 192.0.2.1/24.
    Router,
    /// Where `corten-network` runs; its end of the cable is `eth0`.
    Node,
}

/// The namespaces, held by a process each, and a root directory.
pub struct Lab {
    directory: tempfile::TempDir,
    tools: Tools,
    router: Child,
    node: Child,
    dnsmasq: Option<Child>,
    network: Option<Child>,
}

struct Tools(BTreeMap<&'static str, PathBuf>);

impl Tools {
    fn find() -> Result<Self, String> {
        let folder = std::env::var_os("CORTEN_TOOLS_BIN").map(PathBuf::from);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = folder
            .into_iter()
            .chain(std::env::split_paths(&path))
            .chain(["/usr/sbin".into(), "/sbin".into()])
            .collect();
        let mut found = BTreeMap::new();
        for name in ["dnsmasq", "ip", "nft", "unshare", "nsenter", "setpriv"] {
            let path = folders.iter().map(|folder| folder.join(name)).find(|path| path.exists());
            found.insert(name, path.ok_or(format!("{name} is missing"))?);
        }
        Ok(Self(found))
    }

    fn path<'a>(&'a self, name: &'a str) -> &'a Path {
        self.0.get(name).map_or(Path::new(name), PathBuf::as_path)
    }
}

/// A lab, or why there is none. `None` skips the test.
pub fn lab() -> Option<Lab> {
    match Lab::build() {
        Ok(lab) => Some(lab),
        Err(why) => {
            assert!(std::env::var("CORTEN_REQUIRE_TOOLS").as_deref() != Ok("1"), "{why}");
            eprintln!("skipped: {why}");
            None
        }
    }
}

impl Lab {
    fn build() -> Result<Self, String> {
        if !rustix::process::geteuid().is_root() {
            return Err("not root".into());
        }
        let tools = Tools::find()?;
        let hold = || {
            let held = Command::new(tools.path("unshare")).args(["-n", "sleep", "600"]).spawn();
            held.map_err(|error| format!("unshare: {error}"))
        };
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let (router, node) = (hold()?, hold()?);
        let lab = Self { directory, tools, router, node, dnsmasq: None, network: None };
        let own = fs::read_link("/proc/self/ns/net").map_err(|error| error.to_string())?;
        let is_apart = |child: &Child| {
            fs::read_link(format!("/proc/{}/ns/net", child.id())).is_ok_and(|other| other != own)
        };
        let begin = Instant::now();
        while !is_apart(&lab.router) || !is_apart(&lab.node) {
            if begin.elapsed() > Duration::from_secs(5) {
                return Err("no network namespaces here".into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        lab.cable("r0", "eth0")?;
        lab.try_run(Side::Router, "ip address add 192.0.2.1/24 dev r0")?;
        // The program is not root here, and its folder may be one that only root enters.
        fs::set_permissions(lab.root(), fs::Permissions::from_mode(0o777))
            .map_err(|error| error.to_string())?;
        for folder in ["run/corten/settings", "run/corten/network"] {
            fs::create_dir_all(lab.root().join(folder)).map_err(|error| error.to_string())?;
        }
        fs::set_permissions(lab.root().join("run/corten/network"), fs::Permissions::from_mode(0o777))
            .map_err(|error| error.to_string())?;
        fs::copy(env!("CARGO_BIN_EXE_corten-network"), lab.root().join("corten-network"))
            .map_err(|error| error.to_string())?;
        Ok(lab)
    }

    /// The root directory of the node.
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// A cable between both sides.
    pub fn cable(&self, router: &str, node: &str) -> Result<(), String> {
        let pid = self.node.id();
        self.try_run(Side::Router, &format!("ip link add {router} type veth peer name {node} netns {pid}"))?;
        self.try_run(Side::Router, &format!("ip link set {router} up"))
    }

    fn command(&self, side: Side, program: &Path) -> Command {
        let holder = if side == Side::Router { &self.router } else { &self.node };
        let mut command = Command::new(self.tools.path("nsenter"));
        command.args(["-n", "-t", &holder.id().to_string()]).arg(program);
        command
    }

    /// Runs a command, words separated by spaces. What it prints, or what went wrong.
    pub fn output(&self, side: Side, command: &str) -> Result<String, String> {
        let mut words = command.split(' ');
        let program = self.tools.path(words.next().unwrap_or_default());
        let output = self.command(side, program).args(words).output().map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(format!("{command}: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }

    fn try_run(&self, side: Side, command: &str) -> Result<(), String> {
        self.output(side, command).map(drop)
    }

    /// Runs a command that has to succeed.
    pub fn run(&self, side: Side, command: &str) -> String {
        self.output(side, command).expect("it succeeds")
    }

    /// Starts dnsmasq on `r0`, with these options beside what every test needs.
    pub fn serve(&mut self, options: &[&str]) {
        self.stop_serving();
        let log =
            File::options().create(true).append(true).open(self.root().join("dnsmasq.log")).expect("a log");
        let leases = self.root().join("dnsmasq.leases");
        let child = self
            .command(Side::Router, self.tools.path("dnsmasq"))
            .args([
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--port=0",
                "--interface=r0",
                "--pid-file=",
            ])
            .args([
                "--bind-interfaces",
                "--dhcp-authoritative",
                "--user=root",
                "--log-facility=-",
                "--no-ping",
            ])
            .arg(format!("--dhcp-leasefile={}", leases.display()))
            .args(options)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.dnsmasq = Some(child.expect("dnsmasq starts"));
    }

    /// Ends dnsmasq.
    pub fn stop_serving(&mut self) {
        end(self.dnsmasq.take(), Signal::KILL);
    }

    /// Starts `corten-network`, not as root.
    pub fn start(&mut self) {
        let log =
            File::options().create(true).append(true).open(self.root().join("network.log")).expect("a log");
        let child = self
            .command(Side::Node, self.tools.path("setpriv"))
            .args(self.rights())
            .arg(self.root().join("corten-network"))
            .arg("--root")
            .arg(self.root())
            .arg("--nft")
            .arg(self.tools.path("nft"))
            .stderr(log)
            .spawn();
        self.network = Some(child.expect("it starts"));
    }

    /// Puts a program in the place of `nft` that takes no rules. Returns where the real one is.
    pub fn refuse_rules(&mut self) -> PathBuf {
        let fake = self.root().join("nft");
        fs::write(&fake, "#!/bin/sh\necho no rules today >&2\nexit 1\n").expect("writable");
        fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).expect("ours");
        self.tools.0.insert("nft", fake).expect("it was found")
    }

    /// Takes it away again.
    pub fn restore_rules(&self, real: &Path) {
        let fake = self.root().join("nft");
        fs::remove_file(&fake).expect("ours");
        std::os::unix::fs::symlink(real, &fake).expect("writable");
    }

    /// The rights that it has on a node. Where the tools lie in a folder that only root enters, it has root's number, and
    /// still none of its powers.
    fn rights(&self) -> Vec<&'static str> {
        let user = ["--reuid", "902", "--regid", "902", "--clear-groups", "--no-new-privs"];
        // By a shell, since setpriv looks for what it starts while it still has all powers.
        let tries = Command::new(self.tools.path("setpriv"))
            .args(user)
            .args(["sh", "-c", "exec \"$0\" --version"])
            .arg(self.tools.path("nft"))
            .output();
        let is_reachable = tries.is_ok_and(|output| output.status.success());
        let user: &[&str] = if is_reachable { &user } else { &["--securebits", "+noroot", "--no-new-privs"] };
        let capabilities = "+net_admin,+net_raw,+net_bind_service";
        [user, &["--inh-caps", capabilities, "--ambient-caps", capabilities, "--"]].concat()
    }

    /// Ends `corten-network` as init does.
    pub fn stop(&mut self) {
        end(self.network.take(), Signal::TERM);
    }

    /// What `corten-network` said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.root().join("network.log")).unwrap_or_default()
    }

    /// Waits until the state is as `is_so` says.
    pub fn wait(&self, what: &str, is_so: impl Fn(&State) -> bool) -> State {
        let begin = Instant::now();
        loop {
            let state = State::read(self.root()).expect("readable").unwrap_or_default();
            if is_so(&state) {
                return state;
            }
            assert!(begin.elapsed() < PATIENCE, "{what}: {state:#?}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Gives an order and waits until it was carried out, without a problem.
    pub fn order(&self, order: &Order) -> State {
        order.write(self.root()).expect("writable");
        let state = self.wait("carried out", |state| state.generation == order.generation);
        assert_eq!(state.problems, Vec::<String>::new());
        state
    }

    /// Runs `task` on a thread that is on one side of the cable.
    pub fn inside<T: Send>(&self, side: Side, task: impl FnOnce() -> T + Send) -> T {
        let holder = if side == Side::Router { &self.router } else { &self.node };
        let namespace = File::open(format!("/proc/{}/ns/net", holder.id())).expect("it is held");
        let enter = move || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).expect("root may");
            task()
        };
        std::thread::scope(|scope| scope.spawn(enter).join().expect("no panic"))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for child in [self.network.take(), self.dnsmasq.take()] {
            end(child, Signal::KILL);
        }
        for holder in [&mut self.router, &mut self.node] {
            let _ = holder.kill();
            let _ = holder.wait();
        }
    }
}

fn end(child: Option<Child>, signal: Signal) {
    if let Some(mut child) = child {
        // nsenter and setpriv have become what they started.
        let _ = kill_process(Pid::from_child(&child), signal);
        let _ = child.wait();
    }
}

/// An order for these links.
pub fn order(generation: u64, links: &[(&str, Link)]) -> Order {
    let links = links.iter().map(|(name, link)| ((*name).to_owned(), link.clone())).collect();
    Order {
        generation,
        hostname: Some("node1".into()),
        network: Network { links, ..Network::default() },
        ..Order::default()
    }
}

/// The card that the kernel calls so.
pub fn card(name: &str, addressing: Addressing) -> Link {
    let kind = LinkKind::Physical(Match { name: Some(name.into()), ..Match::default() });
    Link { kind, mtu: None, addressing }
}

/// Addressing by these addresses.
pub fn fixed(addresses: &[&str]) -> Addressing {
    let addresses = addresses.iter().map(|text| text.parse().expect("an address")).collect();
    Addressing { addresses, ..Addressing::default() }
}

/// Texts of the addresses of a link.
pub fn addresses(state: &State, link: &str) -> Vec<String> {
    let link: Option<&LinkState> = state.links.get(link);
    link.map(|link| link.addresses.iter().map(|one| one.address.to_string()).collect()).unwrap_or_default()
}
