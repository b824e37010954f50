//! Where each request passes: the caller's role against the table of methods, and what changes something into the
//! audit log together with what came of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use corten_api::error::ApiError;
use corten_api::methods::{Changes, method_role};
use hyper::body::Incoming;
use tokio::sync::watch;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::{Code, Status};
use tower::{Service as _, ServiceExt};

use super::refusals::Refusals;
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
    /// Refusals that were written down lately.
    pub refusals: Refusals,
    /// Changing calls that have not ended.
    pub under_way: UnderWay,
}

/// Changing calls that have not ended: the agent does not end before they have. Clones count together.
#[derive(Clone, Debug)]
pub struct UnderWay(watch::Sender<usize>);

impl Default for UnderWay {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl UnderWay {
    fn begin(&self) -> Busy {
        self.0.send_modify(|count| *count += 1);
        Busy(self.0.clone())
    }

    /// Waits until there are none.
    pub async fn ended(&self) {
        // The sender is here, so this ends when the count is 0 and not before.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// A call that counts until this is dropped.
struct Busy(watch::Sender<usize>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl Gate {
    /// Lets a request of a caller through to its method, or refuses it. `epoch` is that of the door which the caller came
    /// through; `None` for a socket of the node.
    pub(super) async fn call(
        &self,
        caller: Arc<Caller>,
        epoch: Option<u64>,
        request: http::Request<Incoming>,
    ) -> http::Response<Body> {
        let path = request.uri().path().to_owned();
        let door = Arc::clone(&self.door.borrow());
        let refusal = match authorise(&path, &caller, door.posture) {
            _ if epoch.is_some_and(|epoch| epoch != door.epoch) => {
                let cause = "whom the node trusts has changed since this connection began";
                ApiError::new(Code::Unavailable, cause, "connect again")
            }
            Ok(access) if access.changes == Changes::Nothing => return self.answer(&caller, request).await.0,
            Ok(_) => return self.change(caller, path, request).await,
            Err(refusal) => refusal,
        };
        self.counts.count(&path, refusal.code);
        let changes = method_role(&path).is_some_and(|access| access.changes == Changes::Node);
        // Who is not known leaves no name.
        if changes && caller.role.is_some() {
            self.refused(&caller, &path, format!("{:?}: {}", refusal.code, refusal.cause)).await;
        }
        Status::from(refusal).into_http()
    }

    /// A call that changes something goes on to its end and into the audit log, whether its caller waits for it or not.
    async fn change(
        &self,
        caller: Arc<Caller>,
        path: String,
        request: http::Request<Incoming>,
    ) -> http::Response<Body> {
        let gate = self.clone();
        let busy = self.under_way.begin();
        let task = tokio::spawn(async move {
            let (response, what, failed) = gate.answer(&caller, request).await;
            match failed {
                None => gate.write_down(&caller, &path, what, "ok".into()).await,
                Some(status) => {
                    let result = format!("{:?}: {}", status.code(), ApiError::from(&status).cause);
                    gate.failed(&caller, &path, what, result).await;
                }
            }
            drop(busy);
            response
        });
        task.await.unwrap_or_else(|error| Status::internal(error.to_string()).into_http())
    }

    /// The answer of a method, what it says that it was asked for, and how it failed, if it did so at once.
    async fn answer(
        &self,
        caller: &Arc<Caller>,
        mut request: http::Request<Incoming>,
    ) -> (http::Response<Body>, String, Option<Status>) {
        let path = request.uri().path().to_owned();
        let what = What::default();
        request.extensions_mut().insert(Arc::clone(caller));
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
        (response, what.said(), failed)
    }

    /// Writes down a call that came to nothing. Those of somebody who is not known are told apart by nothing.
    async fn failed(&self, caller: &Caller, path: &str, what: String, result: String) {
        let who = if caller.role.is_some() { caller.name.as_str() } else { "" };
        if let Some(more) = self.refusals.count(who, path, Instant::now()) {
            let more = if more > 0 { format!(" (and {more} more before it)") } else { String::new() };
            self.write_down(caller, path, what, result + &more).await;
        }
    }

    async fn refused(&self, caller: &Caller, path: &str, result: String) {
        self.failed(caller, path, String::new(), result).await;
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
