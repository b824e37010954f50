//! What the program gives up before it reads anything that the world has written. It keeps the pipes to its parent, sockets
//! of the internet, and the files that tell where name servers are. Whoever takes it over can speak to the network, as it
//! could before, and nothing else: the parent believes nothing that it can check.

use corten_sandbox::{SandboxError, keep_calls, keep_files};
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, PathBeneath, PathFd, Ruleset,
    RulesetAttr as _, RulesetCreatedAttr as _, Scope,
};
use seccompiler::{SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};

/// What the C library reads to look a name up (resolver(3), getaddrinfo(3)). The network service makes its files anew
/// under the same names, so their folder is allowed and not they themselves.
const READABLE: [&str; 6] = [
    "/run/corten/network",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/nsswitch.conf",
];
/// The newest interface of Landlock whose rules are used: Linux 6.12. An older kernel has fewer of them.
const RULES: ABI = ABI::V6;

/// Gives it up, for this thread and all that it starts.
pub fn enter() -> Result<(), SandboxError> {
    files()?;
    let families = FAMILIES.into_iter().map(family).collect::<Result<_, _>>()?;
    keep_calls([(libc::SYS_socket, families)])
}

fn files() -> Result<(), SandboxError> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(RULES))?
        .handle_access(AccessNet::BindTcp)?
        .scope(Scope::from_all(RULES))?
        .create()?;
    for path in READABLE {
        if let Ok(place) = PathFd::new(path) {
            rules = rules.add_rule(PathBeneath::new(place, AccessFs::ReadFile))?;
        }
    }
    keep_files(rules)
}

/// Sockets that may be made: those of the internet, and the kernel's, of which the C library asks the addresses of this
/// machine. Services of the node listen on others.
const FAMILIES: [i32; 3] = [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];

fn family(family: i32) -> Result<SeccompRule, seccompiler::Error> {
    let is_it = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, family as u64);
    let rule = is_it.and_then(|condition| SeccompRule::new(vec![condition]));
    rule.map_err(seccompiler::Error::from)
}
