//! Makes room on the disk: images that nothing uses go, those first that were used longest ago.

use super::{Images, Users};
use crate::containerd::StoredImage;

/// The order in which images go: the one that was used longest ago first, then by name. Those that were never
/// used go before all others.
fn order(mut images: Vec<(StoredImage, i64)>) -> Vec<StoredImage> {
    images.sort_by(|(a, a_used), (b, b_used)| a_used.cmp(b_used).then_with(|| a.name.cmp(&b.name)));
    images.into_iter().map(|(image, _)| image).collect()
}

impl Images {
    /// Removes images that nobody uses until there is room enough. What a container of the configuration is made of stays,
    /// whether it runs or not. While an image is unpacked nothing is removed: nobody waits for it here.
    pub async fn make_room(&self, users: &Users, enough: impl Fn() -> bool) {
        let Ok(_turn) = self.turn.try_lock() else { return };
        let Ok(all) = self.containerd.images().await else { return };
        let unused =
            all.into_iter().filter(|image| users.of(&image.name, &[&image.manifest.digest]).is_empty());
        let with_moments = unused.map(|image| {
            let moment = self.used.moment(&image.name);
            (image, moment)
        });
        for image in order(with_moments.collect()) {
            if enough() {
                return;
            }
            match self.remove_in_turn(&image.name).await {
                Ok(()) => eprintln!(
                    "image {}: removed, since the disk is nearly full and nothing uses it",
                    image.name
                ),
                Err(error) => eprintln!("image {}: {error}", image.name),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::containerd::Descriptor;

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let image = |name: &str| StoredImage {
            name: name.into(),
            manifest: Descriptor { media_type: String::new(), digest: String::new(), size: 0 },
            labels: BTreeMap::new(),
        };
        let images = vec![(image("new"), 30), (image("b"), 10), (image("a"), 10), (image("old"), 5)];
        let names: Vec<String> = order(images).into_iter().map(|image| image.name).collect();
        assert_eq!(names, ["old", "a", "b", "new"]);
    }
}
