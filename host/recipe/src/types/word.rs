//! Names made of a fixed set of characters: packages, suites, users and their like.

use corten_document::Word;

/// Rules of the words of a recipe.
pub mod rules {
    use corten_document::Rule;

    /// Name of a recipe.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum RecipeName {}
    impl Rule for RecipeName {
        const NAME: &'static str = "RecipeName";
        const EXPECTED: &'static str =
            "a name of 1 to 40 characters `a-z`, `0-9` and `-` that starts with a letter";
        const FIRST: &'static str = "a-z";
        const REST: &'static str = "a-z0-9-";
        const MAX: usize = 40;
    }

    /// Version of a recipe.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum RecipeVersion {}
    impl Rule for RecipeVersion {
        const NAME: &'static str = "RecipeVersion";
        const EXPECTED: &'static str =
            "a version of 1 to 40 characters `0-9`, `A-Z`, `a-z`, `.` and `-`, for example `1.2.0`";
        const FIRST: &'static str = "0-9A-Za-z";
        const REST: &'static str = "0-9A-Za-z.-";
        const MAX: usize = 40;
    }

    /// Suite of the archive.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Suite {}
    impl Rule for Suite {
        const NAME: &'static str = "Suite";
        const EXPECTED: &'static str = "the name of a suite of the archive, for example `trixie`";
        const FIRST: &'static str = "a-z";
        const REST: &'static str = "a-z0-9.-";
        const MAX: usize = 64;
    }

    /// Component of a suite.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Component {}
    impl Rule for Component {
        const NAME: &'static str = "Component";
        const EXPECTED: &'static str =
            "a component of the archive, for example `main` or `non-free-firmware`";
        const FIRST: &'static str = "a-z";
        const REST: &'static str = "a-z0-9.-";
        const MAX: usize = 64;
    }

    /// Debian's name of an architecture.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Architecture {}
    impl Rule for Architecture {
        const NAME: &'static str = "Architecture";
        const EXPECTED: &'static str = "the archive's name of an architecture, for example `amd64`";
        const FIRST: &'static str = "a-z0-9";
        const REST: &'static str = "a-z0-9-";
        const MAX: usize = 32;
    }

    /// Name of a binary package: Debian Policy, section 5.6.1.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum PackageName {}
    impl Rule for PackageName {
        const NAME: &'static str = "PackageName";
        const EXPECTED: &'static str =
            "the name of a package: at least 2 characters `a-z`, `0-9`, `+`, `-` and `.`";
        const FIRST: &'static str = "a-z0-9";
        const REST: &'static str = "a-z0-9+.-";
        const MIN: usize = 2;
        const MAX: usize = 128;
    }

    /// File name of a program.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum ProgramName {}
    impl Rule for ProgramName {
        const NAME: &'static str = "ProgramName";
        const EXPECTED: &'static str = "the name of a program or its absolute path";
        const FIRST: &'static str = "A-Za-z0-9_";
        const REST: &'static str = "A-Za-z0-9_.+-";
        const MAX: usize = 128;
    }

    /// Name of a user or group.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum AccountName {}
    impl Rule for AccountName {
        const NAME: &'static str = "AccountName";
        const EXPECTED: &'static str =
            "a name of 1 to 32 characters `a-z`, `0-9`, `_` and `-` that starts with a letter or `_`";
        const FIRST: &'static str = "a-z_";
        const REST: &'static str = "a-z0-9_-";
        const MAX: usize = 32;
    }

    /// Name of a service: what `corten_services::Services` allows.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum ServiceName {}
    impl Rule for ServiceName {
        const NAME: &'static str = "ServiceName";
        const EXPECTED: &'static str = "a name of 1 to 64 characters `a-z`, `0-9` and `-`";
        const FIRST: &'static str = "a-z0-9-";
        const REST: &'static str = "a-z0-9-";
        const MAX: usize = 64;
    }

    /// Name of a directory of a service, right below `/run` and the like, or below `corten` there.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum DirectoryName {}
    impl Rule for DirectoryName {
        const NAME: &'static str = "DirectoryName";
        const EXPECTED: &'static str = "one name of 1 to 64 characters `a-z`, `0-9`, `.`, `_` and `-`, \
                                        no `.` first, and not `corten`, which is init's own; `corten/NAME` is allowed";
        const FIRST: &'static str = "a-z0-9_";
        const REST: &'static str = "a-z0-9._/-";
        const MAX: usize = 64;

