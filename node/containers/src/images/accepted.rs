//! Which images of the store may run: what the settings of their registry say now, and not what they said when an image
//! came.

use std::collections::BTreeMap;

use corten_config::settings::Registry;
use corten_fetch::Name;
use corten_fetch::name::{self, BadName};
use corten_fetch::policy::Policy;

/// The label of an image that says which key has signed it: the digest of the key. What came in another way has none.
pub(super) const SIGNED_BY: &str = "corten.signed-by";

/// Whether an image may run that a workload calls `wanted`.
pub(super) fn is_accepted(
    wanted: &str,
    labels: &BTreeMap<String, String>,
    registries: &BTreeMap<String, Registry>,
) -> bool {
    let name: Name = match wanted.parse() {
        Ok(name) => name,
        // It is nobody's: settings are about registries.
        Err(BadName::Registry) => return true,
        Err(BadName::Reference(_)) => return false,
    };
    let Some(registry) = name::settings(registries, &name.registry) else { return true };
    let signed_by = labels.get(SIGNED_BY).map(String::as_str);
    Policy::new(&registry.verify).is_ok_and(|policy| policy.accepts(&name, signed_by))
}

#[cfg(test)]
mod tests {
    use corten_config::settings::Verification;

    use super::*;

    /// `openssl genpkey -algorithm ed25519`, its public half.
    const KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PUBLIC KEY-----\n";

    fn accepted(wanted: &str, verify: Verification, signed_by: Option<&str>) -> bool {
        let registry = Registry { verify, ..Registry::default() };
        let labels = signed_by.map(|key| (SIGNED_BY.to_owned(), key.to_owned())).into_iter().collect();
        is_accepted(wanted, &labels, &BTreeMap::from([("r.test".to_owned(), registry)]))
    }

    #[test]
    fn what_is_here_runs_as_the_settings_of_now_say() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let key = corten_fetch::policy::Key::from_pem(KEY).expect("a key").digest().to_string();
        let signature = || Verification::Signature { keys: vec![KEY.into()] };
        assert!(accepted("r.test/web:1", Verification::None, None));
        assert!(!accepted("r.test/web:1", Verification::Digest, None));
        assert!(accepted(&format!("r.test/web@{digest}"), Verification::Digest, None));
        assert!(accepted("r.test/web:1", signature(), Some(&key)));
        assert!(!accepted("r.test/web:1", signature(), None), "imported, or pulled before");
        assert!(!accepted("r.test/web:1", signature(), Some(&digest)), "by a key that is gone");
        assert!(!accepted(&format!("R.TEST:443/web@{digest}"), signature(), None));
        assert!(accepted("web:1", signature(), None), "without a registry");
        assert!(accepted("other.test/web:1", signature(), None));
    }
}
