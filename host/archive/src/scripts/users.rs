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
    let words: Vec<&str> = line.split_whitespace().collect();
    let found = |name: &str| {
        let name = name.trim_matches(['"', '\'']);
        Some(SystemUser {
            name: name.to_owned(),
            line: line.split_whitespace().collect::<Vec<_>>().join(" "),
        })
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
    let with_value = [
        "--home",
        "--gecos",
        "--comment",
        "--shell",
        "--ingroup",
        "--gid",
        "--uid",
        "-d",
        "-s",
        "-g",
        "-u",
        "-c",
    ];
    let mut skip = false;
    for word in arguments {
        if std::mem::take(&mut skip) {
            continue;
        }
        if matches!(*word, ";" | "||" | "&&" | "|" | ">" | "2>") || word.starts_with('>') {
            return None;
        }
        if word.starts_with('-') {
            skip = with_value.contains(word);
            continue;
        }
        return found(word.trim_end_matches(';'));
    }
    None
}
