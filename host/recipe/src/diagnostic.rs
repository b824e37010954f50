//! Complaints about a recipe: what is wrong, where it stands, what was expected.

use std::fmt;

use miette::{LabeledSpan, Severity, SourceCode};

use crate::key::KeyPath;
use crate::origins::Origins;
pub use crate::source::Origin;

/// What can be wrong with a recipe. Each kind has a code of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Not TOML.
    #[error("not TOML: {0}")]
    Syntax(String),
    /// A key or table that is there already.
    #[error("{0} stands twice")]
    DuplicateKey(String),
    /// A key that has no meaning here.
    #[error("unknown key `{0}`")]
    UnknownKey(KeyPath),
    /// A value of another type than the key takes.
    #[error("`{key}` is {found}, expected {expected}")]
    WrongType {
        /// The key.
        key: KeyPath,
        /// The type that it has, in words.
        found: String,
        /// The type that it should have, in words.
        expected: String,
    },
    /// A value that is not one of those allowed.
    #[error("`{key}` is {value}, expected {expected}")]
    BadValue {
        /// The key.
        key: KeyPath,
        /// The value as TOML.
        value: String,
        /// What was expected, in words.
        expected: String,
    },
    /// A key of a table that names something, a path for example, in a wrong form.
    #[error("{name} is not a key of `{table}`, expected {expected}")]
    BadKey {
        /// The table.
        table: KeyPath,
        /// The key as TOML.
        name: String,
        /// What was expected, in words.
        expected: String,
    },
    /// A key that a recipe must have.
    #[error("`{0}` is missing")]
    Missing(KeyPath),
    /// The same item twice in one list of one file.
    #[error("{value} stands twice in `{key}`")]
    Duplicate {
        /// The list.
        key: KeyPath,
        /// The item as TOML.
        value: String,
    },
    /// Something that is taken away although no extended recipe brought it.
    #[error("`{key}` takes away {value}, which no extended recipe brings")]
    NothingToRemove {
        /// The list below `remove`.
        key: KeyPath,
        /// The name as TOML.
        value: String,
    },
    /// Two values that exclude each other, at one path or with one number for example.
    #[error("{0}")]
    Conflict(String),
    /// A name that nothing has.
    #[error("`{key}` names {value}, which does not exist")]
    Unresolved {
        /// The key.
        key: KeyPath,
        /// The name as TOML.
        value: String,
    },
    /// A recipe that extends itself by way of others.
    #[error("recipes extend each other in a circle: {}", .0.join(" → "))]
    Cycle(Vec<String>),
    /// More recipes extending each other than allowed.
    #[error("more than {0} recipes extend each other")]
    TooDeep(usize),
    /// A recipe or file that can't be read.
    #[error("{0}")]
    Unreadable(String),
}

impl Problem {
    /// The kind, for tools: `recipe::unknown-key`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "recipe::syntax",
            Self::DuplicateKey(_) => "recipe::duplicate-key",
            Self::UnknownKey(_) => "recipe::unknown-key",
            Self::WrongType { .. } => "recipe::wrong-type",
            Self::BadValue { .. } => "recipe::bad-value",
            Self::BadKey { .. } => "recipe::bad-key",
            Self::Missing(_) => "recipe::missing",
            Self::Duplicate { .. } => "recipe::duplicate",
            Self::NothingToRemove { .. } => "recipe::nothing-to-remove",
            Self::Conflict(_) => "recipe::conflict",
            Self::Unresolved { .. } => "recipe::unresolved",
            Self::Cycle(_) => "recipe::cycle",
            Self::TooDeep(_) => "recipe::too-deep",
            Self::Unreadable(_) => "recipe::unreadable",
        }
    }
}

/// One complaint with its place. [`miette`] shows it with the line of the recipe.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    code: &'static str,
    message: String,
    label: String,
    help: Option<String>,
    origin: Option<Origin>,
    other: Option<(Origin, String)>,
    related: Vec<Diagnostic>,
    severity: Severity,
}

impl Diagnostic {
    /// A complaint without a place.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            label: "here".into(),
            help: None,
            origin: None,
            other: None,
            related: Vec::new(),
            severity: Severity::Error,
        }
    }

    /// The same about a place.
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }

    /// The same with the words that stand at the place.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same with what a person can do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with a second place: where the other of two values stands.
    #[must_use]
    pub fn with_other(mut self, message: impl Into<String>, origin: Option<Origin>) -> Self {
        let Some(origin) = origin else { return self };
        // A frame shows places of one text only.
        if self.origin.as_ref().is_some_and(|first| first.source.location == origin.source.location) {
            self.other = Some((origin, message.into()));
        } else {
            let mut other = Self::new(self.code, message).with_origin(origin);
            other.severity = Severity::Advice;
            self.related.push(other);
        }
        self
    }

    /// The same at the value of a key, or at the recipe's name where no file has a value for it.
    pub(crate) fn at(self, key: &KeyPath, origins: &Origins) -> Self {
        match (origins.of(key), origins.of_key(&KeyPath::of(&["name"]))) {
            (Some(origin), _) => self.with_origin(origin).with_label(format!("`{}`", key.without_item())),
            (None, Some(origin)) => self.with_origin(origin).with_label("this recipe"),
            (None, None) => self,
        }
    }

    /// The kind, for tools: `recipe::unknown-key`.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong, on one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What a person can do.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The place.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }
}

impl From<Problem> for Diagnostic {
    fn from(problem: Problem) -> Self {
        Self::new(problem.code(), problem.to_string())
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.origin.as_ref().map(|origin| &origin.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let origin = self.origin.as_ref()?;
        let first = LabeledSpan::new_primary_with_span(Some(self.label.clone()), origin.span.clone());
        let label = |(origin, text): &(Origin, String)| LabeledSpan::at(origin.span.clone(), text.clone());
        Some(Box::new(std::iter::once(first).chain(self.other.as_ref().map(label))))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        (!self.related.is_empty())
            .then(|| Box::new(self.related.iter().map(|other| other as &dyn miette::Diagnostic)) as Box<_>)
    }
}

/// Everything that is wrong with a recipe, in the order of its files and lines. It is never empty.
#[derive(Clone, Debug)]
pub struct Report {
    recipe: String,
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// A report on a recipe that the caller names.
    pub fn new(recipe: impl Into<String>, diagnostics: Vec<Diagnostic>) -> Self {
        Self { recipe: recipe.into(), diagnostics }
    }

    /// The complaints.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.diagnostics.len() {
            1 => write!(f, "recipe `{}` has an error", self.recipe),
            n => write!(f, "recipe `{}` has {n} errors", self.recipe),
        }
    }
}

impl std::error::Error for Report {}

impl miette::Diagnostic for Report {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        Some(Box::new(self.diagnostics.iter().map(|one| one as &dyn miette::Diagnostic)))
    }
}
