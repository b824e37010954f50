//! Choosing packages, on small archives written as text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use corten_archive::mirror::Role;
use corten_archive::resolve::{Resolution, SuiteIndex, Universe, Wishes, resolve};
use corten_formats::deb::packages::Packages;
use corten_formats::deb::relation::Relation;
use corten_formats::deb::version::Version;

/// Lines of `name version [field: value; …]`.
fn index(text: &str) -> Packages {
    let mut out = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut words = line.splitn(3, ' ');
        let (name, version) = (words.next().expect("a name"), words.next().expect("a version"));
        writeln!(out, "Package: {name}\nVersion: {version}").expect("memory");
        let fields = words.next().unwrap_or_default();
        if !fields.contains("Architecture:") {
            out.push_str("Architecture: amd64\n");
        }
        for field in fields.split(';').map(str::trim).filter(|field| !field.is_empty()) {
            writeln!(out, "{field}").expect("memory");
        }
        let hash = "00".repeat(32);
        writeln!(out, "Filename: pool/{name}_{version}.deb\nSize: 1\nSHA256: {hash}\n").expect("memory");
    }
    Packages::parse(out.into_bytes()).expect("an index")
}

fn run(suites: &[&str], requests: &[&str], preferred: &[(&str, &str)]) -> Result<Resolution, String> {
    let indexes: Vec<Packages> = suites.iter().map(|text| index(text)).collect();
    let named = indexes.iter().enumerate().map(|(n, packages)| {
        let archive = if n == 0 { Role::Main } else { Role::Security };
        SuiteIndex { suite: format!("suite{n}"), archive, packages }
    });
    let requested = requests.iter().map(|text| Relation::parse(text).expect("a relation")).collect();
    let preferred: BTreeMap<String, Version> = preferred
        .iter()
        .map(|(name, text)| (name.to_string(), Version::parse(text).expect("a version")))
        .collect();
    let universe = Universe::new(named.collect(), "amd64");
    resolve(&universe, &Wishes { requested, preferred }).map_err(|error| error.to_string())
}

fn chosen(suites: &[&str], requests: &[&str]) -> String {
    match run(suites, requests, &[]) {
        Ok(resolution) => {
            let names =
                resolution.iter().map(|(name, chosen)| format!("{name} {}", chosen.record.control.version));
            names.collect::<Vec<_>>().join(", ")
        }
        Err(error) => error,
    }
}

#[test]
fn dependencies_are_followed_in_their_order() {
    let text = "a 1 Depends: z, m; Pre-Depends: p\nz 1 Depends: m\nm 1\np 1\nunused 1";
    let resolution = run(&[text], &["a"], &[]).expect("a solution");
    assert_eq!(resolution.keys().collect::<Vec<_>>(), ["a", "m", "p", "z"]);
    assert_eq!(resolution["a"].depends, ["p", "z", "m"]);
    assert_eq!(resolution["z"].depends, ["m"]);
}

#[test]
fn the_newest_version_over_all_suites_wins() {
    let resolution = run(&["a 1\na 1.5", "a 2"], &["a"], &[]).expect("a solution");
    assert_eq!(
        (resolution["a"].record.control.version.as_str(), resolution["a"].archive),
        ("2", Role::Security)
    );
}

#[test]
fn constraints_choose_older_versions() {
    assert_eq!(chosen(&["a 1\na 2\na 3"], &["a (<< 3)"]), "a 2");
    assert_eq!(chosen(&["a 1 Depends: b (= 1)\nb 1\nb 2"], &["a"]), "a 1, b 1");
}

#[test]
fn a_constraint_that_is_found_late_changes_the_choice() {
    let text = "a 1 Depends: lib\nz 1 Depends: y\ny 1 Depends: lib (= 1)\nlib 1\nlib 2";
    assert_eq!(chosen(&[text], &["a", "z"]), "a 1, lib 1, y 1, z 1");
}

#[test]
fn the_first_alternative_that_can_be_fulfilled_is_taken() {
    assert_eq!(chosen(&["a 1 Depends: x | y\nx 1\ny 1"], &["a"]), "a 1, x 1");
    assert_eq!(chosen(&["a 1 Depends: gone | y\ny 1"], &["a"]), "a 1, y 1");
    assert_eq!(chosen(&["a 1 Depends: x (>= 2) | y\nx 1\ny 1"], &["a"]), "a 1, y 1");
    // x can't be fulfilled itself, as deep as its needs go.
    assert_eq!(chosen(&["a 1 Depends: x | y\nx 1 Depends: xx\nxx 1 Depends: gone\ny 1"], &["a"]), "a 1, y 1");
}

#[test]
fn what_is_asked_for_fulfils_an_alternative() {
    assert_eq!(chosen(&["a 1 Depends: x | y\nx 1\ny 1"], &["a", "y"]), "a 1, y 1");
    assert_eq!(
        chosen(&["a 1 Depends: b\nb 1 Depends: x | y\nx 1\ny 1\nz 1 Provides: y"], &["a", "z"]),
        "a 1, b 1, z 1"
    );
}

