//! Checks that files, directories and links of a recipe fit together and into the image.

use std::collections::BTreeMap;

use corten_document::{Court, KeyPath, Problem};
use corten_services::SERVICES_PATH;
use corten_services::images::IMAGES_PATH;

use super::decide::Place;
use crate::written::Recipe;

/// Directories on which init mounts a file system: what the root image holds there is never seen.
const HIDDEN: [&str; 6] = ["/dev", "/proc", "/run", "/sys", "/tmp", "/var"];

/// Directories on which whoever starts a container mounts a file system.
const HIDDEN_IN_CONTAINERS: [&str; 3] = ["/dev", "/proc", "/sys"];

/// Links of the merged `/usr`, with what they point to.
const MERGED: [(&str, &str); 5] = [
    ("/bin", "/usr/bin"),
    ("/lib", "/usr/lib"),
    ("/lib32", "/usr/lib32"),
    ("/lib64", "/usr/lib64"),
    ("/sbin", "/usr/sbin"),
];

/// Files that the builder always makes, with what a recipe has in their place.
const MADE: [(&str, &str); 5] = [
    ("/etc/passwd", "[users]"),
    ("/etc/group", "[users] and [groups]"),
    ("/etc/os-release", "name, version and description"),
    ("/usr/lib/os-release", "name, version and description"),
    (SERVICES_PATH, "[services]"),
];

/// The same in a container.
const MADE_IN_CONTAINERS: [(&str, &str); 2] =
    [("/etc/passwd", "[users]"), ("/etc/group", "[users] and [groups]")];

/// Complains about everything in `[files]`, `[directories]` and `[links]` that is in the way of something.
pub(super) fn check(recipe: &Recipe, place: Place, court: &mut Court<'_>) {
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    let tables = [
        ("directories", recipe.directories.iter().flatten().map(|(path, _)| path).collect::<Vec<_>>()),
        ("files", recipe.files.iter().flatten().map(|(path, _)| path).collect()),
        ("links", recipe.links.iter().flatten().map(|(path, _)| path).collect()),
    ];
    for (table, paths) in &tables {
        for path in paths {
            let key = KeyPath::of(&[table, path.as_str()]);
            check_path(path.as_str(), &key, place, court);
            if let Some(other) = kinds.insert(path.as_str(), table) {
                let message = format!("{path} is in `{other}` and in `{table}`");
                court.conflict(message, &key, ("the other is here", &KeyPath::of(&[other, path.as_str()])));
            }
        }
    }
    for (table, paths) in &tables {
        for path in paths {
            let above = path.parents().find_map(|above| Some((above, *kinds.get(above)?)));
            if let Some((above, kind @ ("files" | "links"))) = above {
                let word = if kind == "files" { "a file" } else { "a link" };
                let message = format!("{path} can't be below {above}, which is {word}");
                let here = KeyPath::of(&[table, path.as_str()]);
                court.conflict(message, &here, ("made here", &KeyPath::of(&[kind, above])));
            }
        }
    }
}

fn check_path(path: &str, key: &KeyPath, place: Place, court: &mut Court<'_>) {
    let (hidden, made, who): (&[_], &[_], _) = match place {
        Place::System => (&HIDDEN, &MADE, "init"),
        Place::Container => (&HIDDEN_IN_CONTAINERS, &MADE_IN_CONTAINERS, "whoever starts a container"),
    };
    let below = |top: &str| path == top || path.strip_prefix(top).is_some_and(|rest| rest.starts_with('/'));
    if let Some(top) = hidden.iter().find(|top| below(top)) {
        let message = format!("{path} would never be seen: {who} mounts a file system on {top}");
        court.complain(&Problem::Conflict(message), key, None);
    }
    if let Some((link, to)) = MERGED.iter().find(|(link, _)| below(link)) {
        let message = format!("{link} is a link to {to} in every image");
        let help =
            (path != *link).then(|| format!("write `{to}{}`", path.strip_prefix(link).unwrap_or_default()));
        court.complain(&Problem::Conflict(message), key, help);
    }
    if place == Place::System && below(IMAGES_PATH) {
        let message = format!("{path} would lie among the container images of the root");
        let help = "write `[[image]]` for an image, or choose another path".into();
        court.complain(&Problem::Conflict(message), key, Some(help));
    }
    if let Some((_, table)) = made.iter().find(|(made, _)| *made == path) {
        let message = format!("{path} is made by the builder");
        court.complain(
            &Problem::Conflict(message),
            key,
            Some(format!("it is made from {table} of the recipe")),
        );
    }
}
