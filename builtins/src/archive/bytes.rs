//! Streams of this crate as the readers and writers that the libraries want.

use std::io;

use crate::prelude::*;

/// Reads an input. Errors keep their errno as an OS error.
#[derive(Debug)]
pub(super) struct Reading {
    input: Input,
    rest: Bytes,
    /// How many bytes were taken.
    pub taken: u64,
}

impl Reading {
    pub fn new(input: Input) -> Self {
        Self { input, rest: Bytes::new(), taken: 0 }
    }

    /// Up to `len` bytes of what comes, without taking them.
    pub fn peek(&mut self, len: usize) -> FsResult<&[u8]> {
        while self.rest.len() < len {
            let chunk = self.input.chunk()?;
            if chunk.is_empty() {
                break;
            }
            self.rest =
                if self.rest.is_empty() { chunk } else { [&self.rest[..], &chunk].concat().into() };
        }
        Ok(self.rest.get(..len).unwrap_or(&self.rest))
    }
}

impl io::Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            self.rest = self.input.chunk()?;
        }
        let piece = self.rest.split_to(buffer.len().min(self.rest.len()));
        if let Some(into) = buffer.get_mut(..piece.len()) {
            into.copy_from_slice(&piece);
        }
        self.taken += piece.len() as u64;
        Ok(piece.len())
    }
}

impl io::BufRead for Reading {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.rest.is_empty() {
            self.rest = self.input.chunk()?;
        }
        Ok(&self.rest)
    }

    fn consume(&mut self, amount: usize) {
        let piece = self.rest.split_to(amount.min(self.rest.len()));
        self.taken += piece.len() as u64;
    }
}

/// The failure of a stream, if that is what it is, as opposed to bad data.
pub(super) fn of_stream(error: &io::Error) -> Option<CommandError> {
    error.raw_os_error().map(|code| {
        let errno = Errno::ALL.iter().copied().find(|errno| errno.code() == code);
        let operation = mesafs::Operation::Read;
        FsError::new(errno.unwrap_or(Errno::Io), operation, "").into()
    })
}
