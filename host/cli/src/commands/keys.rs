//! `corten keys`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use corten_api::identity::{Address, Certificate, Kind, Name};
use corten_keys::{KeyFolder, file_name, machine_configuration, read_certificates};
use jiff::Timestamp;

use crate::arguments::KeysCommand;
use crate::exit::Exit;
use crate::output::put;

/// Runs the command.
pub fn keys(command: &KeysCommand) -> Result<Exit> {
    match command {
        KeysCommand::New { name, days, directory } => new(name, *days, directory.as_deref()),
        KeysCommand::Issue { role, name, days, keys, output } => {
            let files = KeyFolder::new(keys).issue((name, *role), Timestamp::now(), *days, output)?;
            let paths = format!("{}\n{}\n", files.key.display(), files.certificate.display());
            print(&(paths + &shown(&read_certificates(&files.certificate)?)))
        }
        KeysCommand::Node { name, addresses, days, keys } => node(keys, name, addresses, *days),
        KeysCommand::Show { file } => print(&shown(&read_certificates(file)?)),
    }
}

fn print(text: &str) -> Result<Exit> {
    put(text)?;
    Ok(Exit::Done)
}

fn new(name: &Name, days: u32, directory: Option<&Path>) -> Result<Exit> {
    let directory = match directory {
        Some(directory) => directory.into(),
        None => PathBuf::from(file_name(name)?),
    };
    let folder = KeyFolder::make(&directory, name, Timestamp::now(), days)?;
    let mut text = String::new();
    for (path, purpose) in [
        (folder.authority_files().key, "says who is a node and who may do what"),
        (folder.authority_files().certificate, "what nodes and clients know it by"),
        (folder.admin_files().key, "calls nodes as an administrator"),
        (folder.admin_files().certificate, "goes with it"),
        (folder.secure_boot_path(), "signs images"),
    ] {
        let _ = writeln!(text, "{:<39} {}", purpose, path.display());
    }
    print(&text)
}

fn node(keys: &Path, name: &Name, addresses: &[Address], days: Option<u32>) -> Result<Exit> {
    let (authority, identity) = KeyFolder::new(keys).node(name, addresses, Timestamp::now(), days)?;
    print(machine_configuration(&authority, &identity).as_str())
}

fn shown(certificates: &[Certificate]) -> String {
    let mut text = String::new();
    for (index, certificate) in certificates.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let role = match certificate.kind {
            Kind::Authority => "authority",
            Kind::Client(role) => role.name(),
            Kind::Node => "node",
        };
        let _ = writeln!(text, "name         {}", certificate.name);
        let _ = writeln!(text, "role         {role}");
        let _ = writeln!(text, "fingerprint  {}", certificate.fingerprint);
        let _ = writeln!(
            text,
            "valid        {} to {}",
            time(certificate.not_before),
            time(certificate.not_after)
        );
    }
    text
}

/// As people read it; what no calendar holds stays a number.
fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}
