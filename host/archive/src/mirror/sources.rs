//! Sources of packages as apt is told of them (sources.list(5)), in both forms: one line each, and deb822.

use corten_formats::deb::paragraph;

/// A source of binary packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Address of the archive, without a slash at the end.
    pub uri: String,
    /// Suites that are used from it.
    pub suites: Vec<String>,
}

impl Source {
    /// Whether the source is for security updates, by the names of its suites.
    pub fn is_security(&self) -> bool {
        self.suites.iter().any(|suite| suite.ends_with("-security") || suite.ends_with("/updates"))
    }
}

/// Reads `deb [options] URI SUITE COMPONENT…` lines. Lines of other forms are no sources of binary packages.
pub fn parse_lines(text: &str) -> Vec<Source> {
    text.lines().filter_map(|line| parse_line(line.split('#').next().unwrap_or_default())).collect()
}

fn parse_line(line: &str) -> Option<Source> {
    let mut rest = line.trim().strip_prefix("deb")?;
    if !rest.starts_with([' ', '\t']) {
        return None;
    }
    rest = rest.trim_start();
    if let Some(options) = rest.strip_prefix('[') {
        rest = options.split_once(']')?.1;
    }
    let mut words = rest.split_whitespace();
    let (uri, suite) = (words.next()?, words.next()?);
    source(uri, &[suite])
}

/// Reads paragraphs with the fields Types, URIs and Suites. A file that is broken names no sources, as for apt.
pub fn parse_paragraphs(text: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    for paragraph in paragraph::parse(text).unwrap_or_default() {
        let words = |name| paragraph.get(name).unwrap_or_default().split_whitespace().collect::<Vec<_>>();
        let is_off =
            paragraph.get("Enabled").is_some_and(|value| matches!(value, "no" | "false" | "0" | "off"));
        if is_off || !words("Types").contains(&"deb") {
            continue;
        }
        let suites = words("Suites");
        sources.extend(words("URIs").into_iter().filter_map(|uri| source(uri, &suites)));
    }
    sources
}

/// Sources of other schemes (`cdrom:`, `mirror:`, `tor+http:`) and flat ones, whose suite ends in a slash, are not
/// of use here.
fn source(uri: &str, suites: &[&str]) -> Option<Source> {
    let readable = ["http://", "https://", "file:"].iter().any(|scheme| uri.starts_with(scheme));
    let suites: Vec<String> =
        suites.iter().filter(|suite| !suite.ends_with('/')).map(ToString::to_string).collect();
    (readable && !suites.is_empty()).then(|| Source { uri: uri.trim_end_matches('/').to_owned(), suites })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_give_the_same_sources() {
        let lines = "# a note\ndeb-src http://mirror.test/debian trixie main\n\
            deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian/ trixie main # end\n\
            deb cdrom:[x]/ trixie main\ndeb http://flat.test ./\ndebian\n";
        let paragraphs = "Types: deb deb-src\nURIs: http://mirror.test/debian\nSuites: trixie\n\n\
            Types: deb-src\nURIs: http://mirror.test/debian\nSuites: trixie\n\n\
            Types: deb\nEnabled: no\nURIs: http://mirror.test/debian\nSuites: trixie\n";
        let expected = [Source { uri: "http://mirror.test/debian".into(), suites: vec!["trixie".into()] }];
        assert_eq!(parse_lines(lines), expected);
        assert_eq!(parse_paragraphs(paragraphs), expected);
    }

    #[test]
    fn sources_for_security_are_told_by_their_suites() {
        let sources =
            parse_lines("deb http://m.test/s trixie-security main\ndeb http://m.test/d trixie main");
        assert_eq!(sources.iter().map(Source::is_security).collect::<Vec<_>>(), [true, false]);
    }
}
