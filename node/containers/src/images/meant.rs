//! Which image a workload's name means. A name without a digest is one of those that images are stored under; one with a
//! digest means the image of that content that has the rest of the name.

use std::str::FromStr as _;

use corten_oci::reference::Reference;

/// Whether `wanted` means the image that is stored under `name` with one of these digests.
pub(super) fn means(wanted: &str, name: &str, digests: &[&str]) -> bool {
    if wanted == name {
        return true;
    }
    let Ok(wanted) = Reference::from_str(wanted) else { return false };
    let Some(digest) = wanted.digest().map(ToString::to_string) else { return false };
    let Ok(stored) = Reference::from_str(name) else { return false };
    digests.contains(&digest.as_str())
        && wanted.name() == stored.name()
        && wanted.tag().is_none_or(|tag| stored.tag() == Some(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_means_the_content_under_the_same_name() {
        let (digest, other) = (format!("sha256:{}", "a".repeat(64)), format!("sha256:{}", "b".repeat(64)));
        let has = |wanted: &str, name: &str| means(wanted, name, &[&other, &digest]);
        assert!(has("web:1", "web:1"));
        assert!(!has("web:2", "web:1"));
        assert!(has(&format!("web:1@{digest}"), "web:1"));
        assert!(has(&format!("web@{digest}"), "web:1"));
        assert!(!has(&format!("web:2@{digest}"), "web:1"), "another tag was asked for");
        assert!(!has(&format!("shop@{digest}"), "web:1"), "the same content under a foreign name");
        assert!(!has(&format!("web@sha256:{}", "c".repeat(64)), "web:1"));
        assert!(has(&format!("reg.example:5000/web@{digest}"), &format!("reg.example:5000/web:1@{digest}")));
    }
}
