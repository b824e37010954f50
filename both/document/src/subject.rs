//! What a document is about, for the words of complaints.

/// What a document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// What people call such a document: "recipe".
    pub noun: &'static str,
    /// What codes of complaints start with: `recipe` in `recipe::unknown-key`.
    pub code: &'static str,
    /// The key that every such document has. Complaints about the whole point at it.
    pub head: &'static str,
}
