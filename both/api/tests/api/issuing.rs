//! What an authority issues is read back as it was asked for, and nothing else is issued.

use corten_api::identity::{
    Authority, BACKDATE, Certificate, CertificateError, Client, Fingerprint, Identity, IssueError, Kind,
    MAX_DAYS, self_signed_node,
};
use corten_api::role::Role;
use proptest::prelude::*;

use crate::handshake::{DAY, admin, authority, der, name, node, signed, subject};

/// A time that does not depend on today: in 2026.
const NOW: i64 = 1_790_000_000;

#[test]
fn an_authority_is_read_back_and_issues_as_before() {
    let made = Authority::generate(&name("acme"), NOW, 100).expect("an authority");
    let read = Authority::read(made.identity().clone()).expect("it is read");
    assert_eq!(read.certificate(), made.certificate());
    assert_eq!(read.certificate().kind, Kind::Authority);
    assert_eq!(read.certificate().name, "acme");
    let client = read.client(&name("ada"), Role::Admin, NOW, 100).expect("a client");
    let trusted = [made.identity().chain.clone()];
    assert!(corten_api::tls::check_client(&client.chain, &trusted, NOW).is_ok());
}

#[test]
fn keys_and_certificates_of_two_do_not_mix() {
    let (one, other) = (authority(), authority());
    let mixed = Identity { chain: one.identity().chain.clone(), key: other.identity().key.clone() };
    assert!(matches!(mixed.check(), Err(IssueError::Mismatch(name)) if name == "acme"));
    assert!(matches!(Authority::read(mixed), Err(IssueError::Mismatch(_))));
    assert!(matches!(
        Authority::read(admin(&one)),
        Err(IssueError::Certificate(CertificateError::Kind { .. }))
    ));
    assert_eq!(admin(&one).check().map(|it| it.kind).ok(), Some(Kind::Client(Role::Admin)));
}

#[test]
fn nothing_outlives_its_authority() {
    let authority = Authority::generate(&name("acme"), NOW, 30).expect("an authority");
    assert!(authority.client(&name("ada"), Role::Reader, NOW, 30).is_ok());
    let why = authority.client(&name("ada"), Role::Reader, NOW + 20 * DAY, 11).expect_err("it is refused");
    assert_eq!(why.to_string(), "11 days: the authority \"acme\" is valid for 10 days from now");
    assert!(authority.node(&name("node"), &[], NOW + 31 * DAY, 1).is_err());
}

#[test]
fn days_and_clocks_that_make_no_sense_are_refused() {
    let generate = |now, days| Authority::generate(&name("acme"), now, days).err();
    assert!(matches!(generate(NOW, 0), Some(IssueError::Days(0))));
    assert!(matches!(generate(NOW, MAX_DAYS + 1), Some(IssueError::Days(_))));
    for clock in [i64::MIN, -1, 253_402_300_800, i64::MAX] {
        assert!(matches!(generate(clock, 1), Some(IssueError::Clock(_))), "{clock}");
    }
    let early = Authority::generate(&name("acme"), 7, MAX_DAYS).expect("a clock without a battery");
    let read = early.certificate();
    assert_eq!((read.not_before, read.not_after), (0, 7 + i64::from(MAX_DAYS) * DAY));
}

#[test]
fn serials_and_keys_are_never_the_same() {
    let authority = authority();
    assert_ne!(Fingerprint::of(&der(&admin(&authority))), Fingerprint::of(&der(&admin(&authority))));
    assert_ne!(admin(&authority).key, admin(&authority).key);
}

#[test]
fn a_client_is_read_of_nothing_but_a_clients_certificate() {
    let authority = authority();
    assert!(Client::read(&der(&admin(&authority))).is_ok());
    for other in [node(&authority), authority.identity().clone()] {
        assert!(matches!(Client::read(&der(&other)), Err(CertificateError::Kind { .. })));
        assert!(Certificate::read(&der(&other)).is_ok());
    }
}

#[test]
fn an_authority_that_may_not_sign_is_none() {
    let made = signed(&authority(), |it| {
        it.distinguished_name = subject("weak", &[]);
        it.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        it.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    });
    assert_eq!(Certificate::read(&der(&made)), Err(CertificateError::Usage("weak".into())));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_asked_for_is_what_is_read(
        text in "[!-~]([ -~]{0,62}[!-~])?", role in 0usize..3, now in 0..4_000_000_000i64, days in 1u32..5_000,
    ) {
        let role = Role::ALL[role];
        let authority = Authority::generate(&name("acme"), now, 5_000).expect("an authority");
        let made = authority.client(&name(&text), role, now, days).expect("a client");
        let client = Client::read(&der(&made)).expect("it is read");
        prop_assert_eq!((client.name.as_str(), client.role), (text.as_str(), role));
        prop_assert_eq!(client.not_after, now + i64::from(days) * DAY);

        let node = self_signed_node(&name(&text), &[], now, days).expect("a node");
        let read = Certificate::read_node(&der(&node)).expect("it is read");
        prop_assert_eq!((read.name, read.not_before), (text, (now - BACKDATE).max(0)));
    }
}
