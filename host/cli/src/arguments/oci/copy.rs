//! `corten oci copy`.

use corten_oci::manifest::Platform;
use corten_oci::reference::{Reference, ReferenceError};
use corten_oci::source::Location;

/// Copies images between layouts and archives. Every blob is verified.
///
/// FROM and TO are `oci:DIR[:NAME]` for a layout, `oci-archive:FILE[:NAME]` for an archive of one, or
/// `docker-archive:FILE[:NAME]` for what `docker save` writes. Without the first word what is there decides; where
/// nothing is, a name that ends with .tar means an archive and any other one a layout. Manifests and configurations
/// keep their bytes, so an image keeps its digest; only Docker's archives have none. A layout that exists gets the
/// image in addition, an archive is made anew. The same images give the same bytes. Nothing is read from a registry or
/// sent to one: a new folder with a name like one is written `oci:…`.
#[derive(clap::Args, Debug)]
pub struct CopyArguments {
    /// Where images are: [oci:|oci-archive:|docker-archive:]PATH[:NAME]. NAME can be a digest.
    pub from: Location,
    /// Where they go: [oci:|oci-archive:|docker-archive:]PATH[:NAME].
    pub to: Location,
    /// Name of the image where it goes. It keeps its own unless this or TO has one.
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub tag: Option<String>,
    /// Copy all images, under their names.
    #[arg(long, conflicts_with = "tag")]
    pub all: bool,
    /// Of an image for several platforms, the one that is copied: OS/ARCHITECTURE[/VARIANT].
    #[arg(long, value_name = "PLATFORM", default_value = "linux/amd64")]
    pub platform: Platform,
    /// Copy images for all platforms.
    #[arg(long, conflicts_with = "platform")]
    pub all_platforms: bool,
}

/// The name as it was written.
fn name(text: &str) -> Result<String, ReferenceError> {
    text.parse::<Reference>().map(|_| text.to_owned())
}
