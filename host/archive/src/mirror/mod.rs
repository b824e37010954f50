//! Which mirror is read from: what the host's apt configuration names, or what the user gives.
//!
//! No host name is compiled in. A source of the host is the right one when it serves the wanted suite with a
//! signature of the keyring; others, third-party repositories for example, are passed over.

pub mod apt_conf;
pub mod discover;
pub mod host;
pub mod sources;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Which of the two archives of a distribution something lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The distribution with its updates.
    Main,
    /// Security updates.
    Security,
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Main => "main",
            Self::Security => "security",
        })
    }
}

/// Where to look for a mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MirrorChoice {
    /// In the apt configuration below this folder: [`host::APT_FOLDER`].
    Host(PathBuf),
    /// The user names it.
    Given {
        /// Address of the archive, `http:`, `https:` or `file:`.
        main: String,
        /// Address of the archive of security updates. Without one, it is looked for in `main` itself and at the
        /// address of `main` followed by `-security`.
        security: Option<String>,
    },
}

/// Addresses that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// Address of the archive.
    pub main: String,
    /// Address of the archive of security updates.
    pub security: Option<String>,
}

impl Mirror {
    /// Address of the archive with this role.
    pub fn base(&self, role: Role) -> Option<&str> {
        match role {
            Role::Main => Some(&self.main),
            Role::Security => self.security.as_deref(),
        }
    }
}

/// Why there is no mirror.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The host's apt configuration names no source at all.
    #[error("{0} names no source of packages: name a mirror of Debian with --mirror URL")]
    NoSources(PathBuf),
    /// No source of the host serves the suite.
    #[error(
        "no source in {folder} serves {suite} with a signature of the Debian archive ({}): name a mirror with \
         --mirror URL", reasons.join("; ")
    )]
    NoneServes {
        /// Folder of the apt configuration.
        folder: PathBuf,
        /// Suite that was looked for.
        suite: String,
        /// For each source, why not.
        reasons: Vec<String>,
    },
    /// An address of another scheme.
    #[error("{0:?} is not the address of a mirror: expected http://…, https://… or file:///…")]
    Address(String),
}

/// Checks an address of the user and takes the slash off its end.
pub fn address(url: &str) -> Result<String, MirrorError> {
    let known = ["http://", "https://", "file:///"].iter().any(|scheme| url.starts_with(scheme));
    let plain = url.bytes().all(|b| b.is_ascii_graphic());
    if known && plain {
        Ok(url.trim_end_matches('/').to_owned())
    } else {
        Err(MirrorError::Address(url.to_owned()))
    }
}
