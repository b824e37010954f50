//! One check: a connection and a question, or a program in the container.

use std::future::Future;
use std::time::Duration;

use corten_config::settings::{Check, CheckKind};

use super::connect::{Place, connect, reason};
use super::{grpc, http};

/// Why a check did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotPassed {
    /// It failed, and why.
    Failed(String),
    /// It could not be made, which says nothing of the container; and why.
    NotMade(String),
}

impl From<String> for NotPassed {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

/// Runs programs in the container that is checked.
pub trait Commands {
    /// Runs a program in the container and tells its exit code, or why it could not be run. The future is dropped when
    /// the check's time is over; what it started has to end with it.
    fn run(&self, command: &[String]) -> impl Future<Output = Result<u32, NotPassed>> + Send;
}

/// Makes a check, within its time.
pub async fn ask(check: &Check, place: &Place, commands: &impl Commands) -> Result<(), NotPassed> {
    let seconds = check.timeout_seconds.max(1);
    let answer =
        tokio::time::timeout(Duration::from_secs(seconds.into()), made(&check.kind, place, commands)).await;
    answer.unwrap_or_else(|_| Err(format!("no answer in {seconds} s").into()))
}

async fn made(kind: &CheckKind, place: &Place, commands: &impl Commands) -> Result<(), NotPassed> {
    let connected = async |port| {
        let stream = connect(place, port).await.map_err(|error| format!("connecting: {}", reason(&error)))?;
        Ok::<_, String>((stream, place.address(port).to_string()))
    };
    match kind {
        CheckKind::Command { command } => match commands.run(command).await? {
            0 => Ok(()),
            code => Err(format!("exit code {code}").into()),
        },
        CheckKind::Tcp { port } => Ok(connected(*port).await.map(|_| ())?),
        CheckKind::Http { port, path } => {
            let (stream, host) = connected(*port).await?;
            Ok(http::ask(stream, &host, path).await?)
        }
        CheckKind::Grpc { port, service } => {
            let (stream, host) = connected(*port).await?;
            Ok(grpc::ask(stream, &host, service).await?)
        }
    }
}

#[cfg(test)]
mod tests;
