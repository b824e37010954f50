//! Where each request passes: the caller's role against the table of methods, and what changes something into the
//! audit log together with what came of it.

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

use super::counts::{Busy, Counts, UnderWay};
use super::first::first;
use super::lasting::{self, lasts, watched};
use super::refusals::Refusals;
use super::{Caller, Door, authorise};
use crate::audit::{Audit, Entry};
use crate::containers;
use crate::events::{Events, Kind};
use crate::time::now_ns;

/// Time until a method of the agent's own has to answer; what a stream sends after that takes as long as it takes. How
/// long the container service takes is for that to know: stopping a container takes as long as its configuration says.
const ANSWER_WITHIN: Duration = Duration::from_secs(90);
/// What stands as the result of a call that goes on.
const BEGAN: &str = "began";

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
            Ok(access) if access.changes == Changes::Nothing => {
                return self.answer(&caller, request.map(Body::new)).await.0;
            }
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
            let request = request.map(Body::new);
            if containers::is_passed_on(&path) {
                gate.pass_on(caller, path, request, busy).await
            } else {
                let (response, what, failed) = gate.answer(&caller, request).await;
                gate.write_result(&caller, &path, what, failed).await;
                response
            }
        });
        task.await.unwrap_or_else(|error| Status::internal(error.to_string()).into_http())
    }

    /// A call that somebody else does. What it is for is known before it is begun; one that lasts is written down then,
    /// and once more when it has ended.
    async fn pass_on(
        &self,
        caller: Arc<Caller>,
        path: String,
        request: http::Request<Body>,
        busy: Busy,
    ) -> http::Response<Body> {
        let (head, body) = request.into_parts();
        let (message, body) = match first(body).await {
            Ok(read) => read,
            Err(refusal) => {
                let status = Status::from(refusal);
                self.counts.count(&path, status.code());
                self.failed(&caller, &path, String::new(), lasting::failure(&status)).await;
                return status.into_http();
            }
        };
        let what = containers::words(&path, &message);
        let lasts = lasts(&path);
        if lasts {
            self.write_down(&caller, &path, what.clone(), BEGAN.into()).await;
        }
        let (response, _, failed) = self.answer(&caller, http::Request::from_parts(head, body)).await;
        match failed {
            None if lasts => self.await_end(caller, path, what, (response, busy)),
            // Its beginning stands there, so its end has to as well, however many there were of them.
            Some(status) if lasts => {
                self.write_down(&caller, &path, what, lasting::failure(&status)).await;
                response
            }
            failed => {
                self.write_result(&caller, &path, what, failed).await;
                response
            }
        }
    }

    /// The response of a call that lasts. Its end is written down when it has come.
    fn await_end(
        &self,
        caller: Arc<Caller>,
        path: String,
        what: String,
        (response, busy): (http::Response<Body>, Busy),
    ) -> http::Response<Body> {
        let (head, body) = response.into_parts();
        let (body, ended) = watched(&path, body);
        let gate = self.clone();
        tokio::spawn(async move {
            let (result, written) = tokio::select! {
                ended = ended => match ended {
                    Ok(ended) => (ended.result, Some(ended.written)),
                    Err(_) => ("broken off by the caller".into(), None),
                },
                () = gate.under_way.ending() => ("broken off: the agent stops".into(), None),
            };
            gate.write_down(&caller, &path, what, result).await;
            // The caller hears of the end now.
            drop(written);
            drop(busy);
        });
        http::Response::from_parts(head, body)
    }

    /// The answer of a method, what it says that it was asked for, and how it failed, if it did so at once.
    async fn answer(
        &self,
        caller: &Arc<Caller>,
        mut request: http::Request<Body>,
    ) -> (http::Response<Body>, String, Option<Status>) {
        let path = request.uri().path().to_owned();
        let what = What::default();
        request.extensions_mut().insert(Arc::clone(caller));
        request.extensions_mut().insert(what.clone());
        let mut routes = self.routes.clone();
        let answer = async {
            match ServiceExt::<http::Request<Body>>::ready(&mut routes).await {
                Ok(routes) => routes.call(request).await,
                Err(error) => Err(error),
            }
        };
        let answered = if containers::is_passed_on(&path) {
            Ok(answer.await)
        } else {
            tokio::time::timeout(ANSWER_WITHIN, answer).await
        };
        let response = match answered {
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

    /// Writes down a call that is over.
    async fn write_result(&self, caller: &Caller, path: &str, what: String, failed: Option<Status>) {
        match failed {
            None => self.write_down(caller, path, what, "ok".into()).await,
            Some(status) => self.failed(caller, path, what, lasting::failure(&status)).await,
        }
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
