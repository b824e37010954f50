//! The syntax of apt's configuration files (apt.conf(5)), as far as it takes to find the proxies in them.

/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 32;

/// Reads a file into names, lower case and joined by `::`, with their values, in the order of the file.
pub fn parse(text: &str) -> Vec<(String, String)> {
    let mut settings = Vec::new();
    let mut scopes: Vec<String> = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some((token, after)) = token(rest) {
        rest = after;
        match token {
            "{" if scopes.len() < MAX_DEPTH => {
                scopes.push(words.drain(..).next().unwrap_or_default().to_owned());
            }
            "{" => return settings,
            ";" | "}" => {
                if let [name, value] = words[..] {
                    let parts =
                        scopes.iter().map(String::as_str).chain([name]).filter(|part| !part.is_empty());
                    let name = parts.collect::<Vec<_>>().join("::").to_ascii_lowercase();
                    settings.push((name, value.trim_matches('"').to_owned()));
                }
                words.clear();
                if token == "}" {
                    scopes.pop();
                }
            }
            word => words.push(word),
        }
    }
    settings
}

/// The next word, quoted text or punctuation, and what follows it. Comments are passed over.
fn token(text: &str) -> Option<(&str, &str)> {
    let mut text = text.trim_start();
    loop {
        let comment_end = if text.starts_with("//") || text.starts_with('#') {
            text.find('\n')
        } else if text.starts_with("/*") {
            text.find("*/").map(|at| at + 2)
        } else {
            break;
        };
        text = text[comment_end?..].trim_start();
    }
    let end = match text.chars().next()? {
        '"' => text[1..].find('"').map_or(text.len(), |at| at + 2),
        '{' | '}' | ';' => 1,
        _ => text.find(|c: char| c.is_whitespace() || "{};\"".contains(c)).unwrap_or(text.len()),
    };
    Some(text.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_and_flat_names_are_the_same() {
        let text = "// note\n# note\n/* Acquire::x \"1\"; */\nAcquire::http::Proxy \"http://p.test:3128\";\n\
            Acquire { HTTP { Proxy \"DIRECT\"; Timeout 30; }; Retries \"3\"; };\nDPkg::Options { \"--x\"; };\n";
        let expected = [
            ("acquire::http::proxy", "http://p.test:3128"),
            ("acquire::http::proxy", "DIRECT"),
            ("acquire::http::timeout", "30"),
            ("acquire::retries", "3"),
        ];
        let read = parse(text);
        let read: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn broken_text_ends_the_file() {
        assert!(parse("{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{").is_empty());
        assert!(parse("a \"never closed").is_empty());
        assert!(parse("/* never closed").is_empty());
    }
}
