//! What netavark answers: of a setup what came to be, of a failure why.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

/// Bytes of the longest answer: one network with two addresses takes a few hundred.
const LONGEST: usize = 64 << 10;
/// Characters of a reason that are passed on.
const LONGEST_REASON: usize = 600;

/// What came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Address of the link inside.
    pub mac: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It says why it failed.
    #[error("{0}")]
    Refused(String),
    /// It says something else.
    #[error("netavark's answer can't be read: {0}")]
    Unreadable(String),
}

#[derive(Deserialize)]
struct Network {
    interfaces: Option<BTreeMap<String, Interface>>,
}

#[derive(Deserialize)]
struct Interface {
    mac_address: String,
    subnets: Option<Vec<Subnet>>,
}

#[derive(Deserialize)]
struct Subnet {
    ipnet: IpNet,
}

#[derive(Deserialize)]
struct Failure {
    error: String,
}

/// Reads what a setup answered, about one network with one link.
///
/// # Errors
/// If it is a failure, or nothing that netavark says.
pub fn parse(bytes: &[u8]) -> Result<Answer, AnswerError> {
    let unreadable = |why: String| AnswerError::Unreadable(why);
    if bytes.len() > LONGEST {
        return Err(unreadable(format!("it has more than {LONGEST} bytes")));
    }
    if let Some(reason) = refusal(bytes) {
        return Err(AnswerError::Refused(reason));
    }
    let networks: BTreeMap<String, Network> =
        serde_json::from_slice(bytes).map_err(|error| unreadable(error.to_string()))?;
    let interfaces = networks.into_values().filter_map(|network| network.interfaces);
    let mut interfaces: Vec<Interface> = interfaces.flat_map(BTreeMap::into_values).collect();
    let (Some(interface), true) = (interfaces.pop(), interfaces.is_empty()) else {
        return Err(unreadable("it is not about one link".into()));
    };
    let addresses = interface.subnets.unwrap_or_default().iter().map(|subnet| subnet.ipnet.addr()).collect();
    Ok(Answer { mac: interface.mac_address, addresses })
}

/// Why it failed, if these bytes say so: in one line and without what could confuse a terminal.
pub(super) fn refusal(bytes: &[u8]) -> Option<String> {
    let failure: Failure = serde_json::from_slice(bytes.get(..LONGEST.min(bytes.len()))?).ok()?;
    Some(plain(&failure.error))
}

/// Foreign words in one line.
pub(in crate::network) fn plain(words: &str) -> String {
    let words: String = words.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
    let words: Vec<&str> = words.split_whitespace().collect();
    words.join(" ").chars().take(LONGEST_REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As version 1.14.0 prints it.
    const DONE: &str = r#"{"ctn-default":{"dns_search_domains":["dns.podman"],"dns_server_ips":["10.89.0.1","fd00:1:2:3::1"],"interfaces":{"eth0":{"mac_address":"e2:f6:b6:e9:3b:eb","subnets":[{"gateway":"10.89.0.1","ipnet":"10.89.0.2/24"},{"gateway":"fd00:1:2:3::1","ipnet":"fd00:1:2:3::2/64"}]}}}}"#;

    #[test]
    fn a_setup_tells_the_addresses() {
        let answer = parse(DONE.as_bytes()).expect("it is one");
        assert_eq!(answer.mac, "e2:f6:b6:e9:3b:eb");
        let addresses: Vec<String> = answer.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["10.89.0.2", "fd00:1:2:3::2"]);
    }

    #[test]
    fn a_failure_tells_why_in_one_line() {
        let text = r#"{"error":"netavark encountered multiple errors:\n\t- one\n\t- two\u001b[31m"}"#;
        let error = parse(text.as_bytes()).expect_err("it is one");
        assert_eq!(
            error,
            AnswerError::Refused("netavark encountered multiple errors: - one - two [31m".into())
        );
        let long = format!(r#"{{"error":"{}"}}"#, "x".repeat(5000));
        assert_eq!(parse(long.as_bytes()).expect_err("it is one").to_string().len(), LONGEST_REASON);
    }

    #[test]
    fn anything_else_is_no_answer() {
        let deep = "[".repeat(100_000);
        for text in ["", "{}", "[]", "{\"a\":{}}", "thread 'main' panicked", &deep, &"x".repeat(LONGEST + 1)]
        {
            let error = parse(text.as_bytes()).expect_err("it is none");
            assert!(matches!(error, AnswerError::Unreadable(_)), "{error:?}");
        }
    }
}
