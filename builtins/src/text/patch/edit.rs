//! Scripts for `ed`, as `diff -e` writes them: `a`, `c`, `d`, `i` and `s/.//`, last line first.

use bstr::ByteSlice;
use bytes::Bytes;

use super::fatal;
use super::source::Source;
use crate::prelude::CommandError;

/// The letter of a command.
pub(super) fn command_letter(line: &[u8]) -> Option<u8> {
    command(line).map(|(_, letter)| letter)
}

/// First and last line, and the letter.
fn command(line: &[u8]) -> Option<([usize; 2], u8)> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let (letter, range) = line.split_last()?;
    if !matches!(letter, b'a' | b'c' | b'd' | b'i') {
        return None;
    }
    let number = |text: &[u8]| text.to_str().ok()?.parse::<usize>().ok();
    let range = match range.split_once_str(",") {
        Some((first, last)) => [number(first)?, number(last)?],
        None => [number(range)?; 2],
    };
    (range[0] <= range[1]).then_some((range, *letter))
}

/// Runs the script that starts here over the lines, up to a line that is no command.
pub(super) fn run(source: &mut Source, lines: &mut Vec<Bytes>) -> Result<(), CommandError> {
    // Where `s/.//` and a bare `a` work: the line written last.
    let mut current = 0;
    loop {
        let line = source.peek().unwrap_or_default();
        let text = line.trim_ascii_end();
        let ([first, last], letter) = match command(&line) {
            Some(command) => command,
            None if text == b"a" && current > 0 => ([current; 2], b'a'),
            None if text == b"s/.//" || text == b"s/^\\.\\././" => {
                source.take();
                let line = current.checked_sub(1).and_then(|at| lines.get_mut(at));
                let Some(line) = line else { return Err(fatal("ed script fails")) };
                *line = line.slice(1.min(line.len())..);
                continue;
            }
            None => return Ok(()),
        };
        source.take();
        let lowest = usize::from(letter != b'a' && letter != b'i');
        if first < lowest || last > lines.len() {
            return Err(fatal("ed script asks for lines that the file does not have"));
        }
        let mut new = Vec::new();
        if letter != b'd' {
            while let Some(line) = source.take() {
                if line.trim_end_with(|letter| letter == '\n') == b"." {
                    break;
                }
                new.push(line);
            }
        }
        let range = match letter {
            b'a' => last..last,
            b'i' => first.saturating_sub(1)..first.saturating_sub(1),
            _ => first - 1..last,
        };
        current = range.start + new.len();
        lines.splice(range, new);
    }
}
