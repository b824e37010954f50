//! Finding the mirror: trying the host's sources in order, or checking what the user named.

use std::path::Path;

use jiff::Timestamp;

use super::host::sources;
use super::sources::Source;
use super::{Mirror, MirrorChoice, MirrorError, address};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::fetch::retry::read;
use crate::fetch::{Effort, FetchError};
use crate::transport::Transport;
use crate::verify::clearsign::Message;
use crate::verify::keyring::Keyring;

/// Who publishes the distribution. A source of the host's configuration has to say so in its signed `Release`,
/// since apt's keys can belong to third parties, too.
const ORIGIN: &str = "Debian";

/// What finding a mirror needs.
pub struct Search<'a> {
    /// Reads the candidates.
    pub transport: &'a Transport,
    /// Whose signatures count.
    pub keyring: &'a Keyring,
    /// Suite that the mirror has to serve.
    pub suite: &'a str,
    /// Time on this host.
    pub now: Timestamp,
    /// Who is told.
    pub events: Events<'a>,
    /// How hard to try.
    pub effort: Effort,
}

/// What a candidate turns out to be.
enum Finding {
    Serves,
    Lacks(String),
}

impl Search<'_> {
    /// Finds the addresses of the archive and of its security updates.
    pub fn run(&self, choice: &MirrorChoice) -> Result<Mirror, Error> {
        let security_suite = format!("{}-security", self.suite);
        let mirror = match choice {
            MirrorChoice::Host(folder) => self.of_host(folder, &security_suite)?,
            MirrorChoice::Given { main, security } => {
                let main = address(main)?;
                let security = match security {
                    Some(given) => Some(address(given)?),
                    None => self.beside(&main, &security_suite)?,
                };
                Mirror { main, security }
            }
        };
        let (url, suite) = (mirror.main.clone(), self.suite.to_owned());
        (self.events)(Event::Mirror { url, suite });
        if let Some(url) = mirror.security.clone() {
            (self.events)(Event::Mirror { url, suite: security_suite });
        }
        Ok(mirror)
    }

    fn of_host(&self, folder: &Path, security_suite: &str) -> Result<Mirror, Error> {
        let sources = sources(folder);
        if sources.is_empty() {
            return Err(MirrorError::NoSources(folder.to_owned()).into());
        }
        let (main, reasons) = self.first(&ordered(&sources, self.suite, false), self.suite);
        let main = main.ok_or_else(|| {
            let (folder, suite) = (folder.to_owned(), self.suite.to_owned());
            MirrorError::NoneServes { folder, suite, reasons }
        })?;
        let mut candidates = ordered(&sources, security_suite, true);
        candidates.push(main.clone());
        let (security, _) = self.first(&candidates, security_suite);
        Ok(Mirror { main, security })
    }

    /// The first candidate that serves a suite, and why those before it do not.
    fn first(&self, candidates: &[String], suite: &str) -> (Option<String>, Vec<String>) {
        let mut reasons = Vec::new();
        for url in candidates {
            let why = match self.look(url, suite) {
                Ok(Finding::Serves) => return (Some(url.clone()), reasons),
                Ok(Finding::Lacks(why)) => why,
                Err(error) => error.to_string(),
            };
            (self.events)(Event::MirrorPassedOver { url: url.clone(), why: why.clone() });
            reasons.push(format!("{url}: {why}"));
        }
        (None, reasons)
    }

    fn look(&self, base: &str, suite: &str) -> Result<Finding, FetchError> {
        let Some(message) = read(self.transport, &in_release_url(base, suite), &self.effort, self.events)?
        else {
            return Ok(Finding::Lacks(format!("it has no {suite}")));
        };
        let signed = match Message::parse(&message) {
            Ok(signed) => signed,
            Err(error) => return Ok(Finding::Lacks(error.to_string())),
        };
        if let Err(reasons) = self.keyring.verify(&signed, self.now) {
            return Ok(Finding::Lacks(format!("its signature does not count: {}", reasons.join("; "))));
        }
        let origin =
            signed.text().lines().find_map(|line| line.strip_prefix("Origin:")).unwrap_or_default().trim();
        if origin == ORIGIN {
            Ok(Finding::Serves)
        } else {
            Ok(Finding::Lacks(format!("its origin is {origin:?}, not {ORIGIN:?}")))
        }
    }

    /// The archive of security updates for a mirror that the user named: in it, or at the address beside it.
    fn beside(&self, main: &str, suite: &str) -> Result<Option<String>, Error> {
        for base in [main.to_owned(), format!("{main}-security")] {
            if read(self.transport, &in_release_url(&base, suite), &self.effort, self.events)?.is_some() {
                return Ok(Some(base));
            }
        }
        Ok(None)
    }
}

/// Address of the signed description of a suite.
pub fn in_release_url(base: &str, suite: &str) -> String {
    format!("{base}/dists/{suite}/InRelease")
}

/// Addresses in the order in which they are tried: those that name the suite first. The security archive serves
/// none of the other suites, and the other way round.
fn ordered(sources: &[Source], suite: &str, security: bool) -> Vec<String> {
    let mut fitting: Vec<&Source> =
        sources.iter().filter(|source| source.is_security() == security).collect();
    fitting.sort_by_key(|source| !source.suites.iter().any(|name| name == suite));
    let mut urls: Vec<String> = Vec::new();
    for source in fitting {
        // apt also knows the short form file:/path.
        let url = match source.uri.strip_prefix("file:/") {
            Some(path) if !path.starts_with('/') => format!("file:///{path}"),
            _ => source.uri.clone(),
        };
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    urls
}
