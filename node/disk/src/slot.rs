//! Which partitions are the slot: decided by content and labels, never by position.
//!
//! The verity partition is the one whose top hash block, with its salt, hashes to the root hash. Its data lies on
//! the same disk in the partition with the label of the verity partition less `-verity`.

use corten_formats::verity::Superblock;

/// What a partition is for, by its GPT type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A root image.
    Root,
    /// The hash tree of a root image.
    RootVerity,
    /// Anything else.
    Other,
}

/// A partition of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Number in the partition table, from 1.
    pub number: u32,
    /// What it is for.
    pub usage: Use,
    /// GPT label.
    pub label: String,
    /// Length.
    pub bytes: u64,
}

/// Suffix of the label of a verity partition.
const VERITY: &str = "-verity";

/// Why a verity partition with the right content can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairError {
    /// Its label says nothing about its data.
    #[error("the label of verity partition {number} is {label:?}, expected one that ends in \"-verity\"")]
    Label {
        /// Number of the verity partition.
        number: u32,
        /// Its label.
        label: String,
    },
    /// Not exactly one partition holds the data.
    #[error("{found} root partitions are labelled {label:?}, expected 1")]
    Data {
        /// The label of the data.
        label: String,
        /// Partitions that have it.
        found: usize,
    },
    /// A partition is shorter than its content.
    #[error("partition {number} has {bytes} bytes, expected {needed} at least")]
    Size {
        /// Number of the partition.
        number: u32,
        /// Its length.
        bytes: u64,
        /// What the hash tree says.
        needed: u64,
    },
}

/// Finds the data of a verity partition whose superblock was checked against the root hash.
pub fn data_of<'a>(
    partitions: &'a [Partition],
    verity: &Partition,
    superblock: &Superblock,
) -> Result<&'a Partition, PairError> {
    let label = verity.label.strip_suffix(VERITY).filter(|label| !label.is_empty());
    let Some(label) = label else {
        return Err(PairError::Label { number: verity.number, label: verity.label.clone() });
    };
    let mut named = partitions.iter().filter(|data| data.usage == Use::Root && data.label == label);
    let (first, others) = (named.next(), named.count());
    let Some(data) = first.filter(|_| others == 0) else {
        let found = usize::from(first.is_some()) + others;
        return Err(PairError::Data { label: label.into(), found });
    };
    for (partition, needed) in [(data, superblock.data_size()), (verity, superblock.hash_size())] {
        if partition.bytes < needed {
            return Err(PairError::Size { number: partition.number, bytes: partition.bytes, needed });
        }
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn partition(number: u32, usage: Use, label: &str) -> Partition {
        Partition { number, usage, label: label.into(), bytes: 1 << 20 }
    }

    fn two_slots() -> Vec<Partition> {
        vec![
            partition(1, Use::Other, "esp"),
            partition(2, Use::Root, "root-a"),
            partition(3, Use::RootVerity, "root-a-verity"),
            partition(5, Use::RootVerity, "root-b-verity"),
            partition(9, Use::Root, "root-b"),
            partition(10, Use::Other, "root-b"),
        ]
    }

    fn superblock(data_blocks: u64) -> Superblock {
        Superblock { uuid: [0; 16], data_blocks, salt: Vec::new() }
    }

    #[test]
    fn data_is_found_by_label_whatever_its_place() {
        let partitions = two_slots();
        let number =
            |verity: usize| data_of(&partitions, &partitions[verity], &superblock(2)).map(|data| data.number);
        assert_eq!(number(2), Ok(2));
        assert_eq!(number(3), Ok(9));
    }

    #[test]
    fn a_slot_in_doubt_is_refused_with_the_reason() {
        let refused = |change: fn(&mut Vec<Partition>), blocks: u64| {
            let mut partitions = two_slots();
            change(&mut partitions);
            let verity = partitions[2].clone();
            data_of(&partitions, &verity, &superblock(blocks)).expect_err("a broken slot").to_string()
        };
        insta::assert_snapshot!(
            [
                refused(|all| all[2].label = "root-a".into(), 2),
                refused(|all| all[2].label = "-verity".into(), 2),
                refused(|all| all[1].label = "root-x".into(), 2),
                refused(|all| all[4].label = "root-a".into(), 2),
                refused(|_| (), 257),
                refused(|all| all[2].bytes = 4096, 2),
            ]
            .join("\n"),
            @r#"
        the label of verity partition 3 is "root-a", expected one that ends in "-verity"
        the label of verity partition 3 is "-verity", expected one that ends in "-verity"
        0 root partitions are labelled "root-a", expected 1
        2 root partitions are labelled "root-a", expected 1
        partition 2 has 1048576 bytes, expected 1052672 at least
        partition 3 has 4096 bytes, expected 8192 at least
        "#
        );
    }

    proptest! {
        #[test]
        fn data_always_has_the_label_and_room_for_its_tree(
            labels in prop::collection::vec(("(root-[ab](-verity)?)?", 0..3u8, 0..64u64), 1..8),
            blocks in 1..20u64,
        ) {
            let partitions: Vec<_> = labels
                .into_iter()
                .enumerate()
                .map(|(at, (label, usage, blocks))| Partition {
                    number: at as u32 + 1,
                    usage: [Use::Root, Use::RootVerity, Use::Other][usage as usize],
                    label,
                    bytes: blocks * 4096,
                })
                .collect();
            for verity in partitions.iter().filter(|partition| partition.usage == Use::RootVerity) {
                if let Ok(data) = data_of(&partitions, verity, &superblock(blocks)) {
                    prop_assert_eq!(format!("{}-verity", data.label), verity.label.clone());
                    prop_assert!(data.bytes >= blocks * 4096 && data.usage == Use::Root);
                }
            }
        }
    }
}
