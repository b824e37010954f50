//! Relations between packages: `Depends`, `Pre-Depends`, `Provides`, `Conflicts`, `Breaks` (deb-control(5)).

use std::fmt;

use super::version::{Version, VersionError};

/// Most groups that one field can hold. The longest field of the archive has about 1,500.
const MAX_GROUPS: usize = 20_000;

/// How a version has to compare with the wanted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<<`
    Earlier,
    /// `<=`, or the old `<`
    AtMost,
    /// `=`
    Exactly,
    /// `>=`, or the old `>`
    AtLeast,
    /// `>>`
    Later,
}

/// A condition on a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// How to compare.
    pub comparison: Comparison,
    /// With what.
    pub version: Version,
}

/// One package name of a relation with its conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Name of a package, real or virtual.
    pub name: String,
    /// What follows the name after a colon: `any`, `native` or an architecture.
    pub qualifier: Option<String>,
    /// Wanted version.
    pub constraint: Option<Constraint>,
    /// Architectures in square brackets, each perhaps with a leading `!`. Empty where there are none.
    pub architectures: Vec<String>,
}

/// Relations of which one is enough, in order of preference: `a | b`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternatives(pub Vec<Relation>);

/// Why a relation field can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelationError {
    /// A relation that does not follow the grammar.
    #[error("{0:?} is not a relation: expected NAME, NAME (>= VERSION) or A | B")]
    Syntax(String),
    /// A name with characters that package names do not have.
    #[error("{0:?} is not a package name: expected letters, digits and + - .")]
    Name(String),
    /// The version is none.
    #[error("in the relation {relation:?}: {source}")]
    Version {
        /// The relation.
        relation: String,
        /// What is wrong with its version.
        source: VersionError,
    },
    /// More groups than are read.
    #[error("a relation field has more than {MAX_GROUPS} entries")]
    TooMany,
}

impl Constraint {
    /// Whether a version fulfils the condition.
    pub fn allows(&self, version: &Version) -> bool {
        let order = version.cmp(&self.version);
        match self.comparison {
            Comparison::Earlier => order.is_lt(),
            Comparison::AtMost => order.is_le(),
            Comparison::Exactly => order.is_eq(),
            Comparison::AtLeast => order.is_ge(),
            Comparison::Later => order.is_gt(),
        }
    }
}

impl Relation {
    /// Whether a version fulfils the relation's constraint, if it has one.
    pub fn allows(&self, version: &Version) -> bool {
        self.constraint.as_ref().is_none_or(|constraint| constraint.allows(version))
    }

    /// Whether the relation counts on this architecture at all, by its list in square brackets.
    pub fn counts_on(&self, architecture: &str) -> bool {
        if self.architectures.is_empty() {
            return true;
        }
        let negated = self.architectures.iter().any(|entry| entry.starts_with('!'));
        let named = self.architectures.iter().any(|entry| {
            let entry = entry.strip_prefix('!').unwrap_or(entry);
            entry == architecture || entry == "any" || entry == "linux-any"
        });
        named != negated
    }

    /// Reads one relation.
    pub fn parse(text: &str) -> Result<Self, RelationError> {
        let text = text.trim();
        let syntax = || RelationError::Syntax(text.chars().take(120).collect());
        let end = text.find(|c: char| c.is_whitespace() || "([<".contains(c)).unwrap_or(text.len());
        let (head, mut rest) = text.split_at(end);
        let (name, qualifier) = match head.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (head, None),
        };
        if !is_name(name) || qualifier.is_some_and(|qualifier| !is_name(qualifier)) {
            return Err(RelationError::Name(head.chars().take(120).collect()));
        }
        let mut constraint = None;
        let mut architectures = Vec::new();
        rest = rest.trim_start();
        if let Some(inside) = rest.strip_prefix('(') {
            let (inside, after) = inside.split_once(')').ok_or_else(syntax)?;
            constraint = Some(parse_constraint(inside.trim()).map_err(|error| match error {
                Some(source) => RelationError::Version { relation: text.chars().take(120).collect(), source },
                None => syntax(),
            })?);
            rest = after.trim_start();
        }
        if let Some(inside) = rest.strip_prefix('[') {
            let (inside, after) = inside.split_once(']').ok_or_else(syntax)?;
            architectures = inside.split_whitespace().map(str::to_owned).collect();
            rest = after.trim_start();
        }
        if !rest.is_empty() {
            return Err(syntax());
        }
        Ok(Self { name: name.to_owned(), qualifier: qualifier.map(str::to_owned), constraint, architectures })
    }
}

