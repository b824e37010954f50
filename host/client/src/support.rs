//! The archive that a bug report needs, from a node into a file.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use corten_api::v1;
use tempfile::NamedTempFile;

use crate::connection::{Connection, NodeError};
use crate::contexts::{Node, NodeName};
use crate::view::{Answer, Done, size};

/// The archive can't be had.
#[derive(Debug, thiserror::Error)]
pub enum SupportError {
    /// The node does not give it.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// It can't be written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Fetches the archive of a node into a file, which is replaced only by a whole one. That the file can't be written
/// is an error; that the node can't be asked is an answer.
pub async fn collect(name: NodeName, node: &Node, path: &Path) -> Result<Answer<Done>, SupportError> {
    let result = match fetch(node, path).await {
        Ok(bytes) => Ok(Done::new(format!("{}: {}", path.display(), size(bytes)))),
        Err(SupportError::Node(error)) => Err(error),
        Err(error) => return Err(error),
    };
    Ok(Answer { node: name, result })
}

async fn fetch(node: &Node, path: &Path) -> Result<u64, SupportError> {
    let at = |source| SupportError::Io { path: path.to_owned(), source };
    let connection = Connection::open(node).await?;
    let mut client = connection.support();
    let mut stream = connection.answer(client.collect(v1::CollectSupportRequest {})).await?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder).map_err(at)?;
    let mut bytes = 0;
    while let Some(chunk) = stream.message().await.map_err(|status| connection.explain(&status))? {
        file.write_all(&chunk.data).map_err(at)?;
        bytes += chunk.data.len() as u64;
    }
    file.as_file().sync_all().map_err(at)?;
    file.persist(path).map_err(|error| at(error.error))?;
    Ok(bytes)
}
