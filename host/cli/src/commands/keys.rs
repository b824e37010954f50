//! `corten keys`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use corten_api::identity::{Address, Certificate, Kind, Name};
use corten_keys::{KeyFolder, file_name, machine_configuration, read_certificates};
use jiff::Timestamp;

use crate::arguments::KeysCommand;
use crate::exit::Exit;

/// Runs the command.
pub fn keys(command: &KeysCommand) -> Result<Exit> {
    match command {
        KeysCommand::New { name, days, directory } => new(name, *days, directory.as_deref()),
        KeysCommand::Issue { role, name, days, keys, output } => {
            let files = KeyFolder::new(keys).issue((name, *role), Timestamp::now(), *days, output)?;
            println!("{}", files.key.display());
            println!("{}", files.certificate.display());
            print(&read_certificates(&files.certificate)?);
            Ok(Exit::Done)
        }
        KeysCommand::Node { name, addresses, days, keys } => node(keys, name, addresses, *days),
        KeysCommand::Show { file } => {
            print(&read_certificates(file)?);
            Ok(Exit::Done)
        }
    }
}

fn new(name: &Name, days: u32, directory: Option<&Path>) -> Result<Exit> {
    let directory = match directory {
        Some(directory) => directory.into(),
        None => PathBuf::from(file_name(name)?),
    };
    let folder = KeyFolder::make(&directory, name, Timestamp::now(), days)?;
    for (path, purpose) in [
        (folder.authority_files().key, "says who is a node and who may do what"),
        (folder.authority_files().certificate, "what nodes and clients know it by"),
        (folder.admin_files().key, "calls nodes as an administrator"),
        (folder.admin_files().certificate, "goes with it"),
        (folder.secure_boot_path(), "signs images"),
    ] {
        println!("{:<39} {}", purpose, path.display());
    }
    Ok(Exit::Done)
}

fn node(keys: &Path, name: &Name, addresses: &[Address], days: Option<u32>) -> Result<Exit> {
    let (authority, identity) = KeyFolder::new(keys).node(name, addresses, Timestamp::now(), days)?;
    print!("{}", machine_configuration(&authority, &identity).as_str());
    Ok(Exit::Done)
}

fn print(certificates: &[Certificate]) {
    for (index, certificate) in certificates.iter().enumerate() {
        if index > 0 {
            println!();
        }
        let role = match certificate.kind {
            Kind::Authority => "authority",
            Kind::Client(role) => role.name(),
            Kind::Node => "node",
        };
        println!("name         {}", certificate.name);
        println!("role         {role}");
        println!("fingerprint  {}", certificate.fingerprint);
        println!("valid        {} to {}", time(certificate.not_before), time(certificate.not_after));
    }
}

/// As people read it; what no calendar holds stays a number.
fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}
