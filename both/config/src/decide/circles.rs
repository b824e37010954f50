//! Circles in what leads from name to name.

use std::collections::{BTreeMap, BTreeSet};

/// Circles, each with its first name at the end again. Each is told once, and of several by one name some may not be
/// told before the others are gone.
pub(super) fn find_circles<'a>(graph: &BTreeMap<&'a str, Vec<&'a str>>) -> Vec<Vec<&'a str>> {
    let mut done = BTreeSet::new();
    graph.keys().filter_map(|start| circle_from(start, graph, &mut Vec::new(), &mut done)).collect()
}

/// Depth first; no deeper than there are names.
fn circle_from<'a>(
    name: &'a str,
    graph: &BTreeMap<&'a str, Vec<&'a str>>,
    way: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
) -> Option<Vec<&'a str>> {
    if let Some(at) = way.iter().position(|known| *known == name) {
        let mut circle = way[at..].to_vec();
        done.extend(&circle);
        circle.push(name);
        return Some(circle);
    }
    if done.contains(name) {
        return None;
    }
    way.push(name);
    let mut next = graph.get(name).into_iter().flatten();
    let found = next.find_map(|next| circle_from(next, graph, way, done));
    way.pop();
    done.insert(name);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(graph: &[(&'static str, &[&'static str])]) -> Vec<Vec<&'static str>> {
        find_circles(&graph.iter().map(|(name, next)| (*name, next.to_vec())).collect())
    }

    #[test]
    fn a_name_that_leads_nowhere_is_in_no_circle() {
        assert!(told(&[("app", &["db", "cache"]), ("cache", &["db"])]).is_empty());
        assert!(told(&[("app", &["db", "cache"]), ("cache", &["db"]), ("db", &[])]).is_empty());
        assert_eq!(told(&[("web", &["db", "web"])]), [["web", "web"]]);
        assert_eq!(told(&[("a", &["x", "b"]), ("b", &["x", "a"])]), [["a", "b", "a"]]);
    }
}
