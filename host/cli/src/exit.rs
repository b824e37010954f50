//! Exit codes, and how an error is told.

use std::process::ExitCode;

use corten_archive::lock::LockError;
use corten_client::config::DocumentError;
use corten_client::connection::{FileError, NodeError};
use corten_client::contexts::{ContextsError, NoSuchNode};
use corten_client::pair::Unready;
use corten_oci::tar::TarError;
use miette::MietteHandlerOpts;

use crate::commands::{NoChoice, WrongCall};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Failed for a reason that has no code of its own.
    Failed,
    /// Something in a recipe is wrong.
    Recipe,
    /// The archive or a mirror can't be reached, or lacks what is needed.
    Archive,
    /// Signatures or hashes do not match: somebody or something changed what was signed, or an archive of images is
    /// damaged.
    Verification,
    /// Packages can't be resolved, or the lock does not answer the recipe.
    Lock,
    /// The image can't be made.
    Image,
    /// The node was not ready in time, is not healthy, or said that it can't be.
    NotReady,
    /// The virtual machine can't be run, or a node in it that was ready did not stop by itself.
    Machine,
    /// Keys or certificates, or firmware variables for Secure Boot, can't be used, or not be written.
    Key,
    /// A node can't be reached, or is not the one that was expected.
    Unreached,
    /// A node answered that it won't or can't.
    Refused,
    /// Some of several nodes did what they were asked for, others did not.
    SomeNodes,
    /// Something in a machine configuration is wrong, or it can't be read.
    Configuration,
    /// The command line asks for something that it has to say more clearly: nothing was done.
    Usage,
    /// As a program on a node ended, whatever that means by it.
    Program(u8),
}

/// Every exit code with its meaning, for the help text. 2 is clap's too.
pub const CODES: &str = "\
Exit codes:
  0  done
  1  failed for another reason
  2  wrong command line, one that lacks --yes, or a node that is not known
  3  something in a recipe is wrong
  4  the archive can't be reached, or lacks what is needed
  5  a signature or hash does not match, or an archive of images is damaged
  6  packages can't be resolved, or the lock does not answer the recipe
  7  the image can't be made, or files for it can't be read
  8  the node was not ready in time, is not healthy, or said that it can't be
  9  the virtual machine can't be run, or a node that was ready did not stop
  10 a key or certificate, or a firmware variable for Secure Boot, can't be used
  11 a node can't be reached, or is not the one that was expected
  12 a node refused, or could not do what it was asked for
  13 of several nodes some failed
  14 something in a machine configuration is wrong, or it can't be read

`corten node exec` and `corten node debug` end as the program in the container did: with its exit code, which may \
be one of these, or with 128 and the number of the signal that ended it.";

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Recipe => 3,
            Self::Archive => 4,
            Self::Verification => 5,
            Self::Lock => 6,
            Self::Image => 7,
            Self::NotReady => 8,
            Self::Machine => 9,
            Self::Key => 10,
            Self::Unreached => 11,
            Self::Refused => 12,
            Self::SomeNodes => 13,
            Self::Configuration => 14,
            Self::Usage => 2,
            Self::Program(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// A file of a person that is wrong; the report shows the places.
#[derive(Debug)]
pub struct BadFile {
    /// What is wrong, and where.
    pub report: miette::Report,
    /// What that means for the command.
    pub exit: Exit,
}

impl BadFile {
    /// Something in a recipe is wrong.
    pub fn recipe(report: impl Into<miette::Report>) -> Self {
        Self { report: report.into(), exit: Exit::Recipe }
    }

    /// A key that the recipe names can't be used.
    pub fn key(report: impl Into<miette::Report>) -> Self {
        Self { report: report.into(), exit: Exit::Key }
    }

    /// Something in a machine configuration is wrong.
    pub fn configuration(report: impl Into<miette::Report>) -> Self {
        Self { report: report.into(), exit: Exit::Configuration }
    }
}

impl std::fmt::Display for BadFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.report)
    }
}

impl std::error::Error for BadFile {}

/// Has what is wrong with files shown in frames whose texts are broken where the texts say: keys stay whole.
pub fn set_frames() {
    let options = || MietteHandlerOpts::new().width(100).wrap_lines(false).break_words(false);
    // It fails where there is one already, and this is the first.
    let _ = miette::set_hook(Box::new(move |_| Box::new(options().build())));
}

