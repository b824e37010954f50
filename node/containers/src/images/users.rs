//! Who uses which image.

use std::collections::{BTreeMap, BTreeSet};

use super::meant::means;

/// Users of images, by the names that they have for them.
#[derive(Debug, Default)]
pub struct Users(BTreeMap<String, BTreeSet<String>>);

impl Users {
    /// One more.
    pub fn add(&mut self, image: &str, user: impl Into<String>) {
        self.0.entry(image.to_owned()).or_default().insert(user.into());
    }

    /// Those of the image that is stored under `name` with one of these digests.
    pub(super) fn of(&self, name: &str, digests: &[&str]) -> Vec<String> {
        let meant = self.0.iter().filter(|(wanted, _)| means(wanted, name, digests));
        let users: BTreeSet<&String> = meant.flat_map(|(_, users)| users).collect();
        users.into_iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_names_an_image_by_its_digest_uses_it_too() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let mut users = Users::default();
        users.add("web:1", "old/run");
        users.add(&format!("web:1@{digest}"), "web/nginx");
        users.add(&format!("web@{digest}"), "corten-debug-1");
        users.add("db", "db/main");
        assert_eq!(users.of("web:1", &[&digest]), ["corten-debug-1", "old/run", "web/nginx"]);
        assert_eq!(users.of("web:2", &[&digest]), ["corten-debug-1"]);
        assert!(users.of("web:2", &["sha256:b"]).is_empty());
    }
}
