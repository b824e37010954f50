//! Alias patterns, matched as fnmatch(3) does without flags, which is what kmod uses.

/// Whether a pattern of `*`, `?`, `[set]`, `[!set]`, `\x` and plain characters matches all of a text. A bracket that
/// is never closed is a plain character. Takes time proportional to the product of the lengths at most.
pub fn matches(pattern: &str, text: &str) -> bool {
    matches_bytes(pattern.as_bytes(), text.as_bytes())
}

pub(super) fn matches_bytes(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on after a mismatch: behind the last star, one more character of the text eaten by it.
    let mut retry = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            p += 1;
            retry = Some((p, t));
            continue;
        }
        if let Some(len) = one(&pattern[p..], text[t]) {
            p += len;
            t += 1;
            continue;
        }
        match retry {
            Some((after, eaten)) => {
                p = after;
                t = eaten + 1;
                retry = Some((after, t));
            }
            None => return false,
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

/// Length of the pattern's first element if it matches this one character.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match *pattern.first()? {
        b'?' => Some(1),
        b'[' => match set(pattern, byte) {
            Some((len, found)) => found.then_some(len),
            None => (byte == b'[').then_some(1),
        },
        b'\\' if pattern.len() > 1 => (pattern[1] == byte).then_some(2),
        plain => (plain == byte).then_some(1),
    }
}

/// Length of a bracket expression and whether the character is in it; `None` if it is never closed.
fn set(pattern: &[u8], byte: u8) -> Option<(usize, bool)> {
    let negated = matches!(pattern.get(1), Some(b'!' | b'^'));
    let first = if negated { 2 } else { 1 };
    let mut at = first;
    let mut found = false;
    loop {
        let low = *pattern.get(at)?;
        if low == b']' && at > first {
            return Some((at + 1, found != negated));
        }
        let (low, next) = literal(pattern, at)?;
        at = next;
        if pattern.get(at) == Some(&b'-') && pattern.get(at + 1).is_some_and(|b| *b != b']') {
            let (high, next) = literal(pattern, at + 1)?;
            at = next;
            found |= (low..=high).contains(&byte);
        } else {
            found |= low == byte;
        }
    }
}

/// A character inside brackets, perhaps behind a backslash, and where the next one stands.
fn literal(pattern: &[u8], at: usize) -> Option<(u8, usize)> {
    match *pattern.get(at)? {
        b'\\' => Some((*pattern.get(at + 1)?, at + 2)),
        plain => Some((plain, at + 1)),
    }
}

/// Length of what stands before the first special character: every text that matches begins with it.
pub(super) fn literal_prefix(pattern: &[u8]) -> usize {
    pattern.iter().position(|b| b"*?[\\".contains(b)).unwrap_or(pattern.len())
}
