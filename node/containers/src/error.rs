//! What keeps containerd from being used, as init reports it.

/// Why a check of containerd failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody answered in time.
    #[error("containerd did not answer on {socket} within {seconds} s: {last}")]
    Silent {
        /// Path of the socket.
        socket: String,
        /// How long it was tried.
        seconds: u64,
        /// What the last attempt met.
        last: String,
    },
    /// A plugin that containers need is not there.
    #[error("containerd has no plugin {0}")]
    PluginMissing(String),
    /// A plugin that containers need did not start.
    #[error("containerd's plugin {plugin} failed: {message}")]
    PluginFailed {
        /// Type and id, `io.containerd.snapshotter.v1.overlayfs` for example.
        plugin: String,
        /// What the plugin said.
        message: String,
    },
    /// A call was refused.
    #[error("containerd refused to {what}: {message} ({code:?})")]
    Refused {
        /// What was asked for.
        what: &'static str,
        /// Which kind of refusal.
        code: tonic::Code,
        /// Its answer.
        message: String,
    },
    /// A file of the container could not be prepared.
    #[error("can't write {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The snapshotter answered with something else than a directory to write to.
    #[error("the snapshotter gave {0:?}, expected one bind or overlay mount")]
    Mounts(String),
    /// A blob is larger than any of its kind.
    #[error("{what} has more than {max} bytes")]
    Large {
        /// Its digest.
        what: String,
        /// How many it may have.
        max: usize,
    },
    /// A name that containerd can't take.
    #[error("{0:?} is no name for containerd")]
    Name(String),
    /// The program in the container did not end well.
    #[error("the container exited with code {0}, expected 0")]
    Exit(u32),
    /// The program did not end in time.
    #[error("the container still ran after {0} s")]
    Slow(u64),
}

impl Error {
    /// Whether containerd was away, so that this says nothing of what it was asked about.
    pub(crate) fn is_outage(&self) -> bool {
        use tonic::Code;
        match self {
            // It cancels what it was doing when it ends.
            Self::Refused { code, .. } => matches!(code, Code::Unavailable | Code::Cancelled),
            Self::Silent { .. } => true,
            _ => false,
        }
    }

    /// Whether there is nothing of this name.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Self::Refused { code: tonic::Code::NotFound, .. })
    }
}
