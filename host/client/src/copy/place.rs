//! One side of a copy, as it is written: a path of this machine, or one in a container. Pure.

use std::path::PathBuf;
use std::str::FromStr;

/// A file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Of this machine.
    Local(PathBuf),
    /// Of a container.
    Remote(Remote),
}

/// A file or folder of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// `WORKLOAD` or `WORKLOAD/CONTAINER`.
    pub container: String,
    /// Absolute.
    pub path: String,
}

/// A text that is no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    /// It says nothing.
    #[error("an empty path")]
    Empty,
    /// It goes up.
    #[error("{0:?}: `..` is not taken in a path of a container")]
    Upwards(String),
}

impl FromStr for Place {
    type Err = NoPlace;

    /// `WORKLOAD[/CONTAINER]:/PATH` is of a container, everything else of this machine. A path of this machine that
    /// looks like one of a container is written with `./` before it.
    fn from_str(text: &str) -> Result<Self, NoPlace> {
        if text.is_empty() {
            return Err(NoPlace::Empty);
        }
        let remote = text.split_once(':').filter(|(name, path)| is_name(name) && path.starts_with('/'));
        let Some((container, path)) = remote else { return Ok(Self::Local(text.into())) };
        if path.split('/').any(|part| part == "..") {
            return Err(NoPlace::Upwards(text.to_owned()));
        }
        Ok(Self::Remote(Remote { container: container.to_owned(), path: path.to_owned() }))
    }
}

/// Whether it may be the name of a workload, or of that and a container.
fn is_name(text: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    match text.split_once('/') {
        Some((workload, container)) => plain(workload) && plain(container),
        None => plain(text),
    }
}

impl Remote {
    /// The last part of its path; `None` for the root.
    pub fn name(&self) -> Option<&str> {
        self.path.trim_end_matches('/').rsplit('/').next().filter(|name| !name.is_empty() && *name != ".")
    }

    /// Where something with this name goes that is copied to it, as a folder and a name: into it if it ends with a slash
    /// or is the root, else it is what the copy is called.
    pub fn target(&self, name: &str) -> (String, String) {
        match self.name() {
            Some(last) if !self.path.ends_with('/') => {
                let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                (if folder.is_empty() { "/" } else { folder }.to_owned(), last.to_owned())
            }
            _ => (self.path.clone(), name.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_place_is_of_a_container_if_it_looks_so() {
        let remote = |container: &str, path: &str| {
            Ok(Place::Remote(Remote { container: container.into(), path: path.into() }))
        };
        assert_eq!("web:/etc/x".parse(), remote("web", "/etc/x"));
        assert_eq!("web/nginx:/".parse(), remote("web/nginx", "/"));
        for local in ["web", "./web:/x", "/web:/x", "a b:/x", "web:x", "c:\\x", "a/b/c:/x", ":/x"] {
            assert_eq!(local.parse(), Ok(Place::Local(local.into())), "{local}");
        }
        assert_eq!("web:/a/../b".parse::<Place>(), Err(NoPlace::Upwards("web:/a/../b".into())));
        assert_eq!("".parse::<Place>(), Err(NoPlace::Empty));
    }

    #[test]
    fn a_slash_at_the_end_means_into_it() {
        let target = |path: &str| {
            let remote = Remote { container: "web".into(), path: path.into() };
            remote.target("file")
        };
        let pair = |folder: &str, name: &str| (folder.to_owned(), name.to_owned());
        assert_eq!(target("/"), pair("/", "file"));
        assert_eq!(target("/tmp/"), pair("/tmp/", "file"));
        assert_eq!(target("/tmp"), pair("/", "tmp"));
        assert_eq!(target("/tmp/other"), pair("/tmp", "other"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_place_or_refused(text in "[a-z/:.]{0,20}") {
            if let Ok(Place::Remote(remote)) = text.parse::<Place>() {
                prop_assert!(remote.path.starts_with('/'));
                let (folder, name) = remote.target("x");
                prop_assert!(folder.starts_with('/') && !name.is_empty() && !name.contains('/'));
            }
        }
    }
}
