//! How much of anything is taken, beside what [`corten_oci::limits`] says of documents. Registries are not trusted with
//! the memory of a node.

/// Bytes of a layer, 64 GiB.
pub const MAX_LAYER: u64 = 64 << 30;
/// Indexes within indexes.
pub const MAX_NESTING: usize = 3;
/// Bytes of a piece of a layer. A few of them are all that either side keeps in memory.
pub const MAX_PIECE: usize = 256 << 10;
/// Layers that are downloaded at a time.
pub const LAYERS_AT_A_TIME: usize = 3;
/// Bytes of the head of an answer.
pub const MAX_HEAD: usize = 32 << 10;
/// Redirects that are followed for one request.
pub const MAX_REDIRECTS: usize = 5;
/// Bytes of the answer of a token service.
pub const MAX_TOKEN_ANSWER: u64 = 64 << 10;
/// Bytes of an error that a registry explains.
pub const MAX_EXPLANATION: u64 = 8 << 10;
/// Signatures of an image that are looked at.
pub const MAX_SIGNATURES: usize = 32;
/// Bytes of what is signed.
pub const MAX_PAYLOAD: u64 = 64 << 10;
/// Bytes of a signature in base64.
pub const MAX_SIGNATURE: usize = 4 << 10;
/// Bytes of the parent's first line, which has certificates in it.
pub const MAX_ORDER: u64 = 8 << 20;
/// Bytes of the parent's second line: every layer by its digest.
pub const MAX_CHOICE: u64 = 64 << 10;
/// Bytes of the line before a frame.
pub const MAX_HEADER: usize = 256 << 10;
/// Characters of a sentence that quotes a registry.
pub const MAX_QUOTE: usize = 300;
