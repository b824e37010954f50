//! `corten oci inspect`.

use corten_oci::source::Location;

/// Shows images: names, digests, what they run on and how, their layers and how they were made.
///
/// All documents are verified on the way. Layers are verified by `corten oci copy`.
#[derive(clap::Args, Debug)]
pub struct InspectArguments {
    /// A directory with a layout, or an archive; of OCI or Docker, compressed or not. `oci:DIR:NAME` and the like name
    /// one image of it.
    pub from: Location,
    /// The image: a name that it has there, or its digest. Without it all are listed, or the only one is shown.
    pub image: Option<String>,
    /// How it is shown.
    #[arg(short = 'o', long = "format", value_name = "FORM", default_value = "table")]
    pub form: Form,
}

/// How something is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// For people.
    Table,
    /// A list with an object for each image.
    Json,
}
