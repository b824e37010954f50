//! What has to go, what has to stay, and any secret in any of the ways in which one is written down.

use proptest::prelude::*;

use super::*;

fn redact(text: &str) -> String {
    Redactor::default().redact(text)
}

#[test]
fn values_of_secret_names_go_and_the_rest_stays() {
    for (text, expected) in [
        ("host = \"a\"", "host = \"a\""),
        ("key = \"abc\" # why", "key = (removed) # why"),
        ("  api.certificate.key = 'a b'", "  api.certificate.key = (removed)"),
        ("password: two words", "password: (removed)"),
        ("{\"token\": \"a\\\"b\", \"host\": \"x\"}", "{\"token\": (removed), \"host\": \"x\"}"),
        ("msg=started token=abc user=x", "msg=started token=(removed) user=x"),
        ("GET /x?token=abc&y=1 200", "GET /x?token=(removed) 200"),
        ("run --token abc --name x", "run --token (removed) --name x"),
        ("run --token=abc --name x", "run --token=(removed) --name x"),
        ("{\\\"password\\\":\\\"abc\\\",\\\"a\\\":1}", "{\\\"password\\\":(removed),\\\"a\\\":1}"),
        ("proxy http://me:abc@proxy:3128/ up", "proxy http://me:(removed)@proxy:3128/ up"),
        ("proxy http://proxy:3128/ up", "proxy http://proxy:3128/ up"),
        ("Authorization is Bearer abcdefgh!", "Authorization is Bearer (removed)"),
        ("keys = [\"a]\", 'b'] # c", "keys = (removed) # c"),
        ("secret =", "secret ="),
        (
            "{\"name\":\"A_KEY\",\"value\":\"abc\"},{\"name\":\"HOST\",\"value\":\"x\"}",
            "{\"name\":\"A_KEY\",\"value\":(removed)},{\"name\":\"HOST\",\"value\":\"x\"}",
        ),
        ("type 7K2M-Q9XZ-04AB to go on", "type (removed) to go on"),
        ("pairing code: 7K2MQ9XZ04AB.", "pairing code: (removed)."),
        ("uuid 550e8400-e29b-41d4-a716-446655440000", "uuid 550e8400-e29b-41d4-a716-446655440000"),
        ("time 12:30:01 and http://[::1]:80/", "time 12:30:01 and http://[::1]:80/"),
    ] {
        assert_eq!(redact(text).trim_end(), expected, "{text}");
    }
}

#[test]
fn values_over_several_lines_go_as_a_whole() {
    for (text, expected) in [
        ("key = \"\"\"\nabc\ndef\"\"\" # x\nhost = 1", "key = (removed)\n # x\nhost = 1\n"),
        ("a:\n  key: |\n    abc\n\n    def\n  host: x", "a:\n  key: (removed)\n  host: x\n"),
        ("tokens:\n- abc\n- def\nhost: x", "tokens:(removed)\nhost: x\n"),
        ("tokens = [\n  \"a]b\",\n]\nhost = 1", "tokens = (removed)\n\nhost = 1\n"),
        ("[a.secrets]\nx = \"abc\"\n[b]\ny = 1", "[a.secrets]\n(removed)\n[b]\ny = 1\n"),
    ] {
        assert_eq!(redact(text), expected, "{text}");
    }
}

#[test]
fn private_keys_go_with_everything_between_their_lines() {
    let key = "x\n-----BEGIN EC PRIVATE KEY-----\nMHc\nab==\n-----END EC PRIVATE KEY----- y\nz";
    assert_eq!(redact(key), "x\n(removed)\n y\nz\n");
    let escaped = "web: -----BEGIN PRIVATE KEY-----\\nMHc\\n-----END PRIVATE KEY-----\\n and on";
    assert_eq!(redact(escaped), "web: (removed)\\n and on\n");
    let certificate = "-----BEGIN CERTIFICATE-----\nMHc\n-----END CERTIFICATE-----\n";
    assert_eq!(redact(certificate), certificate);
    // One without an end takes no more than the longest key has.
    let open = format!("-----BEGIN PRIVATE KEY-----\n{}end", "line\n".repeat(2 * MAX_PEM_LINES));
    assert!(redact(&open).ends_with("end\n"));
}

#[test]
fn known_secrets_go_wherever_they_stand() {
    let redactor =
        Redactor::new(["hunter2".to_string(), "hunter2-long\nsecond line".to_string(), "x".to_string()]);
    let text = redactor.redact("a hunter2 b=hunter2-long c\nsecond line x");
    assert_eq!(text, "a (removed) b=(removed) c\n(removed) x\n");
    assert!(!format!("{redactor:?}").contains("hunter2"));
}

#[test]
fn a_known_key_does_not_hide_an_unknown_one() {
    let key = |body: &str| format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    let text = Redactor::new([key("known body")]).redact(&format!(
        "{}{}known body",
        key("other body"),
        key("known body")
    ));
    assert_eq!(text, "(removed)\n\n(removed)\n\n(removed)\n");
}

/// Ways in which a secret is written down.
const WAYS: [&str; 24] = [
    "key = \"§\"",
    "api.certificate.key = '§'",
    "key = \"\"\"\n§\n\"\"\"",
    "password: §",
    "password: \"§\"",
    "  token: |\n    §\n    §",
    "token: >-\n  §",
    "secrets:\n  a: §\n  b: §",
    "secrets:\n- §\n- §",
    "tokens = [\n  \"§\",\n]",
    "[x.credentials]\nuser = \"§\"\n",
    "{\"accessToken\":\"§\"}",
    "{\"name\":\"DB_PASSWORD\",\"value\":\"§\"}",
    "env: [{name: API_TOKEN, value: §}, {name: A, value: b}]",
    "{\"secret\": {\"a\": [\"§\"]}}",
    "{\"msg\":\"{\\\"password\\\":\\\"§\\\"}\"}",
    "time=1 level=info token=§ msg=x",
    "/usr/bin/x --password § --verbose",
    "/usr/bin/x --api-key=§",
    "export DB_PASSWORD=§",
    "Authorization: Bearer §",
    "proxy https://user:§@host:8080/x",
    "-----BEGIN PRIVATE KEY-----\n§\n§\n-----END PRIVATE KEY-----",
    "web: -----BEGIN RSA PRIVATE KEY-----\\n§\\n-----END RSA PRIVATE KEY-----",
];

proptest! {
    #[test]
    fn a_secret_never_comes_out(
        secret in "[A-Za-z0-9+][A-Za-z0-9+!%^*_.]{7,30}",
        way in prop::sample::select(WAYS.to_vec()),
        before in "[ -~]{0,30}",
        after in "[ -~]{0,30}",
    ) {
        // A quote, bracket or flag before it may turn a value into the inside of another; lines of their own do not.
        let text = format!("{before}\n{}\n{after}", way.replace('§', &secret));
        let shown = redact(&text);
        let inside = before.contains(&secret) || after.contains(&secret);
        prop_assert!(inside || !shown.contains(&secret), "{shown}");
    }

    #[test]
    fn any_text_is_redacted(text in "(\\PC|[\n\"'\\[\\]{}:= -]|key|-----BEGIN PRIVATE KEY-----){0,60}") {
        let shown = redact(&text);
        prop_assert!(shown.len() <= 12 * text.len() + 16);
    }

    #[test]
    fn lines_without_names_and_addresses_stay(text in "([a-jl-z ]{0,20}\n){0,5}") {
        prop_assert_eq!(redact(&text), text);
    }
}
