//! What a recipe takes from packages: programs, data files and kernel modules, by name or by pattern.
//!
//! Patterns are those of a shell: `*` and `?` stay within one part of a path, `**` as a whole part stands for any
//! number of parts, `[a-z]` for one character of a set, `{a,b}` for either of two.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use globset::{GlobBuilder, GlobMatcher};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::{BadValue, ProgramName, TargetPath};

/// Where a program is looked up that is given by name alone, in this order, inside its own package.
pub const PROGRAM_FOLDERS: [&str; 4] = ["/usr/bin", "/usr/sbin", "/usr/libexec", "/usr/lib"];

/// Longest pattern in bytes.
const MAX: usize = 1024;

/// A pattern of paths. Two are the same when their text is.
#[derive(Clone, Debug)]
pub struct Glob {
    text: Box<str>,
    matcher: GlobMatcher,
}

impl Glob {
    fn compile(text: &str) -> Result<Self, BadValue> {
        let bad =
            |why: String| BadValue::new(format!("a pattern of `*`, `**`, `?`, `[…]` and `{{…,…}}`: {why}"));
        if text.is_empty() || text.len() > MAX || text.chars().any(char::is_control) {
            return Err(bad("1 to 1024 bytes, without control characters".into()));
        }
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        let matcher = glob.map_err(|error| bad(error.kind().to_string()))?.compile_matcher();
        Ok(Self { text: text.into(), matcher })
    }

    fn matches(&self, path: &str) -> bool {
        self.matcher.is_match(path)
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Glob {}

impl PartialOrd for Glob {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Glob {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// A program of a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Program {
    /// By name; it is looked up in [`PROGRAM_FOLDERS`].
    Name(ProgramName),
    /// By absolute path.
    Path(TargetPath),
}

impl FromStr for Program {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text.starts_with('/') { text.parse().map(Self::Path) } else { text.parse().map(Self::Name) }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Path(path) => path.fmt(f),
        }
    }
}

/// Files of a package: an absolute path or a pattern of absolute paths. A path that names a directory takes
/// nothing: write `/**` after it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DataPattern(Glob);

impl DataPattern {
    /// The path or pattern as text.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Whether an absolute path matches.
    pub fn matches(&self, path: &str) -> bool {
        self.0.matches(path)
    }

    /// Whether it can match more than one path.
    pub fn is_pattern(&self) -> bool {
        is_pattern(self.as_str())
    }
}

impl FromStr for DataPattern {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let pattern = Glob::compile(text)?;
        if !is_pattern(text) {
            text.parse::<TargetPath>()?;
        } else if !text.starts_with('/') || text.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(BadValue::new("a pattern of absolute paths, for example `/usr/share/zoneinfo/**`"));
        }
        Ok(Self(pattern))
    }
}

impl fmt::Display for DataPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Kernel modules: a module's name, or a pattern of paths below the folder `kernel`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModulePattern {
    /// By name. Hyphen and underscore are the same, as for the kernel.
    Name(Box<str>),
    /// By path without suffix: `drivers/net/**`.
    Path(Glob),
}

impl ModulePattern {
    /// The name or pattern as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Path(pattern) => &pattern.text,
        }
    }

    /// Whether a module matches, by its path below the folder `kernel`: `drivers/net/tun.ko.xz`. The suffixes
    /// of modules and of their compression are ignored.
    pub fn matches(&self, path: &str) -> bool {
        let stem = [".xz", ".zst", ".gz"].iter().find_map(|suffix| path.strip_suffix(suffix)).unwrap_or(path);
        let stem = stem.strip_suffix(".ko").unwrap_or(stem);
        match self {
            Self::Name(name) => {
                let file = stem.rsplit_once('/').map_or(stem, |(_, file)| file);
                let same =
                    |(a, b): (u8, u8)| a == b || (matches!(a, b'-' | b'_') && matches!(b, b'-' | b'_'));
                name.len() == file.len() && name.bytes().zip(file.bytes()).all(same)
            }
            Self::Path(pattern) => pattern.matches(stem),
        }
    }
}

impl FromStr for ModulePattern {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let expected =
            "the name of a module, or a pattern of paths below `kernel`, for example `drivers/net/**`";
        if let Some(stem) = text.strip_suffix(".ko") {
            return Err(BadValue::or("a module without its suffix", stem));
        }
        if let Some(below) = text.strip_prefix('/').or_else(|| text.strip_prefix("kernel/")) {
            return Err(BadValue::or(expected, below));
        }
        if is_pattern(text) || text.contains('/') {
            return Glob::compile(text).map(Self::Path);
        }
        let name = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        if name { Ok(Self::Name(text.into())) } else { Err(BadValue::new(expected)) }
    }
}

impl fmt::Display for ModulePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Program {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for DataPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for ModulePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Program {
    fn schema_name() -> Cow<'static, str> {
        "Program".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^((/[^/]+)+|[A-Za-z0-9_][A-Za-z0-9_.+-]*)$" })
    }
}

impl JsonSchema for DataPattern {
    fn schema_name() -> Cow<'static, str> {
        "DataPattern".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(/[^/]+)+$", "maxLength": MAX })
    }
}

impl JsonSchema for ModulePattern {
    fn schema_name() -> Cow<'static, str> {
        "ModulePattern".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX })
    }
}
