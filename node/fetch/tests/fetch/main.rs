//! The child and the side of the parent against each other, over the pipes that they have on a node, with registries that
//! do whatever they should not: slow, broken, lying, asking for logins. Debian's real registry stands at the end.

mod debian;
mod documents;
mod image;
mod layers;
mod logins;
mod parent;
mod policy;
mod program;
mod proxy;
mod pull;
mod server;
mod sources;
mod tls;
