//! Where images are, as people write it: `oci:DIR[:NAME]`, `oci-archive:FILE[:NAME]`, `docker-archive:FILE[:NAME]`, or
//! the same without the first word, as other tools have it too. A path with a colon in it can't be written.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::Shape;

/// Where images are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// In which form, if that is said.
    pub shape: Option<Shape>,
    /// The directory or file.
    pub path: PathBuf,
    /// Name or digest of one of them.
    pub name: Option<String>,
}

impl Shape {
    /// How it is written before a path.
    pub fn word(self) -> &'static str {
        match self {
            Self::Layout => "oci",
            Self::OciArchive => "oci-archive",
            Self::DockerArchive => "docker-archive",
        }
    }
}

impl Location {
    /// The form in which something is written there: the one that is said; else an archive of OCI where the path ends
    /// with `.tar`, and a layout where it does not.
    pub fn shape_to_write(&self) -> Shape {
        let is_archive = self.path.extension().is_some_and(|extension| extension == "tar");
        self.shape.unwrap_or(if is_archive { Shape::OciArchive } else { Shape::Layout })
    }
}

impl FromStr for Location {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let shapes = [Shape::Layout, Shape::OciArchive, Shape::DockerArchive];
        let said = text.split_once(':').and_then(|(word, rest)| {
            shapes.into_iter().find(|shape| shape.word() == word).map(|shape| (Some(shape), rest))
        });
        let (shape, rest) = said.unwrap_or((None, text));
        let (path, name) = match rest.split_once(':') {
            Some((path, name)) => (path, Some(name.to_owned())),
            None => (rest, None),
        };
        Ok(Self { shape, path: path.into(), name })
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(shape) = self.shape {
            write!(f, "{}:", shape.word())?;
        }
        write!(f, "{}", self.path.display())?;
        self.name.as_ref().map_or(Ok(()), |name| write!(f, ":{name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_is_a_form_or_a_path() {
        let parse = |text: &str| {
            let Ok(location) = text.parse::<Location>();
            assert_eq!(location.to_string(), text);
            (location.shape, location.path.display().to_string(), location.name)
        };
        let name = |text: &str| Some(text.to_owned());
        assert_eq!(parse("oci:a:b"), (Some(Shape::Layout), "a".into(), name("b")));
        assert_eq!(parse("oci:a"), (Some(Shape::Layout), "a".into(), None));
        assert_eq!(
            parse("oci-archive:/x/a.tar:h:5000/b:c"),
            (Some(Shape::OciArchive), "/x/a.tar".into(), name("h:5000/b:c"))
        );
        assert_eq!(parse("docker-archive:a:b:c"), (Some(Shape::DockerArchive), "a".into(), name("b:c")));
        assert_eq!(parse("a.tar:sha256:00"), (None, "a.tar".into(), name("sha256:00")));
        assert_eq!(parse("./oci"), (None, "./oci".into(), None));
    }
}
