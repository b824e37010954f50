//! Reads documents as a node has to: what they say is well-formed, and its certificates and keys can be used. One that
//! can't would lock everybody out, for the agent would keep the door from before and have none at its next start.

use corten_api::identity::Identity;
use corten_api::tls::check_authorities;
use corten_config::{Document, Merged, Problem, Report};
use zeroize::Zeroizing;

/// What documents say together, or all that is wrong with it.
pub fn read(documents: &[Document]) -> Result<Merged, Report> {
    let merged = corten_config::read(documents)?;
    let problems = unusable(&merged);
    if problems.is_empty() { Ok(merged) } else { Err(Report::new(problems)) }
}

fn unusable(merged: &Merged) -> Vec<Problem> {
    let api = &merged.settings().api;
    let mut problems = Vec::new();
    if !api.trusted.is_empty()
        && let Err(error) = check_authorities(&api.trusted)
    {
        problems.push(merged.problem(&["api", "trusted"], error.to_string()));
    }
    if let Some(certificate) = &api.certificate {
        let key = Zeroizing::new(certificate.key.clone());
        let shown = Identity { chain: certificate.chain.clone(), key };
        if let Err(error) = shown.check() {
            problems.push(merged.problem(&["api", "certificate"], error.to_string()));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use corten_api::identity::{Authority, Name};
    use corten_api::role::Role;
    use corten_config::Format;

    use super::*;

    const NOW: i64 = 1_750_000_000;

    fn document(trusted: &str, chain: &str, key: &str) -> Document {
        let text = format!(
            "version = 1\n[api]\ntrusted = ['''{trusted}''']\ncertificate = '''{chain}'''\nkey = '''{key}'''\n"
        );
        Document { name: "node.toml".into(), format: Format::Toml, text }
    }

    #[test]
    fn certificates_that_would_lock_everybody_out_are_refused_with_their_line() {
        let name: Name = "own".parse().expect("a name");
        let authority = Authority::generate(&name, NOW, 100).expect("an authority");
        let node = authority.node(&name, &[], NOW, 10).expect("a certificate");
        let other = authority.node(&name, &[], NOW, 10).expect("a certificate");
        let admin = authority.client(&name, Role::Admin, NOW, 10).expect("a certificate");
        let own = &authority.identity().chain;
        assert!(read(&[document(own, &node.chain, &node.key)]).is_ok());
        let refused = |document: Document| read(&[document]).expect_err("it is refused").to_string();
        let mismatch = refused(document(own, &node.chain, &other.key));
        assert!(mismatch.starts_with("node.toml:") && !mismatch.contains("PRIVATE"), "{mismatch}");
        let no_authority = refused(document(&admin.chain, &node.chain, &node.key));
        assert!(no_authority.starts_with("node.toml:3"), "{no_authority}");
    }
}