#[test]
fn virtual_packages_are_provided() {
    assert_eq!(chosen(&["a 1 Depends: v\np 1 Provides: v\nq 1 Provides: v"], &["a"]), "a 1, p 1");
    assert_eq!(
        chosen(&["a 1 Depends: v (>= 2)\np 1 Provides: v\nq 1 Provides: v (= 2)"], &["a"]),
        "a 1, q 1"
    );
    assert_eq!(chosen(&["p 1 Provides: v"], &["v"]), "p 1");
}

#[test]
fn architectures_are_kept_apart() {
    assert_eq!(
        chosen(&["a 2 Architecture: arm64\na 1 Architecture: all; Depends: b:any, c [arm64]\nb 1"], &["a"]),
        "a 1, b 1"
    );
}

#[test]
fn versions_of_an_older_lock_stay_where_nothing_forbids_it() {
    let text = "a 1 Depends: b\na 2 Depends: b (>= 2)\nb 1\nb 2\nb 3";
    let versions = |preferred: &[(&str, &str)]| {
        let resolution = run(&[text], &["a"], preferred).expect("a solution");
        format!("{} {}", resolution["a"].record.control.version, resolution["b"].record.control.version)
    };
    assert_eq!(versions(&[("a", "1"), ("b", "1")]), "1 1");
    assert_eq!(versions(&[("b", "2")]), "2 2");
    assert_eq!(versions(&[("b", "1")]), "2 3");
    assert_eq!(versions(&[("a", "0.5")]), "2 3");
}

#[test]
fn cycles_end() {
    assert_eq!(chosen(&["a 1 Depends: b\nb 1 Depends: a"], &["a"]), "a 1, b 1");
    assert_eq!(
        chosen(&["a 1 Depends: x | y\nx 1 Depends: x2\nx2 1 Depends: x\ny 1"], &["a"]),
        "a 1, x 1, x2 1"
    );
}

#[test]
fn an_alternative_without_conflict_is_found() {
    assert_eq!(chosen(&["a 1 Depends: x | y\nb 1 Conflicts: x\nx 1\ny 1"], &["a", "b"]), "a 1, b 1, y 1");
    // A package may conflict with the name that it provides itself.
    assert_eq!(chosen(&["a 1 Provides: v; Conflicts: v"], &["a"]), "a 1");
}

#[test]
fn what_has_no_solution_is_explained() {
    let world = "containerd 1.7 Depends: runc (>= 1.1)\nrunc 1.0\ncrun 1 Depends: gone, libc6\nlibc6 2\n\
        x 1 Breaks: y (<< 2)\ny 1\nz 1 Depends: y\n\
        p 1 Depends: lib (= 1)\nq 1 Depends: lib (= 2)\nlib 1\nlib 2\nneither 1 Depends: m1 | m2 (>= 3)\nm2 2";
    let cases: [&[&str]; 9] = [
        &["containred"],
        &["xyzzy"],
        &["containerd"],
        &["crun"],
        &["libc6 (>= 3)"],
        &["x", "z"],
        &["z", "x"],
        &["p", "q"],
        &["neither"],
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|requests| format!("{}:\n  {}", requests.join(", "), chosen(&[world], requests)))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

proptest::proptest! {
    /// Whatever comes out fulfils every dependency and excludes nothing in it; and the same always comes out.
    #[test]
    fn solutions_are_solutions(edges in proptest::collection::vec((0_u8..8, 0_u8..8, 1_u8..4, 0_u8..3), 0..24)) {
        let mut depends: BTreeMap<(u8, u8), Vec<String>> = BTreeMap::new();
        for (from, to, version, kind) in edges {
            let relation = match kind {
                0 => format!("p{to}"),
                1 => format!("p{to} (>= {version})"),
                _ => format!("p{to} (= {version}) | p{}", (to + 1) % 8),
            };
            depends.entry((from, version)).or_default().push(relation);
        }
        let mut text = String::new();
        for name in 0..8_u8 {
            for version in 1..4_u8 {
                let fields = depends.get(&(name, version)).map(|all| format!("Depends: {}", all.join(", ")));
                writeln!(text, "p{name} {version} {}", fields.unwrap_or_default()).expect("memory");
            }
        }
        let resolution = run(&[&text], &["p0", "p5"], &[]);
        proptest::prop_assert_eq!(resolution.clone().ok(), run(&[&text], &["p0", "p5"], &[]).ok());
        let resolution = resolution.expect("every package has every version");
        for chosen in resolution.values() {
            for group in &chosen.record.control.depends {
                let fulfilled = group.0.iter().any(|relation| {
                    resolution.get(&relation.name).is_some_and(|other| relation.allows(&other.record.control.version))
                });
                proptest::prop_assert!(fulfilled, "{} in {:?}", group, resolution.keys());
            }
        }
    }
}
