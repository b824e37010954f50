//! The disk behind the server: a file that holds what was written so far, and the record.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::image::write_zeros;
use crate::protocol::{Command, MAX_DATA, Refusal, Request};
use crate::record::{Action, Content, Record, SECTOR, Write};

/// A file with the record of its changes.
pub struct Disk {
    file: File,
    size: u64,
    pub(crate) record: Record,
}

/// A request that came in and waits for its answer.
pub enum Pending {
    /// Bytes are to be read.
    Read(Request),
    /// A change or flush, with its number in the record.
    Change(Request, usize),
    /// It can't be fulfilled.
    Refused(Request, Refusal),
}

impl Disk {
    /// The disk that this file is, as long as it is now.
    pub fn new(file: File) -> io::Result<Self> {
        let size = file.metadata()?.len() / SECTOR * SECTOR;
        Ok(Self { file, size, record: Record::default() })
    }

    /// Bytes of the disk.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes a request in; `data` belongs to a write.
    pub fn receive(&mut self, request: Request, data: Vec<u8>) -> Pending {
        let content = match request.command {
            Command::Flush => None,
            Command::Write => Some(Content::Bytes(data.into())),
            Command::Trim | Command::WriteZeroes => Some(Content::Zeros(request.length.into())),
            Command::Read => {
                let refusal = self.outside(&request).then_some(Refusal::Invalid);
                let refusal = refusal.or((request.length > MAX_DATA).then_some(Refusal::Invalid));
                return refusal.map_or(Pending::Read(request), |refusal| Pending::Refused(request, refusal));
            }
            Command::Disconnect | Command::Other => return Pending::Refused(request, Refusal::Invalid),
        };
        let Some(content) = content else {
            return Pending::Change(request, self.record.receive(Action::Flush));
        };
        if self.outside(&request) {
            return Pending::Refused(request, Refusal::NoSpace);
        }
        if !(request.offset | u64::from(request.length)).is_multiple_of(SECTOR) {
            return Pending::Refused(request, Refusal::Invalid);
        }
        let write = Write { offset: request.offset, content, forced: request.forced };
        Pending::Change(request, self.record.receive(Action::Write(write)))
    }

    fn outside(&self, request: &Request) -> bool {
        request.offset.checked_add(request.length.into()).is_none_or(|end| end > self.size)
    }

    /// Does what a request asks for: the bytes that were read, or why it is refused.
    pub fn answer(&mut self, pending: &Pending) -> Result<Vec<u8>, Refusal> {
        match pending {
            Pending::Refused(_, refusal) => Err(*refusal),
            Pending::Read(request) => {
                let mut bytes = vec![0; request.length as usize];
                self.file.read_exact_at(&mut bytes, request.offset).map_err(|_| Refusal::Io)?;
                Ok(bytes)
            }
            Pending::Change(_, number) => {
                if let Some(Action::Write(write)) =
                    self.record.operations().get(*number).map(|operation| &operation.action)
                {
                    let done = match &write.content {
                        Content::Bytes(bytes) => self.file.write_all_at(bytes, write.offset),
                        Content::Zeros(length) => write_zeros(&self.file, write.offset, *length),
                    };
                    done.map_err(|_| Refusal::Io)?;
                }
                self.record.answer(*number);
                Ok(Vec::new())
            }
        }
    }
}

impl Pending {
    /// The client's name of the request.
    pub fn cookie(&self) -> u64 {
        let (Self::Read(request) | Self::Change(request, _) | Self::Refused(request, _)) = self;
        request.cookie
    }
}
