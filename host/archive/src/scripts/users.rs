//! Users and groups that packages make when they are installed, which an image needs without installing.

/// A user or group that a script or a sysusers.d file makes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SystemUser {
    /// Name.
    pub name: String,
    /// Where it was found: the text of the line.
    pub line: String,
}

/// Finds `adduser --system`, `useradd --system`, `addgroup --system`, `groupadd --system` in a script, and lines
/// `u`, `u!` and `g` of sysusers.d(5).
pub fn system_users(text: &str) -> Vec<SystemUser> {
    let joined = text.replace("\\\n", " ");
    let mut users: Vec<SystemUser> = joined.lines().filter_map(|line| user_of(line.trim())).collect();
    users.sort();
    users.dedup();
    users
}

fn user_of(line: &str) -> Option<SystemUser> {
    let words = words(line);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let found = |name: &str| {
        let name = name.trim_end_matches(';').to_owned();
        Some(SystemUser { name, line: line.split_whitespace().collect::<Vec<_>>().join(" ") })
    };
    if let ["u" | "u!" | "g", name, ..] = words[..] {
        return found(name);
    }
    let command = |word: &&str| {
        let name = word.rsplit('/').next().unwrap_or(word);
        matches!(name, "adduser" | "addgroup" | "useradd" | "groupadd")
    };
    let at = words.iter().position(command)?;
    let arguments = &words[at + 1..];
    let is_system = arguments.iter().any(|word| matches!(*word, "--system" | "-r" | "-S"));
    if line.starts_with('#') || !is_system {
        return None;
    }
    // The name is the first argument that is neither an option nor the value of one.
    let mut skip = false;
    for word in arguments {
        if std::mem::take(&mut skip) {
            continue;
        }
        if matches!(*word, ";" | "||" | "&&" | "|") || word.starts_with('>') || word.starts_with("2>") {
            return None;
        }
        if word.starts_with('-') {
            skip = WITH_VALUE.contains(word);
            continue;
        }
        return found(word);
    }
    None
}

/// Options whose next word is their value.
const WITH_VALUE: [&str; 13] = [
    "--home",
    "--gecos",
    "--comment",
    "--shell",
    "--ingroup",
    "--gid",
    "--uid",
    "--groups",
    "-d",
    "-s",
    "-g",
    "-u",
    "-c",
];

/// Words as a shell divides them, as far as quotes go. Nothing is expanded.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut is_word = false;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => (quote, is_word) = (Some(character), true),
            (None, _) if character.is_whitespace() => {
                if std::mem::take(&mut is_word) {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => {
                word.push(character);
                is_word = true;
            }
        }
    }
    if is_word {
        words.push(word);
    }
    words
}
