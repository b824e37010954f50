//! Going through an archive, member by member.

use std::io::{self, Read};

use super::header::Header;
use super::member::Member;
use super::pax::Overrides;
use super::{BLOCK, Form, Input, TarError, until_nul};
use crate::limits;

/// The members of an archive, in its order.
#[derive(Debug)]
pub struct Members<R> {
    input: R,
    at: u64,
    /// Bytes of the current member that nobody read yet.
    content: u64,
    /// Zeros behind them, up to the next header.
    padding: u64,
}

impl<R: Input> Members<R> {
    /// The archive that begins here.
    pub fn new(input: R) -> Self {
        Self { input, at: 0, content: 0, padding: 0 }
    }

    /// Where it is read: directly after [`Members::next`] that is where the content of the member begins.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// What it is read from, whatever is left in it.
    pub fn into_input(self) -> R {
        self.input
    }

    /// The next member; `None` at the end. What was not read of the content of the one before is passed over.
    #[expect(clippy::should_implement_trait, reason = "the content of a member is read between two calls")]
    pub fn next(&mut self) -> Result<Option<Member>, TarError> {
        self.pass_over(self.content + self.padding)?;
        (self.content, self.padding) = (0, 0);
        let mut before = Overrides::default();
        let mut extends = false;
        loop {
            let at = self.at;
            let damaged = |why| TarError::Header { at, why };
            let Some(block) = self.block()? else {
                return if extends {
                    Err(damaged("it extends a header that is not there"))
                } else {
                    Ok(None)
                };
            };
            let header = Header::parse(&block).map_err(damaged)?;
            match header.kind {
                b'L' => before.path = Some(until_nul(&self.extended(at, &header)?).to_vec()),
                b'K' => before.link = Some(until_nul(&self.extended(at, &header)?).to_vec()),
                b'x' => before.extend(&self.extended(at, &header)?).map_err(damaged)?,
                // What is said of all members is a comment in the archives that there are. It is not applied.
                b'g' => {
                    self.extended(at, &header)?;
                    continue;
                }
                _ => {
                    let size = before.size.unwrap_or(header.size);
                    let has_content = header.has_content();
                    let member = Member::new(header, before)?;
                    if has_content {
                        self.content = size;
                        self.padding = padding(size);
                    }
                    if !matches!(member.form, Form::File(_)) && self.content > 0 {
                        return Err(damaged("it is no file, and has content"));
                    }
                    return Ok(Some(member));
                }
            }
            extends = true;
        }
    }

    /// The next header; `None` at the end of the archive, which are two blocks of zeros, or no bytes any more.
    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, TarError> {
        let Some(block) = self.raw_block()? else { return Ok(None) };
        if block.iter().any(|byte| *byte != 0) {
            return Ok(Some(block));
        }
        let at = self.at;
        match self.raw_block()? {
            Some(block) if block.iter().any(|byte| *byte != 0) => {
                Err(TarError::Header { at, why: "there is something behind the end" })
            }
            _ => Ok(None),
        }
    }

    fn raw_block(&mut self) -> Result<Option<[u8; BLOCK]>, TarError> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            match self.input.read(&mut block[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(TarError::Truncated(self.at)),
                Ok(count) => (filled, self.at) = (filled + count, self.at + count as u64),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Some(block))
    }

    /// Content of a header that extends the next one.
    fn extended(&mut self, at: u64, header: &Header) -> Result<Vec<u8>, TarError> {
        let size = header.size;
        if size > limits::EXTENDED_HEADER {
            return Err(TarError::Extended { at, size });
        }
        let mut content = Vec::new();
        let read = (&mut self.input).take(size).read_to_end(&mut content)? as u64;
        self.at += read;
        if read < size {
            return Err(TarError::Truncated(self.at));
        }
        self.pass_over(padding(size))?;
        Ok(content)
    }

    fn pass_over(&mut self, count: u64) -> Result<(), TarError> {
        if count == 0 {
            return Ok(());
        }
        let passed = self.input.skip(count)?;
        self.at += passed;
        if passed < count { Err(TarError::Truncated(self.at)) } else { Ok(()) }
    }
}

/// The content of the current member.
impl<R: Input> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.content).map_or(buffer.len(), |left| left.min(buffer.len()));
        if most == 0 {
            return Ok(0);
        }
        let count = self.input.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, TarError::Truncated(self.at)));
        }
        self.at += count as u64;
        self.content -= count as u64;
        Ok(count)
    }
}

/// Zeros behind content of this size.
fn padding(size: u64) -> u64 {
    (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64
}
