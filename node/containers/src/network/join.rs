//! Joining and leaving: each is remembered before it begins and after it is done, so that whoever finds it half done
//! knows, and undoes it first.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

use corten_config::settings::{Workload, WorkloadNetwork};
use corten_network::firewall::workloads::LINK_PREFIX;
use corten_network::netlink::{Netlink, perform};
use corten_network::plan::{Action, Kind};
use corten_sys::netns;

use super::error::NetworkError;
use super::ledger::{Place, Stage};
use super::names::{is_plain, link_of, veth_of};
use super::netavark::{self, AnswerError, Verb};
use super::networks::{Joined, Networks, observed};
use super::places::Places;
use super::plan::{PlanError, Surroundings, is_for, plan};
use super::{conntrack, name_server, program, question};

impl Networks {
    /// Gives a workload its network. One that has it already is left as it is; one that has another one, or half of one,
    /// loses that first. When this returns, others of its network find it by its name. In the node's own there is nothing
    /// to join.
    ///
    /// # Errors
    /// If there is no place for it, or the kernel or a program refuses. It is as good as not there then, and may try
    /// again.
    pub fn join(&mut self, workload: &str, wanted: &Workload) -> Result<Joined, NetworkError> {
        if wanted.network == WorkloadNetwork::Host {
            return Joined::of_node(&self.places);
        }
        let before = self.ledger.members.get(workload).map(|member| (member.stage, is_for(member, wanted)));
        if before != Some((Stage::Joined, true)) {
            if before.is_some_and(|(stage, _)| stage != Stage::Reserved) {
                self.undo(workload)?;
            }
            self.place(workload, wanted)?;
            // From here on something may be there.
            self.set_stage(workload, Stage::Begun)?;
            if let Err(error) = self.build(workload) {
                // What can't be undone now is undone by the next try.
                let _ = self.undo(workload);
                return Err(error);
            }
            self.set_stage(workload, Stage::Joined)?;
        }
        let missing = || NetworkError::Plan(PlanError::Name(workload.to_owned()));
        self.look_up(workload)?.ok_or_else(missing)
    }

    /// Takes a workload's network away, and all that belongs to it: links, rules, names, namespace. That it has none is
    /// no error.
    ///
    /// # Errors
    /// If the kernel or a program refuses. What is left is remembered, and tried again by the next call.
    pub fn leave(&mut self, workload: &str) -> Result<(), NetworkError> {
        match self.ledger.members.get(workload).map(|member| member.stage) {
            // Nobody else makes files there, but a name with a slash would lead elsewhere.
            None if is_plain(workload) => remove_namespace(&self.places.namespace(workload))?,
            None | Some(Stage::Reserved) => {}
            Some(Stage::Begun | Stage::Joined) => self.undo(workload)?,
        }
        self.ledger.release(workload);
        self.save()
    }

    /// Finds a place, unless the workload has it.
    fn place(&mut self, workload: &str, wanted: &Workload) -> Result<(), NetworkError> {
        let surroundings = match &wanted.network {
            WorkloadNetwork::Bridge { name } if !self.ledger.bridges.contains_key(name) => {
                // Its new subnet is one that the node does not use.
                self.moving.remove(name);
                self.surroundings()?
            }
            WorkloadNetwork::Bridge { name } if self.moving.contains(name) => {
                return Err(NetworkError::Moving(name.clone()));
            }
            // The kernel is asked only where the answer matters.
            _ => Surroundings::default(),
        };
        let (ledger, mut problems) = plan(&self.ledger, &BTreeMap::from([(workload, wanted)]), &surroundings);
        if let Some(problem) = problems.remove(workload) {
            return Err(problem.into());
        }
        self.ledger = ledger;
        Ok(())
    }

    fn build(&self, workload: &str) -> Result<(), NetworkError> {
        let Some(member) = self.ledger.members.get(workload) else { return Ok(()) };
        let place = self.places.namespace(workload);
        match member.place {
            Place::Alone => {
                make_namespace(&place)?;
                netns::within(&place, || {
                    perform(&mut Netlink::open()?, &Action::SetUp { link: "lo".into() })
                })??;
                Ok(())
            }
            Place::Bridge { .. } => {
                make_namespace(&place)?;
                self.attach(workload, &place)
            }
        }
    }

    /// Puts a workload on its bridge.
    fn attach(&self, workload: &str, place: &Path) -> Result<(), NetworkError> {
        let Some(request) = netavark::request(&self.ledger, workload) else { return Ok(()) };
        name_server::forget_dead(&self.places);
        name_server::provide_servers(&self.places);
        let answer = netavark::run(&self.places, Verb::Setup, place, &request)?;
        let answer = netavark::parse(&answer).map_err(|error| match error {
            AnswerError::Refused(reason) | AnswerError::Unreadable(reason) => {
                NetworkError::Netavark { verb: "setup", reason }
            }
        })?;
        let wanted = self.ledger.addresses(workload);
        if answer.addresses != wanted {
            return Err(NetworkError::Addresses { given: answer.addresses, wanted });
        }
        name_server::ensure(&self.places)?;
        self.wait_for_name(workload)
    }

