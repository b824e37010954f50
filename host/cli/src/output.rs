//! Standard output. The macros of the standard library panic when it can't be written to, be it a full disk or a
//! reader such as `head` that has seen enough; nothing else writes there.

use std::io;

use anyhow::{Context as _, Result};

/// Writes to standard output. `false` when its reader has gone, having seen enough: that is no failure.
pub fn put(text: &str) -> Result<bool> {
    put_into(&mut anstream::stdout().lock(), text)
}

fn put_into(out: &mut impl io::Write, text: &str) -> Result<bool> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context("writing to standard output"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use super::*;

    #[test]
    fn a_reader_that_has_gone_is_no_failure_and_a_full_disk_is_one() {
        let (reader, mut writer) = io::pipe().expect("there are pipes");
        assert!(put_into(&mut writer, "text").expect("it is read"));
        drop(reader);
        assert!(!put_into(&mut writer, "text").expect("nobody reads any more"));
        let mut full = OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let error = put_into(&mut full, "text").expect_err("it is always full");
        assert_eq!(error.to_string(), "writing to standard output");
    }
}
