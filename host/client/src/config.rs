//! Machine configurations: from a file to a node.

use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use corten_api::pairing::Code;
use corten_api::v1::{self, ApplyConfigRequest, Format, When};

use crate::connection::{Connection, NodeError};
use crate::view::{Checked, Done};

/// More than any machine configuration; what is larger was named by mistake.
const MAX_BYTES: u64 = 4 << 20;

/// A file can't be sent.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It can't be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its ending does not say what it is written in.
    #[error("{}: expected a name that ends in .toml, .yaml or .yml", .0.display())]
    Format(PathBuf),
    /// It is larger than configurations are.
    #[error("{}: more than 4 MiB are no machine configuration", .0.display())]
    TooLarge(PathBuf),
    /// It is no text.
    #[error("{} is not UTF-8 text", .0.display())]
    NoText(PathBuf),
}

/// When a configuration comes into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apply {
    /// At once, and for good.
    Now,
    /// At the next start.
    AtReboot,
    /// At once, and back unless it is confirmed within this time.
    Trial(Duration),
}

/// Reads a document.
pub fn read(path: &Path) -> Result<v1::Document, DocumentError> {
    let format = match path.extension().and_then(|ending| ending.to_str()) {
        Some("toml") => Format::Toml,
        Some("yaml" | "yml") => Format::Yaml,
        _ => return Err(DocumentError::Format(path.to_owned())),
    };
    let at = |source| DocumentError::Io { path: path.to_owned(), source };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(at)?;
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| match error.kind() {
        ErrorKind::InvalidData => DocumentError::NoText(path.to_owned()),
        _ => at(error),
    })?;
    if text.len() as u64 > MAX_BYTES {
        return Err(DocumentError::TooLarge(path.to_owned()));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(v1::Document { name, format: format.into(), text })
}

/// What applying a document would do.
pub async fn check(connection: Connection, document: v1::Document) -> Result<Checked, NodeError> {
    let request = v1::CheckConfigRequest { document: Some(document) };
    Ok(connection.answer(connection.config().check(request)).await?.into())
}

/// Puts a document in the place of the operator's.
pub async fn apply(connection: Connection, document: v1::Document, how: Apply) -> Result<Done, NodeError> {
    send(&connection, document, how, Vec::new()).await
}

/// Gives a node in maintenance its configuration, with the code that its console shows.
pub(crate) async fn apply_paired(
    connection: &Connection,
    document: v1::Document,
    code: &Code,
) -> Result<Done, NodeError> {
    let proof = code.proof(connection.fingerprint().as_bytes(), document.text.as_bytes());
    send(connection, document, Apply::Now, proof.to_vec()).await
}

async fn send(
    connection: &Connection,
    document: v1::Document,
    how: Apply,
    pairing_proof: Vec<u8>,
) -> Result<Done, NodeError> {
    let (when, trial_seconds) = match how {
        Apply::Now => (When::Now, 0),
        Apply::AtReboot => (When::AtReboot, 0),
        Apply::Trial(time) => (When::Trial, u32::try_from(time.as_secs()).unwrap_or(u32::MAX)),
    };
    let request =
        ApplyConfigRequest { document: Some(document), when: when.into(), trial_seconds, pairing_proof };
    let response = connection.answer(connection.config().apply(request)).await?;
    let number = response.generation;
    let what = match how {
        Apply::Now => format!("generation {number} is in force"),
        Apply::AtReboot => format!("generation {number} waits for the next start"),
        Apply::Trial(time) => format!(
            "generation {number} is on trial: it goes back in {} s unless you `corten node config confirm`",
            time.as_secs()
        ),
    };
    Ok(Done::new(what).of_generation(number))
}

/// Makes the configuration on trial the one to keep.
pub async fn confirm(connection: Connection) -> Result<Done, NodeError> {
    let request = v1::ConfirmConfigRequest { generation: 0 };
    let number = connection.answer(connection.config().confirm(request)).await?.generation;
    Ok(Done::new(format!("generation {number} is kept")).of_generation(number))
}
