//! What the child says, and how the parent takes it apart. Bytes only.

use corten_oci::digest::Digest;
use corten_oci::limits::DOCUMENT;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::limits::{MAX_HEADER, MAX_PIECE};

/// The line before, or instead of, bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Header {
    /// What the name leads to.
    Resolved {
        /// Digest of the index or the manifest.
        digest: Digest,
        /// Its bytes.
        size: u64,
        /// What shows that it may run, where the registry's policy asks for a signature.
        proof: Option<Proof>,
    },
    /// A document; its bytes follow.
    Document {
        /// Which one.
        kind: DocumentKind,
        /// Its digest.
        digest: Digest,
        /// Its bytes.
        length: u32,
    },
    /// The parent is asked which layers it wants.
    Choose,
    /// A piece of a layer; its bytes follow.
    Data {
        /// The layer.
        digest: Digest,
        /// Where in it the piece begins.
        offset: u64,
        /// Its bytes.
        length: u32,
    },
    /// What came of this layer is void, it comes again from its start.
    Restart {
        /// The layer.
        digest: Digest,
    },
    /// All of this layer came and is what its digest says.
    Complete {
        /// The layer.
        digest: Digest,
    },
    /// Something failed, and is tried again or elsewhere.
    Trouble(Trouble),
    /// All that was wanted came. The last line.
    Done,
    /// The image can't be fetched. The last line.
    Failed(Failure),
}

/// Which document of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// Images for several platforms.
    Index,
    /// One image.
    Manifest,
    /// The configuration of one image.
    Config,
}

/// What cosign has signed, with the signature, so that the parent can check it too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Proof {
    /// What is signed, base64.
    pub payload: String,
    /// The signature, base64.
    pub signature: String,
}

/// Something that failed and does not end the pull.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Trouble {
    /// Mirror or registry, as an address without a path.
    pub place: String,
    /// What failed.
    pub failure: Failure,
    /// What is done about it.
    pub then: Then,
}

/// What is done about a trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Then {
    /// It is tried again after so many milliseconds.
    Again {
        /// The pause.
        after_ms: u64,
    },
    /// The next place is tried.
    Elsewhere,
}

impl Header {
    /// Bytes that follow the line.
    pub fn length(&self) -> usize {
        match self {
            Self::Document { length, .. } | Self::Data { length, .. } => *length as usize,
            _ => 0,
        }
    }

    /// Most bytes that may follow it.
    fn most(&self) -> usize {
        match self {
            Self::Document { .. } => DOCUMENT as usize,
            _ => MAX_PIECE,
        }
    }
}

/// A line with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The line.
    pub header: Header,
    /// What followed it.
    pub bytes: Vec<u8>,
}

/// Why what came is no frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The line does not end.
    #[error("a line of more than {MAX_HEADER} bytes")]
    LongLine,
    /// The line is not what is known.
    #[error("a line that is not understood: {0}")]
    Line(#[from] serde_json::Error),
    /// More bytes than a frame may have.
    #[error("a frame of {0} bytes")]
    LongFrame(usize),
}

/// Takes bytes as they come and gives frames. Keeps no more than one frame and what was put in last.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Bytes at the start of the buffer that were given out.
    taken: usize,
    /// Bytes behind `taken` in which there is no end of a line.
    searched: usize,
    /// A line whose bytes are not there yet.
    header: Option<Header>,
}

impl Decoder {
    /// Room for bytes that come. What is put behind its end is taken with the next call of [`Self::frame`].
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        &mut self.buffer
    }

    /// Whether bytes are there that are no whole frame yet.
    pub fn is_amid(&self) -> bool {
        self.header.is_some() || self.buffer.len() > self.taken
    }

    /// The next frame, if all of it is there.
    pub fn frame(&mut self) -> Result<Option<Frame>, FrameError> {
        if self.header.is_none() {
            self.header = self.line()?;
        }
        let Some(header) = &self.header else { return Ok(None) };
        let length = header.length();
        if length > header.most() {
            return Err(FrameError::LongFrame(length));
        }
        let Some(bytes) = self.buffer.get(self.taken..self.taken + length) else { return Ok(None) };
        let bytes = bytes.to_vec();
        self.taken += length;
        Ok(self.header.take().map(|header| Frame { header, bytes }))
    }

    fn line(&mut self) -> Result<Option<Header>, FrameError> {
        let rest = &self.buffer[self.taken..];
        let Some(end) = rest[self.searched..].iter().position(|byte| *byte == b'\n') else {
            self.searched = rest.len();
            return if rest.len() > MAX_HEADER { Err(FrameError::LongLine) } else { Ok(None) };
        };
        let end = self.searched + end;
        if end > MAX_HEADER {
            return Err(FrameError::LongLine);
        }
        let header = serde_json::from_slice(&rest[..end])?;
        self.taken += end + 1;
        self.searched = 0;
        Ok(Some(header))
    }
}

/// A frame as it is sent.
pub fn encode(header: &Header) -> Vec<u8> {
    // Types of this module have no keys that are not text and no value that fails.
    let mut line = serde_json::to_vec(header).unwrap_or_default();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames() -> Vec<Frame> {
        let digest = Digest::of(b"x");
        let failure = Failure::new(crate::Class::Lies, "why");
        let trouble = Trouble { place: "https://m.test".into(), failure, then: Then::Again { after_ms: 5 } };
        let data = |bytes: &[u8]| Frame {
            header: Header::Data { digest, offset: 3, length: bytes.len() as u32 },
            bytes: bytes.to_vec(),
        };
        let bare = |header| Frame { header, bytes: Vec::new() };
        vec![
            bare(Header::Resolved { digest, size: 3, proof: None }),
            bare(Header::Trouble(trouble)),
            data(b"\n{}\n"),
            data(b""),
            bare(Header::Done),
        ]
    }

    fn stream(frames: &[Frame]) -> Vec<u8> {
        frames.iter().flat_map(|frame| [encode(&frame.header), frame.bytes.clone()].concat()).collect()
    }

    proptest! {
        #[test]
        fn frames_come_out_however_the_bytes_come_in(sizes in prop::collection::vec(1usize..40, 1..60)) {
            let (expected, mut decoder, mut found) = (frames(), Decoder::default(), Vec::new());
            let bytes = stream(&expected);
            let mut rest = bytes.as_slice();
            for size in sizes.into_iter().cycle() {
                let (now, later) = rest.split_at(size.min(rest.len()));
                decoder.buffer().extend_from_slice(now);
                while let Some(frame) = decoder.frame().expect("frames") {
                    found.push(frame);
                }
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(found, expected);
            prop_assert!(!decoder.is_amid());
        }
    }

    #[test]
    fn what_is_too_long_is_no_frame() {
        let error = |bytes: &[u8]| {
            let mut decoder = Decoder::default();
            decoder.buffer().extend_from_slice(bytes);
            decoder.frame().err().map(|error| error.to_string()).unwrap_or_default()
        };
        assert_eq!(error(&vec![b' '; MAX_HEADER + 1]), "a line of more than 262144 bytes");
        let data = Header::Data { digest: Digest::of(b""), offset: 0, length: MAX_PIECE as u32 + 1 };
        assert_eq!(error(&encode(&data)), "a frame of 262145 bytes");
        assert!(error(b"{\"event\":\"dance\"}\n").starts_with("a line that is not understood"));
        assert_eq!(error(b"{\"event\":\"done\"}"), "");
    }
}
