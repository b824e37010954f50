//! Orders: configurations, pairing, restarts, archives.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use corten_api::role::Role;
use corten_api::v1::{Format, When};
use corten_client::config::{self, Apply};
use corten_client::connection::{Connection, NodeError};
use corten_client::contexts::Trust;
use corten_client::pair::{self, Future};
use corten_client::tell;
use corten_client::view::{Verdict, View as _, Width};
use corten_client::{ask, support, wait};

use crate::fake::{Facts, Fake, Owner, own_certificate};

const CODE: &str = "ABCD-0123-1XYZ";

fn document(folder: &Path, text: &str) -> corten_api::v1::Document {
    let path = folder.join("node.toml");
    std::fs::write(&path, text).expect("it is written");
    config::read(&path).expect("it is there")
}

async fn connect(owner: &Owner, fake: &Fake) -> Connection {
    Connection::open(&owner.context(fake.at)).await.expect("it listens")
}

#[tokio::test]
async fn a_document_is_sent_as_it_is_with_when_it_is_to_hold() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "lab");
    let document = document(owner.folder.path(), "[identity]\n");
    let checked = config::check(connect(&owner, &fake).await, document.clone()).await.expect("it is checked");
    assert!(checked.is_good() && checked.changes_something());
    let trial = Apply::Trial(Duration::from_mins(1));
    let done = config::apply(connect(&owner, &fake).await, document, trial).await.expect("it is applied");
    assert!(done.alone(Width::Unlimited).contains("goes back in 60 s"));
    let applied = fake.facts.applied.lock().expect("nobody panics").clone().expect("it was applied");
    assert_eq!((applied.when(), applied.trial_seconds), (When::Trial, 60));
    let sent = applied.document.expect("it was sent");
    assert_eq!(
        (sent.name.as_str(), sent.text.as_str(), sent.format()),
        ("node.toml", "[identity]\n", Format::Toml)
    );
    assert!(applied.pairing_proof.is_empty());
}

#[test]
fn a_file_that_is_no_document_is_named() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let error = config::read(&folder.path().join("node.json")).expect_err("it is neither TOML nor YAML");
    assert!(error.to_string().contains("node.json: expected a name that ends in .toml"), "{error}");
    let error = config::read(&folder.path().join("node.yaml")).expect_err("it is not there");
    assert!(error.to_string().contains("node.yaml: "), "{error}");
}

#[tokio::test]
async fn who_knows_the_code_gives_a_node_its_configuration() {
    let owner = Owner::new();
    let fake = Fake::in_maintenance(CODE);
    let address = owner.context(fake.at).address;
    let met = pair::meet(&address, None).await.expect("it waits for somebody");
    assert_eq!((met.fingerprint(), met.info.hostname()), (fake.fingerprint, "new node"));
    let future = Future { authority: None, credentials: None };
    let document = document(owner.folder.path(), "[identity]\n");
    let code = CODE.parse().expect("a code");
    let node = met.pair(document, &code, future).await.expect("the code is right").node;
    assert_eq!(node.trust, Trust::Fingerprint(fake.fingerprint));
    assert!(fake.facts.applied.lock().expect("nobody panics").is_some());
}

#[tokio::test]
async fn a_wrong_code_is_refused_and_a_wrong_node_gets_nothing() {
    let owner = Owner::new();
    let fake = Fake::in_maintenance(CODE);
    let address = owner.context(fake.at).address;
    let met = pair::meet(&address, Some(fake.fingerprint)).await.expect("it is the one");
    let future = Future { authority: None, credentials: None };
    let document = document(owner.folder.path(), "[identity]\n");
    let wrong = "ABCD-0123-1XY0".parse().expect("a code");
    let error = met.pair(document, &wrong, future).await.expect_err("the code is another one");
    assert!(matches!(error, NodeError::Answered(_)), "{error:?}");

    let other = crate::fake::fingerprint(&own_certificate());
    let error = pair::meet(&address, Some(other)).await.expect_err("it is another one");
    assert!(matches!(error, NodeError::OtherCertificate { .. }), "{error:?}");
    assert!(fake.facts.applied.lock().expect("nobody panics").is_none());
}

