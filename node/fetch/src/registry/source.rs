//! Where a repository is kept: at the registry, and at mirrors.

use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use corten_config::settings::Login;

use super::{Again, Fault};
use crate::failure::{Class, Failure};
use crate::http::Address;
use crate::name::{self, Name};
use crate::protocol::Order;

/// A registry or a mirror.
pub struct Source {
    base: Address,
    place: String,
    kind: Kind,
    login: Option<Login>,
    /// What is shown with each request; nothing until it is asked for.
    credentials: Mutex<Option<String>>,
    standing: Mutex<Standing>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Registry,
    Mirror,
}

/// What is known of a source by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing bad.
    Good,
    /// It did not answer last time.
    Down,
    /// It gave something else than what it was asked for, and is not asked again.
    Liar,
}

/// Everybody who may have an image, in the order in which they are asked.
pub fn sources(order: &Order, name: &Name) -> Result<Vec<Source>, Failure> {
    let bad = |text: &str, why: &dyn std::fmt::Display| {
        Failure::new(Class::Protocol, format!("{text:?} is not the address of a registry: {why}"))
    };
    let mirror = |text: &String| {
        let base = Address::parse(text).map_err(|error| bad(text, &error))?;
        if base.text() != format!("{}/", base.place()) {
            return Err(bad(text, &"it has a path"));
        }
        let login = order.mirror_logins.get(base.authority()).cloned();
        Ok(Source::new(base, Kind::Mirror, login))
    };
    let mut sources = order.registry.mirrors.iter().map(mirror).collect::<Result<Vec<_>, Failure>>()?;
    let scheme = if order.registry.plain_http { "http" } else { "https" };
    let own = Address::parse(&format!("{scheme}://{}/", name::host(&name.registry)))
        .map_err(|error| bad(&name.registry, &error))?;
    sources.push(Source::new(own, Kind::Registry, order.registry.login.clone()));
    Ok(sources)
}

impl Source {
    fn new(base: Address, kind: Kind, login: Option<Login>) -> Self {
        let place = base.place();
        Self { base, place, kind, login, credentials: Mutex::default(), standing: Mutex::new(Standing::Good) }
    }

    /// Who it is, for people.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The authority, if it is asked without TLS.
    pub fn plain_authority(&self) -> Option<String> {
        self.base.is_plain().then(|| self.base.authority().to_owned())
    }

    /// Whether it is the registry itself.
    pub fn is_own(&self) -> bool {
        self.kind == Kind::Registry
    }

    /// The address of a path.
    pub fn address(&self, path: &str) -> Address {
        self.base.with(path.to_owned())
    }

    /// The login as HTTP has it (RFC 7617).
    pub fn basic(&self) -> Option<String> {
        let Login { user, password } = self.login.as_ref()?;
        Some(["Basic ", &STANDARD.encode(format!("{user}:{}", password.0))].concat())
    }

    /// Who the node is there.
    pub fn user(&self) -> Option<&str> {
        self.login.as_ref().map(|login| login.user.as_str())
    }

    pub(super) fn credentials(&self) -> MutexGuard<'_, Option<String>> {
        self.credentials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of it.
    pub fn standing(&self) -> Standing {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something new is known of it. Who lied once stays a liar.
    pub fn note(&self, standing: Standing) {
        let mut own = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if *own != Standing::Liar {
            *own = standing;
        }
    }

    /// What a try that failed says of it.
    pub fn note_fault(&self, fault: &Fault) {
        match (fault.failure.class, fault.again) {
            (Class::Lies, _) => self.note(Standing::Liar),
            (_, Again::Later(_)) | (Class::Unreachable, _) => self.note(Standing::Down),
            // It answers, and does not have it.
            _ => self.note(Standing::Good),
        }
    }
}

#[cfg(test)]
mod tests {
    use corten_config::settings::{Registry, Secret};

    use super::*;

    fn places(mirrors: &[&str], plain_http: bool) -> Result<Vec<String>, Failure> {
        let name: Name = "r.test:5000/a:1".parse().expect("a name");
        let mirrors = mirrors.iter().map(ToString::to_string).collect();
        let registry = Registry { mirrors, plain_http, ..Registry::default() };
        let order = Order { registry, ..Order::new(name.to_string()) };
        Ok(sources(&order, &name)?.iter().map(|source| source.place().to_owned()).collect())
    }

    #[test]
    fn mirrors_come_first_and_the_registry_last() {
        let expected = ["https://m.test", "http://n.test:8080", "https://r.test:5000"].map(str::to_owned);
        assert_eq!(places(&["https://m.test", "http://n.test:8080/"], false), Ok(expected.to_vec()));
        assert_eq!(places(&[], true), Ok(vec!["http://r.test:5000".into()]));
        for bad in ["m.test", "https://m.test/v2/", "ftp://m.test", "https://u:p@m.test"] {
            assert!(places(&[bad], false).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_registry_is_asked_at_another_host_than_its_name() {
        for text in ["docker.io/library/a:1", "index.docker.io/library/a:1"] {
            let name: Name = text.parse().expect("a name");
            let sources = sources(&Order::new(text), &name).expect("sources");
            assert_eq!(sources[0].place(), "https://registry-1.docker.io");
        }
    }

    #[test]
    fn a_login_is_for_its_own_host() {
        let name: Name = "r.test/a:1".parse().expect("a name");
        let login = |user: &str| Login { user: user.into(), password: Secret("p".into()) };
        let mut order = Order::new(name.to_string());
        order.registry.login = Some(login("own"));
        order.registry.mirrors = vec!["https://m.test".into(), "https://n.test".into()];
        order.mirror_logins.insert("n.test".into(), login("n"));
        let sources = sources(&order, &name).expect("sources");
        let shown: Vec<Option<String>> = sources.iter().map(Source::basic).collect();
        assert_eq!(shown, [None, Some("Basic bjpw".into()), Some("Basic b3duOnA=".into())]);
    }
}
