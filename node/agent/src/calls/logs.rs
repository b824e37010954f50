//! `corten.v1.Logs`.

use std::collections::BTreeSet;

use corten_api::error::ApiError;
use corten_api::v1;
use corten_api::v1::logs_server::Logs;
use tonic::{Code, Request, Response, Status};

use super::Sent;
use super::lasting::{self, What};
use crate::logs::{INIT, Journal, KERNEL};
use crate::services::Services;

/// Reads what services and the kernel print.
#[derive(Clone, Debug)]
pub struct LogCalls {
    /// What was printed.
    pub journal: Journal,
    /// Who may print something yet.
    pub services: Services,
}

#[tonic::async_trait]
impl Logs for LogCalls {
    type ReadStream = Sent<v1::LogLine>;

    async fn read(
        &self,
        request: Request<v1::ReadLogsRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        self.check(&request.get_ref().source)?;
        let turn = lasting::turn(What::News)?;
        Ok(Response::new(lasting::send(self.journal.read(request.get_ref()), turn)))
    }
}

impl LogCalls {
    /// Whoever mistypes a name would wait for ever for its first line.
    fn check(&self, source: &str) -> Result<(), ApiError> {
        let mut names: BTreeSet<String> = self.journal.sources().into_iter().collect();
        names.extend([KERNEL, INIT].map(str::to_owned));
        names.extend(self.services.borrow().iter().map(|known| known.name.clone()));
        if source.is_empty() || names.contains(source) {
            return Ok(());
        }
        let remedy = format!("there are {}", Vec::from_iter(names).join(", "));
        Err(ApiError::new(Code::NotFound, format!("nothing named {source:?} has a log"), remedy))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use corten_control::{State as ServiceState, Status as Known};

    use super::*;
    use crate::logs::{DEFAULT_BYTES, Entry};

    #[test]
    fn a_name_that_nobody_has_is_refused_with_those_that_there_are() {
        let quiet = Known {
            name: "quiet".into(),
            state: ServiceState::Off,
            pid: None,
            since_ms: 0,
            restarts: 0,
            found: String::new(),
        };
        let (_sender, services) = tokio::sync::watch::channel(Arc::new(vec![quiet]));
        let journal = Journal::new(DEFAULT_BYTES);
        journal.add([Entry { source: "web".into(), ..Entry::default() }], 0, 0);
        let calls = LogCalls { journal, services };
        for known in ["", "kernel", "corten", "quiet", "web"] {
            assert!(calls.check(known).is_ok(), "{known:?}");
        }
        let error = calls.check("wbe").expect_err("nobody has it");
        assert_eq!(
            error.to_string(),
            "nothing named \"wbe\" has a log; there are corten, kernel, quiet, web"
        );
    }
}
