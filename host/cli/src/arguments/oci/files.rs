//! What `corten oci pack` takes of files, and how the image is run.

use std::num::NonZeroU16;
use std::str::FromStr;

use corten_oci::gather::Addition;
use corten_oci::reference::Reference;
use corten_oci::source::Location;
use corten_recipe::types::{BadValue, ContainerUser, EnvironmentName, SignalName, TargetPath};

use crate::arguments::value;

/// An image of files, in place of a recipe.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "An image of files, in place of a recipe")]
pub struct FileOptions {
    /// Adds a file, or a folder with all that is in it: LOCAL:/IN/IMAGE[:MODE]; may be given several times. With a slash
    /// at the end a file goes into that folder. Files are readable by all, and executable by all if they are by
    /// somebody; folders too; MODE, octal, is for files. Symbolic links in a folder are kept.
    #[arg(long, value_name = "LOCAL:/IN/IMAGE[:MODE]", conflicts_with_all = OF_PACKAGES)]
    pub add: Vec<Addition>,
    /// Image that the files are added to: [oci:|oci-archive:|docker-archive:]PATH[:NAME]. It says how the new one is
    /// run where no option does.
    #[arg(long, value_name = "FROM", conflicts_with_all = OF_PACKAGES)]
    pub base: Option<Location>,
    /// Name of the image. It has none unless given.
    #[arg(long, value_name = "NAME:TAG")]
    pub tag: Option<Reference>,
    /// Owner of all files that are added: UID:GID.
    #[arg(long, value_name = "UID:GID", default_value = "0:0", value_parser = owner)]
    pub owner: (u32, u32),
    /// Time that all files carry and at which the image was made, seconds since 1970.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub time: u32,
    /// Compression of the layer.
    #[arg(long, value_name = "METHOD", default_value = "gzip")]
    pub compression: Method,
}

/// Options that say which packages are taken, and an image of files has none.
const OF_PACKAGES: [&str; 6] = ["locked", "update", "mirror", "security_mirror", "keyring", "offline"];

impl FileOptions {
    /// Whether there is something to make an image of.
    pub fn are_named(&self) -> bool {
        !self.add.is_empty() || self.base.is_some()
    }
}

/// How containers of the image run.
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "How containers of an image of files run")]
pub struct RunOptions {
    /// The program, and with more of them its first arguments.
    #[arg(long, value_name = "WORD", allow_hyphen_values = true, value_parser = entry)]
    pub entrypoint: Vec<String>,
    /// Further arguments, which those of a container take the place of; the program where there is no entry point.
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    pub command: Vec<String>,
    /// A variable.
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub env: Vec<Pair>,
    /// Who runs it: USER or USER:GROUP, names of the image or numbers.
    #[arg(long, value_name = "USER", value_parser = formed::<ContainerUser>)]
    pub user: Option<String>,
    /// Folder in which it starts.
    #[arg(long, value_name = "/FOLDER", value_parser = folder)]
    pub workdir: Option<String>,
    /// A port that it listens on.
    #[arg(long, value_name = "PORT[/PROTOCOL]")]
    pub expose: Vec<Port>,
    /// A folder whose content is the container's own.
    #[arg(long, value_name = "/FOLDER", value_parser = absolute)]
    pub volume: Vec<String>,
    /// Signal that ends it.
    #[arg(long, value_name = "SIGNAL", value_parser = formed::<SignalName>)]
    pub stop_signal: Option<String>,
    /// A text about the image.
    #[arg(long, value_name = "NAME=VALUE")]
    pub label: Vec<Pair>,
}

/// How a layer is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Method {
    /// Everybody reads it.
    Gzip,
    /// Unpacks faster; some older tools do not read it.
    Zstd,
    /// None at all.
    None,
}

/// `NAME=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Before the first `=`.
    pub name: String,
    /// All behind it.
    pub value: String,
}

impl FromStr for Pair {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() && !text.contains('\0') => {
                Ok(Self { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err("expected NAME=VALUE"),
        }
    }
}

/// `PORT/PROTOCOL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port(pub String);

impl FromStr for Port {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (port, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let number: NonZeroU16 = port.parse().map_err(|_| "expected a port from 1 to 65535")?;
        match protocol {
            "tcp" | "udp" | "sctp" => Ok(Self(format!("{number}/{protocol}"))),
            _ => Err("expected tcp, udp or sctp behind the port"),
        }
    }
}

fn owner(text: &str) -> Result<(u32, u32), &'static str> {
    let numbers = text.split_once(':').and_then(|(uid, gid)| Some((uid.parse().ok()?, gid.parse().ok()?)));
    numbers.ok_or("expected UID:GID, two numbers")
}

/// A text of the form that container recipes ask for.
fn formed<T: FromStr<Err = BadValue>>(text: &str) -> Result<String, String> {
    value::<T>(text).map(|_| text.to_owned())
}

fn folder(text: &str) -> Result<String, String> {
    // The root is no path of a file, and one can start there.
    if text == "/" { Ok(text.to_owned()) } else { formed::<TargetPath>(text) }
}

fn entry(text: &str) -> Result<String, &'static str> {
    if text.is_empty() { Err("expected a program or an argument") } else { Ok(text.to_owned()) }
}

fn variable(text: &str) -> Result<Pair, String> {
    let pair: Pair = text.parse()?;
    formed::<EnvironmentName>(&pair.name)?;
    Ok(pair)
}

fn absolute(text: &str) -> Result<String, &'static str> {
    if text.starts_with('/') { Ok(text.to_owned()) } else { Err("expected a path that begins with /") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_get_a_protocol() {
        let parse = |text: &str| text.parse::<Port>().map(|port| port.0).ok();
        assert_eq!(parse("80").as_deref(), Some("80/tcp"));
        assert_eq!(parse("053/udp").as_deref(), Some("53/udp"));
        for wrong in ["", "0", "65536", "80/", "80/http", "-1", "http"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn pairs_and_owners_have_two_sides() {
        let pair = |text: &str| text.parse::<Pair>().map(|pair| (pair.name, pair.value)).ok();
        assert_eq!(pair("A=b=c"), Some(("A".into(), "b=c".into())));
        assert_eq!(pair("A="), Some(("A".into(), String::new())));
        assert_eq!((pair("A"), pair("=b")), (None, None));
        assert_eq!(owner("33:100"), Ok((33, 100)));
        assert!(owner("33").is_err() && owner("root:root").is_err() && owner("-1:0").is_err());
    }
}
