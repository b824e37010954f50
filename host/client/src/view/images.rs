//! Images and volumes.

use corten_api::v1;
use serde::Serialize;

use super::facts::some;
use super::output::View;
use super::table::{Table, Width, number, printable, text};
use super::units::{size, time};

/// Letters of a digest that tell it from others, behind `sha256:`.
const SHORT: usize = 12;

/// The images of a node. Fields are those of `corten.v1.Image`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Images(Vec<Image>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Image {
    name: String,
    digest: String,
    from: String,
    bytes: u64,
    created: Option<String>,
    used: Option<String>,
    used_by: Vec<String>,
    layers: u32,
}

/// An image that a node has now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Got {
    /// Its name.
    pub name: String,
    /// Of its manifest.
    pub digest: String,
}

/// Images that a node has now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct GotImages(pub Vec<Got>);

/// The volumes of a node. Fields are those of `corten.v1.Volume`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Volumes(Vec<Volume>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Volume {
    name: String,
    used_by: Vec<String>,
    bytes: u64,
    created: Option<String>,
}

/// As much of a digest as people compare.
fn short(digest: &str) -> String {
    let digits = digest.split_once(':').map_or(digest, |(_, digits)| digits);
    printable(&digits.chars().take(SHORT).collect::<String>())
}

/// The day of a moment.
fn day(moment: Option<&String>) -> String {
    moment.and_then(|moment| moment.get(..10)).unwrap_or_default().to_owned()
}

impl From<v1::ListImagesResponse> for Images {
    fn from(response: v1::ListImagesResponse) -> Self {
        let image = |image: v1::Image| Image {
            name: image.name,
            digest: image.digest,
            from: image.from,
            bytes: image.bytes,
            created: some(time(image.created_ns)),
            used: some(time(image.used_ns)),
            used_by: image.used_by,
            layers: image.layers,
        };
        Self(response.images.into_iter().map(image).collect())
    }
}

impl View for Images {
    fn table(&self) -> Table {
        let mut table = Table::new([
            text("IMAGE"),
            text("DIGEST"),
            text("FROM"),
            number("SIZE"),
            number("LAYERS").spare(),
            text("CREATED").spare(),
            text("LAST USED").spare(),
            text("USED BY"),
        ]);
        for image in &self.0 {
            table.row([
                printable(&image.name).into(),
                short(&image.digest).into(),
                printable(&image.from).into(),
                size(image.bytes).into(),
                image.layers.to_string().into(),
                day(image.created.as_ref()).into(),
                day(image.used.as_ref()).into(),
                printable(&image.used_by.join(" ")).into(),
            ]);
        }
        table
    }
}

impl View for GotImages {
    fn table(&self) -> Table {
        let mut table = Table::new([text("IMAGE"), text("DIGEST")]);
        for image in &self.0 {
            table.row([printable(&image.name).into(), printable(&image.digest).into()]);
        }
        table
    }

    fn alone(&self, width: Width) -> String {
        match self.0.as_slice() {
            [] => "nothing was in it\n".into(),
            _ => self.table().render(width),
        }
    }
}

impl From<v1::ListVolumesResponse> for Volumes {
    fn from(response: v1::ListVolumesResponse) -> Self {
        let volume = |volume: v1::Volume| Volume {
            name: volume.name,
            used_by: volume.used_by,
            bytes: volume.bytes,
            created: some(time(volume.created_ns)),
        };
        Self(response.volumes.into_iter().map(volume).collect())
    }
}

impl View for Volumes {
    fn table(&self) -> Table {
        let mut table =
            Table::new([text("VOLUME"), number("SIZE"), text("CREATED").spare(), text("USED BY")]);
        for volume in &self.0 {
            table.row([
                printable(&volume.name).into(),
                size(volume.bytes).into(),
                volume.created.clone().unwrap_or_default().into(),
                printable(&volume.used_by.join(" ")).into(),
            ]);
        }
        table
    }
}
