//! Which names are those of secrets.

/// A part of a name that contains one of these is a secret's.
const CONTAINS: [&str; 6] = ["secret", "token", "passw", "passphrase", "credential", "private"];
/// A part of a name that ends in one of these is a secret's: `apikey`.
const ENDS: [&str; 2] = ["key", "keys"];
/// A part of a name that is one of these is a secret's.
const IS: [&str; 6] = ["pass", "pwd", "psk", "authorization", "cookie", "pin"];

/// Whether a name says that its value is a secret: any part of `api.certificate.key`, `DB_PASSWORD`, `accessToken`.
pub fn is_secret(name: &str) -> bool {
    let mut part = String::new();
    let mut was_lower = false;
    for character in name.chars().chain(['.']) {
        let is_word = character.is_ascii_alphanumeric();
        if !is_word || (character.is_ascii_uppercase() && was_lower) {
            if is_secret_part(&part) {
                return true;
            }
            part.clear();
        }
        if is_word {
            part.push(character.to_ascii_lowercase());
        }
        was_lower = character.is_ascii_lowercase();
    }
    false
}

fn is_secret_part(part: &str) -> bool {
    CONTAINS.iter().any(|word| part.contains(word))
        || ENDS.iter().any(|word| part.ends_with(word))
        || IS.contains(&part)
}

/// The name in a header of a TOML table: `[a.b]`, `[[a.b]]`.
pub fn table(line: &str) -> Option<&str> {
    let line = line.trim();
    let name = line.strip_prefix('[')?.strip_suffix(']')?;
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '"' | '\'' | ' ');
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}

/// Whether a character may be part of a name.
pub fn is_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known() {
        for name in [
            "key",
            "api.certificate.key",
            "DB_PASSWORD",
            "accessToken",
            "apikey",
            "private-key",
            "x.secrets.y",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["", "keyboard", "host", "compass", "spinner", "state", "certificate"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn tables_are_told_from_lists() {
        assert_eq!(table("[a.b]"), Some("a.b"));
        assert_eq!(table(" [[a.\"b c\"]] "), Some("a.\"b c\""));
        assert_eq!(table("x = [1]"), None);
        assert_eq!(table("[1, 2]"), None);
    }
}
