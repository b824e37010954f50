//! `corten.v1.Config`, made up but for the proof of pairing.

use std::sync::Arc;

use corten_api::v1::config_server::Config;
use corten_api::v1::{
    ApplyConfigRequest, ApplyConfigResponse, Change, CheckConfigRequest, CheckConfigResponse,
    ConfigHistoryRequest, ConfigHistoryResponse, ConfirmConfigRequest, ConfirmConfigResponse,
    GetConfigRequest, GetConfigResponse, Problem,
};
use tonic::{Request, Response, Status};

use super::Facts;

pub struct ConfigService(pub Arc<Facts>);

#[tonic::async_trait]
impl Config for ConfigService {
    async fn get(&self, _request: Request<GetConfigRequest>) -> Result<Response<GetConfigResponse>, Status> {
        Ok(Response::new(GetConfigResponse::default()))
    }

    /// What holds the word `wrong` is.
    async fn check(
        &self,
        request: Request<CheckConfigRequest>,
    ) -> Result<Response<CheckConfigResponse>, Status> {
        let document = request.into_inner().document.unwrap_or_default();
        let wrong = document.text.contains("wrong");
        let problem =
            Problem { document: document.name, line: 1, message: "wrong".into(), ..Problem::default() };
        let change = Change { key: "identity.hostname".into(), after: "\"a\"".into(), ..Change::default() };
        Ok(Response::new(CheckConfigResponse {
            problems: wrong.then_some(problem).into_iter().collect(),
            changes: (!wrong).then_some(change).into_iter().collect(),
        }))
    }

    async fn apply(
        &self,
        request: Request<ApplyConfigRequest>,
    ) -> Result<Response<ApplyConfigResponse>, Status> {
        let request = request.into_inner();
        let text = request.document.as_ref().map(|document| document.text.clone()).unwrap_or_default();
        if let (Some(code), Some(fingerprint)) = (&self.0.code, self.0.fingerprint)
            && !code.verify(fingerprint.as_bytes(), text.as_bytes(), &request.pairing_proof)
        {
            return Err(Status::permission_denied("this is not the code on the console"));
        }
        *self.0.applied.lock().expect("nobody panics") = Some(request);
        Ok(Response::new(ApplyConfigResponse { generation: 7, changes: Vec::new() }))
    }

    async fn confirm(
        &self,
        _request: Request<ConfirmConfigRequest>,
    ) -> Result<Response<ConfirmConfigResponse>, Status> {
        Ok(Response::new(ConfirmConfigResponse { generation: 7 }))
    }

    async fn history(
        &self,
        _request: Request<ConfigHistoryRequest>,
    ) -> Result<Response<ConfigHistoryResponse>, Status> {
        Ok(Response::new(ConfigHistoryResponse::default()))
    }
}
