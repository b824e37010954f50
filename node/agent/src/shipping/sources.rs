//! Lines of several journals as one stream, each of them in turn.

use std::pin::Pin;
use std::task::{Context, Poll};

use corten_api::v1::LogLine;
use tokio_stream::Stream;

use crate::logs::Reader;

/// Reads two journals.
#[derive(Debug)]
pub struct Sources {
    readers: [Reader; 2],
}

impl Sources {
    /// Reads with these.
    pub fn new(readers: [Reader; 2]) -> Self {
        Self { readers }
    }

    /// The next line, if there is one already.
    pub fn next_kept(&mut self) -> Option<LogLine> {
        self.readers.reverse();
        self.readers.iter_mut().find_map(Reader::next_kept)
    }
}

impl Stream for Sources {
    type Item = LogLine;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<LogLine>> {
        // Whoever was read before comes second, so that one with many lines does not keep the other waiting.
        self.readers.reverse();
        let mut over = true;
        for reader in &mut self.readers {
            match Pin::new(reader).poll_next(context) {
                Poll::Ready(Some(line)) => return Poll::Ready(Some(line)),
                Poll::Ready(None) => {}
                Poll::Pending => over = false,
            }
        }
        if over { Poll::Ready(None) } else { Poll::Pending }
    }
}

#[cfg(test)]
mod tests {
    use corten_api::v1::ReadLogsRequest;
    use tokio_stream::StreamExt as _;

    use super::*;
    use crate::logs::{Entry, Journal};

    #[tokio::test(flavor = "current_thread")]
    async fn a_journal_with_many_lines_does_not_keep_the_other_waiting() {
        let journals = [Journal::new(1 << 20), Journal::new(1 << 20)];
        let say = |journal: &Journal, source: &str| {
            journal.add([Entry { source: source.into(), ..Entry::default() }], 0, 0);
        };
        let request = ReadLogsRequest { follow: true, ..Default::default() };
        let mut lines = Sources::new(journals.each_ref().map(|journal| journal.read(&request)));
        for _ in 0..3 {
            say(&journals[0], "web");
        }
        say(&journals[1], "web/app");
        let mut read = Vec::new();
        read.push(lines.next().await.expect("a line").source);
        while let Some(line) = lines.next_kept() {
            read.push(line.source);
        }
        let place = read.iter().position(|source| source == "web/app");
        assert!(read.len() == 4 && place.is_some_and(|place| place < 2), "{read:?}");
        let late = journals[1].clone();
        let next = tokio::spawn(async move { lines.next().await.expect("a line").source });
        tokio::task::yield_now().await;
        say(&late, "late");
        assert_eq!(next.await.expect("no panic"), "late");
    }
}
