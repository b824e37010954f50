//! Power cuts: a device that keeps what was flushed and any part of what was written later, in sectors.

use corten_formats::device::SparseMemory;
use corten_formats::fat::{Severity, Volume, Writer};
use corten_power_cut::{Event, Flushes, Recorder, after_cut, coin};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use crate::{
    empty,
    model::{Model, Node, Op, apply, content, expected, in_order, ops, tiny},
    time,
};

const CLUSTERS: u32 = 1500;

/// A run: the events, and after how many of them each change was done, with the volume as it should be then.
struct Run {
    start: SparseMemory,
    events: Vec<Event>,
    steps: Vec<(usize, Model, Option<Op>)>,
}

fn run(ops: &[Op]) -> Run {
    let start = tiny(CLUSTERS);
    let recorder = Recorder::new(start.clone());
    let events = recorder.events();
    let mut writer = Writer::open(recorder).unwrap();
    let mut steps = vec![(0, Model::new(), None)];
    for op in ops {
        let model = &steps[steps.len() - 1].1;
        let next = match (apply(&mut writer, op), expected(model, op)) {
            (Ok(()), Ok(next)) => next,
            _ => model.clone(),
        };
        let done = events.borrow().len();
        steps.push((done, next, Some(op.clone())));
    }
    let events = events.borrow().clone();
    Run { start, events, steps }
}

impl Run {
    /// The volumes that a cut behind so many events may leave: without and with the change that was under way.
    fn allowed(&self, cut: usize) -> Vec<Model> {
        let done = self.steps.iter().rposition(|(end, ..)| *end <= cut).unwrap();
        let mut allowed = vec![self.steps[done].1.clone()];
        if let Some((_, after, op)) = self.steps.get(done + 1) {
            allowed.push(after.clone());
            // An empty file has no chain by which its two names could be told to be one file.
            if let Some(Op::Rename(..)) = op {
                let mut both = self.steps[done].1.clone();
                both.extend(after.clone());
                let renamed = after.iter().find(|(path, _)| !self.steps[done].1.contains_key(*path));
                if renamed.is_some_and(|(_, node)| *node == Node::File(Vec::new())) {
                    allowed.push(both);
                }
            }
        }
        allowed
    }

