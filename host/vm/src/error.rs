//! What keeps a machine from being started. What goes wrong afterwards is an [`End`](crate::End).

use std::io;
use std::path::PathBuf;

/// Why there was no run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The tools from the archive lack QEMU or its firmware.
    #[error(transparent)]
    Tools(#[from] corten_archive::tools::ToolsError),
    /// There is no UEFI firmware for QEMU.
    #[error("this QEMU has no UEFI firmware: expected the tools of the set \"run\"")]
    NoFirmware,
    /// A file that the machine needs is not there or can't be read.
    #[error("{what} {}: {source}", path.display())]
    Input {
        /// `disk image`, `kernel`, `initrd`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A port of the host is taken, or not ours to take.
    #[error("port {port} of this host can't be forwarded: {source}")]
    Port {
        /// The port.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// QEMU ended before it began with the guest.
    #[error("QEMU ended at once ({status}): {message}")]
    EndedAtOnce {
        /// Its exit status.
        status: String,
        /// What it wrote to standard error.
        message: String,
    },
    /// QEMU did not connect its channels in time.
    #[error("QEMU did not open its channels within {seconds} s: {message}")]
    NoChannels {
        /// How long it was waited for.
        seconds: u64,
        /// What it wrote to standard error.
        message: String,
    },
    /// What QEMU printed is not the version of a QEMU.
    #[error("{} --version printed {output:?}: expected a line with \"QEMU emulator version\"", program.display())]
    Version {
        /// The program.
        program: PathBuf,
        /// What it printed.
        output: String,
    },
    /// Something on the host failed: what was tried, and the file.
    #[error("{doing} {}: {source}", path.display())]
    Host {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err` on an operation on a file of the host.
    pub(crate) fn host(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Host { doing, path, source }
    }
}
