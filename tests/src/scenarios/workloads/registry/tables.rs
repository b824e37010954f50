//! What the node of the story is told.

use super::host::{Host, place};

/// How the registry of signed images is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// By nobody who is trusted.
    Unknown,
    /// With a password that is another one.
    Refused,
    /// As it is to be.
    LetIn,
}

/// A disk that counts as full: a container has filled a part of it.
pub const FULL: &str = r#"
[containers]
disk-high-percent = 3
disk-low-percent = 2

[workloads.hoard.containers.main]
image = "busybox:1"
command = ["/usr/bin/sh", "-c", "fallocate -l $(($(df -P /data | awk 'END { print $2 }') * 51)) /data/hoard && df /data && exec sleep 1000000"]
mounts = { "/data" = { volume = "hoard" } }
"#;

/// What is run from the first registry, whose images a mirror has too, or has not.
pub fn first(host: &Host) -> String {
    let (own, mirror) = (place(host.registry.port), place(host.mirror.port));
    let login = "user = \"user\"\npassword = \"secret\"\n";
    let known = format!("mirrors = [\"http://{mirror}\"]\n{login}{}", host.authorities());
    format!("{}{}", registry(&own, &known), workload("web", &format!("{own}/team/web:1")))
}

/// All that is run.
pub fn all(host: &Host, signed: Signed) -> String {
    let own = place(host.registry.port);
    let [of_signed, plain, liar] = [host.signed.port, host.plain.port, host.liar.port].map(place);
    let authorities = if signed == Signed::Unknown { String::new() } else { host.authorities() };
    let password = if signed == Signed::Refused { "guessed" } else { "secret" };
    let policy = format!("verify = \"signature\"\nkeys = [\"\"\"\n{}\"\"\"]\n", host.signer.public);
    let known = format!("user = \"user\"\npassword = \"{password}\"\n{authorities}{policy}");
    [
        first(host),
        registry(&of_signed, &known),
        registry(&plain, "plain-http = true\nverify = \"digest\"\n"),
        registry(&liar, "plain-http = true\n"),
        workload("word", &format!("{own}/team/web:mirrored")),
        workload("signed", &format!("{of_signed}/team/signed:1")),
        workload("unsigned", &format!("{of_signed}/team/unsigned:1")),
        workload("pinned", &pinned(host)),
        workload("tagged", &format!("{plain}/team/plain:plain")),
        workload("lie", &lie(host)),
    ]
    .concat()
}

/// The image that is named by its digest.
pub fn pinned(host: &Host) -> String {
    format!("{}/team/plain@{}", place(host.plain.port), host.digest)
}

/// The image that is not what it says.
pub fn lie(host: &Host) -> String {
    format!("{}/team/lie:lie", place(host.liar.port))
}

/// An image that nothing uses.
pub fn spare(host: &Host) -> String {
    format!("{}/team/spare:1", place(host.registry.port))
}

fn registry(place: &str, lines: &str) -> String {
    format!("[registries.\"{place}\"]\n{lines}\n")
}

/// One whose container tells what it is made of.
fn workload(name: &str, image: &str) -> String {
    format!(
        "[workloads.{name}]\nstop-seconds = 0\n\n[workloads.{name}.containers.main]\nimage = \"{image}\"\n\
         command = [\"/usr/bin/sh\", \"-c\", \"echo it is from $(cat /etc/word); exec sleep 1000000\"]\n\n"
    )
}
