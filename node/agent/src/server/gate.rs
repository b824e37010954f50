//! Where each request passes: the caller's role against the table of methods, and what changes something into the
//! audit log together with what came of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use corten_api::error::ApiError;
use corten_api::methods::{Changes, method_role};
use hyper::body::Incoming;
use tokio::sync::watch;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::{Code, Status};
use tower::{Service as _, ServiceExt};

use super::{Caller, Door, authorise};
use crate::audit::{Audit, Entry};
use crate::events::{Events, Kind};
use crate::time::now_ns;

/// Time until a method has to answer; what a stream sends after that takes as long as it takes.
const ANSWER_WITHIN: Duration = Duration::from_secs(90);

/// What a method says of what it was asked for, in words, for the audit log.
#[derive(Clone, Debug, Default)]
pub struct What(Arc<Mutex<String>>);

impl What {
    /// Says it.
    pub fn say(&self, text: impl Into<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = text.into();
    }

    fn said(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How many calls there were, by method and by the code of the answer. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Counts(Arc<Mutex<BTreeMap<(String, String), u64>>>);

impl Counts {
    /// All of them.
    pub fn all(&self) -> BTreeMap<(String, String), u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, path: &str, code: Code) {
        // What is no method is counted under one name: callers must not make names.
        let method = path.trim_start_matches('/');
        let method = if method_role(method).is_some() { method } else { "other" };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((method.into(), format!("{code:?}").to_lowercase())).or_default() += 1;
    }
}

/// The gate. Clones are the same one.
#[derive(Clone)]
pub struct Gate {
    /// The methods.
    pub routes: Routes,
    /// Who may come in.
    pub door: watch::Receiver<Arc<Door>>,
    /// Where changing calls are written down.
    pub audit: Audit,
    /// Where they are told.
    pub events: Events,
    /// What is counted.
    pub counts: Counts,
}

impl Gate {
    /// Lets a request of a caller through to its method, or refuses it.
    pub(super) async fn call(
        &self,
        caller: Arc<Caller>,
        mut request: http::Request<Incoming>,
    ) -> http::Response<Body> {
        let path = request.uri().path().to_owned();
        let posture = self.door.borrow().posture;
        let access = match authorise(&path, &caller, posture) {
            Ok(access) => access,
            Err(refusal) => {
                self.counts.count(&path, refusal.code);
                let changes = method_role(&path).is_some_and(|access| access.changes == Changes::Node);
                if changes && caller.role.is_some() {
                    let result = format!("{:?}: {}", refusal.code, refusal.cause);
                    self.write_down(&caller, &path, String::new(), result).await;
                }
                return Status::from(refusal).into_http();
            }
        };
        let what = What::default();
        request.extensions_mut().insert(Arc::clone(&caller));
        request.extensions_mut().insert(what.clone());
        let mut routes = self.routes.clone();
        let answer = async {
            let request = request.map(Body::new);
            match ServiceExt::<http::Request<Body>>::ready(&mut routes).await {
                Ok(routes) => routes.call(request).await,
                Err(error) => Err(error),
            }
        };
        let response = match tokio::time::timeout(ANSWER_WITHIN, answer).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => Status::internal(error.to_string()).into_http(),
            Err(_) => {
                let cause = format!("{path} did not answer within {} s", ANSWER_WITHIN.as_secs());
                Status::from(ApiError::new(Code::DeadlineExceeded, cause, "try again")).into_http()
            }
        };
        // What fails at once has its status in the headers of the response already.
        let failed = Status::from_header_map(response.headers()).filter(|status| status.code() != Code::Ok);
        self.counts.count(&path, failed.as_ref().map_or(Code::Ok, Status::code));
        if access.changes == Changes::Node {
            let result = failed.map_or_else(
                || "ok".to_owned(),
                |status| format!("{:?}: {}", status.code(), ApiError::from(&status).cause),
            );
            self.write_down(&caller, &path, what.said(), result).await;
        }
        response
    }

    async fn write_down(&self, caller: &Caller, path: &str, what: String, result: String) {
        let method = path.trim_start_matches('/').to_owned();
        let entry = Entry {
            number: 0,
            at_ns: now_ns(),
            who: caller.name.clone(),
            certificate: caller.certificate.map_or_else(String::new, |print| print.to_string()),
            role: caller.role.map_or_else(String::new, |role| role.to_string()),
            from: caller.from.to_string(),
            method: method.clone(),
            what: what.clone(),
            result: result.clone(),
        };
        let audit = self.audit.clone();
        // A disk takes a while until what it got is there for good.
        let written = tokio::task::spawn_blocking(move || audit.write(entry)).await;
        let failed = match written {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        let who = &caller.name;
        self.events.say(Kind::Audit, method.clone(), format!("{who}: {what} ({result})"));
        if let Some(why) = failed {
            eprintln!("audit log: {why}; not written: {who} called {method}: {what} ({result})");
            self.events.say(Kind::Audit, "audit log", format!("can't be written: {why}"));
        }
    }
}