    /// Cuts once, looks, repairs with a second cut, looks again. The error says what broke.
    fn cut(&self, cut: usize, seed: u64, flushes: Flushes) -> Result<(), String> {
        let mut coin = coin(seed);
        let left = after_cut(&self.start, &self.events[..cut], flushes, &mut coin);
        let allowed = self.allowed(cut);
        let check = |device: &SparseMemory| -> Result<(), String> {
            let volume = Volume::open(device.clone()).map_err(|error| error.to_string())?;
            let report = volume.check().map_err(|error| error.to_string())?;
            match report.worst() {
                Some(worst) if worst.severity() > Severity::Repairable => Err(worst.to_string()),
                _ => Ok(()),
            }
        };
        check(&left)?;
        let before = content(&Volume::open(left.clone()).unwrap());
        for model in &allowed {
            let lost = model.iter().find(|(path, node)| before.get(*path) != Some(*node));
            if let (Some((path, _)), 1) = (lost, allowed.len()) {
                return Err(format!("{path} is lost"));
            }
        }

        let recorder = Recorder::new(left.clone());
        let events = recorder.events();
        Writer::open(recorder).map_err(|error| error.to_string())?;
        let events = events.borrow();
        let again = after_cut(&left, &events[..seed as usize % (events.len() + 1)], flushes, &mut coin);
        for device in [left, again] {
            check(&device)?;
            let device = Writer::open(device).and_then(Writer::finish).map_err(|error| error.to_string())?;
            let volume = Volume::open(device).unwrap();
            let findings = volume.check().unwrap().findings;
            if findings != in_order(CLUSTERS) {
                return Err(format!("{findings:?}"));
            }
            if !allowed.contains(&content(&volume)) {
                return Err("the volume is neither as before nor as after the change".into());
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_cut_leaves_each_change_done_or_undone(ops in ops(25), seed in any::<u64>()) {
        let run = run(&ops);
        let mut seed = seed;
        // Each cut twice on average; the step is odd, so all distances from a flush come up.
        let mut cut = seed as usize % 3;
        while cut <= run.events.len() {
            seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
            if let Err(why) = run.cut(cut, seed, Flushes::Kept) {
                return Err(TestCaseError::fail(format!("cut behind event {cut}: {why}")));
            }
            cut += 1 + seed as usize % 3;
        }
    }
}

/// If this passed, the test above would prove nothing.
#[test]
fn a_device_that_ignores_flushes_breaks_the_promise() {
    let mut runner = TestRunner::deterministic();
    let mut broken = 0;
    for seed in 0..20u64 {
        let ops = ops(25).new_tree(&mut runner).unwrap().current();
        let run = run(&ops);
        let result =
            std::panic::catch_unwind(|| run.cut(run.events.len(), (seed << 32) + 77, Flushes::Ignored));
        broken += usize::from(!matches!(result, Ok(Ok(()))));
    }
    assert!(broken >= 10, "{broken} of 20");
}

/// Every write and flush of one change, by what part of the volume it goes to.
fn order(change: impl FnOnce(&mut Writer<Recorder>)) -> String {
    let recorder = Recorder::new(empty(crate::SMALL));
    let events = recorder.events();
    let mut writer = Writer::open(recorder).unwrap();
    writer.mkdir("d", time()).unwrap();
    writer.write_file("d/corten_1.efi.tmp", &[1; 700], time()).unwrap();
    for number in 0..4 {
        writer.write_file(&format!("d/{number}.txt"), &[2; 700], time()).unwrap();
    }
    events.borrow_mut().clear();
    change(&mut writer);
    let tables = 32 * 512..;
    let events = events.borrow();
    let lines = events.iter().map(|event| match event {
        Event::Flush => "flush".to_owned(),
        Event::Write(512, _) => "hint".to_owned(),
        Event::Write(offset, data) => {
            let part = if *offset < 256 * 1024 {
                "table 0"
            } else if *offset < 544 * 1024 {
                "table 1"
            } else {
                "data"
            };
            assert!(tables.contains(offset));
            format!("{part}, {} bytes", data.len())
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_order_of_writes_is_the_documented_one() {
    let content = [3; 3000];
    insta::assert_snapshot!(
        "write",
        order(|writer| writer.write_file("d/new.efi", &content, time()).unwrap())
    );
    insta::assert_snapshot!("remove", order(|writer| writer.remove("d/2.txt").unwrap()));
    insta::assert_snapshot!(
        "rename_within_a_sector",
        order(|writer| writer.rename("d/corten_1.efi.tmp", "corten_1.efi").unwrap())
    );
    insta::assert_snapshot!(
        "rename_to_a_longer_name",
        order(|writer| {
            writer.rename("d/corten_1.efi.tmp", &"long".repeat(40)).unwrap();
        })
    );
}

#[test]
fn a_cut_inside_a_long_rename_leaves_two_names_of_one_file_and_the_new_one_wins() {
    let start = {
        let mut writer = Writer::open(tiny(CLUSTERS)).unwrap();
        writer.write_file("boot+3.efi", &[7; 900], time()).unwrap();
        for number in 0..12 {
            writer.write_file(&format!("{number}.TXT"), &[1], time()).unwrap();
        }
        writer.finish().unwrap()
    };
    let recorder = Recorder::new(start.clone());
    let events = recorder.events();
    Writer::open(recorder).unwrap().rename("boot+3.efi", "boot with a name of two slots+2-1.efi").unwrap();
    let events = events.borrow();
    let last =
        events.iter().rposition(|event| matches!(event, Event::Write(offset, _) if *offset != 512)).unwrap();
    let left = after_cut(&start, &events[..last], Flushes::Kept, &mut || true);
    let found = Volume::open(left.clone()).unwrap().check().unwrap().findings;
    let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(texts.iter().any(|text| {
        text == r#""/boot+3.efi" and "/boot with a name of two slots+2-1.efi" are one file: an interrupted rename"#
    }), "{texts:?}");
    let writer = Writer::open(left).unwrap();
    assert!(writer.volume().read_file("boot+3.efi").is_err());
    assert_eq!(writer.volume().read_file("boot with a name of two slots+2-1.efi").unwrap(), vec![7; 900]);
}

#[test]
fn a_cut_inside_a_rename_of_an_empty_file_to_another_case_is_repaired() {
    let start = {
        let mut writer = Writer::open(tiny(CLUSTERS)).unwrap();
        writer.write_file("A.TXT", &[], time()).unwrap();
        for number in 0..14 {
            writer.write_file(&format!("{number}.TXT"), &[1], time()).unwrap();
        }
        writer.finish().unwrap()
    };
    let recorder = Recorder::new(start.clone());
    let events = recorder.events();
    Writer::open(recorder).unwrap().rename("A.TXT", "a.txt").unwrap();
    let events = events.borrow();
    for cut in 0..=events.len() {
        let left = after_cut(&start, &events[..cut], Flushes::Kept, &mut || true);
        let writer = Writer::open(left).unwrap();
        let names = writer.volume().list("").unwrap().into_iter().map(|entry| entry.name);
        assert_eq!(names.filter(|name| name.eq_ignore_ascii_case("a.txt")).count(), 1, "cut behind {cut}");
    }
}
