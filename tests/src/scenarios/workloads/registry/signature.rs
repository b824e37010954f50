//! A signature as cosign makes it (sigstore/cosign, specs/SIGNATURE_SPEC.md): an image beside the signed one, whose layer
//! is what was signed. OpenSSL signs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use corten_oci::digest::Digest;
use corten_oci::manifest::{Descriptor, Manifest};
use corten_oci::write::{LayoutWriter, Sink as _};
use corten_oci::{json, media};

use crate::tool::{run, tool};

const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

/// Somebody who signs.
pub struct Signer {
    key: PathBuf,
    /// What they are known by, PEM.
    pub public: String,
}

impl Signer {
    /// Somebody with a new key, kept in a folder.
    pub fn new(folder: &Path) -> Result<Self> {
        let key = folder.join("signer.key");
        let kind = ["genpkey", "-quiet", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out"];
        run(tool("openssl")?.args(kind).arg(&key))?;
        let public = run(tool("openssl")?.args(["pkey", "-pubout", "-in"]).arg(&key))?;
        Ok(Self { key, public })
    }

    /// Signs an image of a repository. Returns the layout with the signature, under the name that it has there.
    pub fn sign(&self, folder: &Path, repository: &str, digest: &Digest) -> Result<(PathBuf, String)> {
        let payload = format!(
            r#"{{"critical":{{"identity":{{"docker-reference":"{repository}"}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"cosign container image signature"}},"optional":null}}"#
        );
        let (signed, signature) = (folder.join("payload"), folder.join("payload.sig"));
        fs::write(&signed, &payload)?;
        let mut sign = tool("openssl")?;
        run(sign.args(["dgst", "-sha256", "-sign"]).arg(&self.key).arg("-out").arg(&signature).arg(&signed))?;
        let signature = run(tool("openssl")?.args(["base64", "-A", "-in"]).arg(&signature))?;

        let layout = folder.join("signature");
        let mut writer = LayoutWriter::open(&layout)?;
        let mut blob = |kind: &str, bytes: &[u8]| -> Result<Descriptor> {
            let descriptor = Descriptor::new(kind, Digest::of(bytes), bytes.len() as u64);
            writer.blob(&descriptor, &mut &bytes[..])?;
            Ok(descriptor)
        };
        let mut layer = blob(PAYLOAD, payload.as_bytes())?;
        layer.annotations.insert(SIGNATURE.to_owned(), signature.trim().to_owned());
        let config = blob(media::CONFIG, b"{}")?;
        let manifest = blob(media::MANIFEST, &json::write(&Manifest::new(config, vec![layer])))?;
        let name = format!("sha256-{}.sig", digest.hex());
        writer.image(Some(&name), &manifest)?;
        writer.finish()?;
        Ok((layout, name))
    }
}
