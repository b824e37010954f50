//! Subcommands of `corten node` about the nodes that are known.

use std::path::Path;

use anyhow::{Context as _, Result};
use corten_client::contexts::{Contexts, Credentials, NoSuchNode, Node, NodeName, Trust};
use corten_client::pair::{self, Future};
use corten_client::{config, terminal, view};
use corten_keys::KeyFolder;

use super::session::contexts;
use crate::arguments::{KnownCommand, NodeOptions, OwnerArguments, PairArguments};
use crate::exit::Exit;
use crate::output::put;

/// Runs the command.
pub async fn known(command: &KnownCommand, options: &NodeOptions) -> Result<Exit> {
    let mut contexts = contexts(options)?;
    match command {
        KnownCommand::Pair(arguments) => return pair(arguments, &mut contexts).await,
        KnownCommand::Add { name, address, fingerprint, owner, note: remark } => {
            let owner = future(owner)?;
            owner.check()?;
            let trust = match (fingerprint, owner.authority) {
                (Some(pinned), _) => Trust::Fingerprint(*pinned),
                (None, path) => {
                    Trust::Authority(path.context("--authority, --fingerprint or --keys is needed")?)
                }
            };
            let (address, credentials) = (address.clone(), owner.credentials);
            let node = Node { address, trust, credentials, note: remark.clone() };
            contexts.register(name.clone(), node)?;
        }
        KnownCommand::Contexts => {
            put(&view::contexts(&contexts, options.output, terminal::width()))?;
            if contexts.document().nodes.is_empty() {
                anstream::eprintln!("{}", NoSuchNode::None);
            }
        }
        KnownCommand::Use { name } => contexts.use_node(name)?,
        KnownCommand::Forget { name } => contexts.unregister(name)?,
    }
    Ok(Exit::Done)
}

async fn pair(arguments: &PairArguments, contexts: &mut Contexts) -> Result<Exit> {
    // The code is used up once the node has a configuration, so all that can be wrong here is found out before.
    let future = future(&arguments.owner)?;
    future.check()?;
    let document = config::read(&arguments.config)?;
    future.check_with(&document)?;
    if let Some(name) = &arguments.name
        && contexts.node(name).is_some()
    {
        anyhow::bail!(
            "there is a node {name} already: choose another --name, or `corten node forget {name}` first"
        );
    }
    let met = pair::meet(&arguments.address, arguments.fingerprint).await?;
    anstream::eprintln!("{}: a node in maintenance", arguments.address);
    anstream::eprintln!("its certificate has the fingerprint\n  {}", met.fingerprint());
    let paired = met.pair(document, &arguments.code, future).await?;
    let name = match &arguments.name {
        Some(name) => {
            contexts.register(name.clone(), paired.node)?;
            name.clone()
        }
        None => contexts.register_as_free(&NodeName::like(&paired.hostname), paired.node)?,
    };
    anstream::eprintln!("it has its configuration; it is called {name} here");
    Ok(Exit::Done)
}

/// Who signs for nodes and who one is there, with paths that hold in any folder.
fn future(owner: &OwnerArguments) -> Result<Future> {
    let absolute = |path: &Path| std::path::absolute(path).with_context(|| path.display().to_string());
    if let Some(folder) = &owner.keys {
        let folder = KeyFolder::new(&absolute(folder)?);
        let admin = folder.admin_files();
        return Ok(Future {
            authority: Some(folder.authority_files().certificate),
            credentials: Some(Credentials { certificate: admin.certificate, key: admin.key }),
        });
    }
    let credentials = match (&owner.certificate, &owner.key) {
        (Some(certificate), Some(key)) => {
            Some(Credentials { certificate: absolute(certificate)?, key: absolute(key)? })
        }
        _ => None,
    };
    Ok(Future { authority: owner.authority.as_deref().map(absolute).transpose()?, credentials })
}
