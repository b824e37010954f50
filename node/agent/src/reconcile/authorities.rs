//! The certificates that programs of the node trust beside those of the image: where the configuration has any, one file
//! has them and the image's. It lies in memory, so there is none that would say no more than the image's.

use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read};

use corten_config::Problem;

use super::files;
use super::inputs::Wanted;
use super::keep::{Reconcile, problem};
use crate::root::Root;

/// Where programs find them, if there are any.
pub const AUTHORITIES: &str = "/run/corten/agent/ca-certificates.crt";
/// Those of the image. It may have none.
const OF_IMAGE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Keeps the file.
pub struct Authorities {
    root: Root,
}

impl Authorities {
    /// Keeps it below a root.
    pub fn new(root: Root) -> Self {
        Self { root }
    }

    fn write(&self, own: &[String]) -> io::Result<files::Written> {
        let path = self.root.path(AUTHORITIES);
        if own.is_empty() {
            return files::remove(&path);
        }
        files::replace_from(&path, || {
            let of_image: Box<dyn Read> = match File::open(self.root.path(OF_IMAGE)) {
                Ok(file) => Box::new(file),
                Err(error) if error.kind() == ErrorKind::NotFound => Box::new(io::empty()),
                Err(error) => return Err(error),
            };
            // Each on lines of its own, whatever the one before it ends with.
            let own = own.iter().map(|certificate| format!("\n{}\n", certificate.trim()));
            Ok(of_image.chain(Cursor::new(own.collect::<String>())))
        })
    }
}

impl Reconcile for Authorities {
    const NAME: &'static str = "authorities";

    async fn reconcile(&mut self, wanted: &Wanted) -> Vec<Problem> {
        let written = self.write(&wanted.settings.authorities);
        let failed = |error| problem("certificates.authorities", format!("{AUTHORITIES}: {error}"));
        written.err().map(failed).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use corten_config::Settings;

    use super::*;

    fn wanted(authorities: &[&str]) -> Wanted {
        let authorities = authorities.iter().map(ToString::to_string).collect();
        let settings = Arc::new(Settings { authorities, ..Settings::default() });
        Wanted { settings, offered_name: None, offered_ntp: Vec::new() }
    }

    #[tokio::test]
    async fn those_of_the_image_come_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Root::new(folder.path());
        let mut authorities = Authorities::new(root.clone());
        let read = || fs::read_to_string(root.path(AUTHORITIES)).expect("it is there");
        assert_eq!(authorities.reconcile(&wanted(&["ONE"])).await, []);
        assert_eq!(read(), "\nONE\n");
        fs::create_dir_all(root.path("/etc/ssl/certs")).expect("a folder");
        // Without a newline at its end.
        fs::write(root.path(OF_IMAGE), "IMAGE").expect("it can be written");
        assert_eq!(authorities.reconcile(&wanted(&["ONE\n", "TWO"])).await, []);
        assert_eq!(read(), "IMAGE\nONE\n\nTWO\n");
        let before = files::identity(&root.path(AUTHORITIES));
        assert_eq!(authorities.reconcile(&wanted(&["ONE\n", "TWO"])).await, []);
        assert_eq!(files::identity(&root.path(AUTHORITIES)), before);
    }

    #[tokio::test]
    async fn without_any_there_is_no_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Root::new(folder.path());
        let mut authorities = Authorities::new(root.clone());
        assert_eq!(authorities.reconcile(&wanted(&[])).await, []);
        assert_eq!(authorities.reconcile(&wanted(&["ONE"])).await, []);
        assert!(root.path(AUTHORITIES).exists());
        assert_eq!(authorities.reconcile(&wanted(&[])).await, []);
        assert!(!root.path(AUTHORITIES).exists());
    }

    #[tokio::test]
    async fn what_stands_in_the_way_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Root::new(folder.path());
        fs::write(root.path("/run"), "").expect("it can be written");
        let problems = Authorities::new(root).reconcile(&wanted(&["ONE"])).await;
        assert_eq!(problems.len(), 1);
        assert!(problems[0].message.starts_with("/run/corten/agent/ca-certificates.crt: "), "{problems:?}");
    }
}