/// Tells an error on standard error and returns its code.
pub fn report(error: &anyhow::Error) -> ExitCode {
    if let Some(BadFile { report, .. }) = error.downcast_ref() {
        anstream::eprintln!("{report:?}");
    } else {
        let mut text = String::new();
        for cause in error.chain().map(ToString::to_string) {
            // Some errors tell their source themselves.
            if !text.contains(&cause) {
                text.push_str(if text.is_empty() { "" } else { ": " });
                text.push_str(&cause);
            }
        }
        anstream::eprintln!("error: {text}");
        if let Some(remedy) = error.chain().find_map(remedy) {
            anstream::eprintln!("  help: {remedy}");
        }
    }
    class(error).into()
}

/// What a person can do about it.
fn remedy(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    let is_damaged =
        |error: &LockError| matches!(error, LockError::Syntax { .. } | LockError::TooLarge { .. });
    // Others than the lock itself have one by way of their source.
    let lock = cause.downcast_ref().or(match cause.downcast_ref() {
        Some(corten_archive::Error::Lock(error)) => Some(error),
        _ => None,
    });
    if lock.is_some_and(is_damaged) {
        return Some("`corten lock --update` makes it anew".to_owned());
    }
    cause.downcast_ref::<NodeError>()?.remedy()
}

/// The class of an error: the first one in its chain that has one.
fn class(error: &anyhow::Error) -> Exit {
    for cause in error.chain() {
        if let Some(BadFile { exit, .. }) = cause.downcast_ref() {
            return *exit;
        }
        if cause.is::<LockError>() {
            return Exit::Lock;
        }
        if let Some(error) = cause.downcast_ref::<corten_archive::Error>() {
            return archive(error);
        }
        if let Some(error) = cause.downcast_ref::<corten_image::Error>() {
            return match error {
                corten_image::Error::Archive(error) => archive(error),
                corten_image::Error::Recipe { .. } => Exit::Recipe,
                corten_image::Error::Sign(
                    corten_sign::SignError::Key(_) | corten_sign::SignError::Certificate(_),
                ) => Exit::Key,
                _ => Exit::Image,
            };
        }
        if cause.is::<corten_oci::gather::GatherError>() {
            return Exit::Image;
        }
        if is_changed_image(cause) {
            return Exit::Verification;
        }
        if is_of_keys(cause) {
            return Exit::Key;
        }
        if cause.is::<corten_vm::Error>() {
            return Exit::Machine;
        }
        if cause.is::<NoSuchNode>()
            || cause.is::<WrongCall>()
            || cause.is::<NoChoice>()
            || matches!(cause.downcast_ref(), Some(ContextsError::Unknown { .. }))
        {
            return Exit::Usage;
        }
        if matches!(cause.downcast_ref(), Some(DocumentError::NoText(_))) {
            return Exit::Configuration;
        }
        if let Some(error) = cause.downcast_ref::<Unready>() {
            return match error {
                Unready::File(_) | Unready::NotLetIn { .. } => Exit::Key,
                Unready::NobodyTrusted(_) => Exit::Configuration,
                Unready::OwnCertificate(_) => Exit::Usage,
            };
        }
        if let Some(error) = cause.downcast_ref::<NodeError>() {
            return match error {
                NodeError::Answered(_) => Exit::Refused,
                NodeError::File(_) | NodeError::Tls(_) => Exit::Key,
                _ => Exit::Unreached,
            };
        }
    }
    Exit::Failed
}

fn is_of_keys(cause: &(dyn std::error::Error + 'static)) -> bool {
    use corten_sign::{FolderError, KeyError};
    cause.is::<KeyError>()
        || cause.is::<FolderError>()
        || cause.is::<corten_keys::KeysError>()
        || cause.is::<FileError>()
        || cause.is::<crate::signing::NoEnrolment>()
        || cause.is::<crate::variables::VariablesError>()
}

/// Whether a blob of a container image is not what its digest says, or an archive or layout of images not what it has
/// to be.
fn is_changed_image(cause: &(dyn std::error::Error + 'static)) -> bool {
    use corten_oci::source::SourceError;
    use corten_oci::write::WriteError;
    let source = match cause.downcast_ref() {
        Some(WriteError::Source(error)) => Some(error),
        Some(WriteError::Mismatch(_)) => return true,
        _ => cause.downcast_ref(),
    };
    match source {
        Some(SourceError::Archive(error)) => !matches!(error, TarError::Io(_)),
        Some(
            SourceError::Mismatch(_)
            | SourceError::Document { .. }
            | SourceError::Member { .. }
            | SourceError::Missing(_),
        ) => true,
        _ => false,
    }
}

fn archive(error: &corten_archive::Error) -> Exit {
    use corten_archive::Class;
    match error.class() {
        Class::Network => Exit::Archive,
        Class::Resolution | Class::Lock => Exit::Lock,
        Class::Verification | Class::Package => Exit::Verification,
        Class::Store => Exit::Failed,
    }
}
