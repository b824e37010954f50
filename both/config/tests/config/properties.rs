//! Whatever is in a document: reading it ends with settings or with a report, never with a panic; and what holds of all
//! documents.

use crate::common::{KEY, KEY_BYTES, document, full, toml, yaml};
use corten_config::{Document, Format, Merged, Secrets, changes, read, redacted, with_kept_secrets};
use proptest::prelude::*;

/// Reads a document and does with it all that can be done; returns it if nothing is wrong with it.
fn whole_way(document: &Document) -> Option<Merged> {
    let shown = redacted(document);
    let _ = with_kept_secrets(&shown, std::slice::from_ref(document));
    match read(std::slice::from_ref(document)) {
        Ok(merged) => {
            let again =
                read(&[toml(&merged.to_toml(Secrets::Shown))]).expect("what is written is a document");
            assert_eq!(again.settings(), merged.settings());
            assert!(changes(Some(&merged), &again).is_empty());
            let _ = (merged.origins(), merged.to_toml_with_origins(Secrets::Hidden));
            Some(merged)
        }
        Err(report) => {
            assert!(!report.problems.is_empty());
            assert_eq!(report.problems.len(), report.diagnostics().len());
            for problem in &report.problems {
                let lines = document.text.matches('\n').count() + 1;
                assert!(problem.line <= lines, "{problem}");
                assert!(!problem.message.contains('\n'), "{problem}");
            }
            let _ = report.to_string();
            None
        }
    }
}

fn cut(text: &str, at: usize, length: usize, insert: &str, twice: bool) -> String {
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let (start, end) = (floor(at), floor(at + length));
    let middle = if twice { text[start..end].repeat(2) } else { String::new() };
    format!("{}{insert}{middle}{}", &text[..start], &text[end..])
}

/// The whole document as YAML: JSON is.
fn full_yaml() -> String {
    let value: serde_json::Value =
        serde_json::to_value(full().parse::<::toml::Table>().expect("it is TOML")).expect("tables are");
    format!("{value:#}")
}

/// A value of a document that is right.
fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}".prop_map(|name| format!("identity.hostname = \"{name}\"")),
        ("[a-c]", "[a-z]{0,4}").prop_map(|(key, value)| format!("identity.labels.{key} = \"{value}\"")),
        (1u8..9).prop_map(|last| format!("network.dns = [\"192.0.2.{last}\"]")),
        ("[a-c]", any::<bool>(), 1280u16..9000).prop_map(|(name, dhcp, mtu)| {
            format!(
                "network.links.{name} = {{ match = {{ name = \"{name}*\" }}, dhcp4 = {dhcp}, mtu = {mtu} }}"
            )
        }),
        (0u8..100).prop_map(|value| format!("kernel.sysctl.\"vm.swappiness\" = {value}")),
        (1u16..7000).prop_map(|port| format!("metrics.port = {port}")),
        ("[a-c]", 1u8..99, any::<bool>()).prop_map(|(name, seconds, essential)| {
            format!(
                "workloads.{name} = {{ stop-seconds = {seconds}, essential = {essential}, containers.c.image = \"x\" }}"
            )
        }),
        ("[d-f]", "[A-C]", "[a-z ]{0,4}", any::<bool>()).prop_map(|(name, key, value, is_short)| {
            let value = if is_short { format!("\"{value}\"") } else { format!("{{ text = \"{value}\" }}") };
            format!(
                "workloads.{name} = {{ containers.c = {{ image = \"x\", environment = {{ {key} = {value} }} }} }}"
            )
        }),
        ("[d-f]", "[a-c]", 0u8..4).prop_map(|(name, place, kind)| {
            let kind = ["volume = \"a\"", "volume = \"b\", read-only = true", "tmpfs = true", "tmpfs = true, size = \"1 MiB\""]
                [usize::from(kind)];
            format!(
                "workloads.{name}.containers = {{ c = {{ image = \"x\", mounts = {{ \"/{place}\" = {{ {kind} }} }} }} }}"
            )
        }),
        ("[a-c]", any::<bool>(), any::<bool>()).prop_map(|(name, is_empty, plain)| {
            let registry = if is_empty { String::new() } else { format!("plain-http = {plain}") };
            format!("registries.{name} = {{ {registry} }}")
        }),
        (20u8..90).prop_map(|percent| format!("containers.disk-high-percent = {percent}")),
        (1u16..7000)
            .prop_map(|port| format!("firewall.allow = [{{ protocol = \"tcp\", ports = [{port}] }}]")),
    ]
}

