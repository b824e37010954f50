//! CycloneDX 1.6, JSON: <https://cyclonedx.org/docs/1.6/json/>.
//!
//! A Debian package is a component that holds the files taken from it, a container image one that holds the files of
//! its layers; a layer of several images is with the first. Files that neither brought stand beside.

use corten_services::images::{Image, ImageLayer};
use serde_json::{Value, json};

use super::inventory::{Component, FileRecord, Inventory, NodePart, image_hash, image_purl, purl};
use crate::assembly::Origin;

/// The document, pretty-printed, with a newline at its end.
pub fn cyclonedx(inventory: &Inventory) -> String {
    let mut components: Vec<Value> =
        inventory.packages.values().map(|component| package(component, &inventory.files)).collect();
    components.extend(inventory.node.crates.iter().map(|part| node_part(part, "cargo")));
    components.extend(inventory.node.libc.iter().map(|part| node_part(part, "generic")));
    components.extend(inventory.images.iter().map(|image| container(image, &inventory.files)));
    let own =
        inventory.files.iter().filter(|file| !matches!(file.origin, Origin::Package(_) | Origin::Image(_)));
    components.extend(own.map(file));
    let parts = components.iter().filter(|component| component["type"] != "file");
    let parts: Vec<&Value> = parts.map(|component| &component["bom-ref"]).collect();
    let dependencies = json!([{"ref": "image", "dependsOn": parts}]);
    let serial = serial(&inventory.root_hash);
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{serial}"),
        "version": 1,
        "metadata": {
            "timestamp": inventory.created(),
            "tools": {"components": [{"type": "application", "name": "corten", "version": env!("CARGO_PKG_VERSION")}]},
            "component": {
                "type": "operating-system",
                "bom-ref": "image",
                "name": inventory.name,
                "version": inventory.version,
                "properties": [{"name": "corten:root-hash", "value": inventory.root_hash}],
            },
        },
        "components": components,
        "dependencies": dependencies,
    });
    format!("{document:#}\n")
}

fn package(component: &Component, files: &[FileRecord]) -> Value {
    let own =
        |record: &&FileRecord| matches!(&record.origin, Origin::Package(name) if *name == component.name);
    let mut value = json!({
        "type": "library",
        "bom-ref": purl(component),
        "name": component.name,
        "version": component.version,
        "purl": purl(component),
        "supplier": {"name": "Debian"},
        "hashes": [{"alg": "SHA-256", "content": component.sha256}],
        "properties": [
            {"name": "debian:source", "value": component.source},
            {"name": "debian:source-version", "value": component.source_version},
        ],
        "components": files.iter().filter(own).map(file).collect::<Vec<_>>(),
    });
    if let Some(licence) = &component.licence {
        value["licenses"] = json!([{"license": {"name": licence}}]);
    }
    value
}

fn container(image: &Image, files: &[FileRecord]) -> Value {
    let own = |record: &&FileRecord| matches!(&record.origin, Origin::Image(name) if *name == image.name);
    let hashes: Vec<Value> = image_hash(image)
        .map(|(algorithm, digits)| json!({"alg": algorithm, "content": digits}))
        .into_iter()
        .collect();
    let layer = |layer: &ImageLayer| json!({"name": "corten:layer", "value": layer.diff_id});
    json!({
        "type": "container",
        "bom-ref": format!("image:{}", image.name),
        "name": image.name,
        "version": image.digest,
        "purl": image_purl(image),
        "hashes": hashes,
        "properties": image.layers.iter().map(layer).collect::<Vec<_>>(),
        "components": files.iter().filter(own).map(file).collect::<Vec<_>>(),
    })
}

fn node_part(part: &NodePart, kind: &str) -> Value {
    let purl = format!("pkg:{kind}/{}@{}", part.name, part.version.replace('+', "%2B"));
    let mut value = json!({
        "type": "library",
        "bom-ref": purl,
        "name": part.name,
        "version": part.version,
        "purl": purl,
    });
    if let Some(licence) = &part.license {
        value["licenses"] = json!([{"expression": licence.replace('/', " OR ")}]);
    }
    value
}

fn file(record: &FileRecord) -> Value {
    json!({
        "type": "file",
        "name": record.path,
        "bom-ref": format!("file:{}", record.path),
        "hashes": [{"alg": "SHA-256", "content": record.sha256}],
    })
}

/// A UUID of version 8 (RFC 9562, section 5.8) made of the root hash: the same image, the same serial number.
fn serial(root_hash: &str) -> String {
    let digits = format!("{root_hash:0<32}");
    let [first, second, third, fourth, last] =
        [0..8, 8..12, 13..16, 17..20, 20..32].map(|range| &digits[range]);
    format!("{first}-{second}-8{third}-8{fourth}-{last}")
}
