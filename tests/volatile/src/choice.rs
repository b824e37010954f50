//! Which moments of a record are worth a power cut. Pure.

use std::collections::BTreeSet;

use crate::random::Random;
use crate::record::Tick;

/// Chooses so many different moments from each group, earlier groups first; a group that has too few leaves the
/// rest of its share to the next one. Sorted by group, not by time.
pub fn choose(groups: &[(Vec<Tick>, usize)], seed: u64) -> Vec<Tick> {
    let mut random = Random::new(seed);
    let mut chosen = Vec::new();
    let mut taken = BTreeSet::new();
    let mut owed = 0;
    for (ticks, share) in groups {
        let mut left: Vec<_> = BTreeSet::from_iter(ticks).difference(&taken).copied().copied().collect();
        owed += share;
        while owed > 0 && !left.is_empty() {
            let tick = left.swap_remove(random.below(left.len() as u64) as usize);
            chosen.push(tick);
            owed -= 1;
        }
        taken.extend(ticks.iter().filter(|tick| chosen.contains(tick)));
    }
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_group_that_has_too_few_leaves_its_share_to_the_next() {
        let chosen = choose(&[(vec![1, 2], 5), (vec![1, 2, 3, 4, 5, 6], 1)], 7);
        assert_eq!(BTreeSet::from_iter(chosen), BTreeSet::from([1, 2, 3, 4, 5, 6]));
    }

    proptest! {
        #[test]
        fn moments_differ_and_are_of_their_groups(
            seed: u64,
            first in prop::collection::vec(0..50_u64, 0..20),
            second in prop::collection::vec(0..50_u64, 0..20),
            shares in (0..9_usize, 0..9_usize),
        ) {
            let chosen = choose(&[(first.clone(), shares.0), (second.clone(), shares.1)], seed);
            prop_assert_eq!(BTreeSet::from_iter(&chosen).len(), chosen.len());
            prop_assert!(chosen.iter().all(|tick| first.contains(tick) || second.contains(tick)));
            prop_assert!(chosen.len() <= shares.0 + shares.1);
        }
    }
}
