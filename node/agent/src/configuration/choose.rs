//! Which documents are in force, with what there is: a pure function of the layers, the last good set and a reader.
//!
//! A set of documents is in force as a whole or not at all. The sets that may be, best first: all documents as they
//! are now; the operator's on top of the lower layers of the last good set; the last good set. Without any of these
//! what can be read is used, and the node is in maintenance.

use corten_config::{Document, Problem, Report};

/// The layers below the operator's, as they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lower {
    /// The image's default, if it has one.
    pub image: Option<Document>,
    /// What the machine brought along, in the order of file names.
    pub platform: Vec<Document>,
    /// What could not even be read as text.
    pub problems: Vec<Problem>,
}

impl Lower {
    /// All documents, lowest first.
    pub fn documents(&self) -> Vec<Document> {
        self.image.iter().chain(&self.platform).cloned().collect()
    }
}

/// The operator's document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operators {
    /// Its number; 0 where there is none.
    pub generation: u64,
    /// Its text; `Ok(None)` where there is none.
    pub document: Result<Option<Document>, Problem>,
}

/// A set of documents that was in force and had nothing wrong in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Good {
    /// Number of the operator's document in it.
    pub generation: u64,
    /// The layers below the operator's.
    pub lower: Vec<Document>,
    /// The operator's.
    pub operator: Option<Document>,
}

impl Good {
    /// All documents, lowest first.
    pub fn documents(&self) -> Vec<Document> {
        self.lower.iter().chain(&self.operator).cloned().collect()
    }
}

/// How whole what is in force is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A whole set with the operator's document.
    Whole,
    /// The last good set, in which the operator's document may be an older one.
    LastGood,
    /// What could be read.
    Salvaged,
}

/// What is in force.
#[derive(Clone, Debug)]
pub struct Choice<M> {
    /// How whole it is.
    pub standing: Standing,
    /// The documents of it.
    pub good: Good,
    /// What they say together; `None` where nothing can be read.
    pub merged: Option<M>,
    /// What is wrong with those that are not in force.
    pub problems: Vec<Problem>,
}

/// Chooses what is in force.
pub fn choose<M>(
    lower: &Lower,
    operator: &Operators,
    last_good: Option<&Good>,
    read: impl Fn(&[Document]) -> Result<M, Report>,
) -> Choice<M> {
    let mut problems = lower.problems.clone();
    match &operator.document {
        Err(problem) => problems.push(problem.clone()),
        Ok(document) => {
            let generation = operator.generation;
            let now = Good { generation, lower: lower.documents(), operator: document.clone() };
            match read(&now.documents()) {
                Ok(merged) if problems.is_empty() => {
                    return Choice { standing: Standing::Whole, good: now, merged: Some(merged), problems };
                }
                Ok(_) => {}
                Err(report) => problems.extend(report.problems),
            }
            if let Some(last) = last_good
                && (last.lower != now.lower || !lower.problems.is_empty())
            {
                let behind = Good { lower: last.lower.clone(), ..now };
                if let Ok(merged) = read(&behind.documents()) {
                    return Choice {
                        standing: Standing::Whole,
                        good: behind,
                        merged: Some(merged),
                        problems,
                    };
                }
            }
        }
    }
    if let Some(last) = last_good
        && let Ok(merged) = read(&last.documents())
    {
        return Choice { standing: Standing::LastGood, good: last.clone(), merged: Some(merged), problems };
    }
    let (documents, merged) = salvage(lower, read);
    let good = Good { generation: 0, lower: documents, operator: None };
    Choice { standing: Standing::Salvaged, good, merged, problems }
}

/// The lower layers without those that are wrong by themselves or on top of the ones before.
fn salvage<M>(lower: &Lower, read: impl Fn(&[Document]) -> Result<M, Report>) -> (Vec<Document>, Option<M>) {
    let mut documents = Vec::new();
    let mut merged = None;
    for document in lower.documents() {
        documents.push(document);
        match read(&documents) {
            Ok(more) => merged = Some(more),
            Err(_) => {
                documents.pop();
            }
        }
    }
    (documents, merged)
}

/// Whether a document may become the operator's, and the set that it would be in force with.
///
/// Where only other documents are at fault, an operator can't mend them by the API, so the lower layers of the last
/// good set stand in for them, or the image's default alone.
pub fn judge<M>(
    lower: &Lower,
    document: &Document,
    last_good: Option<&Good>,
    read: impl Fn(&[Document]) -> Result<M, Report>,
) -> Result<Choice<M>, Report> {
    let whole =
        |good, merged, problems| Choice { standing: Standing::Whole, good, merged: Some(merged), problems };
    let set = |lower: Vec<Document>| Good { generation: 0, lower, operator: Some(document.clone()) };
    let now = set(lower.documents());
    let report = match read(&now.documents()) {
        Ok(merged) if lower.problems.is_empty() => return Ok(whole(now, merged, Vec::new())),
        Ok(_) => Report::new(lower.problems.clone()),
        Err(report) => {
            let problems = lower.problems.iter().chain(&report.problems).cloned();
            if lower.problems.is_empty() { report } else { Report::new(problems.collect()) }
        }
    };
    // What has no place is about all of them together, so the document that is new has to do with it.
    let others = |problem: &Problem| !problem.document.is_empty() && problem.document != document.name;
    if !report.problems.iter().any(others) {
        return Err(report);
    }
    let image = || lower.image.iter().cloned().collect();
    let instead = set(last_good.map_or_else(image, |last| last.lower.clone()));
    match read(&instead.documents()) {
        Ok(merged) => {
            let problems = report.problems.into_iter().filter(others).collect();
            Ok(whole(instead, merged, problems))
        }
        Err(own) if !own.problems.iter().any(others) => Err(own),
        Err(_) => Err(report),
    }
}

#[cfg(test)]
mod tests;
