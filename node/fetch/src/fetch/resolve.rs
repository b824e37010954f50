//! From a name to the one image that is meant: policy first, then index, manifest, configuration.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use corten_oci::digest::Digest;
use corten_oci::manifest::{Descriptor, Index, Manifest};

use super::Job;
use crate::failure::{Class, Failure};
use crate::image::{self, Document};
use crate::limits::{MAX_NESTING, MAX_PAYLOAD, MAX_SIGNATURE, MAX_SIGNATURES};
use crate::name::Target;
use crate::output::Output;
use crate::policy::{self, Key, Policy};
use crate::protocol::{DocumentKind, Header, Proof};
use crate::registry::{Content, Fault, Source};

/// What cosign signs (sigstore/cosign, specs/SIGNATURE_SPEC.md).
const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The annotation with the signature of it.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

/// Finds the image of a name and hands its documents over.
pub(super) fn resolve(job: &Job, output: &Output) -> Result<Manifest, Failure> {
    job.policy.check_name(&job.name)?;
    let top = job.registry.ask(output, |source| job.registry.manifest(source, &job.name.target, None))?;
    let proof = match &job.policy {
        Policy::Signature(keys) => Some(proof(job, keys, top.digest, output)?),
        Policy::None | Policy::Digest => None,
    };
    job.policy.check(&job.name, top.digest, proof.as_ref())?;
    output.event(&Header::Resolved { digest: top.digest, size: top.bytes.len() as u64, proof })?;
    let mut content = top;
    // Nothing is handed over that does not lead on: the parent would have to ask itself why.
    for depth in 0.. {
        let index = match image::read(&content.bytes, content.media_type.as_deref())? {
            Document::Manifest(manifest) => {
                output.document(DocumentKind::Manifest, &content)?;
                configuration(job, &manifest, output)?;
                return Ok(*manifest);
            }
            Document::Index(_) if depth == MAX_NESTING => break,
            Document::Index(index) => index,
        };
        let chosen = choose(job, &index)?;
        output.document(DocumentKind::Index, &content)?;
        content = child(job, chosen, output)?;
    }
    Err(Failure::new(Class::Protocol, format!("indexes are nested more than {MAX_NESTING} times")))
}

fn choose<'a>(job: &Job, index: &'a Index) -> Result<&'a Descriptor, Failure> {
    let platform = &job.order.platform;
    let none = || Failure::new(Class::NotFound, format!("{} has no image for {platform}", job.name));
    let chosen = index.select(platform).ok_or_else(none)?;
    image::check_document_size(&chosen.digest, chosen.size)?;
    Ok(chosen)
}

fn child(job: &Job, descriptor: &Descriptor, output: &Output) -> Result<Content, Failure> {
    let Descriptor { digest, size, media_type, .. } = descriptor;
    let target = Target::Digest(*digest);
    let content = job.registry.ask(output, |source| job.registry.manifest(source, &target, Some(*size)))?;
    Ok(Content { media_type: Some(media_type.clone()), ..content })
}

fn configuration(job: &Job, manifest: &Manifest, output: &Output) -> Result<(), Failure> {
    let Descriptor { digest, size, .. } = manifest.config;
    let content = job.registry.ask(output, |source| job.registry.blob(source, digest, size))?;
    image::read_config(manifest, &content.bytes, &job.order.platform)?;
    Ok(output.document(DocumentKind::Config, &content)?)
}

/// A signature that counts. A mirror that has none, or has others, is no answer: the next place is asked.
fn proof(job: &Job, keys: &[Key], digest: Digest, output: &Output) -> Result<Proof, Failure> {
    let tag = Target::Tag(format!("{}-{}.sig", digest.algorithm().name(), digest.hex()));
    job.registry.ask(output, |source| proof_at(job, source, keys, digest, &tag))
}

fn proof_at(job: &Job, source: &Source, keys: &[Key], digest: Digest, tag: &Target) -> Result<Proof, Fault> {
    let refused = |why: &str| Fault::never(Class::RefusedByPolicy, format!("{}: {why}", job.name));
    let manifest = match job.registry.manifest(source, tag, None) {
        Err(fault) if fault.failure.class == Class::NotFound => return Err(refused("it has no signature")),
        other => other?,
    };
    let manifest = image::read_artifact(&manifest.bytes)?;
    let mut fault = refused("it has no signature");
    for layer in manifest.layers.iter().filter(|layer| layer.media_type == PAYLOAD).take(MAX_SIGNATURES) {
        let Some(signature) = layer.annotations.get(SIGNATURE) else { continue };
        if layer.size > MAX_PAYLOAD || signature.len() > MAX_SIGNATURE {
            continue;
        }
        let payload = job.registry.blob(source, layer.digest, layer.size)?;
        let proof = Proof { payload: STANDARD.encode(payload.bytes), signature: signature.clone() };
        match policy::verify(&proof, keys, &job.name, digest) {
            Ok(_) => return Ok(proof),
            Err(error) => fault = refused(&format!("its signature does not count: {error}")),
        }
    }
    Err(fault)
}
