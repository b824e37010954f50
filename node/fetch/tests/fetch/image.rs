//! Images as a registry has them, and what a good registry answers.

use std::collections::BTreeMap;

use corten_oci::digest::Digest;
use corten_oci::manifest::{Descriptor, Index, Manifest, Platform};
use corten_oci::{json, media};

use crate::server::{Asked, Reply};

/// What is kept of one repository, by path behind `/v2/`.
#[derive(Clone, Debug, Default)]
pub struct Store {
    pub content: BTreeMap<String, (String, Vec<u8>)>,
}

/// One image in a store.
#[derive(Clone, Debug)]
pub struct Image {
    pub store: Store,
    /// Of the index.
    pub digest: Digest,
    pub manifest: Digest,
    pub config: Digest,
    pub layers: Vec<(Digest, Vec<u8>)>,
}

pub const REPOSITORY: &str = "team/web";

impl Store {
    pub fn blob(&mut self, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        self.content.insert(
            format!("{REPOSITORY}/blobs/{digest}"),
            ("application/octet-stream".into(), bytes.to_vec()),
        );
        digest
    }

    pub fn manifest(&mut self, tags: &[&str], media_type: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        for name in tags.iter().copied().chain([digest.to_string().as_str()]) {
            self.content
                .insert(format!("{REPOSITORY}/manifests/{name}"), (media_type.into(), bytes.to_vec()));
        }
        digest
    }

    /// What a registry that knows ranges answers.
    pub fn answer(&self, asked: &Asked) -> Reply {
        let path = asked.path.strip_prefix("/v2/").unwrap_or_default();
        let Some((media_type, bytes)) = self.content.get(path) else {
            return Reply::status(404)
                .body(r#"{"errors":[{"code":"UNKNOWN","message":"never heard of it"}]}"#);
        };
        let reply = Reply::status(200).with("Content-Type", media_type);
        match asked.from().filter(|from| *from < bytes.len()) {
            None => reply.body(bytes.clone()),
            Some(from) => {
                let range = format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len());
                Reply { status: 206, ..reply }.with("Content-Range", range).body(&bytes[from..])
            }
        }
    }
}

/// An index with an image for another machine in front and one for nodes, of layers with so many bytes.
pub fn image(sizes: &[usize]) -> Image {
    let mut store = Store::default();
    let content = |index: usize, size: usize| -> Vec<u8> {
        (0..size).map(|at| ((at >> 3) * 31 + at + index) as u8).collect()
    };
    let layers: Vec<(Digest, Vec<u8>)> = sizes
        .iter()
        .enumerate()
        .map(|(index, size)| content(index, *size))
        .map(|bytes| (store.blob(&bytes), bytes))
        .collect();
    let config = config("amd64", layers.len());
    let config_digest = store.blob(&config);
    let descriptors =
        layers.iter().map(|(digest, bytes)| Descriptor::new(media::LAYER, *digest, bytes.len() as u64));
    let manifest = json::write(&Manifest::new(
        Descriptor::new(media::CONFIG, config_digest, config.len() as u64),
        descriptors.collect(),
    ));
    let manifest_digest = store.manifest(&[], media::MANIFEST, &manifest);
    let entry = |architecture: &str, digest: Digest, size: u64| Descriptor {
        platform: Some(Platform { architecture: architecture.into(), ..Platform::linux_amd64() }),
        ..Descriptor::new(media::MANIFEST, digest, size)
    };
    let manifests =
        vec![entry("arm64", Digest::of(b"other"), 9), entry("amd64", manifest_digest, manifest.len() as u64)];
    let index = json::write(&Index { manifests, ..Index::empty() });
    let digest = store.manifest(&["1"], media::INDEX, &index);
    Image { store, digest, manifest: manifest_digest, config: config_digest, layers }
}

pub fn config(architecture: &str, layers: usize) -> Vec<u8> {
    let diff_ids = vec![format!("\"{}\"", Digest::of(b"layer")); layers].join(",");
    format!(
        r#"{{"os":"linux","architecture":"{architecture}","rootfs":{{"type":"layers","diff_ids":[{diff_ids}]}}}}"#
    )
    .into_bytes()
}

pub fn manifest_path(name: impl std::fmt::Display) -> String {
    format!("/v2/{REPOSITORY}/manifests/{name}")
}

pub fn blob_path(digest: Digest) -> String {
    format!("/v2/{REPOSITORY}/blobs/{digest}")
}