        fn fits(text: &str) -> bool {
            match text.split_once('/') {
                None => text != "corten",
                Some((above, name)) => {
                    above == "corten" && !name.is_empty() && !name.starts_with('.') && !name.contains('/')
                }
            }
        }
    }

    /// Name of an environment variable.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum EnvironmentName {}
    impl Rule for EnvironmentName {
        const NAME: &'static str = "EnvironmentName";
        const EXPECTED: &'static str =
            "the name of an environment variable: `A-Z`, `a-z`, `0-9` and `_`, no digit first";
        const FIRST: &'static str = "A-Za-z_";
        const REST: &'static str = "A-Za-z0-9_";
        const MAX: usize = 128;
    }

    /// Name of a container image without its tag: components of the distribution specification, and before them a
    /// registry. Whether it is a reference is for `corten_oci` to say.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum RepositoryName {}
    impl Rule for RepositoryName {
        const NAME: &'static str = "RepositoryName";
        const EXPECTED: &'static str = "the name of an image: `a-z`, `0-9`, and `.`, `_`, `-` and `/` between them, \
                                        a registry first where there is one, for example `web` or `localhost:5000/web`";
        const FIRST: &'static str = "a-z0-9";
        const REST: &'static str = "a-z0-9._:/-";
        const MAX: usize = 255;
    }

    /// Tag of a container image: the distribution specification, "Pulling manifests".
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Tag {}
    impl Rule for Tag {
        const NAME: &'static str = "Tag";
        const EXPECTED: &'static str = "a tag of 1 to 128 characters `A-Z`, `a-z`, `0-9`, `_`, `.` and `-`, \
                                        no `.` or `-` first, for example `1.2`";
        const FIRST: &'static str = "A-Za-z0-9_";
        const REST: &'static str = "A-Za-z0-9_.-";
        const MAX: usize = 128;
    }

    /// Name of a label of a container image. The specification allows any text; this is what is in use.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum LabelName {}
    impl Rule for LabelName {
        const NAME: &'static str = "LabelName";
        const EXPECTED: &'static str = "a name of 1 to 128 characters `A-Z`, `a-z`, `0-9`, `.`, `_`, `/` and `-`, \
                                        for example `org.opencontainers.image.title`";
        const FIRST: &'static str = "A-Za-z0-9";
        const REST: &'static str = "A-Za-z0-9._/-";
        const MAX: usize = 128;
    }

    /// One argument of the kernel command line.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum KernelArgument {}
    impl Rule for KernelArgument {
        const NAME: &'static str = "KernelArgument";
        const EXPECTED: &'static str = "one kernel argument without spaces, for example `panic=10`";
        const FIRST: &'static str = "!-~";
        const REST: &'static str = "!-~";
        const MAX: usize = 512;
    }
}

/// Name of a recipe; also the name of the operating system that it describes.
pub type RecipeName = Word<rules::RecipeName>;
/// Version of a recipe. A build appends a full stop and its number.
pub type RecipeVersion = Word<rules::RecipeVersion>;
/// Suite of the archive, `trixie` for example.
pub type Suite = Word<rules::Suite>;
/// Component of a suite, `main` for example.
pub type Component = Word<rules::Component>;
/// Debian's name of an architecture, `amd64` for example.
pub type Architecture = Word<rules::Architecture>;
/// Name of a binary package.
pub type PackageName = Word<rules::PackageName>;
/// File name of a program, without its folder.
pub type ProgramName = Word<rules::ProgramName>;
/// Name of a user or group.
pub type AccountName = Word<rules::AccountName>;
/// Name of a service.
pub type ServiceName = Word<rules::ServiceName>;
/// Name of a directory of a service.
pub type DirectoryName = Word<rules::DirectoryName>;
/// Name of an environment variable.
pub type EnvironmentName = Word<rules::EnvironmentName>;
/// Name of a container image without its tag.
pub type RepositoryName = Word<rules::RepositoryName>;
/// Tag of a container image.
pub type Tag = Word<rules::Tag>;
/// Name of a label of a container image.
pub type LabelName = Word<rules::LabelName>;
/// One argument of the kernel command line.
pub type KernelArgument = Word<rules::KernelArgument>;
