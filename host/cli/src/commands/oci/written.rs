//! An archive on the disk: whole or not there at all.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use anyhow::Result;
use corten_image::write_atomically;
use corten_oci::write::WriteError;

/// Bytes that are written at once.
const BUFFER: usize = 1 << 20;

/// Where an archive is written to.
pub type Out<'a> = BufWriter<&'a mut File>;

/// Writes an archive under another name and renames it.
pub fn written<T>(path: &Path, write: impl FnOnce(Out<'_>) -> Result<(Out<'_>, T), WriteError>) -> Result<T> {
    let mut value = None;
    let mut failure = None;
    let done = write_atomically(path, |file| match write(BufWriter::with_capacity(BUFFER, file)) {
        Ok((mut out, made)) => {
            value = Some(made);
            out.flush()
        }
        Err(error) => {
            failure = Some(error);
            Err(io::Error::other("it was not written to its end"))
        }
    });
    if let Some(error) = failure {
        return Err(error.into());
    }
    done?;
    value.ok_or_else(|| anyhow::anyhow!("nothing was written"))
}
