use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const SECTORS: usize = 24;

/// What a test does with a record. A write's bytes are all the number of the write, counted from 1.
#[derive(Clone, Debug)]
enum Step {
    Write {
        first: usize,
        count: usize,
        forced: bool,
    },
    Zero {
        first: usize,
        count: usize,
    },
    Flush,
    /// The oldest request that waits is answered.
    Answer,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = || (0..SECTORS, 1..6_usize);
    let step = prop_oneof![
        4 => (place(), prop::bool::weighted(0.2)).prop_map(|((first, count), forced)| Step::Write { first, count, forced }),
        1 => place().prop_map(|(first, count)| Step::Zero { first, count }),
        2 => Just(Step::Flush),
        5 => Just(Step::Answer),
    ];
    prop::collection::vec(step, 0..60)
}

fn record(steps: &[Step]) -> Record {
    let mut record = Record::default();
    let mut waiting = std::collections::VecDeque::new();
    let mut number = 0_u8;
    for step in steps {
        let (first, count, forced) = match *step {
            Step::Write { first, count, forced } => (first, count, forced),
            Step::Zero { first, count } => (first, count, false),
            Step::Flush => {
                waiting.push_back(record.receive(Action::Flush));
                continue;
            }
            Step::Answer => {
                waiting.pop_front().into_iter().for_each(|number| record.answer(number));
                continue;
            }
        };
        number += 1;
        let length = count.min(SECTORS - first) * SECTOR as usize;
        let content = match step {
            Step::Zero { .. } => Content::Zeros(length as u64),
            _ => Content::Bytes(vec![number; length].into()),
        };
        let write = Write { offset: first as u64 * SECTOR, content, forced };
        waiting.push_back(record.receive(Action::Write(write)));
    }
    record
}

/// The first byte of each sector after the cut. 255 is what was there before.
fn image(record: &Record, cut: &Cut) -> Vec<u8> {
    let mut sectors = vec![255; SECTORS];
    for remnant in remains(record, cut) {
        let range = remnant.range();
        assert_eq!((range.start % SECTOR, range.end % SECTOR), (0, 0), "a sector is whole or not there");
        for sector in range.start / SECTOR..range.end / SECTOR {
            sectors[sector as usize] = remnant.bytes().map_or(0, |bytes| bytes[0]);
        }
    }
    sectors
}

/// What each sector may hold after a cut, said another way than by the code under test: going back through the
/// requests, every version down to the newest that a promise covers.
fn allowed(record: &Record, at: Tick) -> Vec<BTreeSet<u8>> {
    let mut allowed = vec![BTreeSet::new(); SECTORS];
    let mut open = vec![true; SECTORS];
    let operations = record.operations();
    for operation in operations.iter().rev().filter(|operation| operation.received <= at) {
        let Action::Write(write) = &operation.action else { continue };
        let durable = operation.answered.is_some_and(|answered| {
            let covers = |flush: &Operation| {
                flush.action == Action::Flush
                    && flush.received > answered
                    && flush.answered.is_some_and(|tick| tick <= at)
            };
            (write.forced && answered <= at) || operations.iter().any(covers)
        });
        let value = match &write.content {
            Content::Bytes(bytes) => bytes[0],
            Content::Zeros(_) => 0,
        };
        let first = (write.offset / SECTOR) as usize;
        for sector in first..first + (write.content.length() / SECTOR) as usize {
            if open[sector] {
                allowed[sector].insert(value);
                open[sector] = !durable;
            }
        }
    }
    for (values, _) in allowed.iter_mut().zip(open).filter(|(_, open)| *open) {
        values.insert(255);
    }
    allowed
}

fn cut(at: Tick, loss: Loss) -> Cut {
    Cut { at, promise: Promise::Kept, loss }
}

