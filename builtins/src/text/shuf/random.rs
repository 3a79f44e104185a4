//! Random numbers out of random bytes, wasting none: what a number leaves of its range is kept for
//! the next one. So a file of bytes given by `--random-source` yields the numbers that GNU's yields.

use crate::prelude::*;

pub(super) struct Random {
    source: Source,
    /// A number that is equally likely to be each of 0 to `max`.
    number: u64,
    max: u64,
}

enum Source {
    System { bytes: [u8; 256], used: usize },
    File { name: BString, input: Input, chunk: Bytes },
}

impl Random {
    /// The bytes of a file, or those of the system.
    pub fn open(ctx: &mut Context<'_>, name: Option<&BStr>) -> Result<Self, CommandError> {
        let source = match name {
            None => Source::System { bytes: [0; 256], used: 256 },
            Some(name) => {
                let input = ctx
                    .open(name)
                    .map_err(|error| failure(format!("{}: {error}", quoted_name(name))))?;
                Source::File { name: name.into(), input, chunk: Bytes::new() }
            }
        };
        Ok(Self { source, number: 0, max: 0 })
    }

    fn byte(&mut self) -> Result<u8, CommandError> {
        match &mut self.source {
            Source::System { bytes, used } => {
                if *used >= bytes.len() {
                    let filled = getrandom::fill(bytes);
                    filled.map_err(|error| failure(error.to_string()))?;
                    *used = 0;
                }
                let byte = bytes.get(*used).copied().unwrap_or(0);
                *used += 1;
                Ok(byte)
            }
            Source::File { name, input, chunk } => {
                if chunk.is_empty() {
                    *chunk = match input.chunk() {
                        Ok(chunk) => chunk,
                        Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                        Err(error) => {
                            return Err(failure(format!("{}: read error: {error}", marked(name))));
                        }
                    };
                }
                match chunk.first() {
                    Some(&byte) => {
                        *chunk = chunk.slice(1..);
                        Ok(byte)
                    }
                    None => Err(failure(format!("{}: end of file", marked(name)))),
                }
            }
        }
    }

    /// A number below `choices`; 0 stands for 2^64.
    pub fn below(&mut self, choices: u64) -> Result<u64, CommandError> {
        let last = choices.wrapping_sub(1);
        loop {
            while self.max < last {
                self.number = self.number << 8 | u64::from(self.byte()?);
                self.max = self.max << 8 | 0xff;
            }
            if self.max == last {
                self.max = 0;
                return Ok(std::mem::take(&mut self.number));
            }
            // The range is cut to a multiple of the choices; above that, what is over is kept.
            let beyond = self.max - last;
            let unusable = beyond % choices;
            let usable = self.max - unusable;
            if self.number <= usable {
                let chosen = self.number % choices;
                self.number /= choices;
                self.max = beyond / choices;
                return Ok(chosen);
            }
            self.number -= usable + 1;
            self.max = unusable - 1;
        }
    }
}
