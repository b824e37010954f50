//! `corten.v1.Config`.

use std::sync::Arc;
use std::time::Instant;

use corten_api::error::ApiError;
use corten_api::v1;
use corten_api::v1::config_server::Config;
use corten_config::{Change, Document, Format, MAX_DOCUMENT, Problem, Report, Secrets};
use tokio::sync::{Semaphore, watch};
use tonic::{Code, Request, Response, Status};

use super::{caller, say};
use crate::configuration::{ApplyError, ConfirmError, Engine, Mode, When};
use crate::pairing::Pairing;
use crate::server::Door;

/// Reads, checks and applies configurations.
#[derive(Clone)]
pub struct ConfigCalls {
    /// Keeps them.
    pub engine: Engine,
    /// Judges who may apply the first one.
    pub pairing: Arc<Pairing>,
    /// The certificate that callers see.
    pub door: watch::Receiver<Arc<Door>>,
    /// Checks under way.
    pub checks: Arc<Semaphore>,
}

#[tonic::async_trait]
impl Config for ConfigCalls {
    async fn get(&self, _: Request<v1::GetConfigRequest>) -> Result<Response<v1::GetConfigResponse>, Status> {
        let in_force = Arc::clone(&self.engine.in_force().borrow());
        let merged = in_force.merged.as_ref();
        let origin = |origin: corten_config::KeyOrigin| v1::KeyOrigin {
            key: origin.key,
            value: origin.value,
            document: origin.document,
            line: origin.line as u32,
        };
        Ok(Response::new(v1::GetConfigResponse {
            merged: merged.map_or_else(String::new, |merged| merged.to_toml(Secrets::Hidden)),
            operator: self.engine.operator().map(written),
            origins: merged
                .map_or_else(Vec::new, |merged| merged.origins().into_iter().map(origin).collect()),
            generation: in_force.generation,
            pending_generation: in_force.pending.unwrap_or(0),
            // Rounded up: 0 means that there is none.
            trial_seconds_left: self
                .engine
                .trial_left()
                .map_or(0, |left| left.as_millis().div_ceil(1000).max(1) as u32),
            problems: in_force.problems.iter().cloned().map(problem).collect(),
        }))
    }

    async fn check(
        &self,
        request: Request<v1::CheckConfigRequest>,
    ) -> Result<Response<v1::CheckConfigResponse>, Status> {
        let document = read(request.into_inner().document)?;
        // Reading takes a while, and nobody else waits for it; one at a time, since anybody who reads may ask.
        let turn = Arc::clone(&self.checks).acquire_owned().await;
        let engine = self.engine.clone();
        let checked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            engine.check(&document)
        });
        let (problems, changes) = match checked.await {
            Ok(Ok(changes)) => (Vec::new(), changes),
            Ok(Err(Report { problems, .. })) => (problems, Vec::new()),
            Err(error) => return Err(Status::internal(error.to_string())),
        };
        Ok(Response::new(v1::CheckConfigResponse {
            problems: problems.into_iter().map(problem).collect(),
            changes: changes.into_iter().map(change).collect(),
        }))
    }

    async fn apply(
        &self,
        request: Request<v1::ApplyConfigRequest>,
    ) -> Result<Response<v1::ApplyConfigResponse>, Status> {
        let by = caller(&request);
        let document = read(request.get_ref().document.clone())?;
        let asked = request.get_ref();
        say(&request, format!("{} ({} bytes), {:?}", document.name, document.text.len(), asked.when()));
        let when = match asked.when() {
            v1::When::Now => When::Now,
            v1::When::AtReboot => When::AtReboot,
            v1::When::Trial => When::Trial(std::time::Duration::from_secs(asked.trial_seconds.into())),
            v1::When::Unspecified => {
                let remedy = "say WHEN_NOW, WHEN_AT_REBOOT or WHEN_TRIAL";
                return Err(
                    ApiError::new(Code::InvalidArgument, "no time to apply it is named", remedy).into()
                );
            }
        };
        let paired = by.as_ref().is_none_or(|caller| caller.role.is_none());
        if paired {
            self.check_pairing(asked, &document)?;
        }
        let who = match &by {
            Some(caller) if !paired => caller.name.clone(),
            Some(caller) => format!("pairing, from {}", caller.from),
            None => "pairing".into(),
        };
        if paired {
            self.check_trusts_somebody(&document)?;
        }
        let applied = self.engine.apply(document, when, &who).await.map_err(|error| refused(&error))?;
        if paired {
            let mut random = [0; 8];
            crate::random::fill(&mut random).map_err(|error| Status::internal(error.to_string()))?;
            self.pairing.used(random);
        }
        Ok(Response::new(v1::ApplyConfigResponse {
            generation: applied.generation,
            changes: applied.changes.into_iter().map(change).collect(),
        }))
    }

    async fn confirm(
        &self,
        request: Request<v1::ConfirmConfigRequest>,
    ) -> Result<Response<v1::ConfirmConfigResponse>, Status> {
        say(&request, format!("configuration {}", request.get_ref().generation));
        let generation = self.engine.confirm(request.into_inner().generation).await.map_err(|error| {
            let code = match error {
                ConfirmError::Store(_) | ConfirmError::GoingDown => Code::Internal,
                ConfirmError::NoTrial | ConfirmError::Other { .. } => Code::FailedPrecondition,
            };
            let remedy = "see what is in force: `corten node config history`";
            Status::from(ApiError::new(code, error.to_string(), remedy))
        })?;
        Ok(Response::new(v1::ConfirmConfigResponse { generation }))
    }

    async fn history(
        &self,
        _: Request<v1::ConfigHistoryRequest>,
    ) -> Result<Response<v1::ConfigHistoryResponse>, Status> {
        let generation = |entry: crate::configuration::Entry| v1::Generation {
            number: entry.number,
            at_ns: entry.at_ns,
            by: entry.by,
            state: entry.state.name().into(),
            changes: entry.changes.into_iter().map(change).collect(),
        };
        let generations = self.engine.history().into_iter().map(generation).collect();
        Ok(Response::new(v1::ConfigHistoryResponse { generations }))
    }
}