proptest! {
    #[test]
    fn every_sector_holds_a_version_that_the_promises_allow(steps in steps(), seed: u64, at in 0..120_u64) {
        let record = record(&steps);
        let allowed = allowed(&record, at);
        for loss in [Loss::Random(seed), Loss::All, Loss::Nothing, Loss::AllBut(vec![0..4096, 6144..8192])] {
            for (sector, value) in image(&record, &cut(at, loss.clone())).iter().enumerate() {
                let allowed = &allowed[sector];
                prop_assert!(allowed.contains(value), "{loss:?}, sector {sector}: {value}, not of {allowed:?}");
            }
        }
    }

    #[test]
    fn losing_nothing_leaves_what_the_guest_saw_and_a_broken_promise_can_cost_everything(
        steps in steps(), at in 0..120_u64,
    ) {
        let record = record(&steps);
        let everything = Cut { at, promise: Promise::Broken, loss: Loss::Nothing };
        prop_assert_eq!(image(&record, &cut(at, Loss::Nothing)), image(&record, &everything));
        let nothing = Cut { at, promise: Promise::Broken, loss: Loss::All };
        prop_assert_eq!(image(&record, &nothing), vec![255; SECTORS]);
    }

    #[test]
    fn what_was_flushed_last_of_all_is_there_with_every_seed(mut steps in steps(), seed: u64) {
        steps.extend(vec![Step::Answer; steps.len()]);
        steps.extend([Step::Flush, Step::Answer]);
        let record = record(&steps);
        let live = image(&record, &cut(record.end(), Loss::Nothing));
        prop_assert_eq!(image(&record, &cut(record.end(), Loss::Random(seed))), live);
    }

    #[test]
    fn a_cut_has_one_result(steps in steps(), seed: u64, at in 0..120_u64) {
        let record = record(&steps);
        let cut = cut(at, Loss::Random(seed));
        prop_assert_eq!(remains(&record, &cut), remains(&record, &cut));
    }
}

/// The images of a hundred seeds at the end of what these steps did.
fn images(steps: &[Step], promise: Promise) -> BTreeSet<Vec<u8>> {
    let record = record(steps);
    let cut = |seed| Cut { at: record.end(), promise, loss: Loss::Random(seed) };
    (0..100).map(|seed| image(&record, &cut(seed))[..3].to_vec()).collect()
}

const WRITE: Step = Step::Write { first: 0, count: 3, forced: false };

#[test]
fn a_write_that_nothing_protects_is_there_or_lost_or_torn_in_every_way() {
    let images = images(&[WRITE, Step::Answer], Promise::Kept);
    assert_eq!(images.len(), 8, "{images:?}");
}

#[test]
fn a_flush_does_not_cover_what_was_under_way_with_it() {
    let images = images(&[WRITE, Step::Flush, Step::Answer, Step::Answer], Promise::Kept);
    assert!(images.len() > 1);
}

#[test]
fn a_flush_without_an_answer_covers_nothing() {
    assert!(images(&[WRITE, Step::Answer, Step::Flush], Promise::Kept).len() > 1);
}

#[test]
fn a_disk_that_breaks_its_promise_loses_what_was_flushed() {
    let steps = [WRITE, Step::Answer, Step::Flush, Step::Answer];
    assert_eq!(images(&steps, Promise::Kept).len(), 1);
    assert!(images(&steps, Promise::Broken).len() > 1);
}

#[test]
fn an_older_write_can_be_there_without_a_newer_one_and_the_other_way_round() {
    let second = Step::Write { first: 1, count: 1, forced: false };
    let images = images(&[WRITE, second, Step::Answer, Step::Answer], Promise::Kept);
    assert!(images.contains(&vec![1, 1, 1]) && images.contains(&vec![255, 2, 255]), "{images:?}");
}

#[test]
fn zeros_over_gigabytes_are_torn_into_few_parts() {
    let length = 1 << 40;
    let mut record = Record::default();
    record.receive(Action::Write(Write { offset: 0, content: Content::Zeros(length), forced: false }));
    for seed in 0..50 {
        let remnants = remains(&record, &cut(1, Loss::Random(seed)));
        assert!(remnants.len() < 200, "{}", remnants.len());
    }
}
