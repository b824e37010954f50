//! Frames of HTTP/2 (RFC 9113) and headers of HPACK (RFC 7541), written by hand, so that they can be wrong.

/// What a client begins with.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const PRIORITY: u8 = 2;
pub const RESET: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GO_AWAY: u8 = 7;
pub const WINDOW: u8 = 8;
pub const CONTINUATION: u8 = 9;

/// Flag of the last frame of a stream.
pub const END_STREAM: u8 = 1;
/// Flag of an answer to settings or a ping.
pub const ACK: u8 = 1;
/// Flag of the last frame of headers.
pub const END_HEADERS: u8 = 4;

/// Bytes of the head of a frame.
pub const HEAD: usize = 9;
/// Bytes of the largest frame that everybody takes.
const MAX_FRAME: usize = 16 << 10;

/// A frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = (payload.len() as u32).to_be_bytes();
    [&length[..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Whether a stream ends with its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    Follows,
    None,
}

/// The headers of a call of gRPC, with more of them.
pub fn request(stream: u32, path: &[u8], more: &[(&[u8], &[u8])], body: Body) -> Vec<u8> {
    // Static table: 3 is POST, 6 is http, 1 the authority, 4 a path.
    let mut block = vec![0x83, 0x86];
    block.push(0x01);
    string(&mut block, b"node.corten");
    block.push(0x04);
    string(&mut block, path);
    let usual: [(&[u8], &[u8]); 2] = [(b"content-type", b"application/grpc"), (b"te", b"trailers")];
    for (name, value) in usual.iter().chain(more) {
        // A literal that goes into no table.
        block.push(0);
        string(&mut block, name);
        string(&mut block, value);
    }
    headers(stream, &block, body)
}

/// A block of headers in as many frames as it takes.
pub fn headers(stream: u32, block: &[u8], body: Body) -> Vec<u8> {
    let end = if body == Body::None { END_STREAM } else { 0 };
    let mut parts = block.chunks(MAX_FRAME).peekable();
    let mut bytes = Vec::new();
    let (mut kind, mut flags) = (HEADERS, end);
    while let Some(part) = parts.next() {
        let last = if parts.peek().is_none() { END_HEADERS } else { 0 };
        bytes.extend(frame(kind, flags | last, stream, part));
        (kind, flags) = (CONTINUATION, 0);
    }
    bytes
}

/// A message of gRPC that ends its stream.
pub fn message(stream: u32, message: &[u8]) -> Vec<u8> {
    let prefix = (message.len() as u32).to_be_bytes();
    frame(DATA, END_STREAM, stream, &[&[0], &prefix[..], message].concat())
}

/// A string as it is, behind its length in the form of RFC 7541, section 5.1, with a prefix of 7 bits.
fn string(block: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text.len();
    if rest < 127 {
        block.push(rest as u8);
    } else {
        block.push(127);
        rest -= 127;
        while rest >= 128 {
            block.push((rest % 128 + 128) as u8);
            rest /= 128;
        }
        block.push(rest as u8);
    }
    block.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7541, C.1.2: 1337 with a prefix of 5 bits is 1337 - 31 in the bytes behind it; here with 7 bits.
    #[test]
    fn long_strings_have_long_lengths() {
        let mut block = Vec::new();
        string(&mut block, &[b'a'; 1337]);
        assert_eq!(block[..3], [127, 0xba, 0x09]);
        assert_eq!(block.len(), 3 + 1337);
    }

    #[test]
    fn headers_that_are_too_long_for_a_frame_go_on_in_the_next() {
        let bytes = headers(1, &vec![0; MAX_FRAME + 1], Body::None);
        assert_eq!(bytes[3..5], [HEADERS, END_STREAM]);
        assert_eq!(bytes[HEAD + MAX_FRAME + 3..HEAD + MAX_FRAME + 5], [CONTINUATION, END_HEADERS]);
    }
}
