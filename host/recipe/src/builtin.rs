//! The recipes that are compiled in, with the files that they bring.

/// A built-in recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its name, for `extends` and the command line.
    pub name: &'static str,
    /// One line about it.
    pub description: &'static str,
}

/// The recipe that is built where none is named.
pub const DEFAULT: &str = "container-host";

const RECIPES: [(BuiltIn, &str); 4] = [
    (
        BuiltIn {
            name: "base",
            description: "kernel, init and nothing that runs: what other recipes extend",
        },
        include_str!("../../../recipes/base.toml"),
    ),
    (
        BuiltIn {
            name: "container-host",
            description: "node with containerd, crun and what container networks need",
        },
        include_str!("../../../recipes/container-host.toml"),
    ),
    (
        BuiltIn {
            name: "metal",
            description: "container-host for real machines: their disks, network cards, firmware, microcode",
        },
        include_str!("../../../recipes/metal.toml"),
    ),
    (
        BuiltIn { name: "node", description: "base with the API that manages it, network and firewall" },
        include_str!("../../../recipes/node.toml"),
    ),
];

/// Files by their path below the project's folder `recipes`.
const FILES: [(&str, &[u8]); 2] = [
    ("files/config.toml", include_bytes!("../../../recipes/files/config.toml")),
    ("files/containerd.toml", include_bytes!("../../../recipes/files/containerd.toml")),
];

/// The built-in recipes, by name.
pub fn builtin_names() -> impl Iterator<Item = BuiltIn> {
    RECIPES.iter().map(|(recipe, _)| *recipe)
}

/// The text of a built-in recipe.
pub fn builtin_recipe(name: &str) -> Option<&'static str> {
    RECIPES.iter().find(|(recipe, _)| recipe.name == name).map(|(_, text)| *text)
}

/// A file that built-in recipes bring, by its path below the folder `recipes`.
pub(crate) fn builtin_file(path: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(name, _)| *name == path).map(|(_, content)| *content)
}