    /// Waits until the name server knows a workload.
    fn wait_for_name(&self, workload: &str) -> Result<(), NetworkError> {
        let servers = self.ledger.bridge_of(workload).map(|(_, bridge, _)| bridge.gateways());
        let silent = servers.into_iter().flatten().find(|server| !question::wait_for(*server, workload));
        let nameless = |server| NetworkError::Nameless { workload: workload.to_owned(), server };
        silent.map_or(Ok(()), |server| Err(nameless(server)))
    }

    /// Undoes what is there of a workload, and keeps its place.
    fn undo(&mut self, workload: &str) -> Result<(), NetworkError> {
        self.set_stage(workload, Stage::Begun)?;
        let place = self.places.namespace(workload);
        if let Some(request) = netavark::request(&self.ledger, workload) {
            let addresses = self.ledger.addresses(workload);
            self.detach(workload, &place, &request)?;
            // What is not forgotten runs out when nobody sends any more.
            if let Err(error) = conntrack::forget(&addresses) {
                eprintln!("connections of {workload}: {error}");
            }
        }
        remove_namespace(&place)?;
        self.set_stage(workload, Stage::Reserved)?;
        if self.ledger.on_bridges().next().is_none() {
            name_server::wait_for_end(&self.places);
        }
        Ok(())
    }

    /// Takes a workload off its bridge.
    fn detach(&self, workload: &str, place: &Path, request: &[u8]) -> Result<(), NetworkError> {
        // netavark takes a name out only where somebody answers for names. Where nobody can, the names go with the
        // files, and the second try below says what is wrong.
        let _ = name_server::ensure(&self.places);
        if !netns::is_kept(place) {
            make_namespace(place)?;
        }
        if netavark::run(&self.places, Verb::Teardown, place, request).is_ok() {
            return Ok(());
        }
        // It stops at what is missing already and leaves the rest. Made whole again, everything can go. A bridge on which
        // nobody has joined may be half there itself, which netavark does not see to.
        let mut links = vec![veth_of(workload)];
        let bridge = self.ledger.bridge_of(workload).map(|(bridge, _, _)| bridge);
        links.extend(bridge.filter(|bridge| !self.ledger.is_in_use(bridge)).map(link_of));
        for link in links {
            absent_is_fine(perform(&mut Netlink::open()?, &Action::DeleteLink { link }))?;
        }
        make_namespace(place)?;
        name_server::forget_dead(&self.places);
        netavark::run(&self.places, Verb::Setup, place, request)?;
        // The name server must not end over the news of the setup while it is told of the teardown.
        let _ = self.wait_for_name(workload);
        netavark::run(&self.places, Verb::Teardown, place, request).map(drop)
    }

    /// Takes everything away that could be of a workload, whatever is remembered: for a node whose memory of it is lost.
    /// Containers that still run have no network then.
    ///
    /// # Errors
    /// If the kernel or a program refuses.
    pub fn reset(places: &Places) -> Result<(), NetworkError> {
        name_server::end(places)?;
        let table = "table inet netavark";
        let output = program::feed(&places.nft, &["-f", "-"], &format!("{table}\ndelete {table}\n"))?;
        if !output.status.success() {
            let reason = netavark::plain(&String::from_utf8_lossy(&output.stderr));
            return Err(NetworkError::Failed { program: places.nft.display().to_string(), reason });
        }
        let mut netlink = Netlink::open()?;
        for (name, link) in observed()?.links {
            let is_ours = match link.kind {
                Kind::Bridge { .. } => name.starts_with(LINK_PREFIX),
                Kind::Other => name.starts_with("veth-"),
                _ => false,
            };
            if is_ours {
                absent_is_fine(perform(&mut netlink, &Action::DeleteLink { link: name }))?;
            }
        }
        let folder = places.namespaces();
        if let Ok(entries) = fs::read_dir(&folder) {
            for entry in entries.flatten() {
                remove_namespace(&entry.path())?;
            }
        }
        let files = places.netavark_files();
        let gone = |result: std::io::Result<()>, path: &Path| match result {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(NetworkError::Io { path: path.to_owned(), error })
            }
            _ => Ok(()),
        };
        gone(fs::remove_dir_all(&files), &files)?;
        gone(fs::remove_file(places.ledger()), &places.ledger())
    }
}

/// Makes a namespace at `place`, in place of any that is kept there.
fn make_namespace(place: &Path) -> Result<(), NetworkError> {
    remove_namespace(place)?;
    File::create(place).map_err(|error| NetworkError::Io { path: place.to_owned(), error })?;
    Ok(netns::make(place)?)
}

/// Removes a namespace and its file.
fn remove_namespace(place: &Path) -> Result<(), NetworkError> {
    netns::let_go(place)?;
    match fs::remove_file(place) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(NetworkError::Io { path: place.to_owned(), error })
        }
        _ => Ok(()),
    }
}

fn absent_is_fine(result: Result<(), corten_network::netlink::NetlinkError>) -> Result<(), NetworkError> {
    match result {
        Err(corten_network::netlink::NetlinkError::NoLink(_)) => Ok(()),
        other => Ok(other?),
    }
}
