//! What registries answer (OCI distribution-spec 1.1, "Pulling"): manifests and blobs of one repository, from the mirrors
//! in their order and then from the registry itself.

mod challenge;
mod fault;
mod patience;
mod source;
mod token;

use std::sync::MutexGuard;
use std::time::Duration;

use corten_oci::digest::{Algorithm, Digest, Hasher};
use corten_oci::{limits as documents, media};
use ureq::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};

pub use challenge::{Challenge, parse as parse_challenges};
pub use fault::{Again, Fault};
pub use patience::{Patience, Tries};
pub use source::{Source, Standing, sources};
pub use token::parse as parse_token;

use crate::failure::{Class, Failure};

use crate::http::{Address, Answer, Http, Request};
use crate::limits::{MAX_EXPLANATION, MAX_TOKEN_ANSWER};
use crate::name::{Name, Target};
use crate::output::Output;
use crate::protocol::Then;

/// One repository, wherever it is kept.
pub struct Registry {
    http: Http,
    sources: Vec<Source>,
    repository: String,
    patience: Patience,
}

/// A document that was fetched and is what its digest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What they are known by.
    pub digest: Digest,
    /// What they are, as it is said by whoever led to them.
    pub media_type: Option<String>,
}

/// What is asked of a repository.
#[derive(Clone, Copy, Debug)]
struct Ask<'a> {
    /// Path behind the repository.
    path: &'a str,
    accept: Option<&'a str>,
    from: u64,
    whole: bool,
}

impl Registry {
    /// The repository of a name.
    pub fn new(http: Http, sources: Vec<Source>, name: &Name, patience: Patience) -> Self {
        Self { http, sources, repository: name.repository.clone(), patience }
    }

    /// How often things are tried.
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// How long content may not move.
    pub fn stall(&self) -> Duration {
        self.http.timeouts().stall
    }

    /// Ends what waits for an answer on other threads.
    pub fn shut_down(&self) {
        self.http.shut_down();
    }

    /// Who is asked next, in order: those that answered last time, then those that did not. Who lied is not among them.
    pub fn sources(&self) -> Vec<&Source> {
        let of = |standing| self.sources.iter().filter(move |source| source.standing() == standing);
        of(Standing::Good).chain(of(Standing::Down)).collect()
    }

    /// Asks everybody in turn until somebody has an answer, then all of them again after a pause, as long as the registry
    /// itself may have one later. What fails in the end is what the registry itself says.
    pub fn ask<T>(
        &self,
        output: &Output,
        try_at: impl Fn(&Source) -> Result<T, Fault>,
    ) -> Result<T, Failure> {
        let mut tries = Tries::new(self.patience);
        loop {
            let mut own = Fault::never(Class::Lies, "nobody is left who tells the truth");
            let sources = self.sources();
            for (at, source) in sources.iter().enumerate() {
                let fault = match try_at(source) {
                    Ok(answer) => {
                        source.note(Standing::Good);
                        return Ok(answer);
                    }
                    Err(fault) => fault,
                };
                source.note_fault(&fault);
                if at + 1 < sources.len() {
                    output.trouble(source.place(), &fault.failure, Then::Elsewhere)?;
                }
                if source.is_own() || sources.len() == 1 {
                    own = Fault { failure: fault.failure.at(source.place()), ..fault };
                }
            }
            let Some(pause) = own.again.asked().and_then(|asked| tries.pause(asked)) else {
                return Err(own.failure);
            };
            output.pause(self.own_place(), &own.failure, pause)?;
        }
    }

    /// A manifest or an index.
    pub fn manifest(&self, source: &Source, target: &Target, size: Option<u64>) -> Result<Content, Fault> {
        let (path, digest) = match target {
            Target::Tag(tag) => (format!("manifests/{tag}"), None),
            Target::Digest(digest) => (format!("manifests/{digest}"), Some(*digest)),
        };
        let accept = [media::INDEX, media::MANIFEST, media::DOCKER_INDEX, media::DOCKER_MANIFEST].join(", ");
        let ask = Ask { path: &path, accept: Some(&accept), from: 0, whole: true };
        self.document(source, ask, digest, size)
    }

    /// A blob that is small.
    pub fn blob(&self, source: &Source, digest: Digest, size: u64) -> Result<Content, Fault> {
        let ask = Ask { path: &format!("blobs/{digest}"), accept: None, from: 0, whole: true };
        self.document(source, ask, Some(digest), Some(size))
    }

    /// A blob from a byte on. Who does not know ranges answers from the start.
    pub fn stream(&self, source: &Source, digest: Digest, from: u64) -> Result<Answer, Fault> {
        self.get(source, Ask { path: &format!("blobs/{digest}"), accept: None, from, whole: false })
    }

    fn own_place(&self) -> &str {
        self.sources.iter().find(|source| source.is_own()).map_or("", Source::place)
    }

