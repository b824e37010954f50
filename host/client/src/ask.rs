//! The questions that are one call and one answer, each as what is shown of it.

use corten_api::v1;

use crate::connection::{Connection, NodeError};
use crate::view;

/// What the node is.
pub async fn info(connection: Connection) -> Result<view::Info, NodeError> {
    Ok(connection.answer(connection.node().info(v1::InfoRequest {})).await?.into())
}