fn body() -> impl Strategy<Value = String> {
    prop::collection::vec(part(), 0..6).prop_map(|parts| {
        let mut text = "version = 1\n".to_owned();
        let mut keys: Vec<String> = Vec::new();
        for part in parts {
            let key = part.split(" = ").next().unwrap_or_default().to_owned();
            // One of these is below the other.
            let is_known = |known: &String| known.starts_with(&key) || key.starts_with(known.as_str());
            if !keys.iter().any(is_known) {
                text = text + &part + "\n";
                keys.push(key);
            }
        }
        text
    })
}

/// The same document in the other language.
fn as_yaml(text: &str) -> String {
    let table: ::toml::Table = text.parse().expect("it is TOML");
    serde_json::to_string_pretty(&table).expect("tables are data")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}", head in any::<bool>()) {
        let head = if head { "version = 1\n" } else { "" };
        whole_way(&toml(&format!("{head}{text}")));
        whole_way(&yaml(&text));
    }

    #[test]
    fn any_text_of_the_signs_of_the_languages_is_read_or_refused(text in "[a-z\\[\\]{}=\":.,#&*!|> \n\t'0-9/-]{0,300}") {
        whole_way(&toml(&text));
        whole_way(&yaml(&text));
    }

    #[test]
    fn a_document_with_a_part_cut_out_or_doubled_is_read_or_refused(
        at in 0usize..8192, length in 0usize..200, insert in "\\PC{0,6}", twice in any::<bool>(),
    ) {
        whole_way(&toml(&cut(&full(), at, length, &insert, twice)));
        whole_way(&yaml(&cut(&full_yaml(), at, length, &insert, twice)));
    }

    #[test]
    fn a_document_over_itself_or_over_nothing_is_itself(text in body()) {
        let one = read(&[toml(&text)]).expect("it is right");
        let twice = read(&[toml(&text), toml(&text)]).expect("it is right");
        let over = read(&[toml("version = 1\n"), toml(&text), toml("version = 1\n")]).expect("it is right");
        prop_assert_eq!(one.settings(), twice.settings());
        prop_assert_eq!(one.settings(), over.settings());
        prop_assert!(changes(Some(&one), &twice).is_empty());
    }

    #[test]
    fn it_does_not_matter_what_is_merged_first(a in body(), b in body(), c in body()) {
        let of = |documents: &[Document]| read(documents).expect("they are right");
        let (a, b, c) = (toml(&a), toml(&b), toml(&c));
        let all = of(&[a.clone(), b.clone(), c.clone()]);
        let left = toml(&of(&[a.clone(), b.clone()]).to_toml(Secrets::Shown));
        let right = toml(&of(&[b, c.clone()]).to_toml(Secrets::Shown));
        let (left, right) = (of(&[left, c]), of(&[a, right]));
        prop_assert_eq!(left.settings(), all.settings());
        prop_assert_eq!(right.settings(), all.settings());
    }

    #[test]
    fn every_value_of_the_last_document_holds(a in body(), b in body()) {
        let both = read(&[document("a.toml", &a), document("b.toml", &b)]).expect("they are right");
        let last = read(&[toml(&b)]).expect("it is right");
        let all = both.origins();
        // A table that holds nothing is no value: it takes nothing out of one that holds something.
        for one in last.origins().into_iter().filter(|one| one.value != "{}") {
            let there = all.iter().find(|other| other.key == one.key).expect("it is there");
            prop_assert_eq!(&there.value, &one.value);
            prop_assert_eq!((&*there.document, there.line), ("b.toml", one.line));
        }
    }

    #[test]
    fn both_languages_give_the_same_settings(text in body()) {
        let a = read(&[toml(&text)]).expect("it is right");
        let b = read(&[yaml(&as_yaml(&text))]).expect("it is right");
        prop_assert_eq!(a.settings(), b.settings());
        prop_assert!(changes(Some(&a), &b).is_empty());
    }

    #[test]
    fn changes_are_what_differs(a in body(), b in body()) {
        let (a, b) = (read(&[toml(&a)]).expect("it is right"), read(&[toml(&b)]).expect("it is right"));
        let there = changes(Some(&a), &b);
        let back = changes(Some(&b), &a);
        prop_assert_eq!(there.len(), back.len());
        for (one, other) in there.iter().zip(&back) {
            prop_assert_eq!((&one.key, &one.before, &one.after), (&other.key, &other.after, &other.before));
            prop_assert_ne!(&one.before, &one.after);
        }
        if a.settings() != b.settings() {
            prop_assert!(!there.is_empty());
        }
    }

    #[test]
    fn a_key_is_never_shown(
        at in 0usize..8192, length in 0usize..60, insert in "[\"'\\[\\]{}=:#\n a-z]{0,4}", twice in any::<bool>(), in_yaml in any::<bool>(),
    ) {
        let (text, format) = if in_yaml { (full_yaml(), Format::Yaml) } else { (full(), Format::Toml) };
        let text = cut(&text, at, length, &insert, twice);
        // Where the armour itself was cut nobody could say what it is, but for the key that it belongs to.
        prop_assume!(text.contains("PRIVATE KEY-----"));
        let document = Document { name: "cut".into(), format, text };
        let shown = redacted(&document);
        prop_assert!(!shown.text.contains(KEY_BYTES), "{}\n-->\n{}", document.text, shown.text);
        if let Err(report) = read(std::slice::from_ref(&document)) {
            let report = report.to_string();
            prop_assert!(!report.contains(&KEY_BYTES[..12]), "{}", report);
        }
    }

    #[test]
    fn a_secret_is_never_shown_and_comes_back(
        text in body(), word in "[!-~]{0,20}", place in 0usize..5, in_yaml in any::<bool>(),
    ) {
        // Something that stands nowhere else.
        let word = format!("geheim{}", word.replace(['"', '\\', '\''], "."));
        let plain: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
        let secret = [
            format!("secrets.word = \"{word}\""),
            format!("secrets.word = \"\"\"{word}\n{word}\n\"\"\" # said"),
            format!("registries.secret = {{ user = \"u\", password = \"{word}\" }}"),
            format!("network.proxy = {{ http = \"http://u:{plain}@p:3128\" }}"),
            format!("workloads.secret.containers.c = {{ image = \"x\", arguments = [\"-u\", \"http://u:{plain}@p/\", \"\"] }}"),
        ];
        let whole = format!("{text}{}\n", secret[place]);
        let document = if in_yaml { yaml(&as_yaml(&whole)) } else { toml(&whole) };
        let merged = read(std::slice::from_ref(&document)).unwrap_or_else(|report| panic!("{report}\n{whole}"));
        let shown = redacted(&document);
        let told = format!(
            "{}{}{:?}{:?}", shown.text, merged.to_toml_with_origins(Secrets::Hidden), merged.origins(), changes(None, &merged)
        );
        prop_assert!(!told.contains("geheim"), "{}", told);
        let for_developers = format!("{merged:?}");
        prop_assert!(place == 4 || !for_developers.contains("geheim"), "{}", for_developers);
        prop_assert!(read(std::slice::from_ref(&shown)).is_err(), "the placeholder stands for nothing");
        let back = with_kept_secrets(&shown, std::slice::from_ref(&document));
        let back = read(std::slice::from_ref(&back)).unwrap_or_else(|report| panic!("{report}\n{}", back.text));
        prop_assert_eq!(back.settings(), merged.settings());
    }

    #[test]
    fn what_is_not_secret_is_shown(text in body()) {
        prop_assert_eq!(redacted(&toml(&text)).text, text.clone());
        let with_key = format!("{text}api.key = \"\"\"{KEY}\"\"\"\n");
        let shown = redacted(&toml(&with_key)).text;
        prop_assert!(shown.starts_with(&text) && !shown.contains(KEY_BYTES), "{}", shown);
    }
}

#[test]
fn whole_documents_go_the_whole_way() {
    assert!(whole_way(&toml(&full())).is_some());
    assert!(whole_way(&yaml(&full_yaml())).is_some());
}
