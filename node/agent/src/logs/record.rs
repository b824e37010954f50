//! One record of the kernel's log. Format: `/dev/kmsg` of the kernel's documentation (ABI/testing/dev-kmsg):
//! `prio,seq,usec,flags[,more];text`, then lines that begin with a space and hold properties.

/// Bytes of a text that are kept. The kernel's own limit is half of it; a file in its place may hold anything.
const MAX_TEXT: usize = 4096;
/// Bytes of a service's name.
const MAX_NAME: usize = 64;
/// Source of the kernel's own records.
pub const KERNEL: &str = "kernel";
/// Source of what init itself writes.
pub const INIT: &str = "corten";
/// Source of records that neither the kernel nor init wrote.
pub const OTHER: &str = "other";

/// A record with its source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// `kernel`, `corten` for init itself, the name of a service, or `other`.
    pub source: String,
    /// Microseconds since kernel start.
    pub uptime_us: u64,
    /// As of syslog(2), 0 to 7.
    pub level: u8,
    /// What was printed, without the name of the service, on one line.
    pub text: String,
}

/// Reads the first line of a record. `None` for one of its other lines, and for what is no record.
pub fn parse(line: &[u8]) -> Option<Entry> {
    if line.first() == Some(&b' ') {
        return None;
    }
    let at = line.iter().position(|byte| *byte == b';')?;
    let (header, text) = line.split_at(at);
    let mut fields = std::str::from_utf8(header).ok()?.split(',');
    let priority: u32 = fields.next()?.parse().ok()?;
    let _sequence: u64 = fields.next()?.parse().ok()?;
    let uptime_us = fields.next()?.parse().ok()?;
    let text = decoded(text.get(1..).unwrap_or_default());
    // The kernel is facility 0, and whoever writes to the device gets another one.
    let (source, text) = match priority >> 3 {
        0 => (KERNEL, text.as_str()),
        _ => named(&text).unwrap_or((OTHER, &text)),
    };
    Some(Entry { source: source.into(), uptime_us, level: (priority & 7) as u8, text: text.into() })
}

/// Name and text of what init writes: `NAME: text`.
fn named(text: &str) -> Option<(&str, &str)> {
    let (name, text) = text.split_once(": ").or_else(|| Some((text.strip_suffix(':')?, "")))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(plain)).then_some((name, text))
}

/// Undoes `\xNN`, which the kernel writes for bytes outside of printable ASCII and for backslashes. What is no text
/// becomes U+FFFD, and what would move a cursor becomes a space.
fn decoded(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len().min(MAX_TEXT));
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        if bytes.len() >= MAX_TEXT {
            break;
        }
        let code = match after {
            [b'x', high, low, ..] if *first == b'\\' => digit(*high).zip(digit(*low)),
            _ => None,
        };
        if let Some((high, low)) = code {
            bytes.push(high << 4 | low);
            rest = after.get(3..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    shown.trim_end().to_string()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(source: &str, level: u8, text: &str) -> Entry {
        Entry { source: source.into(), uptime_us: 5_140_900, level, text: text.into() }
    }

    #[test]
    fn records_of_the_kernel_and_of_services_are_told_apart() {
        let cases: [(&str, Entry); 6] = [
            ("6,339,5140900,-;NET: Registered PF_INET6\n", entry("kernel", 6, "NET: Registered PF_INET6")),
            ("14,340,5140900,-,caller=T1;containerd: msg=started", entry("containerd", 6, "msg=started")),
            ("13,341,5140900,-;corten: ready", entry("corten", 5, "ready")),
            ("12,342,5140900,-;web:", entry("web", 4, "")),
            ("12,342,5140900,-;no name here: x", entry("other", 4, "no name here: x")),
            ("12,342,5140900,-;: x", entry("other", 4, ": x")),
        ];
        for (line, expected) in cases {
            assert_eq!(parse(line.as_bytes()), Some(expected), "{line}");
        }
    }

    #[test]
    fn other_lines_are_no_records() {
        for line in ["", " SUBSYSTEM=acpi", "hello", "1,2;x", "a,1,2,-;x", "1,2,,-;x"] {
            assert_eq!(parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn escapes_are_undone_and_texts_stay_on_one_line() {
        assert_eq!(parse(b"14,1,5140900,-;a: \\xc3\\xa9\\x5cx41\\x0ab\\x1b").expect("one").text, "é\\x41 b");
        assert_eq!(parse(b"14,1,5140900,-;a: \\xzz\\x4").expect("one").text, "\\xzz\\x4");
        assert_eq!(parse(b"14,1,5140900,-;a: \\xff!").expect("one").text, "\u{fffd}!");
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(
            line in prop::collection::vec(any::<u8>(), 0..300),
            text in prop::collection::vec(prop::sample::select(b"\\xa0f; \xc3\n".to_vec()), 0..8000),
        ) {
            let _ = parse(&line);
            let entry = parse(&[b"14,1,2,-;web: ".as_slice(), &text].concat()).expect("a record");
            prop_assert!(entry.text.len() <= 3 * MAX_TEXT && !entry.text.contains('\n'));
        }
    }
}
