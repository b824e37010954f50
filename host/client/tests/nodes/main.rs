//! Clients against nodes in the same process: real TCP on loopback, real TLS, real HTTP/2, made-up answers.

mod changing;
mod connecting;
mod containers;
mod fake;
mod first;
mod several;
