//! The one spelling of module names and aliases.

/// A module name as the kernel spells it: `-` becomes `_`.
pub fn canonical(name: &str) -> String {
    name.replace('-', "_")
}

/// An alias pattern in the spelling that kmod compares: `-` becomes `_`, but not between brackets, where it means a
/// range.
pub(super) fn canonical_pattern(pattern: &str) -> String {
    let mut inside = false;
    let spell = |c| {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            _ => {}
        }
        if c == '-' && !inside { '_' } else { c }
    };
    pattern.chars().map(spell).collect()
}

/// The name of the module in a file: the file's name without `.ko` and what follows, in canonical spelling.
pub(super) fn of_path(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    canonical(file.split_once(".ko").map_or(file, |(stem, _)| stem))
}
