//! Deterministic mutations of a seed: flipped bits, boundary numbers, stretches removed, doubled or zeroed.

/// xorshift64*: enough to spread mutations, and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

/// Numbers at which parsers break.
const BOUNDARIES: [u64; 8] = [0, 1, 0x7f, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, u64::MAX];

/// The mutation of that number. The input is at most a few kilobytes longer than the seed.
pub fn mutate(seed: &[u8], number: u64) -> Vec<u8> {
    let mut random = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut bytes = seed.to_vec();
    if bytes.is_empty() {
        let length = random.below(512);
        return (0..length).map(|_| random.next() as u8).collect();
    }
    for _ in 0..=random.below(6) {
        if bytes.is_empty() {
            break;
        }
        // Headers and tables stand at the front of most formats, so every other mutation stays there.
        let reach = if random.below(2) == 0 { bytes.len() } else { bytes.len().min(4096) };
        let at = random.below(reach);
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next() as u8,
            2 => {
                let number = BOUNDARIES[random.below(BOUNDARIES.len())].to_le_bytes();
                let width = 1 << random.below(4);
                for (to, from) in bytes[at..].iter_mut().zip(&number[..width]) {
                    *to = *from;
                }
            }
            3 => bytes.truncate(at),
            4 => {
                let end = (at + random.below(64)).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let end = (at + random.below(256)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_gives_the_same_input_and_others_differ() {
        let seed = vec![7; 100];
        assert_eq!(mutate(&seed, 5), mutate(&seed, 5));
        let different = (0..100).filter(|number| mutate(&seed, *number) != seed).count();
        assert!(different > 80, "{different} of 100 mutations changed the seed");
    }
}
