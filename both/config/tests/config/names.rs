//! Forms of names: what fits, what doesn't, and what was probably meant.

use corten_config::BadValue;
use corten_config::types::{
    ImageName, Label, Mirror, NetworkName, NoProxy, ProxyUrl, Published, RegistryName, SignalName, Size, User,
};

fn fit<T: std::str::FromStr<Err = BadValue>>(texts: &[&str]) {
    for text in texts {
        if let Err(bad) = text.parse::<T>() {
            panic!("{text}: {bad}");
        }
    }
}

fn meant<T: std::str::FromStr<Err = BadValue>>(texts: &[(&str, Option<&str>)]) {
    for (text, close) in texts {
        match text.parse::<T>() {
            Ok(_) => panic!("{text} fits"),
            Err(bad) => assert_eq!(bad.meant.as_deref(), *close, "{text}"),
        }
    }
}

#[test]
fn labels_are_those_of_dns() {
    let longest = "a".repeat(63);
    fit::<Label>(&["a", "0", "web-1", &longest]);
    let longer = "a".repeat(64);
    meant::<Label>(&[
        ("", None),
        ("-a", None),
        ("a-", None),
        ("Web", Some("web")),
        ("web_1", Some("web-1")),
        ("web.1", Some("web-1")),
        ("ä", None),
        (&longer, None),
    ]);
    fit::<NetworkName>(&["host", "none", "default", "abcdefghijkl"]);
    meant::<NetworkName>(&[("Host", Some("host")), ("abcdefghijklm", None), ("", None)]);
}

#[test]
fn images_are_named_as_the_distribution_project_says() {
    let digest = format!("sha256:{}", "0a".repeat(32));
    let longest = format!("{}/a", "a".repeat(253));
    fit::<ImageName>(&[
        "web",
        "web:1",
        "web/side:v1.2-rc_3",
        "a/b/c/d",
        "a.b_c__d-e---f",
        "registry.example.org/web",
        "registry.example.org:5000/web:1",
        "localhost/web",
        "localhost:5000/web",
        "192.0.2.1:5000/web",
        "[2001:db8::1]:5000/web:1",
        "[2001:db8::1]/web",
        &format!("web@{digest}"),
        &format!("registry.example.org/web:1@{digest}"),
        &longest,
    ]);
    let tag = format!("web:{}", "a".repeat(129));
    let long = format!("a{longest}");
    meant::<ImageName>(&[
        ("", None),
        ("Web:1", Some("web:1")),
        ("https://registry.example.org/web:1", Some("registry.example.org/web:1")),
        ("Registry.example.org/Web:Tag", Some("registry.example.org/web:Tag")),
        ("web:", None),
        ("web:.1", None),
        ("web:a/b", None),
        (&tag, None),
        (&long, None),
        ("web@sha256:0a", None),
        (&format!("web@{}", digest.to_ascii_uppercase()), None),
        (&format!("web@sha512:{}", "0a".repeat(64)), None),
        ("a..b", None),
        ("a___b", None),
        ("-a", None),
        ("a-", None),
        ("/a", None),
        ("a/", None),
        ("a//b", None),
        ("registry.example.org/", None),
        ("registry.example.org:0/web", None),
        ("registry.example.org:65536/web", None),
        ("user@registry.example.org/web", None),
        ("-a.example.org/web", None),
        ("we b", None),
        ("wéb", None),
    ]);
}

