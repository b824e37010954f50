//! What a process in a container is given: arguments, variables, a user, capabilities, signals.

use corten_document::{BadValue, Rule, Word, nearest};
use corten_services::Capabilities;

use super::form::{Checked, Form};
use crate::SECRET_KEPT;
use crate::settings::Secret;

/// The form of a [`ProgramText`].
#[derive(Debug)]
pub enum ProgramTextForm {}

/// What a program is given as an argument or as the value of a variable.
pub type ProgramText = Checked<ProgramTextForm>;

/// Longest text that a program is given, bytes. The kernel takes 128 KiB with the name of a variable.
pub(crate) const LONGEST_TEXT: usize = 64 << 10;

impl Form for ProgramTextForm {
    const NAME: &'static str = "ProgramText";
    const PATTERN: &'static str = "";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        const EXPECTED: &str = "a text of 64 KiB at most without NUL";
        if text == SECRET_KEPT {
            // A program would take it for what it was to be given.
            return Err(BadValue::new(format!(
                "{EXPECTED}; this stands for a secret that the node doesn't have"
            )));
        }
        if text.len() > LONGEST_TEXT || text.contains('\0') {
            return Err(BadValue::new(EXPECTED));
        }
        Ok(text.to_owned())
    }
}

/// The form of a [`SecretText`].
#[derive(Debug)]
pub enum SecretTextForm {}

/// A secret. Every text is one at first: a complaint about a value of a table repeats it, so what is wrong with a
/// secret is said when everything is decided.
pub type SecretText = Checked<SecretTextForm>;

impl Form for SecretTextForm {
    const NAME: &'static str = "Secret";
    const PATTERN: &'static str = "";
    type Value = Secret;

    fn read(text: &str) -> Result<Secret, BadValue> {
        Ok(Secret(text.to_owned()))
    }
}

/// The rule of a [`VariableName`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VariableRule {}

impl Rule for VariableRule {
    const NAME: &'static str = "VariableName";
    const EXPECTED: &'static str = "the name of a variable of 1 to 255 characters `A-Z`, `a-z`, `0-9`, `_`, `.` and \
                                    `-` that starts with a letter or `_`";
    const FIRST: &'static str = "A-Za-z_";
    const REST: &'static str = "A-Za-z0-9_.-";
    const MAX: usize = 255;
}

/// Name of an environment variable.
pub type VariableName = Word<VariableRule>;

/// The rule of a [`RuntimeName`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuntimeRule {}

impl Rule for RuntimeRule {
    const NAME: &'static str = "RuntimeName";
    const EXPECTED: &'static str = "the name of a runtime of the image, for example `crun`";
    const FIRST: &'static str = "a-z0-9";
    const REST: &'static str = "a-z0-9_-";
    const MAX: usize = 32;
}

/// Name of an OCI runtime.
pub type RuntimeName = Word<RuntimeRule>;

/// The form of a [`User`].
#[derive(Debug)]
pub enum UserForm {}

/// A user of a container, with or without a group: `33`, `33:33`, `www-data`.
pub type User = Checked<UserForm>;

impl Form for UserForm {
    const NAME: &'static str = "User";
    const PATTERN: &'static str = "^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        const EXPECTED: &str = "`USER` or `USER:GROUP`, names of the image or numbers, for example `33:33`";
        let (user, group) = text.split_once(':').unwrap_or((text, "0"));
        if is_account(user) && is_account(group) { Ok(text.to_owned()) } else { Err(BadValue::new(EXPECTED)) }
    }
}

/// Whether this is a name of passwd(5), or a number. The largest one stands for none, in the kernel.
fn is_account(text: &str) -> bool {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse::<u32>().is_ok_and(|number| number < u32::MAX);
    }
    text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// What the names of all capabilities begin with.
const CAPABILITY: &str = "CAP_";

/// The name that was probably meant, of names that all begin alike: what they have in common makes none more likely.
fn close_to<'n>(text: &str, start: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    // Longer words are none, and to compare them takes its time.
    const LONGEST: usize = 64;
    let upper = text.to_ascii_uppercase();
    let bare = upper.strip_prefix(start).unwrap_or(&upper);
    let bare_names = names.into_iter().filter_map(|name| name.strip_prefix(start));
    let close = if bare.len() <= LONGEST { nearest(bare, bare_names) } else { None };
    close.map(|close| format!("{start}{close}"))
}

/// The form of a [`CapabilityName`].
#[derive(Debug)]
pub enum CapabilityForm {}

/// Name of a capability: `CAP_NET_BIND_SERVICE`.
pub type CapabilityName = Checked<CapabilityForm>;

impl Form for CapabilityForm {
    const NAME: &'static str = "Capability";
    const PATTERN: &'static str = "^CAP_[A-Z_]+$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        let mut names = Capabilities::names().filter_map(|name| name.strip_prefix(CAPABILITY));
        if text.strip_prefix(CAPABILITY).is_some_and(|bare| names.any(|name| name == bare)) {
            return Ok(text.to_owned());
        }
        let close = close_to(text, CAPABILITY, Capabilities::names());
        let expected = "the name of a capability, for example `CAP_NET_BIND_SERVICE`".to_owned();
        Err(BadValue { expected, meant: close })
    }
}

/// The form of a [`SignalName`].
#[derive(Debug)]
pub enum SignalForm {}

/// Name of a signal that ends a container: `SIGQUIT`.
pub type SignalName = Checked<SignalForm>;

/// Signals that a program can take for its end, by their names of signal(7), and the one that it can't refuse.
const SIGNALS: [&str; 15] = [
    "SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGKILL", "SIGABRT", "SIGALRM",
    "SIGWINCH", "SIGPWR", "SIGCONT", "SIGPIPE", "SIGTSTP", "SIGURG",
];

/// Largest number after `SIGRTMIN+`: real-time signals go from 34 to 64 in glibc and musl alike.
const REAL_TIME: u8 = 30;

impl Form for SignalForm {
    const NAME: &'static str = "Signal";
    const PATTERN: &'static str = "^SIG[A-Z0-9]+(\\+[0-9]{1,2})?$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        let real_time = |rest: &str| {
            !rest.starts_with(['+', '0']) && rest.parse().is_ok_and(|number: u8| number <= REAL_TIME)
        };
        if SIGNALS.contains(&text) || text.strip_prefix("SIGRTMIN+").is_some_and(real_time) {
            return Ok(text.to_owned());
        }
        let close = close_to(text, "SIG", SIGNALS);
        let expected = "the name of a signal, for example `SIGTERM` or `SIGRTMIN+3`".to_owned();
        Err(BadValue { expected, meant: close })
    }
}
