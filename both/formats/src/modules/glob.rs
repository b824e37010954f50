//! Globs over paths of modules, as recipes write them: `drivers/net/**`, `fs/*/*`.

use super::pattern::matches;

/// Whether a path matches. `**` stands for any number of folders or, at the end, for everything below; `*` and the
/// rest stay within one part of the path.
pub(super) fn path_matches(glob: &str, path: &str) -> bool {
    let glob: Vec<&str> = glob.split('/').filter(|part| !part.is_empty()).collect();
    let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    // Which prefixes of the path the globs so far match; one row of the table at a time keeps this polynomial.
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    for (number, part) in glob.iter().enumerate() {
        let mut next = vec![false; path.len() + 1];
        for at in 0..=path.len() {
            next[at] = if *part == "**" {
                // The last one stands for one part at least, so that a folder does not match itself.
                let least = usize::from(number + 1 == glob.len());
                at >= least && reached[..=at - least].contains(&true)
            } else {
                at > 0 && reached[at - 1] && matches(part, path[at - 1])
            };
        }
        reached = next;
    }
    reached[path.len()]
}
