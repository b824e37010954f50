//! Which nodes are meant: those that are named, all, the current one, or the only one.

use std::str::FromStr;

use super::name::ALL;
use super::{Contexts, NoName, Node, NodeName};

/// What a person asks for with `-n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Every node that there is.
    All,
    /// These, in this order.
    Named(Vec<NodeName>),
    /// Nothing was said: the current one, else the only one.
    Usual,
}

/// The nodes that are meant can't be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchNode {
    /// One that is named is not there.
    #[error("there is no node {name}{}", super::error::those(.known))]
    Unknown {
        /// The name.
        name: NodeName,
        /// Those that there are.
        known: Vec<NodeName>,
    },
    /// There are none at all.
    #[error(
        "no node is known: `corten run` adds the one that it boots, `corten node pair` one that has no configuration yet, `corten node add` any other"
    )]
    None,
    /// There are several, and none was chosen.
    #[error("which node? name one with -n, or choose one with `corten node use NAME`{}", super::error::those(.0))]
    Several(Vec<NodeName>),
    /// The current one was removed from the file by hand.
    #[error("the current node {name} is not there any more: choose another with `corten node use NAME`{}", super::error::those(.known))]
    Gone {
        /// The name.
        name: NodeName,
        /// Those that there are.
        known: Vec<NodeName>,
    },
}

impl FromStr for Wanted {
    type Err = NoName;

    /// Reads `all` or names separated by commas. A name that is given twice counts once.
    fn from_str(text: &str) -> Result<Self, NoName> {
        if text == ALL {
            return Ok(Self::All);
        }
        let mut names: Vec<NodeName> = Vec::new();
        for name in text.split(',') {
            let name = name.trim().parse()?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(Self::Named(names))
    }
}

impl Contexts {
    /// The nodes that are meant; at least one.
    pub fn choose(&self, wanted: &Wanted) -> Result<Vec<(NodeName, Node)>, NoSuchNode> {
        let known = || self.document().nodes.keys().cloned().collect::<Vec<_>>();
        let find = |name: &NodeName| Some((name.clone(), self.node(name)?));
        let mut all: Vec<_> = self.nodes().map(|(name, node)| (name.clone(), node)).collect();
        match wanted {
            Wanted::Named(names) => names
                .iter()
                .map(|name| {
                    find(name).ok_or_else(|| NoSuchNode::Unknown { name: name.clone(), known: known() })
                })
                .collect(),
            _ if all.is_empty() => Err(NoSuchNode::None),
            Wanted::All => Ok(all),
            Wanted::Usual => match &self.document().current {
                Some(name) => {
                    let gone = || NoSuchNode::Gone { name: name.clone(), known: known() };
                    Ok(vec![find(name).ok_or_else(gone)?])
                }
                None if all.len() == 1 => Ok(all.split_off(0)),
                None => Err(NoSuchNode::Several(known())),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contexts(text: &str) -> Contexts {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("contexts.toml");
        std::fs::write(&path, text).expect("it is written");
        Contexts::load(&path).expect("it is right")
    }

    fn names(contexts: &Contexts, wanted: &str) -> Result<Vec<String>, String> {
        let wanted = if wanted.is_empty() { Wanted::Usual } else { wanted.parse().expect("names") };
        let chosen = contexts.choose(&wanted).map_err(|error| error.to_string())?;
        Ok(chosen.into_iter().map(|(name, _)| name.to_string()).collect())
    }

    fn node(name: &str) -> String {
        format!("[nodes.{name}]\naddress = \"a\"\nauthority = \"x\"\n")
    }

    #[test]
    fn the_current_node_is_meant_or_the_only_one() {
        let two = format!("{}{}", node("a"), node("b"));
        assert_eq!(names(&contexts(&node("a")), ""), Ok(vec!["a".into()]));
        assert_eq!(names(&contexts(&format!("current = \"b\"\n{two}")), ""), Ok(vec!["b".into()]));
        assert_eq!(names(&contexts(&two), "b,a,b"), Ok(vec!["b".into(), "a".into()]));
        assert_eq!(names(&contexts(&two), "all"), Ok(vec!["a".into(), "b".into()]));
    }

    #[test]
    fn who_can_not_be_meant_is_told_with_a_way_out() {
        let two = format!("{}{}", node("a"), node("b"));
        let mut told = String::new();
        for (text, wanted) in [
            (String::new(), ""),
            (String::new(), "all"),
            (String::new(), "c"),
            (two.clone(), ""),
            (two.clone(), "a,c"),
            (format!("current = \"c\"\n{two}"), ""),
        ] {
            told.push_str(&names(&contexts(&text), wanted).expect_err("nobody is meant"));
            told.push('\n');
        }
        insta::assert_snapshot!(told);
        assert!("a,,b".parse::<Wanted>().is_err());
    }
}
