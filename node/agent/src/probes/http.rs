//! As much of HTTP/1.1 as a check needs: a request without a body, and the status line of the answer (RFC 9112).

use std::fmt::Write as _;

/// Bytes of the longest status line that is read.
pub const MAX_STATUS_LINE: usize = 1024;

/// What came is no answer of HTTP/1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an answer of HTTP/1: {0:?}")]
pub struct NotHttp(pub String);

/// The request for a path. Bytes that would end a line or a word are escaped.
pub fn request(host: &str, port: u16, path: &str) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_string() };
    let (host, path) = (escaped(&host), escaped(path));
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!(
        "GET {slash}{path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: corten-agent\r\nAccept: */*\r\n\
         Connection: close\r\n\r\n"
    )
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The status in a status line, without its end: `HTTP/1.1 200 OK`.
pub fn parse_status(line: &[u8]) -> Result<u16, NotHttp> {
    let status = || {
        let rest = std::str::from_utf8(line).ok()?.strip_prefix("HTTP/1.")?;
        let (minor, rest) = rest.split_once(' ')?;
        let digits = rest.split(' ').next()?;
        let is_number =
            |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        (is_number(minor, 1) && is_number(digits, 3)).then(|| digits.parse().ok())?
    };
    status().filter(|status| (100..600).contains(status)).ok_or_else(|| {
        let shown: Vec<u8> = line.iter().copied().take(40).collect();
        NotHttp(String::from_utf8_lossy(&shown).into_owned())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn status_lines_are_read() {
        assert_eq!(parse_status(b"HTTP/1.1 200 OK"), Ok(200));
        assert_eq!(parse_status(b"HTTP/1.0 503"), Ok(503));
        for line in [
            "",
            "HTTP/2 200",
            "HTTP/1.1 20",
            "HTTP/1.1 2000",
            "HTTP/1.1 +20 x",
            "SSH-2.0-x",
            "HTTP/1.1 999 x",
        ] {
            assert_eq!(parse_status(line.as_bytes()), Err(NotHttp(line.into())));
        }
    }

    #[test]
    fn a_request_names_its_host() {
        let text = request("::1", 80, "/a b\r\nX: y");
        assert!(text.starts_with("GET /a%20b%0D%0AX:%20y HTTP/1.1\r\nHost: [::1]:80\r\n"), "{text}");
        assert!(request("h", 80, "x").starts_with("GET /x HTTP/1.1\r\n"));
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(line in prop::collection::vec(any::<u8>(), 0..60), rest in "\\PC{0,20}") {
            let _ = parse_status(&line);
            let _ = parse_status(format!("HTTP/1.1 {rest}").as_bytes());
        }

        #[test]
        fn no_path_adds_lines(host in "\\PC{0,20}", path in "(\\PC|[\r\n ]){0,20}") {
            let text = request(&host, 1, &path);
            prop_assert_eq!(text.lines().count(), 6);
            prop_assert_eq!(text.lines().next().map(|line| line.split(' ').count()), Some(3));
        }
    }
}
