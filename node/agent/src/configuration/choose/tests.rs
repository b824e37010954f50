//! Which documents are in force, with a reader that refuses what says `wrong` and joins the rest.

use corten_config::Format;
use proptest::prelude::*;

use super::*;

fn document(name: &str, text: &str) -> Document {
    Document { name: name.into(), format: Format::Toml, text: text.into() }
}

fn problem(name: &str) -> Problem {
    let document = name.to_owned();
    Problem { document, line: 1, column: 1, key: String::new(), message: "wrong".into(), help: None }
}

/// The texts one after another. `needs X` is wrong unless a document before says X.
fn read(documents: &[Document]) -> Result<String, Report> {
    let mut problems = Vec::new();
    let mut text = String::new();
    for document in documents {
        let missing = document.text.strip_prefix("needs ").is_some_and(|needed| !text.contains(needed));
        if document.text.contains("wrong") || missing {
            problems.push(problem(&document.name));
        }
        text.push_str(&document.text);
        text.push(' ');
    }
    if problems.is_empty() { Ok(text) } else { Err(Report::new(problems)) }
}

fn lower(image: &str, platform: &str) -> Lower {
    let image = Some(document("image", image));
    Lower { image, platform: vec![document("platform", platform)], problems: Vec::new() }
}

fn operators(generation: u64, text: &str) -> Operators {
    Operators { generation, document: Ok(Some(document("operator", text))) }
}

fn good(generation: u64, texts: [&str; 3]) -> Good {
    Good {
        generation,
        lower: vec![document("image", texts[0]), document("platform", texts[1])],
        operator: Some(document("operator", texts[2])),
    }
}

/// Standing, number, text and names of what is wrong.
fn told(choice: &Choice<String>) -> (Standing, u64, &str, Vec<&str>) {
    let text = choice.merged.as_deref().unwrap_or("-").trim();
    let names = choice.problems.iter().map(|problem| problem.document.as_str()).collect();
    (choice.standing, choice.good.generation, text, names)
}

#[test]
fn sets_are_chosen_best_first() {
    use Standing::{LastGood, Salvaged, Whole};
    let last = good(3, ["i1", "p1", "o1"]);
    let chosen = |lower: &Lower, operators: &Operators, last| choose(lower, operators, last, read);
    let choice = chosen(&lower("i2", "p2"), &operators(4, "o2"), Some(&last));
    assert_eq!(told(&choice), (Whole, 4, "i2 p2 o2", vec![]));
    // A platform's document that is wrong: the last good lower layers with the operator's newest.
    let choice = chosen(&lower("i2", "wrong"), &operators(4, "o2"), Some(&last));
    assert_eq!(told(&choice), (Whole, 4, "i1 p1 o2", vec!["platform"]));
    // The operator's own that is wrong: the last good set.
    let choice = chosen(&lower("i2", "p2"), &operators(4, "wrong"), Some(&last));
    assert_eq!(told(&choice), (LastGood, 3, "i1 p1 o1", vec!["operator"]));
    let broken = Operators { generation: 4, document: Err(problem("4.toml")) };
    let choice = chosen(&lower("i2", "p2"), &broken, Some(&last));
    assert_eq!(told(&choice), (LastGood, 3, "i1 p1 o1", vec!["4.toml"]));
    // Without a last good set: what can be read.
    let choice = chosen(&lower("i2", "p2"), &broken, None);
    assert_eq!(told(&choice), (Salvaged, 0, "i2 p2", vec!["4.toml"]));
    let choice = chosen(&lower("i2", "wrong"), &operators(4, "o2"), None);
    assert_eq!(told(&choice), (Salvaged, 0, "i2", vec!["platform"]));
    let wrong = good(3, ["wrong", "p1", "o1"]);
    let choice = chosen(&lower("wrong", "p2"), &operators(4, "o2"), Some(&wrong));
    assert_eq!(told(&choice), (Salvaged, 0, "p2", vec!["image"]));
    let choice = chosen(&lower("wrong", "wrong"), &operators(4, "o2"), None);
    assert_eq!(told(&choice), (Salvaged, 0, "-", vec!["image", "platform"]));
    assert_eq!(choice.good.lower, []);
    // A layer that is not even text counts like one that is wrong.
    let unread = Lower { problems: vec![problem("20-b.toml")], ..lower("i1", "p1") };
    let choice = chosen(&unread, &operators(4, "o2"), Some(&last));
    assert_eq!(told(&choice), (Whole, 4, "i1 p1 o2", vec!["20-b.toml"]));
}

