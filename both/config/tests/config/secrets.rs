//! Secrets are taken out of whatever is handed out, and put back.

use crate::common::{CERTIFICATE, KEY, KEY_BYTES, full, toml, yaml};
use corten_config::{Document, SECRET_KEPT, changes, read, redacted, with_kept_secrets};

fn indented(text: &str) -> String {
    text.lines().map(|line| "    ".to_owned() + line + "\n").collect()
}

fn yaml_api() -> Document {
    yaml(&format!(
        "version: 1\napi:\n  certificate: |\n{}  # the key\n  key: |\n{}  limits: {{connections: 100}}\n",
        indented(CERTIFICATE),
        indented(KEY)
    ))
}

#[test]
fn comments_and_order_are_kept() {
    let document = toml(&format!(
        "# mine\nversion = 1\n[api] # here\nkey = \"\"\"{KEY}\"\"\" # the key\ncertificate = \"\"\"\n{CERTIFICATE}\"\"\"\n"
    ));
    insta::assert_snapshot!(redacted(&document).text);
    insta::assert_snapshot!(redacted(&yaml_api()).text);
}

#[test]
fn what_was_handed_out_can_be_applied_again() {
    for document in [toml(&full()), yaml_api()] {
        let before = read(std::slice::from_ref(&document)).unwrap_or_else(|report| panic!("{report}"));
        let shown = redacted(&document);
        assert!(shown.text.contains(SECRET_KEPT) && !shown.text.contains(KEY_BYTES));
        assert!(!shown.text.contains("geheim") && !shown.text.contains("wort-"), "{}", shown.text);
        assert!(read(std::slice::from_ref(&shown)).is_err(), "a placeholder is no key");
        let edited = Document { text: shown.text.replace("connections: 100", "connections: 99"), ..shown };
        let filled = with_kept_secrets(&edited, std::slice::from_ref(&document));
        let after =
            read(std::slice::from_ref(&filled)).unwrap_or_else(|report| panic!("{report}\n{}", filled.text));
        assert_eq!(after.settings().api.certificate, before.settings().api.certificate);
        assert_eq!(after.settings().containers, before.settings().containers);
        assert_eq!(after.settings().network, before.settings().network);
        let changed: Vec<String> =
            changes(Some(&before), &after).into_iter().map(|change| change.key).collect();
        assert!(changed.is_empty() || changed == ["api.limits.connections"], "{changed:?}");
    }
}

#[test]
fn the_last_document_that_has_a_secret_gives_it() {
    let key = |bytes: &str| toml(&format!("version = 1\n[api]\nkey = \"{bytes}\"\n"));
    let label = |url: &str| toml(&format!("version = 1\n[identity.labels]\nwiki = \"{url}\"\n"));
    for (with, [a, b, c]) in [
        (&key as &dyn Fn(&str) -> Document, ["a", "b", "c"]),
        (&label, ["http://a:1@p", "http://b:2@p", "http://c:3@p"]),
    ] {
        let new = with(SECRET_KEPT);
        let old = [with(a), with(b), toml("version = 1"), with(SECRET_KEPT)];
        assert_eq!(with_kept_secrets(&new, &old), with(b));
        assert_eq!(with_kept_secrets(&new, &[]), new);
        assert_eq!(with_kept_secrets(&with(c), &old), with(c));
    }
    for secret in ["[secrets]\na", "[registries.r]\npassword", "[network.proxy]\nhttps"] {
        let with = |value: &str| toml(&format!("version = 1\n{secret} = \"{value}\"\n"));
        let (old, new) = (with("http://u:geheim@p"), with(SECRET_KEPT));
        assert_eq!(redacted(&old), new);
        assert_eq!(with_kept_secrets(&new, std::slice::from_ref(&old)), old);
        // Nobody is given the placeholder for a secret.
        assert!(read(std::slice::from_ref(&new)).is_err());
    }
    // What was no secret was not taken out, so whoever wrote these words meant them.
    let new = label(SECRET_KEPT);
    assert_eq!(with_kept_secrets(&new, &[label("http://p")]), new);
}

#[test]
fn whatever_looks_like_a_secret_is_taken_out() {
    let inline = KEY.replace('\n', "\\n");
    let comment = KEY.lines().map(|line| "# ".to_owned() + line + "\n").collect::<String>();
    for text in [
        format!("version = 1\n{comment}"),
        format!("version = 1\n[api]\nkey = [\"{inline}\"]"),
        format!("version = 1\n[api.key]\na = \"{KEY_BYTES}\"\nb = [[\"{KEY_BYTES}\"]]"),
        format!("version = 1\n[apo]\nkeg = \"{inline}\""),
        format!("version = 1\nlist = [[{{ a = \"{inline}\" }}], 1.5, 1979-05-27]"),
        format!("version = 1\n\"{inline}\" = 1"),
        format!("version = 1\n[api]\nkey = \"{inline}\n"),
        format!("version = 1\n# http://user:{KEY_BYTES}@host\n"),
        format!("version = 1\n[health.checks.web]\nhttp = \"http://user:{KEY_BYTES}@host/\""),
        format!("version = 1\n[secrets]\na = \"{KEY_BYTES}\""),
        format!("version = 1\n[secrets]\na = [\"{KEY_BYTES}\"]"),
        format!("version = 1\n[secrets.a]\nb = \"{KEY_BYTES}\""),
        format!("version = 1\nsecrets = \"{KEY_BYTES}\""),
        format!("version = 1\n[[secrets]]\nname = \"a\"\nvalue = \"{KEY_BYTES}\""),
        format!("version = 1\n[registries.\"r:5000\"]\npassword = \"{KEY_BYTES}\""),
        format!("version = 1\nregistries.r.password = {{ text = \"{KEY_BYTES}\" }}"),
        format!("version = 1\n[registries]\nr = \"user:{KEY_BYTES}\""),
        format!("version = 1\n[network.proxy]\nhttp = \"user:{KEY_BYTES}@proxy:3128\""),
        format!("version = 1\n[network.proxy]\nhttps = \"http://user:pa/{KEY_BYTES}@proxy:3128\""),
        format!("version = 1\n[workloads.w.containers.c]\narguments = [\"--to=http://a:{KEY_BYTES}@b/\"]"),
        format!("version = 1\n[identity]\nlabels = {{ a = [\"http://user:{KEY_BYTES}@host\"] }}"),
    ] {
        let shown = redacted(&toml(&text)).text;
        assert!(!shown.contains(KEY_BYTES), "{text}\n-->\n{shown}");
    }
}

#[test]
fn a_list_that_nobody_changed_is_put_back() {
    let list = |items: &str| {
        toml(&format!(
            "version = 1\n[workloads.w.containers.c]\nimage = \"x\"\narguments = [{items}] # here\n"
        ))
    };
    let old = list("\"-a\", \"http://u:wort@p\", \"-b\", 'ftp://u:wort@q'");
    let shown = redacted(&old);
    assert!(!shown.text.contains("wort") && shown.text.contains("# here"));
    let back = with_kept_secrets(&shown, std::slice::from_ref(&old));
    let settings =
        |document: &Document| read(std::slice::from_ref(document)).map(|merged| merged.settings().clone());
    assert_eq!(settings(&back).ok(), settings(&old).ok());
    assert!(settings(&old).is_ok() && back.text.contains("# here"));
    // Of one that was changed nobody could say which is which, so no program is given the placeholder.
    let edited = Document { text: shown.text.replace("\"-a\", ", ""), ..shown };
    assert_eq!(with_kept_secrets(&edited, std::slice::from_ref(&old)), edited);
    assert!(settings(&edited).is_err());
}
