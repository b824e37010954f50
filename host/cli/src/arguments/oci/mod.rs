//! `corten oci`.

mod copy;
mod files;
mod inspect;
mod pack;

pub use copy::CopyArguments;
pub use files::{FileOptions, Method, RunOptions};
pub use inspect::{Form, InspectArguments};
pub use pack::PackArguments;

/// Makes, reads and moves container images. No container engine has a part in it.
///
/// Images are kept in a layout (a directory), in an archive of a layout, or in an archive as `docker save` writes it.
#[derive(clap::Subcommand, Debug)]
pub enum OciCommand {
    Inspect(InspectArguments),
    Copy(CopyArguments),
    Pack(Box<PackArguments>),
}
