//! What is in the image, for those who have to answer for it: SPDX 2.3 and CycloneDX 1.6.
//!
//! Both are written from one [`Inventory`], hold only what the builder knows, and are the same bytes for the same
//! lock and the same `corten`.

mod cyclonedx;
mod inventory;
mod spdx;

pub use cyclonedx::cyclonedx;
pub use inventory::{Component, FileRecord, Inventory, NodeInventory, digests};
pub use spdx::spdx;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::inventory::NodePart;
    use super::{Component, Inventory, NodeInventory, cyclonedx, spdx};

    fn inventory() -> Inventory {
        let package = Component {
            name: "crun".into(),
            version: "1.21-1".into(),
            architecture: "amd64".into(),
            source: "crun".into(),
            source_version: "1.21-1".into(),
            sha256: "0".repeat(64),
            licence: None,
        };
        let part =
            NodePart { name: "libc".into(), version: "0.2.1".into(), license: Some("MIT/Apache-2.0".into()) };
        Inventory {
            name: "x".into(),
            version: "1.1".into(),
            root_hash: "1".repeat(64),
            epoch: 0,
            packages: BTreeMap::from([("crun".to_owned(), package)]),
            node: NodeInventory { crates: vec![part], libc: None },
            files: Vec::new(),
        }
    }

    fn parsed(text: &str) -> Value {
        serde_json::from_str(text).expect("it is JSON")
    }

    #[test]
    fn the_image_links_statically_what_its_own_programs_are_made_of() {
        let document = parsed(&spdx(&inventory()));
        let relationships = document["relationships"].as_array().expect("a list");
        let found: Vec<_> =
            relationships.iter().filter(|one| one["relationshipType"] == "STATIC_LINK").collect();
        let (image, part) = ("SPDXRef-Image", "SPDXRef-cargo-libc-0.2.1");
        assert_eq!(
            found,
            [&json!({"spdxElementId": image, "relationshipType": "STATIC_LINK", "relatedSpdxElement": part})]
        );
    }

    #[test]
    fn the_image_depends_on_every_package_and_crate() {
        let document = parsed(&cyclonedx(&inventory()));
        let parts = ["pkg:deb/debian/crun@1.21-1?arch=amd64", "pkg:cargo/libc@0.2.1"];
        assert_eq!(document["dependencies"], json!([{"ref": "image", "dependsOn": parts}]));
    }
}
