//! What a registry wants to be shown: the header `WWW-Authenticate` (RFC 9110, section 11.6.1). Text only.

/// Bytes of the header that are read.
const MAX_HEADER: usize = 8 << 10;
/// Challenges, and parameters of each.
const MAX_PARTS: usize = 16;

/// One way to show who one is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// Whether it is this scheme.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// A parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.parameters.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }
}

/// Takes a header apart. What can't be read ends it: what came before counts.
pub fn parse(text: &str) -> Vec<Challenge> {
    let mut challenges: Vec<Challenge> = Vec::new();
    let mut rest = text.get(..text.len().min(MAX_HEADER)).unwrap_or_default();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let Some((word, after)) = token(rest) else { return challenges };
        let Some(value) = after.trim_start_matches([' ', '\t']).strip_prefix('=') else {
            if challenges.len() == MAX_PARTS {
                return challenges;
            }
            challenges.push(Challenge { scheme: word.to_owned(), parameters: Vec::new() });
            rest = after;
            continue;
        };
        let value = value.trim_start_matches([' ', '\t']);
        let Some((value, after)) =
            quoted(value).or_else(|| token(value).map(|(value, rest)| (value.into(), rest)))
        else {
            // Credentials of a scheme that has no parameters end in signs of equality.
            rest = value.trim_start_matches('=');
            continue;
        };
        rest = after;
        if let Some(challenge) =
            challenges.last_mut().filter(|challenge| challenge.parameters.len() < MAX_PARTS)
        {
            challenge.parameters.push((word.to_owned(), value));
        }
    }
}

fn token(text: &str) -> Option<(&str, &str)> {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~/".contains(c);
    let end = text.find(|c| !is_inner(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.strip_prefix('"')?.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 2..])),
            '\\' => value.push(letters.next()?.1),
            letter => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn challenges_of_registries_are_read() {
        let found =
            parse(r#"Bearer realm="https://a.test/token",service="r.test",scope="repository:a/b:pull,push""#);
        assert_eq!(found.len(), 1);
        assert!(found[0].is("bearer"));
        assert_eq!(found[0].get("Realm"), Some("https://a.test/token"));
        assert_eq!(found[0].get("scope"), Some("repository:a/b:pull,push"));
        assert_eq!(found[0].get("error"), None);
    }

    #[test]
    fn several_challenges_stand_in_one_header() {
        let found = parse("Negotiate YQ==, basic realm = \"a \\\"b\\\"\" , charset=UTF-8,, Bearer realm=x");
        let schemes: Vec<&str> = found.iter().map(|challenge| challenge.scheme.as_str()).collect();
        assert_eq!(schemes, ["Negotiate", "basic", "Bearer"]);
        let basic = found.iter().find(|challenge| challenge.is("Basic")).expect("a challenge");
        assert_eq!((basic.get("realm"), basic.get("charset")), (Some("a \"b\""), Some("UTF-8")));
    }

    #[test]
    fn what_does_not_end_is_left_out() {
        assert_eq!(parse("Bearer realm=\"https://a.test").len(), 1);
        assert_eq!(parse("Bearer realm=\"https://a.test")[0].get("realm"), None);
        assert!(parse("\"").is_empty() && parse("").is_empty() && parse(",,,").is_empty());
    }

    proptest! {
        #[test]
        fn any_header_is_read_to_its_end(text in "[\"=, a-c\\\\é]{0,60}") {
            prop_assert!(parse(&text).len() <= MAX_PARTS);
        }
    }
}
