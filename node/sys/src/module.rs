//! Handing kernel modules to the kernel.

use std::ffi::CStr;
use std::fs::File;
use std::path::Path;

use rustix::io::Errno;

use crate::Result;
use crate::error::{failed, io_failed};

/// Loads one module from an uncompressed file with parameters (`name=value`, blanks between them). One that is loaded
/// already is no error, and stays as it is.
pub fn load(path: &Path, parameters: &CStr) -> Result<()> {
    let name = || path.display().to_string();
    let file = File::open(path).map_err(io_failed("open", name()))?;
    match rustix::system::finit_module(&file, parameters, 0) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(errno) => Err(failed("finit_module", name())(errno)),
    }
}
