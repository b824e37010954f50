//! What is found out before a node is given its first configuration, and how long it is waited for after.

use std::time::{Duration, Instant};

use corten_api::role::Role;
use corten_api::v1::{Change, CheckConfigResponse, Document, Format};
use corten_client::connection::{FileError, NodeError};
use corten_client::contexts::Credentials;
use corten_client::lets_in::{LockedOut, locked_out};
use corten_client::pair::{self, Future, Unready};
use corten_client::view::Checked;

use crate::fake::{Fake, Owner, own_certificate};

fn document(text: &str) -> Document {
    Document { name: "node.toml".into(), format: Format::Toml.into(), text: format!("version = 1\n{text}") }
}

fn trusting(owner: &Owner) -> String {
    format!("[api]\ntrusted = ['''\n{}''']\n", owner.authority.identity().chain)
}

fn future(owner: &Owner) -> Future {
    Future { authority: Some(owner.authority_file()), credentials: Some(owner.client(Role::Admin)) }
}

#[test]
fn own_files_are_read_and_matched() {
    let owner = Owner::new();
    let right = future(&owner);
    right.check().expect("they are what `corten keys new` makes");
    let (admin, reader) = (owner.client(Role::Admin), owner.client(Role::Reader));
    let mixed = Credentials { key: reader.key, ..admin.clone() };
    let missing = Credentials { key: owner.folder.path().join("nobody.key"), ..admin.clone() };
    let of_node = owner.files("of-node", &owner.node(5));
    for (credentials, says) in
        [(mixed, "the key is not that"), (missing, "nobody.key: "), (of_node, "is not a client's")]
    {
        let error = Future { credentials: Some(credentials), ..right.clone() }.check().expect_err(says);
        assert!(error.to_string().contains(says), "{error}");
    }
    // A client's certificate signs for nobody.
    let error = Future { authority: Some(admin.certificate), ..right }.check().expect_err("it is a client's");
    assert!(matches!(error, FileError::Authority { .. }), "{error}");
}

#[test]
fn a_document_that_lets_nobody_in_is_worth_no_code() {
    let (owner, other) = (Owner::new(), Owner::new());
    let future = future(&owner);
    let check = |text: &str| future.check_with(&document(text));
    check(&trusting(&owner)).expect("it lets its owner in");
    let error = check("[identity]\nhostname = \"a\"\n").expect_err("it trusts nobody");
    assert!(matches!(error, Unready::NobodyTrusted(_)), "{error}");
    assert!(error.to_string().contains("corten keys node"), "{error}");
    let error = check(&trusting(&other)).expect_err("it trusts somebody else");
    assert!(matches!(error, Unready::NotLetIn { .. }), "{error}");
    // What is wrong in it the node tells better.
    check("[identity]\nhostnam = \"a\"\n").expect("it can't be read");
}

#[test]
fn the_certificate_from_before_is_not_pinned_when_the_document_brings_another() {
    let owner = Owner::new();
    let of_node = owner.node(5);
    let text = format!(
        "{}certificate = '''\n{}'''\nkey = '''\n{}'''\n",
        trusting(&owner),
        of_node.chain,
        *of_node.key
    );
    let nobody = Future { authority: None, credentials: None };
    nobody.check_with(&document(&trusting(&owner))).expect("the node keeps its certificate");
    let error = nobody.check_with(&document(&text)).expect_err("it would be pinned for nothing");
    assert!(matches!(error, Unready::OwnCertificate(_)) && error.to_string().contains("--keys"), "{error}");
    future(&owner).check_with(&document(&text)).expect("the authority tells who it is");
}

#[tokio::test]
async fn who_is_not_let_in_for_good_is_not_kept_waiting() {
    let (owner, other) = (Owner::new(), Owner::new());
    let fake = Fake::in_maintenance("ABCD-0123-1XYZ");
    let (at, facts) = (fake.at, fake.facts.clone());
    let met = pair::meet(&owner.context(at).address, None).await.expect("it waits for somebody");
    let anew = tokio::spawn(async move {
        while facts.applied.lock().expect("nobody panics").is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        drop(fake);
        while std::net::TcpListener::bind(at).is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // Neither what it showed before nor of the authority.
        Fake::start_at(at, &own_certificate(), &other.clients(), crate::fake::Facts::default())
    });
    let begin = Instant::now();
    let code = "ABCD-0123-1XYZ".parse().expect("a code");
    let error = met.pair(document(""), &code, future(&owner)).await.expect_err("it shows another one");
    assert!(matches!(error, NodeError::Unsettled { .. }), "{error:?}");
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    drop(anew.await);
}

#[test]
fn who_would_be_locked_out_is_told_before() {
    let (owner, other) = (Owner::new(), Owner::new());
    let node = owner.context(([127, 0, 0, 1], 7443).into());
    let checked = |key: &str, after: &str| {
        let change = Change { key: key.into(), before: "[\"...\"]".into(), after: after.into() };
        Checked::from(CheckConfigResponse { changes: vec![change], ..CheckConfigResponse::default() })
    };
    let out = |checked: &Checked, text: &str| locked_out(checked, &document(text), &node);
    assert!(out(&checked("identity.hostname", ""), "").is_none());
    assert!(matches!(out(&checked("api.trusted", ""), ""), Some(LockedOut::Everybody)));
    assert!(matches!(out(&checked("api.trusted", "[]"), ""), Some(LockedOut::Everybody)));
    let others = checked("api.trusted", "[\"others\"]");
    assert!(matches!(out(&others, &trusting(&other)), Some(LockedOut::You(_))));
    assert!(out(&others, &trusting(&owner)).is_none());
    // As a document comes back from a node.
    let certificate = format!("certificate = '''\n{}'''\n", owner.node(5).chain);
    let kept = format!("{}{certificate}key = \"(kept by the node)\"\n", trusting(&other));
    assert!(matches!(out(&others, &kept), Some(LockedOut::You(_))));
}
