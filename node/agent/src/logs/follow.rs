//! Reads the kernel's log into a journal for as long as the agent runs.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::io::unix::AsyncFd;

use super::record::parse;
use super::{Entry, Journal};
use crate::root::Root;

/// Where the kernel's log is.
const DEVICE: &str = "/dev/kmsg";
/// A read from the device needs room for a whole record: CONSOLE_EXT_LOG_MAX of the kernel.
const BUFFER: usize = 8192;
/// Bytes of a line without an end; more is left out. Only a file in the place of the device can have one.
const MAX_LINE: usize = 4 * BUFFER;
/// Reads until others get a turn.
const BATCH: usize = 256;
/// A file, and a FIFO that nobody writes to, are looked at again after this time.
const PAUSE: Duration = Duration::from_millis(200);

/// Why there are no logs.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The log can't be opened.
    #[error("opening {}: {error}", path.display())]
    Open {
        /// Where it is.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It can't be read any more.
    #[error("reading {}: {error}", path.display())]
    Read {
        /// Where it is.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Reads the log of a root into a journal, first what the kernel still has. Returns only when that fails.
///
/// A regular file or a FIFO in the place of the device is read to its end and followed.
pub async fn follow(journal: &Journal, root: &Root) -> LogError {
    let path = root.path(DEVICE);
    let opened =
        File::options().read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32).open(&path);
    let file = match opened {
        Ok(file) => file,
        Err(error) => return LogError::Open { path, error },
    };
    match run(journal, file).await {
        Err(error) => LogError::Read { path, error },
        Ok(never) => match never {},
    }
}

/// A file that the kernel tells news of, or one that has to be looked at.
enum Input {
    Watched(AsyncFd<File>),
    Plain(File),
}

/// Why a batch of reads ended.
enum Pause {
    /// There may be more.
    None,
    /// Nothing to read now.
    Empty,
    /// The end of a file.
    End,
}

async fn run(journal: &Journal, file: File) -> io::Result<Infallible> {
    let input = watched(file);
    let mut lines = Lines::default();
    let mut sequence = Sequence::default();
    loop {
        let guard = match &input {
            Input::Watched(watched) => Some(watched.readable().await?),
            Input::Plain(_) => None,
        };
        let file = match &input {
            Input::Watched(watched) => watched.get_ref(),
            Input::Plain(file) => file,
        };
        let mut batch = Batch::default();
        let pause = read_some(file, &mut lines, &mut sequence, &mut batch)?;
        if !batch.entries.is_empty() || batch.lost > 0 {
            journal.add(batch.entries, batch.lost, kernel_start_ns());
        }
        match (pause, guard) {
            (Pause::None, _) => tokio::task::yield_now().await,
            (Pause::Empty, Some(mut guard)) => guard.clear_ready(),
            (Pause::Empty | Pause::End, _) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Regular files can't be watched, and the attempt says so.
#[expect(deprecated, reason = "what replaces it is unsafe; a File that is owned keeps what that asks for")]
fn watched(file: File) -> Input {
    match AsyncFd::try_with_interest(file, tokio::io::Interest::READABLE) {
        Ok(watched) => Input::Watched(watched),
        Err(refused) => Input::Plain(refused.into_parts().0),
    }
}

#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    lost: u64,
}

fn read_some(
    mut file: &File,
    lines: &mut Lines,
    sequence: &mut Sequence,
    batch: &mut Batch,
) -> io::Result<Pause> {
    let mut buffer = [0; BUFFER];
    for _ in 0..BATCH {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Pause::End),
            Ok(length) => lines.push(buffer.get(..length).unwrap_or_default(), |line| {
                let Some(entry) = parse(line) else { return };
                let lost = sequence.lost_before(line);
                // Only the first record after an error of the kernel has any, and a batch ends with such an error.
                batch.lost = batch.lost.saturating_add(lost);
                batch.entries.push(entry);
            }),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Pause::Empty),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Records were overwritten before they were read; the next read goes on with the oldest that is left.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::PIPE.raw_os_error()) => {
                sequence.overwritten = true;
                return Ok(Pause::None);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Pause::None)
}

/// How many records the kernel overwrote before they were read. Its numbers have other gaps, so they are looked at
/// only where it said so.
#[derive(Default)]
struct Sequence {
    next: Option<u64>,
    overwritten: bool,
}

impl Sequence {
    fn lost_before(&mut self, line: &[u8]) -> u64 {
        let header =
            line.split(|byte| *byte == b',').nth(1).and_then(|field| std::str::from_utf8(field).ok());
        let Some(number) = header.and_then(|field| field.parse::<u64>().ok()) else { return 0 };
        let expected = self.next.replace(number.saturating_add(1)).unwrap_or(number);
        if std::mem::take(&mut self.overwritten) { number.saturating_sub(expected) } else { 0 }
    }
}

/// Cuts what is read into lines.
#[derive(Default)]
struct Lines {
    partial: Vec<u8>,
    /// Whether the line is too long and its rest is left out.
    skipping: bool,
}

impl Lines {
    fn push(&mut self, bytes: &[u8], mut line: impl FnMut(&[u8])) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let is_end = part.last() == Some(&b'\n');
            let content = if is_end { part.get(..part.len() - 1).unwrap_or_default() } else { part };
            if !self.skipping {
                self.partial.extend_from_slice(content);
                self.skipping = self.partial.len() > MAX_LINE;
                if is_end || self.skipping {
                    line(&self.partial);
                    self.partial.clear();
                }
            }
            if is_end {
                self.skipping = false;
            }
        }
    }
}

