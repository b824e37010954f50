//! The side of the parent: it writes the order, reads what comes, and gives what is left when everything that can be
//! checked was checked. It starts no process; whoever does gives the two ends of the pipes.
//!
//! ```no_run
//! # use corten_fetch::{Event, Order, Pull, PullError};
//! # async fn example(
//! #     stdout: impl tokio::io::AsyncRead + Unpin,
//! #     stdin: impl tokio::io::AsyncWrite + Unpin,
//! # ) -> Result<(), PullError> {
//! let order = Order::new("registry.example:5000/web:1");
//! let mut pull = Pull::start(stdout, stdin, &order).await?;
//! while let Some(event) = pull.next().await? {
//!     match event {
//!         Event::Choose { layers } => {
//!             let missing = layers.iter().map(|layer| layer.digest).collect();
//!             pull.choose(missing).await?;
//!         }
//!         Event::Data { digest, offset, bytes } => { /* into the store, at this offset */ }
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod session;

use std::io;

use corten_oci::digest::Digest;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

pub use session::{Event, Session, Violation};

use crate::failure::Failure;
use crate::protocol::{Choice, Decoder, FrameError, Order};

/// Bytes that are read at a time.
const READ: usize = 64 << 10;

/// Why a pull ended without its image.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// The child says why.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The order itself can't be followed.
    #[error("the order: {0}")]
    Order(Failure),
    /// A pipe broke.
    #[error("the child: {0}")]
    Pipe(#[from] io::Error),
    /// The child ended in the middle.
    #[error("the child ended before it was done")]
    Ended,
    /// The child sent what is no frame.
    #[error("the child sent {0}")]
    Frame(#[from] FrameError),
    /// The child did what it must not.
    #[error("the child did what it must not: {0}")]
    Violation(#[from] Violation),
}

/// A pull that goes on.
pub struct Pull<R, W> {
    reader: R,
    writer: W,
    decoder: Decoder,
    session: Session,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Pull<R, W> {
    /// Writes the order.
    pub async fn start(reader: R, mut writer: W, order: &Order) -> Result<Self, PullError> {
        let session = Session::new(order).map_err(PullError::Order)?;
        write(&mut writer, order).await?;
        Ok(Self { reader, writer, decoder: Decoder::default(), session })
    }

    /// The next event; `None` when all that was chosen has come. May be given up and called again: nothing is lost.
    /// Whoever waits longer than [`LONGEST_SILENCE`](crate::protocol::LONGEST_SILENCE) waits for a child that hangs.
    pub async fn next(&mut self) -> Result<Option<Event>, PullError> {
        loop {
            if let Some(frame) = self.decoder.frame()? {
                return match self.session.accept(frame)? {
                    Event::Done => Ok(None),
                    Event::Failed(failure) => Err(PullError::Failed(failure)),
                    event => Ok(Some(event)),
                };
            }
            let buffer = self.decoder.buffer();
            buffer.reserve(READ);
            if self.reader.read_buf(buffer).await? == 0 {
                return Err(PullError::Ended);
            }
        }
    }

    /// Says which layers are wanted, after [`Event::Choose`] and once.
    pub async fn choose(&mut self, layers: Vec<Digest>) -> Result<(), PullError> {
        self.session.choose(&layers)?;
        Ok(write(&mut self.writer, &Choice { layers }).await?)
    }
}

async fn write(writer: &mut (impl AsyncWrite + Unpin), line: &impl serde::Serialize) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(line).map_err(io::Error::other)?;
    bytes.push(b'\n');
    writer.write_all(&bytes).await?;
    writer.flush().await
}
