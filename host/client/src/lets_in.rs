//! Whom a node lets in under a configuration, as far as the document tells by itself: looked at before it is sent, for
//! afterwards it may be that nobody can mend it from here.

use corten_api::identity::Identity;
use corten_api::tls::{TlsError, check_client};
use corten_api::v1;
use corten_config::settings::Api;
use corten_config::{Document, Format, with_kept_secrets};
use jiff::Timestamp;

use crate::connection::client_of;
use crate::contexts::Node;
use crate::view::{Checked, Trusted};

/// Who is not let in any more once a document is applied.
#[derive(Debug, thiserror::Error)]
pub enum LockedOut {
    /// The node trusts no authority then.
    #[error(
        "afterwards nobody could be let in: api.trusted goes, and the node waits in maintenance to be paired"
    )]
    Everybody,
    /// The node trusts others.
    #[error("afterwards you could not be let in: api.trusted does not go with your certificate: {0}")]
    You(TlsError),
}

/// Stands for a key that the node has and does not show. Of keys only the form is looked at here: DER, empty.
const KEPT_KEY: &str = "api.key = '''\n-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n'''\n";

/// What a document says of the API; `None` where it makes no configuration by itself, which the node finds out too.
pub(crate) fn api_of(document: &v1::Document) -> Option<Api> {
    let format = match document.format() {
        v1::Format::Toml => Format::Toml,
        v1::Format::Yaml => Format::Yaml,
        v1::Format::Unspecified => return None,
    };
    let (name, text) = (document.name.clone(), document.text.clone());
    let kept = Document { name: String::new(), format: Format::Toml, text: KEPT_KEY.to_owned() };
    let document = with_kept_secrets(&Document { name, format, text }, &[kept]);
    let merged = corten_config::read(&[document]).ok()?;
    Some(merged.settings().api.clone())
}

/// Whether these authorities let a client in now.
pub(crate) fn lets_in(trusted: &[String], client: &Identity) -> Result<(), TlsError> {
    check_client(&client.chain, trusted, Timestamp::now().as_second()).map(drop)
}

/// Who would be locked out if a document that a node has checked was applied there.
pub fn locked_out(checked: &Checked, document: &v1::Document, node: &Node) -> Option<LockedOut> {
    match checked.trusted() {
        Trusted::Same => None,
        Trusted::Nobody => Some(LockedOut::Everybody),
        // What the operator's document says lies over everything else.
        Trusted::Others => {
            let trusted = api_of(document)?.trusted;
            let client = client_of(node.credentials.as_ref()?).ok()?;
            if trusted.is_empty() { None } else { lets_in(&trusted, &client).err().map(LockedOut::You) }
        }
    }
}
