//! SPDX 2.3, JSON: <https://spdx.github.io/spdx-spec/v2.3/>.
//!
//! The image is the package that contains every file; a Debian package is an archive that files were expanded
//! from, since only some of its files are taken, and so is a container image.

use serde_json::{Value, json};
use sha1::Digest as _;

use super::inventory::{Inventory, image_hash, image_purl, purl};
use crate::assembly::Origin;
use crate::hex::hex;

/// The document, pretty-printed, with a newline at its end.
pub fn spdx(inventory: &Inventory) -> String {
    let image = "SPDXRef-Image";
    let mut packages = vec![json!({
        "SPDXID": image,
        "name": inventory.name,
        "versionInfo": inventory.version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": true,
        "packageVerificationCode": {"packageVerificationCodeValue": verification_code(inventory)},
        "primaryPackagePurpose": "OPERATING-SYSTEM",
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "comment": format!("dm-verity root hash {}", inventory.root_hash),
    })];
    let mut relationships = vec![relation("SPDXRef-DOCUMENT", "DESCRIBES", image)];
    for component in inventory.packages.values() {
        let id = package_id(&component.name);
        packages.push(json!({
            "SPDXID": id,
            "name": component.name,
            "versionInfo": component.version,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": false,
            "checksums": [{"algorithm": "SHA256", "checksumValue": component.sha256}],
            "sourceInfo": format!("built from source package {} {}", component.source, component.source_version),
            "supplier": "Organization: Debian",
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION",
            "licenseComments": component.licence.as_ref().map_or_else(
                || "the package's copyright file is not machine-readable".to_owned(),
                |licence| format!("the package's copyright file says {licence}")
            ),
            "copyrightText": "NOASSERTION",
            "externalRefs": [{
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": purl(component),
            }],
        }));
        relationships.push(relation(image, "DEPENDS_ON", &id));
    }
    for (number, container) in inventory.images.iter().enumerate() {
        let id = container_id(number);
        packages.push(json!({
            "SPDXID": id,
            "name": container.name,
            "versionInfo": container.digest,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": false,
            "primaryPackagePurpose": "CONTAINER",
            "checksums": image_hash(container)
                .map(|(algorithm, digits)| json!({"algorithm": algorithm.replace('-', ""), "checksumValue": digits}))
                .into_iter()
                .collect::<Vec<_>>(),
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION",
            "copyrightText": "NOASSERTION",
            "externalRefs": [{
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": image_purl(container),
            }],
        }));
        relationships.push(relation(image, "CONTAINS", &id));
    }
    let parts = inventory.node.crates.iter().map(|part| (part, "cargo"));
    for (part, kind) in parts.chain(inventory.node.libc.iter().map(|part| (part, "generic"))) {
        let id = format!("SPDXRef-{kind}-{}", identifier(&format!("{}-{}", part.name, part.version)));
        packages.push(json!({
            "SPDXID": id,
            "name": part.name,
            "versionInfo": part.version,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": false,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": part.license.as_deref().map_or("NOASSERTION".into(), |text| text.replace('/', " OR ")),
            "copyrightText": "NOASSERTION",
            "externalRefs": [{
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": format!("pkg:{kind}/{}@{}", part.name, part.version.replace('+', "%2B")),
            }],
        }));
        relationships.push(relation(image, "STATIC_LINK", &id));
    }
    let mut files = Vec::new();
    for (number, file) in inventory.files.iter().enumerate() {
        let id = format!("SPDXRef-File-{number}");
        files.push(json!({
            "SPDXID": id,
            "fileName": format!(".{}", file.path),
            "checksums": [
                {"algorithm": "SHA1", "checksumValue": file.sha1},
                {"algorithm": "SHA256", "checksumValue": file.sha256},
            ],
            "licenseConcluded": "NOASSERTION",
            "licenseInfoInFiles": ["NOASSERTION"],
            "copyrightText": "NOASSERTION",
            "comment": format!("from {}", file.origin),
        }));
        relationships.push(relation(image, "CONTAINS", &id));
        let archive = match &file.origin {
            Origin::Package(name) => Some(package_id(name)),
            Origin::Image(name) => {
                inventory.images.iter().position(|container| container.name == *name).map(container_id)
            }
            _ => None,
        };
        if let Some(archive) = archive {
            relationships.push(relation(&id, "EXPANDED_FROM_ARCHIVE", &archive));
        }
    }
    let document: Value = json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": format!("{}-{}", inventory.name, inventory.version),
        "documentNamespace": format!("urn:corten:{}:{}:{}", inventory.name, inventory.version, inventory.root_hash),
        "creationInfo": {"created": inventory.created(), "creators": ["Tool: corten"]},
        "packages": packages,
        "files": files,
        "relationships": relationships,
    });
    format!("{document:#}\n")
}

fn relation(from: &str, kind: &str, to: &str) -> Value {
    json!({"spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to})
}

fn package_id(name: &str) -> String {
    format!("SPDXRef-deb-{}", identifier(name))
}

/// Names of images hold what identifiers do not, so they are numbered.
fn container_id(number: usize) -> String {
    format!("SPDXRef-container-{number}")
}

/// SPDX identifiers hold letters, digits, `.` and `-`; `+` of a package's name becomes `-plus-`.
fn identifier(name: &str) -> String {
    let plain = name.replace('+', "-plus-").replace('_', "-u-");
    plain.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}

/// SHA-1 over the sorted SHA-1 sums of all files: section 7.9 of the specification.
fn verification_code(inventory: &Inventory) -> String {
    let mut sums: Vec<&str> = inventory.files.iter().map(|file| file.sha1.as_str()).collect();
    sums.sort_unstable();
    hex(&sha1::Sha1::digest(sums.concat()))
}
