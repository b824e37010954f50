//! Tokens (distribution, spec/auth/token.md): how they are asked for, and what comes back. Text only.

use std::fmt::Write as _;

use serde::Deserialize;

/// Bytes of a token; it has to fit into the head of a request.
const MAX_TOKEN: usize = 16 << 10;

/// The address to ask for a token that lets us read a repository. More rights than that are never asked for, whatever
/// the registry proposes.
pub fn request(realm: &str, service: Option<&str>, repository: &str) -> String {
    let mut address = realm.split('#').next().unwrap_or_default().to_owned();
    let mut separator = if address.contains('?') { '&' } else { '?' };
    if let Some(service) = service {
        let _ = write!(address, "{separator}service={}", encode(service));
        separator = '&';
    }
    let _ = write!(address, "{separator}scope={}", encode(&format!("repository:{repository}:pull")));
    address
}

/// The token of an answer.
pub fn parse(bytes: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer {
        token: Option<String>,
        access_token: Option<String>,
    }
    let answer: Answer = serde_json::from_slice(bytes).ok()?;
    let token = answer.token.filter(|token| !token.is_empty()).or(answer.access_token)?;
    let is_good =
        !token.is_empty() && token.len() <= MAX_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic());
    is_good.then_some(token)
}

fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(byte.into()),
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
        encoded
    })
}

#[test]
fn tokens_are_asked_for_to_read_alone() {
    let found = request("https://a.test/token", Some("r.test & co"), "a/b");
    assert_eq!(found, "https://a.test/token?service=r.test%20%26%20co&scope=repository%3Aa%2Fb%3Apull");
    assert_eq!(
        request("https://a.test/?x=1#y", None, "a"),
        "https://a.test/?x=1&scope=repository%3Aa%3Apull"
    );
}

#[test]
fn tokens_have_two_names() {
    assert_eq!(parse(br#"{"token":"t","access_token":"a","expires_in":60}"#), Some("t".into()));
    assert_eq!(parse(br#"{"token":"","access_token":"a"}"#), Some("a".into()));
    for none in ["{}", r#"{"token":""}"#, r#"{"token":"a\nb"}"#, "", r#"{"token":1}"#] {
        assert_eq!(parse(none.as_bytes()), None, "{none}");
    }
}
