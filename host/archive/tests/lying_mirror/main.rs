//! A mirror that lies: an archive made and signed by the test, served by a server of the test that truncates,
//! corrupts, stalls, replays. Each test asks what the user is told, and that nothing wrong is taken.

mod discovery;
mod downloads;
mod forms;
mod metadata;
mod packages;
mod server;
mod tools;
mod updates;
mod world;
