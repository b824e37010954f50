//! The tree of the root: files of packages, what the builder produces, what the recipe brings, Corten's own programs.

use std::collections::BTreeMap;

use bytes::Bytes;
use corten_formats::tree::{Kind, Meta, Node, Tree};
use corten_recipe::plan::{Owner, Userland};
use corten_recipe::{KeyPath, Plan};
use corten_services::{SERVICES_PATH, SYSCTL_PATH};

use crate::NodePrograms;
use crate::assembly::{Assembly, Origin};
use crate::error::Error;
use crate::products::{Identity, accounts, certificates, identity, links};
use crate::select::{Selected, Selection};

/// Puts the tree together; returns it with the origin of each path.
pub fn tree(
    plan: &Plan,
    selection: &Selection,
    who: &Identity,
    programs: &NodePrograms,
    epoch: u64,
) -> Result<(Tree, BTreeMap<String, Origin>), Error> {
    let mut assembly = Assembly::new(epoch);
    links(&mut assembly)?;
    packaged(&mut assembly, &selection.files)?;
    own(&mut assembly, plan.userland())?;
    corten(&mut assembly, plan, programs)?;
    certificates(&mut assembly, &selection.certificates)?;
    accounts(&mut assembly, plan.userland())?;
    identity(&mut assembly, who)?;
    let folder = format!("/usr/lib/modules/{}", selection.kernel.release);
    let index = selection.kernel.index.clone();
    assembly.file(&format!("{folder}/corten.modules"), index, 0o644, Origin::Produced("module index"))?;
    let json = |value: Result<Vec<u8>, serde_json::Error>| {
        value.map(Bytes::from).map_err(|why| Error::part("service table")(why.into()))
    };
    let services = json(serde_json::to_vec_pretty(&plan.services))?;
    assembly.file(SERVICES_PATH, services, 0o644, Origin::Produced("service table"))?;
    let sysctl: BTreeMap<&str, &str> = plan.sysctl.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let sysctl = json(serde_json::to_vec_pretty(&sysctl))?;
    assembly.file(SYSCTL_PATH, sysctl, 0o644, Origin::Produced("kernel settings"))?;
    Ok(assembly.finish())
}

/// What comes from packages.
pub fn packaged(assembly: &mut Assembly, files: &[Selected]) -> Result<(), Error> {
    for selected in files {
        // What a package ships belongs to root; setuid and setgid are not taken over, since nothing in an image
        // may gain rights by being executed.
        let mode = selected.node.meta.mode & 0o777;
        let meta = Meta { mode, uid: 0, gid: 0, ..selected.node.meta.clone() };
        let node = Node { meta, kind: selected.node.kind.clone() };
        let key = KeyPath::of(&["packages", &selected.package]);
        let placed = assembly.place(&selected.path, node, Origin::Package(selected.package.clone()));
        placed.map_err(|error| error.at(&key))?;
    }
    Ok(())
}

/// What the recipe brings itself.
pub fn own(assembly: &mut Assembly, userland: Userland<'_>) -> Result<(), Error> {
    let owned = |mut node: Node, owner: Owner| {
        node.meta.uid = owner.uid;
        node.meta.gid = owner.gid;
        node
    };
    for (path, directory) in userland.directories {
        let node = assembly.node(directory.mode.bits(), Kind::Directory(BTreeMap::new()));
        let placed = assembly.place(path.as_str(), owned(node, directory.owner), Origin::Recipe);
        placed.map_err(|error| error.at(&KeyPath::of(&["directories", path.as_str()])))?;
    }
    for (path, file) in userland.files {
        let node = assembly.node(file.mode.bits(), Kind::File(file.content.0.clone()));
        let placed = assembly.place(path.as_str(), owned(node, file.owner), Origin::Recipe);
        placed.map_err(|error| error.at(&KeyPath::of(&["files", path.as_str()])))?;
    }
    for (path, target) in userland.links {
        let placed = assembly.symlink(path.as_str(), target.as_str(), Origin::Recipe);
        placed.map_err(|error| error.at(&KeyPath::of(&["links", path.as_str()])))?;
    }
    Ok(())
}

/// Corten's own programs: PID 1, and what its services run.
fn corten(assembly: &mut Assembly, plan: &Plan, programs: &NodePrograms) -> Result<(), Error> {
    assembly.file(&own_path("init"), Bytes::from_static(programs.init), 0o755, Origin::Corten)?;
    let wanted = names_of_node(plan);
    if !wanted.is_empty() {
        assembly.file(&own_path("corten-node"), Bytes::from_static(programs.node), 0o755, Origin::Corten)?;
    }
    if wanted.contains(&"containers") {
        assembly.file(&own_path("shim"), Bytes::from_static(programs.shim), 0o755, Origin::Corten)?;
    }
    for name in wanted {
        assembly.symlink(&own_path(name), "corten-node", Origin::Corten)?;
    }
    for name in ["init", "modprobe"] {
        assembly.symlink(&format!("/usr/sbin/{name}"), "../lib/corten/init", Origin::Corten)?;
    }
    Ok(())
}

/// The names under which an image has the node's program.
fn names_of_node(plan: &Plan) -> Vec<&'static str> {
    let runs = |name: &str| {
        let path = own_path(name);
        let mut commands = plan.services.services.iter().flat_map(|service| [&service.exec, &service.ready]);
        commands.any(|command| command.first() == Some(&path))
    };
    let mut names = vec!["agent", "containers", "health", "network"];
    names.retain(|name| runs(name));
    // The service starts it for each image that it fetches.
    if names.contains(&"containers") {
        names.push("fetch");
    }
    names
}

fn own_path(name: &str) -> String {
    format!("/usr/lib/corten/{name}")
}
