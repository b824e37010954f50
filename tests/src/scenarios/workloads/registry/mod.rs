//! Images from registries: one of Debian's with TLS, an authority of its own and a login, which is away at first; a
//! mirror; policies; and one that lies.

mod debian;
mod host;
mod shelf;
mod signature;
mod tables;

use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use libtest_mimic::Trial;
use serde_json::json;

use super::keys::access::refuse_exec;
use super::{becomes, complains, container, prints};
use crate::live::{Node, PATIENCE, Setting, Story, find};
use crate::scenario::{Place, When};
use crate::workshop::Workshop;
use host::{Host, place};
use tables::Signed;

/// Adds the cases.
pub(super) fn add(place: &Place, trials: &mut Vec<Trial>) {
    Story {
        name: "registry",
        when: When::Always,
        setting,
        steps: &[
            ("becomes_ready_with_nothing_to_run", become_ready),
            ("is_waited_for_while_it_is_away", wait_for_it),
            ("is_asked_again_until_it_is_back", ask_again),
            ("is_all_that_gets_files_in_where_nothing_allows_exec", |node| refuse_exec(node, "web")),
            ("gives_way_to_a_mirror", ask_the_mirror_first),
            ("is_named_where_its_authority_is_unknown", name_an_unknown_authority),
            ("is_named_where_it_refuses_the_login", name_a_refused_login),
            ("lets_in_what_is_signed_alone", let_in_what_is_signed),
            ("lets_in_what_is_named_by_digest_alone", let_in_digests),
            ("can_not_lie", refuse_lies),
            ("fills_the_list_of_images", list_images),
            ("is_asked_by_hand_too", pull_and_remove),
            ("is_where_unused_images_are_when_the_disk_is_full", make_room),
        ],
    }
    .add(place, trials);
}

fn setting(workshop: &Workshop, name: &str) -> Result<Setting> {
    super::setting(workshop, name, "")
}

fn become_ready(node: &mut Node<'_>) -> Result<()> {
    // The node starts meanwhile.
    let host = Host::new(node.workshop, super::busybox(node.workshop)?)?;
    node.keep("host", host);
    node.becomes_ready()?;
    node.answers()
}

fn host(node: &Node<'_>) -> Result<Rc<Host>> {
    node.kept("host")
}

/// Has the node run these tables.
fn apply(node: &mut Node<'_>, tables: &str) -> Result<()> {
    let text = node.owner.configuration(tables)?;
    node.applies("registry.toml", &text, &[])?.exits_with(0)
}

fn wait_for_it(node: &mut Node<'_>) -> Result<()> {
    let host = host(node)?;
    apply(node, &tables::first(&host))?;
    let registry = place(host.registry.port);
    complains(node, "web/main", &[&registry, "Connection refused"])?;
    // Nothing in the other view hides it.
    let workloads = node.ask(&["workloads"])?;
    let web = find(&workloads["workloads"], "name", "web")?;
    let detail = web["containers"][0]["detail"].as_str().unwrap_or_default();
    ensure!(detail.contains(&registry), "{web}");
    Ok(())
}

fn ask_again(node: &mut Node<'_>) -> Result<()> {
    let host = host(node)?;
    host.registry.start()?;
    let web = becomes(node, "web/main", "ready")?;
    ensure!(web["image_from"] == "store", "{web}");
    prints(node, "web", "it is from the registry")
}

fn ask_the_mirror_first(node: &mut Node<'_>) -> Result<()> {
    let host = host(node)?;
    // It was asked for the image that it does not have, too.
    let asked = host.mirror.asked()?;
    ensure!(asked.iter().any(|path| path == "/v2/team/web/manifests/1"), "{asked:?}");
    host.signed.start()?;
    apply(node, &tables::all(&host, Signed::Unknown))?;
    becomes(node, "word/main", "ready")?;
    prints(node, "word", "it is from the mirror")
}

fn name_an_unknown_authority(node: &mut Node<'_>) -> Result<()> {
    let registry = place(host(node)?.signed.port);
    complains(node, "signed/main", &[&registry, "UnknownIssuer"])?;
    Ok(())
}

