//! Names that servers hand out end in files that programs parse line by line. What is not plainly a name is dropped
//! here.

/// Bytes of the longest name (RFC 1035, section 2.3.4).
const LONGEST: usize = 253;
/// Bytes of the longest part of a name.
const LONGEST_LABEL: usize = 63;

/// Whether `name` is a domain: labels of letters, digits, `-` and `_`, with dots between, the last one optional.
pub fn is_domain(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.len() <= LONGEST && name.split('.').all(is_label)
}

/// Whether `name` can be the name of a machine: as [`is_domain`], without `_`.
pub fn is_host(name: &str) -> bool {
    is_domain(name) && !name.contains('_')
}

fn is_label(label: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !label.is_empty()
        && label.len() <= LONGEST_LABEL
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_line_is_no_name() {
        for good in ["lan", "example.org", "example.org.", "_tcp.example", "a-b.c1"] {
            assert!(is_domain(good), "{good}");
        }
        let long = "a".repeat(64);
        for bad in ["", ".", "a..b", "-a", "a-", "a b", "a\nnameserver 192.0.2.1", "ä.de", "a/b", &long] {
            assert!(!is_domain(bad), "{bad}");
        }
        assert!(!is_host("_tcp.example"));
    }
}