#[test]
fn registries_and_mirrors_are_hosts() {
    fit::<RegistryName>(&[
        "*",
        "registry.example.org",
        "registry.example.org:5000",
        "localhost",
        "192.0.2.1",
        "[::1]:5000",
    ]);
    meant::<RegistryName>(&[
        ("https://registry.example.org/", Some("registry.example.org")),
        ("Registry.example.org", Some("registry.example.org")),
        ("registry.example.org/web", Some("registry.example.org")),
        ("::1", None),
        ("a_b", None),
        ("*.example.org", None),
        ("registry.example.org:", None),
        ("", None),
    ]);
    fit::<Mirror>(&["https://mirror.example.org", "http://192.0.2.1:5000", "https://[::1]"]);
    meant::<Mirror>(&[
        ("https://mirror.example.org/", Some("https://mirror.example.org")),
        ("mirror.example.org", Some("https://mirror.example.org")),
        ("https://mirror.example.org/v2", None),
        ("https://user@mirror.example.org", None),
        ("ftp://mirror.example.org", None),
        ("https://", None),
    ]);
}

#[test]
fn published_ports_are_written_as_for_docker() {
    fit::<Published>(&["80", "80/udp", "8080:80", "127.0.0.1:8080:80/tcp", "[2001:db8::1]:53:53/udp"]);
    meant::<Published>(&[
        ("", None),
        ("0", None),
        ("80:0", None),
        ("65536", None),
        ("80:", None),
        (":80", None),
        ("80:80:80", None),
        ("a:80:80", None),
        ("+80", None),
        ("8000-8010", None),
        ("80/UDP", Some("80/udp")),
        ("80/sctp", None),
        ("0.0.0.0:80:81", Some("80:81")),
        ("[::]:80:81/udp", Some("80:81/udp")),
        (":80:81", Some("80:81")),
        ("::1:80:81", Some("[::1]:80:81")),
        ("[::1:80:81", None),
        ("[192.0.2.1]:80:81", None),
        ("224.0.0.1:80:81", None),
    ]);
}

#[test]
fn proxies_have_a_host_and_no_complaint_repeats_a_password() {
    fit::<ProxyUrl>(&[
        "http://proxy.example.org:3128",
        "https://proxy",
        "http://user:p%40ss@proxy:3128/",
        "http://user@[::1]:3128",
    ]);
    meant::<ProxyUrl>(&[
        ("proxy.example.org:3128", None),
        ("socks5://proxy:1080", None),
        ("http://user:pa/ss@proxy:3128", None),
        ("http://user:pass@word@proxy:3128", None),
        ("http://user:100%@proxy", None),
        ("http://:word@proxy", None),
        ("http://@proxy", None),
        ("http://proxy/path", None),
        ("http://", None),
    ]);
    fit::<NoProxy>(&["localhost", "example.org", ".example.org", "192.0.2.1", "2001:db8::/32"]);
    meant::<NoProxy>(&[
        ("*.example.org", Some(".example.org")),
        ("registry.example.org:5000", Some("registry.example.org")),
        ("192.0.2.1/24", Some("192.0.2.0/24")),
        ("*", None),
        ("", None),
        ("..example.org", None),
    ]);
}

#[test]
fn users_signals_and_sizes_are_those_of_the_system() {
    fit::<User>(&["0", "33:33", "www-data", "www-data:33", "_apt"]);
    meant::<User>(&[
        ("", None),
        (":", None),
        ("33:", None),
        (":33", None),
        ("4294967295", None),
        ("a b", None),
        ("1a", None),
    ]);
    fit::<SignalName>(&["SIGTERM", "SIGRTMIN+3", "SIGRTMIN+30"]);
    meant::<SignalName>(&[
        ("QUIT", Some("SIGQUIT")),
        ("sigint", Some("SIGINT")),
        ("9", None),
        ("SIG", None),
        ("SIGSTOP", None),
        ("SIGRTMIN+31", None),
        ("SIGRTMIN++1", None),
    ]);
    fit::<Size>(&["64 MiB", "64MiB", "4 KiB", "1024 TiB"]);
    meant::<Size>(&[
        ("64M", Some("64 MiB")),
        ("64 mb", Some("64 MiB")),
        ("64", None),
        ("3 KiB", None),
        ("1025 TiB", None),
        ("99999999999999999999 KiB", None),
        ("-1 MiB", None),
        ("MiB", None),
    ]);
}
