//! Who is let in, by which way, and what they may do there.

use corten_api::identity::{Client, certificates};
use corten_api::role::Role;
use corten_api::v1;
use corten_api::v1::node_client::NodeClient;
use corten_control::Request;
use corten_load::{Owner, Posture, Scratch, info, local};
use tonic::Code;
use tonic::transport::Channel;

use crate::start;

async fn reboot(channel: &Channel) -> Result<(), tonic::Status> {
    NodeClient::new(channel.clone()).reboot(v1::RebootRequest {}).await.map(drop)
}

fn restarts(scratch: &Scratch) -> usize {
    scratch.init.asked().iter().filter(|request| **request == Request::Restart).count()
}

#[tokio::test]
async fn each_role_may_do_what_is_its_own_by_the_network_and_by_a_socket() {
    let scratch = Scratch::new(&Posture::Configured(String::new())).expect("a root");
    let agent = start(&scratch);
    for role in Role::ALL {
        let tls = scratch.owner.tls_as(role).expect("a client");
        let network = agent.target(tls).channel().await.expect("it is let in");
        let socket = scratch.path(&format!("/run/corten/api/{role}/api.sock"));
        let local = local(&socket).await.expect("it is there");
        for (way, channel) in [("network", network), ("socket", local)] {
            assert_eq!(info(&channel).await.expect("anybody").version, "0.0.0", "{role} by {way}");
            let before = restarts(&scratch);
            let asked = reboot(&channel).await;
            if role == Role::Reader {
                let status = asked.expect_err("a reader");
                assert_eq!(status.code(), Code::PermissionDenied, "{role} by {way}: {status}");
                assert_eq!(restarts(&scratch), before, "{role} by {way}");
            } else {
                asked.unwrap_or_else(|status| panic!("{role} by {way}: {status}"));
                assert_eq!(restarts(&scratch), before + 1, "{role} by {way}");
            }
        }
    }
}

#[tokio::test]
async fn wrong_certificates_are_refused() {
    let scratch = Scratch::new(&Posture::Configured(String::new())).expect("a root");
    let owner = &scratch.owner;
    let revoked = owner.client(Role::Admin).expect("a certificate");
    let der = certificates(&revoked.chain).expect("PEM");
    let print = Client::read(&der[0]).expect("a client's").fingerprint;
    let more = format!("version = 1\n[api]\nrevoked = [\"{print}\"]\n");
    std::fs::write(scratch.path("/run/corten/config/20-revoked.toml"), more).expect("a file");
    let agent = start(&scratch);

    let foreign = Owner::new().expect("an owner").client(Role::Admin).expect("a certificate");
    let expired = owner.expired_client(Role::Admin).expect("a certificate");
    let node = owner.node().expect("a certificate");
    let wrong = [
        ("a foreign one", Some(&foreign)),
        ("a revoked one", Some(&revoked)),
        ("one that is over", Some(&expired)),
        ("a node's", Some(&node)),
        ("none", None),
    ];
    for (what, identity) in wrong {
        let tls = owner.tls(identity).expect("it can be used");
        assert!(agent.target(tls).call().await.is_err(), "{what} is let in");
    }
    let tls = owner.tls_as(Role::Reader).expect("a client");
    agent.target(tls).call().await.expect("a right one is let in");
}
