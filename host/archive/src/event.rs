//! What a long operation tells while it runs. Terminal, JSON and tests are consumers of it.

/// One step of an operation on the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A mirror was chosen.
    Mirror {
        /// Its address.
        url: String,
        /// Suite that was looked for.
        suite: String,
    },
    /// A mirror that the host's apt configuration names does not serve the suite, or not with a known signature.
    MirrorPassedOver {
        /// Its address.
        url: String,
        /// Why.
        why: String,
    },
    /// The metadata of a suite were verified.
    SuiteVerified {
        /// Suite.
        suite: String,
        /// When it was published.
        date: jiff::Timestamp,
    },
    /// A suite that is optional does not exist on the mirror.
    SuiteAbsent {
        /// Suite.
        suite: String,
    },
    /// All packages that a request needs were found.
    Resolved {
        /// How many.
        packages: usize,
    },
    /// A series of downloads starts. What the store has already is not part of it.
    DownloadsStarted {
        /// Number of files.
        files: usize,
        /// Their size together, bytes.
        bytes: u64,
    },
    /// A download starts, or goes on after a part that is there already.
    DownloadStarted {
        /// Package or index.
        name: String,
        /// Size of the file, bytes.
        size: u64,
        /// Bytes that are there already.
        resumed_at: u64,
    },
    /// More of a file has arrived.
    DownloadProgress {
        /// Package or index.
        name: String,
        /// Bytes so far.
        done: u64,
        /// Size of the file, bytes.
        size: u64,
    },
    /// A download failed and is tried again after a pause.
    DownloadRetried {
        /// Package or index.
        name: String,
        /// Number of the try that failed, counted from 1.
        attempt: u32,
        /// Why it failed.
        why: String,
    },
    /// A file is complete and has the right SHA-256.
    DownloadFinished {
        /// Package or index.
        name: String,
        /// Size of the file, bytes.
        size: u64,
    },
    /// A file of the store did not have the right SHA-256 any more and was thrown away.
    BlobDiscarded {
        /// Package or index.
        name: String,
    },
    /// A package was unpacked.
    Unpacked {
        /// Package.
        name: String,
    },
}

/// Consumer of events. It is called from several threads.
pub type Events<'a> = &'a (dyn Fn(Event) + Sync);

/// A consumer that ignores everything.
pub fn ignore(_: Event) {}