fn parse_constraint(text: &str) -> Result<Constraint, Option<VersionError>> {
    let operators = [
        ("<<", Comparison::Earlier),
        ("<=", Comparison::AtMost),
        (">=", Comparison::AtLeast),
        (">>", Comparison::Later),
        ("=", Comparison::Exactly),
        ("<", Comparison::AtMost),
        (">", Comparison::AtLeast),
    ];
    let (comparison, version) = operators
        .iter()
        .find_map(|(operator, comparison)| Some((*comparison, text.strip_prefix(operator)?)))
        .ok_or(None)?;
    Ok(Constraint { comparison, version: Version::parse(version.trim()).map_err(Some)? })
}

/// Package names: letters, digits and `+ - .`, a letter or digit first.
pub fn is_name(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    first && name.len() <= 255 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// Reads a relation field: groups between commas, alternatives between bars.
pub fn parse_relations(field: &str) -> Result<Vec<Alternatives>, RelationError> {
    let mut groups = Vec::new();
    for group in field.split(',').map(str::trim).filter(|group| !group.is_empty()) {
        if groups.len() == MAX_GROUPS {
            return Err(RelationError::TooMany);
        }
        groups.push(Alternatives(group.split('|').map(Relation::parse).collect::<Result<_, _>>()?));
    }
    Ok(groups)
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Earlier => "<<",
            Self::AtMost => "<=",
            Self::Exactly => "=",
            Self::AtLeast => ">=",
            Self::Later => ">>",
        })
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(qualifier) = &self.qualifier {
            write!(f, ":{qualifier}")?;
        }
        if let Some(Constraint { comparison, version }) = &self.constraint {
            write!(f, " ({comparison} {version})")?;
        }
        if !self.architectures.is_empty() {
            write!(f, " [{}]", self.architectures.join(" "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Alternatives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, relation) in self.0.iter().enumerate() {
            write!(f, "{}{relation}", if n == 0 { "" } else { " | " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_with_all_forms_is_read_and_written_alike() {
        let field = "libc6 (>= 2.38), python3:any, awk | mawk (<< 2:1-1), x [amd64 !i386], p (= 1.0)";
        let groups = parse_relations(field).expect("relations");
        let written: Vec<String> = groups.iter().map(ToString::to_string).collect();
        assert_eq!(written.join(", "), field);
        assert_eq!(parse_relations(" \n a(>=1),\n\tb ,").expect("relations").len(), 2);
    }

    #[test]
    fn architecture_lists_are_followed() {
        let counts = |text: &str| Relation::parse(text).expect("a relation").counts_on("amd64");
        assert!(counts("a") && counts("a [amd64]") && counts("a [!i386]") && counts("a [linux-any]"));
        assert!(!counts("a [i386 arm64]") && !counts("a [!amd64]"));
    }

    #[test]
    fn what_is_not_a_relation_is_refused_with_the_reason() {
        let reasons: Vec<String> = ["a (1)", "a (>= )", "a (>= 1", "a b", "", "-a", "ä", "a <!x>"]
            .into_iter()
            .map(|text| Relation::parse(text).expect_err("no relation").to_string())
            .collect();
        insta::assert_snapshot!(reasons.join("\n"), @r#"
        "a (1)" is not a relation: expected NAME, NAME (>= VERSION) or A | B
        in the relation "a (>= )": "" is not a version: it is empty
        "a (>= 1" is not a relation: expected NAME, NAME (>= VERSION) or A | B
        "a b" is not a relation: expected NAME, NAME (>= VERSION) or A | B
        "" is not a package name: expected letters, digits and + - .
        "-a" is not a package name: expected letters, digits and + - .
        "ä" is not a package name: expected letters, digits and + - .
        "a <!x>" is not a relation: expected NAME, NAME (>= VERSION) or A | B
        "#);
    }
}
