//! What both ends of the API read of each other: certificates, names, codes, refusals.

use corten_api::error::ApiError;
use corten_api::identity::{Address, Certificate, Client, Fingerprint, Name, certificates};
use corten_api::pairing::Code;
use corten_api::role::Role;
use corten_api::tls;
use tonic::Status;

/// Certificates of an authority that nobody has the key of any more.
const AUTHORITY: &str = include_str!("seeds/authority.pem");
const CLIENT: &str = include_str!("seeds/client.pem");
const NODE: &str = include_str!("seeds/node.pem");

pub fn certificate(data: &[u8]) {
    let _ = Certificate::read(data);
    if let Ok(client) = Client::read(data) {
        assert_eq!(client.name.to_string().parse(), Ok(client.name), "a name of a certificate is one");
    }
}

pub fn certificate_seeds() -> Vec<Vec<u8>> {
    let der = |pem| certificates(pem).ok()?.first().map(|der| der.to_vec());
    [AUTHORITY, CLIENT, NODE].into_iter().map(|pem| der(pem).unwrap_or_default()).collect()
}

/// PEM, as configurations and folders of keys hold it.
pub fn pem(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(all) = certificates(&text) {
        assert!(!all.is_empty() && all.len() <= 64, "{} certificates", all.len());
    }
    let _ = tls::check_client(&text, &[AUTHORITY.into()], 1_800_000_000);
    let _ = tls::check_client(CLIENT, &[text.into_owned()], 1_800_000_000);
}

pub fn pem_seeds() -> Vec<Vec<u8>> {
    vec![AUTHORITY.into(), [CLIENT, AUTHORITY].concat().into(), format!("text\n{NODE}text\n").into()]
}

/// What people type and files hold.
pub fn words(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(name) = text.parse::<Name>() {
        assert_eq!(name.as_str(), text);
    }
    if let Ok(address) = text.parse::<Address>() {
        assert_eq!(address.to_string().parse(), Ok(address), "an address is read as it is shown");
    }
    if let Ok(print) = text.parse::<Fingerprint>() {
        assert_eq!(print.to_string().parse(), Ok(print), "a fingerprint is read as it is shown");
    }
    if let Ok(code) = text.parse::<Code>() {
        assert_eq!(code.shown().parse(), Ok(code), "a code is read as it is shown");
    }
    if let Ok(role) = text.parse::<Role>() {
        assert_eq!(role.to_string(), text);
    }
}

pub fn words_seeds() -> Vec<Vec<u8>> {
    let plain = "0aff".repeat(16);
    let colons = ["0A:FF"; 16].join(":");
    ["ann", "node-1.example", "2001:db8::1", &plain, &colons, "abcd-0123-1xyz", "operator"]
        .map(|text| text.as_bytes().to_vec())
        .into()
}

/// A refusal, with the details of whoever sent it.
pub fn refusal(data: &[u8]) {
    let message = String::from_utf8_lossy(data).into_owned();
    let status = Status::with_details(tonic::Code::Internal, message, data.to_vec().into());
    let error = ApiError::from(&status);
    let sent = Status::from(error);
    assert!(sent.message().len() + sent.details().len() < 8 << 10, "it fits into a header");
}

pub fn refusal_seeds() -> Vec<Vec<u8>> {
    let error = ApiError::new(tonic::Code::PermissionDenied, "ann is reader", "use another certificate");
    vec![Status::from(error).details().to_vec()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else mutations would all be refused for the same reason.
    #[test]
    fn seeds_are_what_the_other_end_shows() {
        assert!(certificate_seeds().iter().all(|seed| Certificate::read(seed).is_ok()), "certificates");
        let client = tls::check_client(CLIENT, &[AUTHORITY.into()], 1_800_000_000);
        assert!(client.is_ok(), "{client:?}");
        let status = Status::with_details(tonic::Code::Internal, "", refusal_seeds()[0].clone().into());
        assert_eq!(ApiError::from(&status).cause, "ann is reader");
    }
}
