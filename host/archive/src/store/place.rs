//! Where stores and data lie when nobody says otherwise (XDG Base Directory Specification).

use std::path::PathBuf;

use super::StoreError;

/// Reads a variable of the environment.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Folder of the store: `$XDG_CACHE_HOME/corten`, `~/.cache/corten` without the variable.
pub fn default_store(environment: Environment<'_>) -> Result<PathBuf, StoreError> {
    below(environment, "XDG_CACHE_HOME", ".cache")
}

/// Folder for what is kept: `$XDG_DATA_HOME/corten`, `~/.local/share/corten` without the variable.
pub fn default_data(environment: Environment<'_>) -> Result<PathBuf, StoreError> {
    below(environment, "XDG_DATA_HOME", ".local/share")
}

/// The specification says that a path which is not absolute counts as not set.
fn below(environment: Environment<'_>, variable: &str, fallback: &str) -> Result<PathBuf, StoreError> {
    let absolute = |name: &str| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute(variable).or_else(|| Some(absolute("HOME")?.join(fallback)));
    Ok(base.ok_or(StoreError::NoPlace)?.join("corten"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specification_is_followed() {
        let home = |name: &str| (name == "HOME").then(|| "/home/u".to_owned());
        assert_eq!(default_store(&home).expect("a place"), PathBuf::from("/home/u/.cache/corten"));
        assert_eq!(default_data(&home).expect("a place"), PathBuf::from("/home/u/.local/share/corten"));
        let both = |name: &str| Some(if name == "HOME" { "/home/u" } else { "/c" }.to_owned());
        assert_eq!(default_store(&both).expect("a place"), PathBuf::from("/c/corten"));
        assert!(default_store(&|_| Some("relative".into())).is_err());
    }
}