#[tokio::test]
async fn a_node_that_shows_a_certificate_of_the_owner_afterwards_is_known_by_the_authority() {
    let owner = Owner::new();
    let fake = Fake::in_maintenance(CODE);
    let (at, address) = (fake.at, owner.context(fake.at).address);
    let met = pair::meet(&address, None).await.expect("it waits for somebody");
    let future =
        Future { authority: Some(owner.authority_file()), credentials: Some(owner.client(Role::Admin)) };
    let document = document(owner.folder.path(), "[identity]\n");
    let facts = fake.facts.clone();
    // What an agent does when it has its configuration: it listens anew, with what that says.
    let (identity, clients) = (owner.node(5), owner.clients());
    let anew = tokio::spawn(async move {
        while facts.applied.lock().expect("nobody panics").is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        drop(fake);
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if std::net::TcpListener::bind(at).is_ok() {
                break Fake::start_at(
                    at,
                    &identity,
                    &clients,
                    Facts { hostname: "lab".into(), ..Facts::default() },
                );
            }
        }
    });
    let paired = met.pair(document, &CODE.parse().expect("a code"), future).await.expect("it answers anew");
    assert_eq!(paired.hostname, "lab");
    let node = paired.node;
    assert_eq!(node.trust, Trust::Authority(owner.authority_file()));
    ask::info(Connection::open(&node).await.expect("it listens")).await.expect("it answers");
    drop(anew.await);
}

#[tokio::test]
async fn a_node_with_a_configuration_takes_no_code() {
    let owner = Owner::new();
    let fake = Fake::start(&own_certificate(), &corten_api::tls::Trust::Maintenance, Facts::default());
    let error = pair::meet(&owner.context(fake.at).address, None).await.expect_err("it has one");
    assert!(matches!(error, NodeError::HasConfiguration { .. }), "{error:?}");
}

#[tokio::test]
async fn health_is_waited_for_and_no_longer_than_wanted() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "lab");
    fake.facts.unhealthy.store(2, Ordering::SeqCst);
    let limit = Duration::from_secs(30);
    let health = wait::healthy(owner.context(fake.at), limit).await.expect("it answers");
    assert_eq!(health.verdict(), Verdict::Healthy);
    fake.facts.unhealthy.store(1000, Ordering::SeqCst);
    let (begin, limit) = (Instant::now(), Duration::from_millis(1500));
    let health = wait::healthy(owner.context(fake.at), limit).await.expect("it answers");
    assert_eq!(health.verdict(), Verdict::Unhealthy);
    assert!(begin.elapsed() >= limit, "it gave up after {:?}", begin.elapsed());
    assert!(fake.facts.unhealthy.load(Ordering::SeqCst) > 995, "it is asked once a second");
}

#[tokio::test]
async fn a_restart_is_waited_for_until_another_start_of_the_node_answers() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "lab");
    let limit = Duration::from_secs(30);
    let done = wait::reboot(owner.context(fake.at), limit).await.expect("it comes back");
    assert!(done.alone(Width::Unlimited).contains("back after"));
}

#[tokio::test]
async fn a_refusal_keeps_the_words_of_the_node() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "lab");
    let error = ask::timeline(connect(&owner, &fake).await).await.expect_err("there is none");
    assert_eq!(error.to_string(), "there is no timeline yet");
    assert_eq!(error.remedy().as_deref(), Some("ask again when it is ready"));
    assert_eq!(error.kind(), "failed_precondition");
    let error = tell::power_off(connect(&owner, &fake).await).await.expect_err("it is for others");
    assert!(error.remedy().expect("there is one").contains("higher role"));
    let error = ask::services(connect(&owner, &fake).await).await.expect_err("it has no such service");
    assert_eq!(error.kind(), "unimplemented");
}

#[tokio::test]
async fn an_archive_is_whole_or_not_there() {
    let owner = Owner::new();
    let (good, broken) = (Fake::of(&owner, "good"), Fake::of(&owner, "broken"));
    let name = || "lab".parse().expect("a name");
    let path = owner.folder.path().join("support.tar.gz");
    let answer =
        support::collect(name(), &owner.context(broken.at), &path).await.expect("the folder is fine");
    assert!(answer.result.is_err() && !path.exists());
    let answer = support::collect(name(), &owner.context(good.at), &path).await.expect("the folder is fine");
    answer.result.expect("it was sent");
    assert_eq!(std::fs::read(&path).expect("it is there"), [7; 2000]);
}
