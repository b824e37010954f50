//! What is left of the writes of a record when the power goes at a moment of it. Pure: chance comes from a seed.

use std::ops::Range;

use crate::random::Random;
use crate::record::{Action, Content, Operation, Record, SECTOR, Tick, Write};

/// What an answered flush is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// What a disk has to keep: what was flushed stays.
    Kept,
    /// The control: a disk that answers flushes and does nothing. A test that passes on it proves nothing.
    Broken,
}

/// What becomes of the writes that no promise covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Some are there, some not, some in part.
    Random(u64),
    /// None is there.
    All,
    /// All are there.
    Nothing,
    /// Only what they wrote to these ranges of the disk, in bytes, is there.
    AllBut(Vec<Range<u64>>),
}

/// A power cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The last moment before it.
    pub at: Tick,
    /// What flushes are worth.
    pub promise: Promise,
    /// What becomes of the rest.
    pub loss: Loss,
}

/// The part of a write that is on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remnant<'a> {
    /// The write.
    pub write: &'a Write,
    /// Bytes of it, multiples of [`SECTOR`].
    pub part: Range<u64>,
}

/// What to put over the image that the run began with, in this order, to have the image after the cut.
pub fn remains<'a>(record: &'a Record, cut: &Cut) -> Vec<Remnant<'a>> {
    let flushed = flushed(record, cut);
    let mut adversary = Adversary::new(&cut.loss);
    let mut remnants = Vec::new();
    for (operation, write) in record.writes().take_while(|(operation, _)| operation.received <= cut.at) {
        let answered = operation.answered.unwrap_or(Tick::MAX);
        let forced = write.forced && cut.promise == Promise::Kept && answered <= cut.at;
        if forced || answered < flushed {
            remnants.push(Remnant { write, part: 0..write.content.length() });
        } else {
            remnants.extend(adversary.parts(write).into_iter().map(|part| Remnant { write, part }));
        }
    }
    remnants
}

/// When the last flush came in that was answered before the cut: what was answered before it is durable. What was
/// under way at that moment is not, though it may have been answered before the flush was.
fn flushed(record: &Record, cut: &Cut) -> Tick {
    let counts = |operation: &&Operation| {
        operation.action == Action::Flush && operation.answered.is_some_and(|tick| tick <= cut.at)
    };
    let flushes = record.operations().iter().filter(counts).map(|operation| operation.received);
    if cut.promise == Promise::Broken { 0 } else { flushes.max().unwrap_or(0) }
}

/// Decides about the writes that nothing protects.
struct Adversary<'a> {
    loss: &'a Loss,
    random: Random,
    /// Chances in a hundred that a write is lost, and that it is torn. They differ between seeds: a disk that lost
    /// nearly everything finds other mistakes than one that lost a single write.
    lost: u64,
    torn: u64,
}

impl<'a> Adversary<'a> {
    fn new(loss: &'a Loss) -> Self {
        let mut random = Random::new(if let Loss::Random(seed) = loss { *seed } else { 0 });
        let chance = [5, 30, 60, 90][random.below(4) as usize];
        Self { loss, random, lost: chance, torn: (100 - chance) / 2 }
    }

    fn parts(&mut self, write: &Write) -> Vec<Range<u64>> {
        let length = write.content.length();
        let whole = || std::iter::once(0..length).collect();
        match self.loss {
            Loss::All => Vec::new(),
            Loss::Nothing => whole(),
            Loss::AllBut(kept) => {
                let end = write.offset + length;
                let inside = kept.iter().map(|range| range.start.max(write.offset)..range.end.min(end));
                let inside = inside.filter(|range| range.start < range.end);
                inside.map(|range| range.start - write.offset..range.end - write.offset).collect()
            }
            Loss::Random(_) => match self.random.below(100) {
                roll if roll < self.lost => Vec::new(),
                roll if roll < self.lost + self.torn => self.tear(length),
                _ => whole(),
            },
        }
    }

    /// Runs of sectors, each there or not. Runs are single sectors in a write of up to 16, and longer in longer ones,
    /// so that zeros over gigabytes do not become millions of parts.
    fn tear(&mut self, length: u64) -> Vec<Range<u64>> {
        let mut parts: Vec<Range<u64>> = Vec::new();
        let longest = length / SECTOR / 16;
        let mut at = 0;
        while at < length {
            let end = (at + SECTOR * (1 + self.random.below(longest))).min(length);
            if self.random.percent(50) {
                match parts.last_mut() {
                    Some(last) if last.end == at => last.end = end,
                    _ => parts.push(at..end),
                }
            }
            at = end;
        }
        parts
    }
}

impl Remnant<'_> {
    /// Where it lies on the disk, bytes.
    pub fn range(&self) -> Range<u64> {
        self.write.offset + self.part.start..self.write.offset + self.part.end
    }

    /// Its bytes; `None` where they are zeros.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.write.content {
            Content::Bytes(bytes) => bytes.get(self.part.start as usize..self.part.end as usize),
            Content::Zeros(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