fn name_a_refused_login(node: &mut Node<'_>) -> Result<()> {
    let host = host(node)?;
    apply(node, &tables::all(&host, Signed::Refused))?;
    complains(node, "signed/main", &[&place(host.signed.port), "the registry refuses the login of user"])?;
    Ok(())
}

fn let_in_what_is_signed(node: &mut Node<'_>) -> Result<()> {
    let host = host(node)?;
    apply(node, &tables::all(&host, Signed::LetIn))?;
    becomes(node, "signed/main", "ready")?;
    prints(node, "signed", "it is from a signed image")?;
    complains(node, "unsigned/main", &[&place(host.signed.port), "it has no signature"])?;
    Ok(())
}

fn let_in_digests(node: &mut Node<'_>) -> Result<()> {
    let registry = place(host(node)?.plain.port);
    becomes(node, "pinned/main", "ready")?;
    prints(node, "pinned", "it is from a plain registry")?;
    complains(node, "tagged/main", &[&registry, "is not named by its digest"])?;
    Ok(())
}

fn refuse_lies(node: &mut Node<'_>) -> Result<()> {
    let host = host(node)?;
    complains(node, "lie/main", &[&place(host.liar.port), "is in truth"])?;
    let lines = node.prints(&["logs", "lie"])?;
    ensure!(lines.trim().is_empty(), "it ran: {lines}");
    let images = node.ask(&["images"])?;
    ensure!(find(&images, "name", &tables::lie(&host)).is_err(), "{images}");
    Ok(())
}

fn list_images(node: &mut Node<'_>) -> Result<()> {
    let host = host(node)?;
    let images = node.ask(&["images"])?;
    let pinned = find(&images, "name", &tables::pinned(&host))?;
    ensure!(pinned["digest"] == *host.digest && pinned["from"] == "store", "{pinned}");
    ensure!(pinned["used_by"] == json!(["pinned/main"]) && pinned["layers"] == 2, "{pinned}");
    ensure!(container(node, "pinned/main")?["image_digest"] == *host.digest, "{pinned}");
    Ok(())
}

fn pull_and_remove(node: &mut Node<'_>) -> Result<()> {
    let host = host(node)?;
    let (spare, used) = (tables::spare(&host), tables::pinned(&host));
    node.run(&["image", "pull", &spare])?.exits_with(0)?;
    let refused = node.run(&["image", "remove", &used])?;
    ensure!(refused.exits_with(0).is_err() && refused.said().contains("pinned/main"), "{refused}");
    node.run(&["image", "remove", &spare])?.exits_with(0)?;
    let images = node.ask(&["images"])?;
    ensure!(find(&images, "name", &spare).is_err(), "{images}");
    find(&images, "name", &used)?;
    Ok(())
}

/// What a container needs stays, whether it runs or not.
fn make_room(node: &mut Node<'_>) -> Result<()> {
    let host = host(node)?;
    let spare = tables::spare(&host);
    node.run(&["image", "pull", &spare])?.exits_with(0)?;
    let before = node.ask(&["images"])?;
    find(&before, "name", &spare)?;
    node.run(&["workload", "stop", "pinned"])?.exits_with(0)?;
    apply(node, &format!("{}\n{}", tables::all(&host, Signed::LetIn), tables::FULL))?;
    prints(node, "hoard", "/data")?;
    node.until(PATIENCE, |node| {
        let images = node.ask(&["images"])?;
        let hoard = node.prints(&["logs", "hoard"])?;
        ensure!(find(&images, "name", &spare).is_err(), "{hoard}\n{}", node.log("containers")?);
        Ok(())
    })?;
    let log = node.log("containers")?;
    ensure!(log.contains(&format!("{spare}: removed")), "{log}");
    let images = node.ask(&["images"])?;
    let count = |images: &serde_json::Value| images.as_array().map_or(0, Vec::len);
    ensure!(count(&images) + 1 == count(&before), "{images}, before {before}");
    find(&images, "name", &tables::pinned(&host)).map(drop).context("it was stopped and is wanted")
}
