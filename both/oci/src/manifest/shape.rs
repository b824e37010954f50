//! Whether a document is a manifest or an index. One that is both is refused: whoever looks at its media type and
//! whoever looks at its fields would run different programs under the same digest (CVE-2021-41190).

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The fields by which the two differ.
#[derive(Deserialize)]
pub struct Shape {
    pub manifests: Option<IgnoredAny>,
    pub layers: Option<IgnoredAny>,
    pub config: Option<IgnoredAny>,
    /// Of the first schema of Docker, which nothing here reads.
    #[serde(rename = "fsLayers")]
    pub fs_layers: Option<IgnoredAny>,
}