/// When the kernel started, nanoseconds since 1970, by the clock as it is now.
pub fn kernel_start_ns() -> i64 {
    let ns = |clock: ClockId| {
        let now = clock_gettime(clock);
        now.tv_sec.saturating_mul(1_000_000_000).saturating_add(now.tv_nsec)
    };
    ns(ClockId::Realtime).saturating_sub(ns(ClockId::Monotonic))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use corten_api::v1;
    use proptest::prelude::*;
    use tokio_stream::StreamExt as _;

    use super::*;
    use crate::logs::Reader;

    fn all(journal: &Journal) -> Reader {
        journal.read(&v1::ReadLogsRequest { follow: true, ..Default::default() })
    }

    async fn next(reader: &mut Reader) -> (String, String) {
        let line = tokio::time::timeout(Duration::from_secs(10), reader.next()).await;
        let line = line.expect("in time").expect("a line");
        (line.source, line.text)
    }

    fn pair(source: &str, text: &str) -> (String, String) {
        (source.into(), text.into())
    }

    fn root() -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("dev")).expect("a folder");
        let root = Root::new(folder.path());
        (folder, root)
    }

    #[tokio::test]
    async fn a_file_is_read_to_its_end_and_followed() {
        let (folder, root) = root();
        let text = "6,1,100,-;booting\n SUBSYSTEM=x\n14,2,200,-;web: hello\n14,3,300,-;web: hal";
        std::fs::write(root.path(DEVICE), text).expect("a file");
        let journal = Journal::new(1 << 20);
        let mut reader = all(&journal);
        let task = tokio::spawn(async move { follow(&journal, &root).await });
        assert_eq!(next(&mut reader).await, pair("kernel", "booting"));
        assert_eq!(next(&mut reader).await, pair("web", "hello"));
        let mut file = File::options().append(true).open(folder.path().join("dev/kmsg")).expect("a file");
        file.write_all(b"f\n").expect("written");
        assert_eq!(next(&mut reader).await, pair("web", "half"));
        task.abort();
    }

    #[tokio::test]
    async fn a_fifo_is_followed_from_one_writer_to_the_next() {
        let (folder, root) = root();
        let path = folder.path().join("dev/kmsg");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .expect("a fifo");
        let journal = Journal::new(1 << 20);
        let mut reader = all(&journal);
        let task = tokio::spawn(async move { follow(&journal, &root).await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        for text in ["one", "two"] {
            let mut writer = File::options().write(true).open(&path).expect("a reader");
            writeln!(writer, "13,7,5,-;corten: {text}").expect("written");
            drop(writer);
            assert_eq!(next(&mut reader).await, pair("corten", text));
        }
        task.abort();
    }

    #[tokio::test]
    async fn a_log_that_is_not_there_is_said_with_its_path() {
        let (_folder, root) = root();
        let error = follow(&Journal::new(1), &root).await;
        assert!(matches!(&error, LogError::Open { path, .. } if path.ends_with("dev/kmsg")), "{error}");
    }

    /// Whoever may read the log of this machine sees its kernel in it, through the device itself.
    #[tokio::test]
    async fn the_log_of_this_machine_is_read_or_refused() {
        let journal = Journal::new(1 << 20);
        let mut reader = journal.read(&v1::ReadLogsRequest {
            source: "kernel".into(),
            follow: true,
            ..Default::default()
        });
        let may = File::open(DEVICE).and_then(|mut file| file.read(&mut [0; BUFFER])).is_ok();
        let root = Root::default();
        tokio::select! {
            error = follow(&journal, &root) => assert!(!may, "{error}"),
            (source, text) = next(&mut reader) => assert!(source == "kernel" && !text.is_empty()),
        }
    }

    #[test]
    fn gaps_count_only_where_the_kernel_said_that_it_lost_records() {
        let mut sequence = Sequence::default();
        assert_eq!(sequence.lost_before(b"6,10,1,-;a"), 0);
        assert_eq!(sequence.lost_before(b"6,15,1,-;a"), 0);
        sequence.overwritten = true;
        assert_eq!(sequence.lost_before(b"6,26,1,-;a"), 10);
        assert_eq!(sequence.lost_before(b"6,40,1,-;a"), 0);
    }

    proptest! {
        #[test]
        fn lines_are_the_same_whatever_the_pieces(
            text in "[ab;,\n]{0,200}",
            cuts in prop::collection::vec(0_usize..200, 0..8),
        ) {
            let read = |pieces: &[&[u8]]| {
                let mut lines = Lines::default();
                let mut found = Vec::new();
                for piece in pieces {
                    lines.push(piece, |line| found.push(line.to_vec()));
                }
                found
            };
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut <= bytes.len()).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(read(&pieces), read(&[bytes]));
        }

        #[test]
        fn a_line_without_an_end_has_one(length in 0_usize..5 * MAX_LINE) {
            let mut lines = Lines::default();
            let mut longest = 0;
            for piece in vec![b'x'; length].chunks(1000) {
                lines.push(piece, |line| longest = longest.max(line.len()));
            }
            prop_assert!(longest <= MAX_LINE + 1000 && lines.partial.len() <= MAX_LINE + 1000);
        }
    }
}
