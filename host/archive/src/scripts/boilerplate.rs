//! Lines of a shell script that do nothing: comments, options, and control structures with nothing in them.

/// Drops what does nothing, again and again, since an empty `if` inside an empty `case` leaves the latter empty.
pub fn strip(lines: &[&str]) -> Vec<String> {
    let idle = ["set -e", "set -eu", "set -u", "exit 0", ":", "true", "#DEBHELPER#"];
    let is_idle = |line: &str| line.is_empty() || line.starts_with('#') || idle.contains(&line);
    let mut left: Vec<&str> = lines.iter().copied().filter(|line| !is_idle(line)).collect();
    while let Some((start, end)) = empty_structure(&left) {
        left.drain(start..=end);
    }
    left.into_iter().map(str::to_owned).collect()
}

/// First and last line of a structure without commands.
fn empty_structure(lines: &[&str]) -> Option<(usize, usize)> {
    (0..lines.len()).find_map(|start| {
        let end = if lines[start].starts_with("case ") && lines[start].ends_with(" in") {
            empty_case(&lines[start + 1..])
        } else if lines[start].starts_with("if ") {
            empty_if(&lines[start..])
        } else {
            None
        };
        end.map(|length| (start, start + length))
    })
}

/// Number of lines after `case … in` up to `esac`, if there are only patterns and refusals of unknown arguments.
fn empty_case(lines: &[&str]) -> Option<usize> {
    for (n, line) in lines.iter().enumerate() {
        let pattern = line.split_once(')').map(|(_, rest)| rest.trim().trim_end_matches(";;").trim());
        let is_pattern = pattern.is_some_and(|command| matches!(command, "" | ":" | "true" | "exit 0"));
        // Every script of the template ends in such a branch for arguments that dpkg never gives.
        let refuses =
            line.starts_with("echo ") && line.contains("called with unknown argument") || *line == "exit 1";
        match *line {
            "esac" => return Some(n + 1),
            ";;" => {}
            _ if is_pattern && !line.starts_with("echo ") => {}
            _ if refuses => {}
            _ => return None,
        }
    }
    None
}

/// Number of lines after the first up to `fi`, if nothing stands between.
fn empty_if(lines: &[&str]) -> Option<usize> {
    // The condition itself must be a test: a command there would do something.
    let condition = lines.first()?.trim_start_matches("if ");
    if !(condition.starts_with("[ ") || condition.starts_with("test ")) {
        return None;
    }
    for (n, line) in lines.iter().enumerate().skip(1) {
        match *line {
            "fi" => return Some(n),
            "then" | "else" => {}
            _ => return None,
        }
    }
    None
}
