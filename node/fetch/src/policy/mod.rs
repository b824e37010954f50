//! Which images of a registry may run. Both sides ask the same functions: the child before it hands anything over, the
//! parent since a child that was taken over may say what it likes.

mod keys;
mod payload;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use corten_config::settings::Verification;
use corten_oci::digest::Digest;

pub use keys::{BadKey, Key};
pub use payload::{BadPayload, Payload};

use crate::failure::{Class, Failure};
use crate::limits::{MAX_PAYLOAD, MAX_SIGNATURE};
use crate::name::Name;
use crate::protocol::Proof;

/// A policy that is ready to be asked.
#[derive(Clone, Debug)]
pub enum Policy {
    /// Everything may run.
    None,
    /// What is named by its digest.
    Digest,
    /// What one of these keys has signed.
    Signature(Vec<Key>),
}

/// Why a signature does not show that an image may run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    /// Larger than what is taken.
    #[error("it is larger than what is taken")]
    TooLarge,
    /// Not base64.
    #[error("it is not base64")]
    Base64,
    /// By none of the keys.
    #[error("it is not by one of the keys of the settings")]
    Key,
    /// Signed, but says something else.
    #[error(transparent)]
    Payload(#[from] BadPayload),
}

impl Policy {
    /// The policy of a registry's settings.
    pub fn new(verification: &Verification) -> Result<Self, BadKey> {
        Ok(match verification {
            Verification::None => Self::None,
            Verification::Digest => Self::Digest,
            Verification::Signature { keys } => {
                Self::Signature(keys.iter().map(|key| Key::from_pem(key)).collect::<Result<_, _>>()?)
            }
        })
    }

    /// Whether a name is good enough, before anybody is asked.
    pub fn check_name(&self, name: &Name) -> Result<(), Failure> {
        match self {
            Self::Digest if name.digest().is_none() => {
                let message =
                    format!("{name} is not named by its digest, which images of this registry have to be");
                Err(Failure::new(Class::RefusedByPolicy, message))
            }
            _ => Ok(()),
        }
    }

    /// Whether what a name led to may run, with what was brought along to show it. Returns which key has signed it, where
    /// one has to, as [`Key::digest`].
    pub fn check(
        &self,
        name: &Name,
        digest: Digest,
        proof: Option<&Proof>,
    ) -> Result<Option<Digest>, Failure> {
        self.check_name(name)?;
        if let Some(expected) = name.digest().filter(|expected| *expected != digest) {
            return Err(Failure::new(Class::Lies, format!("{digest} came in place of {expected}")));
        }
        let Self::Signature(keys) = self else { return Ok(None) };
        let refused = |why: String| Failure::new(Class::RefusedByPolicy, format!("{name}: {why}"));
        let proof = proof.ok_or_else(|| refused("it has no signature".into()))?;
        verify(proof, keys, name, digest)
            .map(Some)
            .map_err(|error| refused(format!("its signature does not count: {error}")))
    }

    /// Whether an image may run that came earlier under this name, or under one that means the same, signed by this key.
    pub fn accepts(&self, name: &Name, signed_by: Option<&str>) -> bool {
        match self {
            Self::None | Self::Digest => self.check_name(name).is_ok(),
            Self::Signature(keys) => {
                keys.iter().any(|key| signed_by == Some(key.digest().to_string().as_str()))
            }
        }
    }
}

/// Checks a signature, then what it is about. Whatever is signed by somebody else is not even read. Returns which key it
/// is by, as [`Key::digest`].
pub fn verify(proof: &Proof, keys: &[Key], name: &Name, digest: Digest) -> Result<Digest, BadProof> {
    if proof.payload.len() as u64 > MAX_PAYLOAD * 2 || proof.signature.len() > MAX_SIGNATURE {
        return Err(BadProof::TooLarge);
    }
    let payload = STANDARD.decode(&proof.payload).map_err(|_| BadProof::Base64)?;
    let signature = STANDARD.decode(proof.signature.trim()).map_err(|_| BadProof::Base64)?;
    let key = keys.iter().find(|key| key.has_signed(&payload, &signature)).ok_or(BadProof::Key)?;
    Payload::read(&payload)?.is_about(name, digest)?;
    Ok(key.digest())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_a_digest_are_refused_where_one_is_asked_for() {
        let policy = Policy::new(&Verification::Digest).expect("a policy");
        let named: Name = "r.test/a:1".parse().expect("a name");
        let digest = Digest::of(b"x");
        let pinned = Name { target: crate::name::Target::Digest(digest), ..named.clone() };
        assert_eq!(policy.check_name(&named).map_err(|f| f.class), Err(Class::RefusedByPolicy));
        assert_eq!(policy.check(&pinned, digest, None), Ok(None));
        assert_eq!(policy.check(&pinned, Digest::of(b"y"), None).map_err(|f| f.class), Err(Class::Lies));
        assert_eq!(Policy::None.check(&named, digest, None), Ok(None));
    }

    #[test]
    fn no_signature_is_a_refusal() {
        let policy = Policy::Signature(Vec::new());
        let name: Name = "r.test/a:1".parse().expect("a name");
        let refusal = policy.check(&name, Digest::of(b"x"), None).expect_err("a refusal");
        assert_eq!(refusal.to_string(), "r.test/a:1: it has no signature");
    }
}