#[test]
fn a_document_is_refused_for_what_is_wrong_in_it_alone() {
    let last = good(3, ["i1", "p1", "o1"]);
    let judged = |lower: &Lower, text: &str, last| judge(lower, &document("new", text), last, read);
    let choice = judged(&lower("i2", "p2"), "o2", Some(&last)).expect("sound");
    assert_eq!(told(&choice), (Standing::Whole, 0, "i2 p2 o2", vec![]));
    let names = |report: Report| report.problems.into_iter().map(|p| p.document).collect::<Vec<_>>();
    assert_eq!(names(judged(&lower("i2", "p2"), "wrong", Some(&last)).expect_err("wrong")), ["new"]);
    // What the lower layers once had does not help where they are sound.
    assert_eq!(names(judged(&lower("i2", "p2"), "needs p1", Some(&last)).expect_err("wrong")), ["new"]);
    // Somebody else's fault is told and stands in nobody's way.
    let choice = judged(&lower("i2", "wrong"), "needs p1", Some(&last)).expect("sound");
    assert_eq!(told(&choice), (Standing::Whole, 0, "i1 p1 needs p1", vec!["platform"]));
    let choice = judged(&lower("i2", "wrong"), "o2", None).expect("sound");
    assert_eq!(told(&choice), (Standing::Whole, 0, "i2 o2", vec!["platform"]));
    assert_eq!(names(judged(&lower("i2", "wrong"), "wrong", Some(&last)).expect_err("wrong")), ["new"]);
    let unread = Lower { problems: vec![problem("20-b.toml")], ..lower("i2", "p2") };
    let choice = judged(&unread, "o2", Some(&last)).expect("sound");
    assert_eq!(told(&choice), (Standing::Whole, 0, "i1 p1 o2", vec!["20-b.toml"]));
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just("wrong".to_owned()), "[a-c]", "[a-c]".prop_map(|needed| format!("needs {needed}"))]
}

proptest! {
    #[test]
    fn what_is_in_force_is_one_of_the_sets_and_reads_as_a_whole(
        texts in prop::array::uniform3(text()),
        before in prop::option::of(prop::array::uniform3(text())),
    ) {
        let lower = lower(&texts[0], &texts[1]);
        let last = before.as_ref().map(|texts| good(3, texts.each_ref().map(String::as_str)));
        let choice = choose(&lower, &operators(4, &texts[2]), last.as_ref(), read);
        let expected = choice.merged.clone();
        prop_assert_eq!(read(&choice.good.documents()).ok(), expected.or_else(|| Some(String::new())));
        let is_now = choice.good.lower == lower.documents();
        let is_last = last.as_ref().is_some_and(|last| choice.good.lower == last.lower);
        match choice.standing {
            Standing::Whole => {
                prop_assert!(is_now || is_last);
                prop_assert_eq!(choice.good.generation, 4);
                prop_assert_eq!(choice.problems.is_empty(), is_now && read(&choice.good.documents()).is_ok());
            }
            Standing::LastGood => prop_assert_eq!(Some(&choice.good), last.as_ref()),
            Standing::Salvaged => {
                prop_assert!(choice.good.operator.is_none());
                prop_assert!(!choice.problems.is_empty());
            }
        }
    }
}