    fn document(
        &self,
        source: &Source,
        ask: Ask<'_>,
        digest: Option<Digest>,
        size: Option<u64>,
    ) -> Result<Content, Fault> {
        let lies = |message: String| Fault::never(Class::Lies, message);
        let limit = size.unwrap_or(documents::DOCUMENT).min(documents::DOCUMENT);
        let mut answer = self.get(source, ask)?;
        let said: Option<Digest> = answer
            .header("docker-content-digest")
            .and_then(|said| said.parse().ok())
            .filter(|_| digest.is_none());
        let media_type = answer.header(CONTENT_TYPE).map(str::to_owned);
        if answer.length().is_some_and(|length| length > limit) && size.is_none() {
            return Err(Fault::never(Class::TooLarge, format!("the answer has more than {limit} bytes")));
        }
        let bytes = answer.body.take(limit)?;
        match size {
            None if bytes.len() as u64 > limit => {
                return Err(Fault::never(Class::TooLarge, format!("the answer has more than {limit} bytes")));
            }
            Some(size) if bytes.len() as u64 != size => {
                return Err(lies(format!(
                    "{} has another size than the {size} bytes it should have",
                    ask.path
                )));
            }
            _ => {}
        }
        let expected = digest.or(said);
        let mut hasher = Hasher::new(expected.map_or(Algorithm::Sha256, |digest| digest.algorithm()));
        hasher.update(&bytes);
        let found = hasher.finish();
        match expected {
            Some(expected) if expected != found => Err(lies(format!("{expected} is in truth {found}"))),
            _ => Ok(Content { bytes, digest: found, media_type }),
        }
    }

    fn get(&self, source: &Source, ask: Ask<'_>) -> Result<Answer, Fault> {
        let address = source.address(&format!("/v2/{}/{}", self.repository, ask.path));
        let mut has_asked_for_rights = false;
        loop {
            let shown = source.credentials().clone();
            let mut answer = self.http.get(&Request {
                address: &address,
                accept: ask.accept,
                authorization: shown.as_deref(),
                from: ask.from,
                whole: ask.whole,
            })?;
            if matches!(answer.status, 200 | 206) {
                return Ok(answer);
            }
            let is_refused = answer.status == 401 && !answer.is_elsewhere;
            if let (true, Some(user), Some(shown)) = (is_refused, source.user(), &shown)
                && source.basic().as_ref() == Some(shown)
            {
                let message = format!("the registry refuses the login of {user}");
                return Err(Fault::never(Class::Unauthorised, message));
            }
            if !is_refused || has_asked_for_rights {
                let explanation = answer.body.take(MAX_EXPLANATION).unwrap_or_default();
                return Err(fault::refusal(&answer, &explanation));
            }
            // Read to its end, so that the connection can be used again.
            let _ = answer.body.take(MAX_EXPLANATION);
            has_asked_for_rights = true;
            self.log_in(source, shown.as_deref(), &answer)?;
        }
    }

    /// Gets what a registry wants to be shown. Of several threads that find a token too old, one asks for the next.
    fn log_in(&self, source: &Source, shown: Option<&str>, answer: &Answer) -> Result<(), Fault> {
        let unauthorised = |message: &str| Fault::never(Class::Unauthorised, message);
        let mut credentials: MutexGuard<'_, Option<String>> = source.credentials();
        if credentials.as_deref() != shown {
            return Ok(());
        }
        let headers = answer.headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let challenges: Vec<Challenge> = headers.flat_map(parse_challenges).collect();
        let bearer =
            challenges.iter().find(|challenge| challenge.is("bearer") && challenge.get("realm").is_some());
        let next = if let Some(bearer) = bearer {
            self.token(source, bearer)?
        } else if challenges.iter().any(|challenge| challenge.is("basic")) {
            source.basic().ok_or_else(|| unauthorised("a login is asked for, and the settings have none"))?
        } else {
            return Err(unauthorised("a login is asked for in a way that is not known"));
        };
        if credentials.as_deref() == Some(&next) {
            return Err(unauthorised("the login is refused"));
        }
        *credentials = Some(next);
        Ok(())
    }

    /// Asks a token service (distribution, spec/auth/token.md). It is another host than the registry more often than not,
    /// which is how this is meant: the registry says whom it trusts with its logins.
    fn token(&self, source: &Source, challenge: &Challenge) -> Result<String, Fault> {
        let realm = challenge.get("realm").unwrap_or_default();
        let text = token::request(realm, challenge.get("service"), &self.repository);
        let address = Address::parse(&text).map_err(|error| {
            Fault::never(Class::Protocol, format!("the token service is no address: {error}"))
        })?;
        let authorization = source.basic();
        let mut answer = self.http.get(&Request {
            address: &address,
            accept: None,
            authorization: authorization.as_deref(),
            from: 0,
            whole: true,
        })?;
        let bytes = answer.body.take(MAX_TOKEN_ANSWER)?;
        match answer.status {
            200 => token::parse(&bytes).map(|token| format!("Bearer {token}")).ok_or_else(|| {
                Fault::never(Class::Protocol, "the answer of the token service has no token in it")
            }),
            400 | 401 | 403 => Err(Fault::never(
                Class::Unauthorised,
                match source.user() {
                    Some(user) => format!("the token service refuses the login of {user}"),
                    None => {
                        "the token service gives nothing without a login, and the settings have none".into()
                    }
                },
            )),
            _ => Err(fault::refusal(&answer, &bytes).at(address.place())),
        }
    }
}
