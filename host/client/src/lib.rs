//! Talks to nodes: contexts, TLS, calls, what is shown of them.
#![forbid(unsafe_code)]
