//! Which file, and which line of it, a line of the whole program comes from.

use bstr::BString;

/// The program's text, put together of arguments, files and what they include.
#[derive(Debug, Default)]
pub(super) struct Origins {
    pieces: Vec<Piece>,
}

#[derive(Debug)]
struct Piece {
    /// The first line of the whole program that belongs to it.
    line: u32,
    /// The line that this one is of its file.
    local: u32,
    /// `None`: the command line.
    file: Option<BString>,
}

impl Origins {
    /// From `line` of the whole program on, the lines are those of `file` from `local` on.
    pub fn enter(&mut self, line: u32, file: Option<&BString>, local: u32) {
        self.pieces.push(Piece { line, local, file: file.cloned() });
    }

    /// `cmd. line:3: ` or `FILE:3: `, as messages begin.
    pub fn place(&self, line: u32) -> Vec<u8> {
        let piece = self.pieces.iter().rev().find(|piece| piece.line <= line);
        let local = piece.map_or(line, |piece| piece.local + (line - piece.line));
        let name = piece.and_then(|piece| piece.file.as_ref());
        let name = name.map_or(&b"cmd. line"[..], |name| name.as_slice());
        [name, format!(":{local}: ").as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_by_file() {
        let mut origins = Origins::default();
        let file = BString::from("lib.awk");
        origins.enter(1, Some(&file), 1);
        origins.enter(4, None, 1);
        origins.enter(6, Some(&file), 10);
        assert_eq!(origins.place(3), b"lib.awk:3: ");
        assert_eq!(origins.place(5), b"cmd. line:2: ");
        assert_eq!(origins.place(7), b"lib.awk:11: ");
        assert_eq!(Origins::default().place(2), b"cmd. line:2: ");
    }
}
