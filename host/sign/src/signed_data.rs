//! PKCS #7 SignedData, in the two forms that firmware reads: with the content and signed attributes (programs), and
//! over content that lies elsewhere, without attributes (updates of variables).
//!
//! Specifications: RFC 2315 (PKCS #7 1.5), which both users name, and RFC 5652 for the types. They differ in how the
//! content is wrapped: here it stands as it is, not inside an OCTET STRING.

use aws_lc_rs::digest::{SHA256, digest};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Encode};
use x509_cert::attr::Attribute;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::error::SignError;
use crate::signer::Signer;

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// `id-sha256`.
pub const fn sha256() -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1")
}

/// The parameters of algorithms that have none; readers of this age want them written.
pub fn null() -> Any {
    Any::null()
}

/// Content that is part of the signature.
pub struct Attributed {
    /// Its type.
    pub kind: ObjectIdentifier,
    /// The content.
    pub content: Any,
    /// Signed attributes beyond type and digest of the content.
    pub more: Vec<(ObjectIdentifier, Any)>,
}

/// Signs content that becomes part of the signature.
pub fn signed_data(signer: &dyn Signer, what: &Attributed) -> Result<SignedData, SignError> {
    // The digest is over the value alone, without its tag and length (RFC 2315, section 9.3).
    let content_digest = digest(&SHA256, what.content.value());
    let mut attributes = SetOfVec::new();
    let own = [
        (CONTENT_TYPE, Any::encode_from(&what.kind)?),
        (MESSAGE_DIGEST, Any::encode_from(&OctetString::new(content_digest.as_ref())?)?),
    ];
    for (oid, value) in own.into_iter().chain(what.more.iter().cloned()) {
        attributes.insert(Attribute { oid, values: SetOfVec::try_from(vec![value])? })?;
    }
    // What is signed has the tag of a SET, not the one that it has inside the signature.
    let signature = signer.sign(&attributes.to_der()?)?;
    let content = EncapsulatedContentInfo { econtent_type: what.kind, econtent: Some(what.content.clone()) };
    Ok(assemble(signer, content, Some(attributes), signature)?)
}

/// Signs content that is not part of the signature.
pub fn detached(signer: &dyn Signer, content: &[u8]) -> Result<SignedData, SignError> {
    let signature = signer.sign(content)?;
    let content = EncapsulatedContentInfo { econtent_type: DATA, econtent: None };
    Ok(assemble(signer, content, None, signature)?)
}

/// The signature as a message of its own.
pub fn content_info(signed: &SignedData) -> Result<Vec<u8>, der::Error> {
    ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(signed)? }.to_der()
}

fn assemble(
    signer: &dyn Signer,
    encap_content_info: EncapsulatedContentInfo,
    signed_attrs: Option<SetOfVec<Attribute>>,
    signature: Vec<u8>,
) -> Result<SignedData, der::Error> {
    let certificate = signer.certificate().x509();
    let digest_alg = AlgorithmIdentifierOwned { oid: sha256(), parameters: Some(null()) };
    let sid = SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
        issuer: certificate.tbs_certificate.issuer.clone(),
        serial_number: certificate.tbs_certificate.serial_number.clone(),
    });
    let info = SignerInfo {
        version: CmsVersion::V1,
        sid,
        digest_alg: digest_alg.clone(),
        signed_attrs,
        signature_algorithm: AlgorithmIdentifierOwned { oid: RSA_ENCRYPTION, parameters: Some(null()) },
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    Ok(SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![digest_alg])?,
        encap_content_info,
        certificates: Some(CertificateSet::try_from(vec![CertificateChoices::Certificate(
            certificate.clone(),
        )])?),
        crls: None,
        signer_infos: SignerInfos::try_from(vec![info])?,
    })
}
