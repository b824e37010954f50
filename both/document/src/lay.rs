//! Lays one document over another.
//!
//! Tables merge key by key and the later value wins. What becomes of lists is a matter of what the documents are
//! about, and so are tables that mean something as a whole only: [`Laying`] says it.

use crate::node::{Node, Value};

/// How documents of one kind are laid over one another. In paths `*` stands for any name.
#[derive(Clone, Copy, Debug)]
pub struct Laying<'a> {
    /// What becomes of lists.
    pub lists: Lists<'a>,
    /// Tables that a later document replaces as a whole.
    pub replaced_tables: &'a [&'a [&'a str]],
}

/// What becomes of lists.
#[derive(Clone, Copy, Debug)]
pub enum Lists<'a> {
    /// The later one takes the place of the earlier one.
    Replaced,
    /// They are joined, what is there already once; but for those at these paths, which are replaced.
    JoinedExcept(&'a [&'a [&'a str]]),
}

impl Laying<'_> {
    /// Lays `over` on top of `base`.
    pub fn lay(&self, base: &mut Node, over: Node) {
        self.lay_at(base, over, &mut Vec::new());
    }

    fn lay_at(&self, base: &mut Node, over: Node, path: &mut Vec<String>) {
        match (&mut base.value, over.value) {
            (Value::Table(entries), Value::Table(more)) if !is_among(path, self.replaced_tables) => {
                (base.source, base.key, base.span) = (over.source, over.key, over.span);
                for (key, node) in more {
                    match entries.get_mut(&key) {
                        Some(there) => {
                            path.push(key);
                            self.lay_at(there, node, path);
                            path.pop();
                        }
                        None => {
                            entries.insert(key, node);
                        }
                    }
                }
            }
            (Value::List(items), Value::List(more)) if self.joins(path) => {
                for item in more {
                    if !items.iter().any(|there| same_text(there, &item)) {
                        items.push(item);
                    }
                }
            }
            (_, value) => *base = Node { source: over.source, key: over.key, span: over.span, value },
        }
    }

    fn joins(&self, path: &[String]) -> bool {
        match self.lists {
            Lists::Replaced => false,
            Lists::JoinedExcept(paths) => !is_among(path, paths),
        }
    }
}

fn same_text(a: &Node, b: &Node) -> bool {
    matches!((&a.value, &b.value), (Value::Text(a), Value::Text(b)) if a == b)
}

fn is_among(path: &[String], patterns: &[&[&str]]) -> bool {
    patterns.iter().any(|pattern| {
        pattern.len() == path.len()
            && pattern.iter().zip(path).all(|(want, have)| *want == "*" || want == have)
    })
}
