//! Documents that a node refuses, each with what it says: where, which key, what is wrong.

/// A document that is wrong.
pub struct Wrong {
    /// Its name, with the ending of its format.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
    /// The line that the node names.
    pub line: u64,
    /// How its message begins.
    pub message: &'static str,
    /// What helps, or nothing.
    pub help: &'static str,
}

const fn wrong(name: &'static str, text: &'static str, line: u64, message: &'static str) -> Wrong {
    Wrong { name, text, line, message, help: "" }
}

impl Wrong {
    const fn help(self, help: &'static str) -> Self {
        Self { help, ..self }
    }
}

/// The documents.
pub const WRONG: &[Wrong] = &[
    wrong("table.toml", "version = 1\n[netwrok]\n", 2, "unknown key `netwrok`")
        .help("did you mean `network`?"),
    wrong("key.toml", "version = 1\n[identity]\nhostnam = \"x\"\n", 3, "unknown key `identity.hostnam`")
        .help("did you mean `hostname`?"),
    wrong("versionless.toml", "[identity]\nhostname = \"x\"\n", 1, "`version` is missing")
        .help("add `version = 1`"),
    wrong("version.toml", "version = 2\n", 1, "`version` is 2, expected 1"),
    wrong(
        "type.toml",
        "version = 1\n[identity]\nhostname = 7\n",
        3,
        "`identity.hostname` is an integer, expected a string",
    ),
    wrong(
        "hostname.toml",
        "version = 1\n[identity]\nhostname = \"Has Spaces\"\n",
        3,
        "`identity.hostname` is \"Has Spaces\", expected a host name",
    )
    .help("did you mean `has-spaces`?"),
    wrong("syntax.toml", "version = 1\n[identity\n", 2, "not TOML: unclosed table, expected `]`"),
    wrong(
        "twice.toml",
        "version = 1\n[identity]\nhostname = \"a\"\nhostname = \"b\"\n",
        4,
        "`hostname` stands twice",
    ),
    wrong(
        "address.toml",
        "version = 1\n[network.links.lan]\nmatch = { name = \"e*\" }\naddresses = [\"10.0.2.300/24\"]\n",
        4,
        "`network.links.lan.addresses[0]` is \"10.0.2.300/24\", expected an address",
    ),
    wrong(
        "prefix.toml",
        "version = 1\n[network.links.lan]\nmatch = { name = \"e*\" }\naddresses = [\"10.0.2.30\"]\n",
        4,
        "`network.links.lan.addresses[0]` is \"10.0.2.30\", expected an address",
    )
    .help("did you mean `10.0.2.30/24`?"),
    wrong(
        "match.toml",
        "version = 1\n[network.links.lan]\ndhcp4 = true\n",
        2,
        "`network.links.lan.match` is missing",
    )
    .help("say which card: `match = { mac = \"52:54:00:12:34:56\" }`"),
    wrong(
        "mtu.toml",
        "version = 1\n[network.links.lan]\nmatch = { name = \"e*\" }\nmtu = 70000\n",
        4,
        "`network.links.lan.mtu` is 70000, expected 68 to 65535",
    ),
    wrong(
        "mac.toml",
        "version = 1\n[network.links.lan]\nmatch = { mac = \"52:54:00:12:34\" }\n",
        3,
        "`network.links.lan.match.mac` is \"52:54:00:12:34\", expected the address of a card",
    ),
    wrong(
        "vlan.toml",
        "version = 1\n[network.vlans.v10]\nid = 10\nlink = \"nothing\"\n",
        4,
        "`network.vlans.v10.link` names \"nothing\", which does not exist",
    ),
    wrong(
        "vlan-id.toml",
        "version = 1\n[network.vlans.v10]\nid = 5000\nlink = \"ethernet\"\n",
        3,
        "`network.vlans.v10.id` is 5000, expected 1 to 4094",
    ),
    wrong(
        "certificate.toml",
        "version = 1\n[api]\ntrusted = [\"no certificate\"]\n",
        3,
        "`api.trusted[0]` is \"no certificate\", expected a certificate in PEM",
    ),
    wrong(
        "revoked.toml",
        "version = 1\n[api]\nrevoked = [\"12ab\"]\n",
        3,
        "`api.revoked[0]` is \"12ab\", expected SHA-256 of a certificate",
    ),
    wrong(
        "port.toml",
        "version = 1\n[[firewall.allow]]\nprotocol = \"tcp\"\nports = [70000]\n",
        4,
        "`firewall.allow[0].ports[0]` is 70000, expected a port from 1 to 65535",
    ),
    wrong(
        "protocol.toml",
        "version = 1\n[[firewall.allow]]\nprotocol = \"tpc\"\nports = [80]\n",
        3,
        "`firewall.allow[0].protocol` is \"tpc\", expected `tcp` or `udp`",
    ),
    wrong(
        "mount.toml",
        "version = 1\n[storage.disks.data]\ndisk = { serial = \"x\" }\nmount = \"/etc\"\n",
        4,
        "`storage.disks.data.mount` is \"/etc\", expected `/var/mnt/` and one name",
    )
    .help("did you mean `/var/mnt/etc`?"),
    wrong(
        "sysctl.toml",
        "version = 1\n[kernel.sysctl]\n\"kernel.panic\" = 0\n",
        3,
        "`kernel.panic` is not for configurations",
    ),
    wrong(
        "check.toml",
        "version = 1\n[health.checks.web]\ntcp = \"127.0.0.1:80\"\nhttp = \"http://127.0.0.1/\"\n",
        3,
        "a check asks by `tcp` or by `http`, not by both",
    ),
    wrong(
        "dns.toml",
        "version = 1\n[network]\ndns = [\"10.0.0.1\", \"10.0.0.2\", \"10.0.0.3\", \"10.0.0.4\"]\n",
        3,
        "programs ask 3 name servers at most, these are 4",
    ),
    wrong("tab.yaml", "version: 1\nidentity:\n\thostname: a\n", 3, "not YAML: tabs disallowed"),
    wrong(
        "list.yaml",
        "version: 1\nidentity:\n  hostname: [a]\n",
        3,
        "`identity.hostname` is a list, expected a string",
    ),
];
