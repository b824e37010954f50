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

    use corten_services::images::{Image, ImageConfig, ImageLayer};
    use serde_json::{Value, json};

    use super::inventory::NodePart;
    use super::{Component, FileRecord, Inventory, NodeInventory, cyclonedx, spdx};
    use crate::assembly::Origin;

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
            images: vec![image()],
            node: NodeInventory { crates: vec![part], libc: None },
            files: ["/usr/bin/crun", "/usr/lib/corten/images/layers/ab/bin/sh"].map(file).into(),
        }
    }

    fn image() -> Image {
        Image {
            name: "localhost:5000/web:1".into(),
            digest: format!("sha256:{}", "a".repeat(64)),
            index_digest: None,
            config_digest: format!("sha256:{}", "b".repeat(64)),
            created: None,
            config: ImageConfig::default(),
            layers: vec![ImageLayer { diff_id: "ab".into(), bytes: 1, entries: 1 }],
        }
    }

    fn file(path: &str) -> FileRecord {
        let origin = if path.contains("/layers/") {
            Origin::Image("localhost:5000/web:1".into())
        } else {
            Origin::Package("crun".into())
        };
        FileRecord { path: path.into(), sha256: "1".repeat(64), sha1: "2".repeat(40), origin }
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
        let parts =
            ["pkg:deb/debian/crun@1.21-1?arch=amd64", "pkg:cargo/libc@0.2.1", "image:localhost:5000/web:1"];
        assert_eq!(document["dependencies"], json!([{"ref": "image", "dependsOn": parts}]));
    }

    #[test]
    fn a_container_image_is_one_component_that_holds_its_files() {
        let document = parsed(&cyclonedx(&inventory()));
        let components = document["components"].as_array().expect("a list");
        let containers: Vec<_> = components.iter().filter(|one| one["type"] == "container").collect();
        assert_eq!(containers.len(), 1);
        assert_eq!(containers[0]["version"], format!("sha256:{}", "a".repeat(64)));
        let purl =
            format!("pkg:oci/web@sha256%3A{}?repository_url=localhost%3A5000/web&tag=1", "a".repeat(64));
        assert_eq!(containers[0]["purl"], purl);
        assert_eq!(containers[0]["components"][0]["name"], "/usr/lib/corten/images/layers/ab/bin/sh");
        assert!(!components.iter().any(|one| one["type"] == "file"), "its files stand beside as well");
        let document = parsed(&spdx(&inventory()));
        let relationships = document["relationships"].as_array().expect("a list");
        let expected = json!({
            "spdxElementId": "SPDXRef-File-1",
            "relationshipType": "EXPANDED_FROM_ARCHIVE",
            "relatedSpdxElement": "SPDXRef-container-0",
        });
        assert!(relationships.contains(&expected));
    }
}