impl ConfigCalls {
    /// A first configuration by which nobody could be let in would use the code up for nothing.
    fn check_trusts_somebody(&self, document: &Document) -> Result<(), Status> {
        let trusts =
            self.engine.would_trust(document).map_err(|report| refused(&ApplyError::Invalid(report)))?;
        if trusts {
            return Ok(());
        }
        let cause = "nobody could be let in by this configuration: it has no api.trusted";
        let remedy = "put the certificate of your authority into it, as `corten keys node` prints it";
        Err(ApiError::new(Code::InvalidArgument, cause, remedy).into())
    }

    fn check_pairing(&self, asked: &v1::ApplyConfigRequest, document: &Document) -> Result<(), Status> {
        let in_maintenance = matches!(self.engine.in_force().borrow().mode, Mode::Maintenance { .. });
        let fingerprint = self.door.borrow().fingerprint;
        let (true, Some(fingerprint)) = (in_maintenance, fingerprint) else {
            let remedy = "connect again with a certificate of an authority that the node trusts";
            let cause = "the node has a configuration now";
            return Err(ApiError::new(Code::Unauthenticated, cause, remedy).into());
        };
        self.pairing.check(
            &asked.pairing_proof,
            fingerprint.as_bytes(),
            document.text.as_bytes(),
            Instant::now(),
        )?;
        // Else the code would be used up, and nobody could get in.
        if asked.when() != v1::When::Now {
            let cause = "the first configuration is applied at once";
            return Err(ApiError::new(Code::InvalidArgument, cause, "say WHEN_NOW").into());
        }
        Ok(())
    }
}

fn read(document: Option<v1::Document>) -> Result<Document, Status> {
    let Some(document) = document else {
        return Err(ApiError::new(Code::InvalidArgument, "no document is given", "give one").into());
    };
    if document.text.len() > MAX_DOCUMENT {
        let cause =
            format!("the document has {} bytes, expected {MAX_DOCUMENT} at most", document.text.len());
        return Err(ApiError::new(Code::InvalidArgument, cause, "leave out what is not needed").into());
    }
    let format = match document.format() {
        v1::Format::Yaml => Format::Yaml,
        v1::Format::Toml => Format::Toml,
        v1::Format::Unspecified => Format::of_name(&document.name).unwrap_or(Format::Toml),
    };
    // The name is shown on terminals and in logs.
    let name: String = document.name.chars().filter(|c| !c.is_control()).take(200).collect();
    let name = if name.is_empty() { "operator".into() } else { name };
    Ok(Document { name, format, text: document.text })
}

fn written(document: Document) -> v1::Document {
    let format = match document.format {
        Format::Toml => v1::Format::Toml,
        Format::Yaml => v1::Format::Yaml,
    };
    v1::Document { name: document.name, format: format.into(), text: document.text }
}

fn problem(problem: Problem) -> v1::Problem {
    let Problem { document, line, column, key, message, help } = problem;
    let help = help.unwrap_or_default();
    v1::Problem { document, line: line as u32, column: column as u32, key, message, help }
}

fn change(change: Change) -> v1::Change {
    let Change { key, before, after } = change;
    v1::Change { key, before: before.unwrap_or_default(), after: after.unwrap_or_default() }
}

fn refused(error: &ApplyError) -> Status {
    let (code, remedy) = match error {
        ApplyError::Invalid(_) => (Code::InvalidArgument, "mend it; nothing was changed"),
        ApplyError::TrialLength { .. } => (Code::InvalidArgument, ""),
        ApplyError::OnTrial { .. } | ApplyError::NoState | ApplyError::NoBootId => {
            (Code::FailedPrecondition, "")
        }
        ApplyError::Store(_) => (Code::Internal, "make room on the node's state, or look at its disk"),
        ApplyError::GoingDown => (Code::Unavailable, "try again in a moment"),
    };
    ApiError::new(code, error.to_string(), remedy).into()
}
