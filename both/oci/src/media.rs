//! Media types: what a descriptor says its blob is (OCI image specification, media-types.md; Docker's registry
//! documentation, "Image Manifest V 2, Schema 2").

/// OCI: a list of manifests.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// OCI: an image.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// OCI: how an image is run.
pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// OCI: a layer, not compressed.
pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// OCI: a layer, gzip.
pub const LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// OCI: a layer, zstd.
pub const LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
/// Docker: a list of manifests.
pub const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Docker: an image.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker: how an image is run.
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// Docker: a layer, not compressed.
pub const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";
/// Docker: a layer, gzip.
pub const DOCKER_LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
/// Docker: a layer, zstd; written by some though it is not registered.
pub const DOCKER_LAYER_ZSTD: &str = "application/vnd.docker.image.rootfs.diff.tar.zstd";

/// Layers that a registry need not keep. They are read like others where they are there.
const NONDISTRIBUTABLE: [&str; 4] = [
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
];

/// Whether it is a list of manifests.
pub fn is_index(media_type: &str) -> bool {
    matches!(media_type, INDEX | DOCKER_INDEX)
}

/// Whether it is an image.
pub fn is_manifest(media_type: &str) -> bool {
    matches!(media_type, MANIFEST | DOCKER_MANIFEST)
}

/// Whether it is the configuration of an image.
pub fn is_config(media_type: &str) -> bool {
    matches!(media_type, CONFIG | DOCKER_CONFIG)
}

/// Whether it is a layer that can be read. What it is compressed with is seen in its bytes: some write another one
/// than they say.
pub fn is_layer(media_type: &str) -> bool {
    let known = matches!(
        media_type,
        LAYER | LAYER_GZIP | LAYER_ZSTD | DOCKER_LAYER | DOCKER_LAYER_GZIP | DOCKER_LAYER_ZSTD
    );
    known || NONDISTRIBUTABLE.contains(&media_type)
}

/// What OCI calls a layer of Docker's. The bytes are the same.
pub fn oci_layer(media_type: &str) -> &str {
    match media_type {
        DOCKER_LAYER => LAYER,
        DOCKER_LAYER_GZIP => LAYER_GZIP,
        DOCKER_LAYER_ZSTD => LAYER_ZSTD,
        other => other,
    }
}
