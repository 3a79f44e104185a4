//! The files that `pr` prints, line by line.

use crate::prelude::*;

/// What reading a line came to.
#[derive(Debug)]
pub(super) enum Read {
    Line(Vec<u8>),
    /// A form feed ended the page before any line.
    PageEnd,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// A form feed was read; the next page goes on.
    OnHold,
    Closed,
}

pub(super) struct Source {
    input: Input,
    /// As shown in the header; empty for standard input.
    pub name: BString,
    /// `None` for standard input.
    pub modified_ns: Option<i64>,
    pub state: State,
}

impl Source {
    pub fn open(ctx: &Context<'_>, operand: &BString) -> FsResult<Self> {
        if operand == "-" {
            let input = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
            return Ok(Self {
                input,
                name: BString::default(),
                modified_ns: None,
                state: State::Open,
            });
        }
        let input = ctx.open(operand)?;
        let stat = input.stream().metadata()?;
        if stat.kind == FileKind::Directory {
            return Err(FsError::new(Errno::IsDir, mesafs::Operation::Read, operand.to_vec()));
        }
        let modified_ns = Some(stat.mtime_ns);
        Ok(Self { input, name: operand.clone(), modified_ns, state: State::Open })
    }

    /// The next line without its end. `feeds`: form feeds end pages, else they are left out.
    pub fn line(&mut self, feeds: bool) -> Result<Read, CommandError> {
        let mut line = Vec::new();
        loop {
            let mut chunk = self.input.chunk()?;
            if chunk.is_empty() {
                self.state = State::Closed;
                return Ok(if line.is_empty() { Read::End } else { Read::Line(line) });
            }
            let Some(at) = memchr::memchr2(b'\n', b'\x0c', &chunk) else {
                line.extend_from_slice(&chunk);
                continue;
            };
            line.extend_from_slice(chunk.get(..at).unwrap_or_default());
            let is_feed = chunk.get(at) == Some(&b'\x0c');
            let _taken = chunk.split_to(at + 1);
            self.input.unread(chunk);
            if !is_feed {
                return Ok(Read::Line(line));
            }
            let empty = line.is_empty();
            self.skip_newline()?;
            if feeds {
                self.state = State::OnHold;
                return Ok(if empty { Read::PageEnd } else { Read::Line(line) });
            }
            if !empty {
                return Ok(Read::Line(line));
            }
        }
    }

    /// Passes over a form feed, if one comes next.
    pub fn skip_feed(&mut self) -> Result<(), CommandError> {
        let mut chunk = self.input.chunk()?;
        let is_feed = chunk.first() == Some(&b'\x0c');
        if is_feed {
            let _feed = chunk.split_to(1);
        }
        self.input.unread(chunk);
        if is_feed { self.skip_newline() } else { Ok(()) }
    }

    /// A newline right after a form feed belongs to it.
    fn skip_newline(&mut self) -> Result<(), CommandError> {
        let mut chunk = self.input.chunk()?;
        if chunk.first() == Some(&b'\n') {
            let _newline = chunk.split_to(1);
        }
        self.input.unread(chunk);
        Ok(())
    }
}
