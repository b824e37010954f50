//! Messages in a stream of bytes as gRPC frames them: a byte for compression, four for the length, the message. Pure.

/// Bytes of a message that is kept. What says how a call ended is far shorter; output is not of interest.
const MAX_KEPT: usize = 64;
/// Bytes before each message.
const PREFIX: usize = 5;

/// Follows a stream and knows its last message, if that is a short one.
#[derive(Debug, Default)]
pub struct Messages {
    /// Bytes of the prefix that are there.
    prefix: Vec<u8>,
    /// Bytes of the message that are missing.
    missing: usize,
    /// What is there of a short message.
    begun: Vec<u8>,
    last: Option<Vec<u8>>,
}

impl Messages {
    /// Takes the next bytes.
    pub fn take(&mut self, mut bytes: &[u8]) {
        while let Some(first) = bytes.first() {
            if self.prefix.len() < PREFIX {
                self.prefix.push(*first);
                bytes = bytes.get(1..).unwrap_or_default();
                if let [_, a, b, c, d] = *self.prefix {
                    self.missing = u32::from_be_bytes([a, b, c, d]) as usize;
                    self.begun.clear();
                    self.last = None;
                    self.end();
                }
                continue;
            }
            let (of_it, rest) = bytes.split_at(self.missing.min(bytes.len()));
            self.missing -= of_it.len();
            let room = (MAX_KEPT + 1).saturating_sub(self.begun.len());
            self.begun.extend_from_slice(of_it.get(..room.min(of_it.len())).unwrap_or_default());
            bytes = rest;
            self.end();
        }
    }

    fn end(&mut self) {
        if self.missing == 0 {
            self.prefix.clear();
            self.last = (self.begun.len() <= MAX_KEPT).then(|| std::mem::take(&mut self.begun));
        }
    }

    /// The last message, if it is a whole and short one.
    pub fn last(&self) -> Option<&[u8]> {
        self.last.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_last_message_is_known_however_the_stream_is_cut(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..6),
            size in 1_usize..90,
            cut in 0_usize..10,
        ) {
            let framed = messages.iter().flat_map(|message| {
                [&[0], (message.len() as u32).to_be_bytes().as_slice(), message].concat()
            });
            let bytes: Vec<u8> = framed.collect();
            let mut followed = Messages::default();
            for piece in bytes.chunks(size) {
                followed.take(piece);
            }
            let last = messages.last().expect("there is one");
            let known = (last.len() <= MAX_KEPT).then_some(last.as_slice());
            prop_assert_eq!(followed.last(), known);
            prop_assert!(followed.begun.capacity() <= 4 * MAX_KEPT);
            // Half of a message is none.
            let rest = [&[0_u8, 0, 0, 0, 9][..], &[7; 8]].concat();
            followed.take(rest.get(..cut).unwrap_or(&rest));
            if cut >= PREFIX {
                prop_assert_eq!(followed.last(), None);
            }
        }

        #[test]
        fn any_bytes_are_followed(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..9)) {
            let mut messages = Messages::default();
            for piece in &pieces {
                messages.take(piece);
            }
        }
    }
}
