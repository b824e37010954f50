//! Why no set of packages fulfils the wishes, told along the chain of who wanted what.

use corten_formats::deb::packages::PackagesError;

/// A failure of the resolution.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// No package of this name in any suite.
    #[error("there is no package {name:?} in {suites}{}", suggestion(nearest))]
    Unknown {
        /// Name that was asked for.
        name: String,
        /// Suites that were searched.
        suites: String,
        /// Names that look like it, best first.
        nearest: Vec<String>,
    },
    /// A text that does not name a package.
    #[error("{0}")]
    Request(String),
    /// A dependency that nothing fulfils.
    #[error("{chain} needs {relation}, but {why}")]
    Unsatisfiable {
        /// Who wanted it, from the dependant to the request.
        chain: String,
        /// The dependency.
        relation: String,
        /// What there is instead.
        why: String,
    },
    /// Two packages of the result exclude each other.
    #[error("{first} conflicts with {second}: {relation}")]
    Conflict {
        /// The package that says so, and who wanted it.
        first: String,
        /// The other one, and who wanted it.
        second: String,
        /// The field and entry that exclude it.
        relation: String,
    },
    /// A paragraph of an index can't be read.
    #[error("the index of packages is broken: {0}")]
    Index(#[from] PackagesError),
    /// The search went on for too long.
    #[error("no solution after {0} tries: constrain the version of a requested package")]
    Exhausted(usize),
}

/// The end of a message that names what may have been meant.
pub fn suggestion(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        [one] => format!("; did you mean {one:?}?"),
        [most @ .., last] => {
            let most: Vec<String> = most.iter().map(|name| format!("{name:?}")).collect();
            format!("; did you mean {} or {last:?}?", most.join(", "))
        }
    }
}
