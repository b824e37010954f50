//! Fetches images from registries (OCI distribution-spec 1.1), for a parent that has rights and therefore does not
//! speak to registries itself.
//!
//! ```text
//! corten-containers (root)                     corten-fetch (uid 903, no rights)
//!   Pull  -- order: one line ---------------->   resolves the name, mirrors first
//!         <- resolved, documents, choose ------  checks digests, sizes, the policy
//!         -- choice: one line --------------->
//!         <- data, restart, complete ----------  three layers at a time
//!         <- done | failed --------------------
//! ```
//!
//! What the two say to each other is in [`protocol`]; [`parent`] is the side of the parent, which believes nothing that
//! it can check; everything else is the child. The policy of a registry is checked by both.
//!
//! **Why not `oci-client`**, which is recommended. It can go on where a download broke and asks one mirror, and in these
//! points it would have done. But it (version 0.18.0, from its source) reads manifests, tokens and error messages of any
//! size into memory, leaves redirects to its HTTP library, so that we have no say in where they lead, and gets layers from
//! any address that a manifest names. Around that, several mirrors, logins of their own and times for stalls would have to
//! be built all the same, on an asynchronous client. With `ureq`, which the builder has already, each request and each
//! byte of an answer passes through our hands; a layer is a thread that reads a piece and then writes it, so back pressure
//! is the pipe's, and the program stays small.
//!
//! **Signatures** are those of cosign with a key, checked without any other service: no transparency log is asked, no
//! certificate of a signer is taken. Whoever has the key signs, for ever; to withdraw a key, take it out of the
//! configuration. Signatures in the newer form, sigstore's bundles as referrers, are not looked for: cosign makes ours
//! with `--new-bundle-format=false --tlog-upload=false`.
#![forbid(unsafe_code)]

pub mod failure;
pub mod fetch;
pub mod http;
pub mod image;
pub mod limits;
pub mod name;
pub mod output;
pub mod parent;
pub mod policy;
pub mod program;
pub mod protocol;
pub mod registry;
pub mod sandbox;

pub use failure::{Class, Failure};
pub use name::Name;
pub use parent::{Event, Pull, PullError};
pub use protocol::Order;
