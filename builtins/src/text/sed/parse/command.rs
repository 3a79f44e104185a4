//! Commands and their arguments.

use std::rc::Rc;

use bstr::{BString, ByteSlice};

use super::super::script::{Command, Replace, Select, Translate};
use super::{Parsed, Parser};
use crate::regex::Replacement;

impl Parser<'_> {
    pub(super) fn command(&mut self, select: &Select) -> Parsed<Command> {
        let Some(letter) = self.take() else {
            return self.fail("missing command");
        };
        if self.style.posix && b"eFLQRTvWz".contains(&letter) {
            let message = [b"unknown command: `".as_slice(), &[letter], b"'"].concat();
            return self.fail(message);
        }
        if self.style.sandbox && b"erRwW".contains(&letter) {
            return self.forbidden();
        }
        let one_address = matches!(letter, b'=' | b'i' | b'a' | b'q' | b'Q' | b'r' | b'l');
        let posix_one = one_address && matches!(letter, b'q' | b'Q');
        if posix_one && matches!(select, Select::Range { .. }) {
            return self.fail("command only uses one address");
        }
        let command = match letter {
            b'{' => {
                self.blocks.push(self.script.steps.len());
                return Ok(Command::Block(0));
            }
            b'}' => return self.close(select),
            b':' => return self.label(select),
            b'#' => return self.fail("comments don't accept any addresses"),
            b'a' | b'i' | b'c' => return self.text_command(letter),
            b'b' | b't' | b'T' => return Ok(self.jump(letter)),
            b'r' | b'R' | b'w' | b'W' => return self.file_command(letter),
            b's' => return self.replace(),
            b'y' => self.translate()?,
            b'e' => {
                self.skip_blanks();
                let rest = self.rest_of_line();
                return Ok(Command::Execute((!rest.is_empty()).then_some(rest)));
            }
            b'q' | b'Q' => {
                self.skip_blanks();
                let status = if self.style.posix { 0 } else { self.number() as u8 };
                if letter == b'q' { Command::Quit(status) } else { Command::QuitSilently(status) }
            }
            b'l' | b'L' => {
                self.skip_blanks();
                let given = matches!(self.peek(), Some(b'0'..=b'9'));
                let width = usize::try_from(self.number()).unwrap_or(usize::MAX);
                Command::List(given.then_some(width))
            }
            b'v' => {
                self.skip_blanks();
                if is_newer(&self.rest_of_line()) {
                    return self.fail("expected newer version of sed");
                }
                return Ok(Command::Nothing);
            }
            b'd' => Command::Delete,
            b'D' => Command::DeleteFirstLine,
            b'F' => Command::FileName,
            b'g' => Command::GetHold,
            b'G' => Command::AppendHold,
            b'h' => Command::Hold,
            b'H' => Command::HoldAppend,
            b'n' => Command::Next,
            b'N' => Command::NextAppend,
            b'p' => Command::Print,
            b'P' => Command::PrintFirstLine,
            b'x' => Command::Exchange,
            b'z' => Command::Zap,
            b'=' => Command::LineNumber,
            b'\n' | b';' => {
                return self.fail("missing command");
            }
            _ => {
                let message = [b"unknown command: `".as_slice(), &[letter], b"'"].concat();
                return self.fail(message);
            }
        };
        self.end_of_command()?;
        Ok(command)
    }

    fn forbidden<T>(&self) -> Parsed<T> {
        self.fail("e/r/w commands disabled in sandbox mode")
    }

    fn end_of_command(&mut self) -> Parsed<()> {
        self.end("extra characters after command")
    }

    /// After a command only `;`, `}`, a comment or the end of the line may stand.
    fn end(&mut self, complaint: &str) -> Parsed<()> {
        self.skip_blanks();
        match self.peek() {
            None | Some(b'}' | b'#') => Ok(()),
            Some(b'\n' | b';' | b'\r') => {
                self.take();
                Ok(())
            }
            Some(_) => {
                self.at += 1;
                self.fail(complaint)
            }
        }
    }

    fn close(&mut self, select: &Select) -> Parsed<Command> {
        let Some(open) = self.blocks.pop() else {
            return self.fail("unexpected `}'");
        };
        if !matches!(select, Select::Always) {
            return self.fail("} doesn't want any addresses");
        }
        let here = self.script.steps.len();
        if let Some(step) = self.script.steps.get_mut(open) {
            step.command = Command::Block(here);
        }
        self.end_of_command()?;
        Ok(Command::Nothing)
    }

    fn label(&mut self, select: &Select) -> Parsed<Command> {
        if !matches!(select, Select::Always) {
            return self.fail(": doesn't want any addresses");
        }
        self.skip_blanks();
        let label = self.word();
        if label.is_empty() {
            return self.fail("\":\" lacks a label");
        }
        self.labels.insert(label, self.script.steps.len());
        Ok(Command::Nothing)
    }

    /// A label: up to a blank, `;` or the end of the line.
    fn word(&mut self) -> BString {
        let mut word = BString::default();
        while let Some(byte) = self.peek() {
            if byte.is_ascii_whitespace() || byte == b';' {
                break;
            }
            word.push(byte);
            self.at += 1;
        }
        word
    }

    fn jump(&mut self, letter: u8) -> Command {
        self.skip_blanks();
        let mut label = self.word();
        // `b}` closes the block.
        if label.ends_with(b"}") && !self.blocks.is_empty() && label.len() == 1 {
            label.pop();
            self.at -= 1;
        }
        self.jumps.push((self.script.steps.len(), label));
        match letter {
            b'b' => Command::Branch(None),
            b't' => Command::BranchIfReplaced(None),
            _ => Command::BranchUnlessReplaced(None),
        }
    }

    pub(super) fn rest_of_line(&mut self) -> BString {
        let rest = self.text().get(self.at..).unwrap_or_default();
        let end = rest.find_byte(b'\n').unwrap_or(rest.len());
        let line = BString::from(rest.get(..end).unwrap_or_default());
        self.at += end;
        line
    }

    fn file_command(&mut self, letter: u8) -> Parsed<Command> {
        let name = self.file_name()?;
        Ok(match letter {
            b'r' => Command::ReadFile(name),
            b'R' => Command::ReadLine(name),
            b'w' => Command::WriteFile(self.output(name)),
            _ => Command::WriteFirstLine(self.output(name)),
        })
    }

    fn file_name(&mut self) -> Parsed<BString> {
        self.skip_blanks();
        let name = self.rest_of_line();
        if name.is_empty() {
            return self.fail("missing filename in r/R/w/W commands");
        }
        Ok(name)
    }

    fn output(&mut self, name: BString) -> usize {
        if let Some(at) = self.script.outputs.iter().position(|known| *known == name) {
            return at;
        }
        self.script.outputs.push(name);
        self.script.outputs.len() - 1
    }

    /// `a`, `i` and `c`: text on the lines that follow, or GNU's one-liner.
    fn text_command(&mut self, letter: u8) -> Parsed<Command> {
        let make = match letter {
            b'a' => Command::Append,
            b'i' => Command::Insert,
            _ => Command::Change,
        };
        self.skip_blanks();
        let more = self.chunk + 1 < self.chunks.len();
        match self.peek() {
            None if !more => return self.fail("expected \\ after `a', `c' or `i'"),
            Some(b'\\') => {
                self.at += 1;
                // The text is on the next line, or, with its blanks, behind the backslash.
                match self.peek() {
                    Some(b'\n') => drop(self.take()),
                    None if !more && self.style.posix => return self.fail("incomplete command"),
                    None if !more => return Ok(make(BString::default())),
                    _ => {}
                }
            }
            Some(b'\n') => return self.fail("expected \\ after `a', `c' or `i'"),
            Some(_) if self.style.posix => {
                self.at += 1;
                return self.fail("expected \\ after `a', `c' or `i'");
            }
            _ => {}
        }
        // The text may be the next `-e`.
        if self.peek().is_none() && more {
            (self.chunk, self.at, self.line) = (self.chunk + 1, 0, 1);
        }
        let mut text = BString::default();
        while let Some(byte) = self.take() {
            match byte {
                b'\n' => break,
                b'\\' => match self.take() {
                    Some(next) => super::text::escaped(next, &mut text),
                    None => {
                        // A line that goes on in the next `-e`.
                        if self.chunk + 1 < self.chunks.len() {
                            (self.chunk, self.at, self.line) = (self.chunk + 1, 0, 1);
                            text.push(b'\n');
                        }
                    }
                },
                other => text.push(other),
            }
        }
        text.push(b'\n');
        Ok(make(text))
    }

    fn replace(&mut self) -> Parsed<Command> {
        let Some(delimiter) = self.take() else {
            return self.fail("unterminated `s' command");
        };
        if delimiter == b'\n' || delimiter == b'\\' {
            return self.fail("unterminated `s' command");
        }
        let Some(pattern) = self.delimited(delimiter, true) else {
            return self.fail("unterminated `s' command");
        };
        let Some(raw) = self.delimited(delimiter, false) else {
            return self.fail("unterminated `s' command");
        };
        let mut replace = Replace {
            regex: None,
            with: Replacement { parts: super::text::replacement(&raw), number: 0, all: false },
            print: 0,
            execute: false,
            write: None,
        };
        let (mut ignore_case, mut lines) = (false, false);
        loop {
            match self.peek() {
                Some(b'g') => {
                    self.at += 1;
                    if replace.with.all {
                        return self.fail("multiple `g' options to `s' command");
                    }
                    replace.with.all = true;
                }
                Some(b'p') => {
                    self.at += 1;
                    if replace.print > 0 {
                        return self.fail("multiple `p' options to `s' command");
                    }
                    replace.print += 1;
                }
                Some(b' ') => self.at += 1,
                Some(b'i' | b'I' | b'm' | b'M' | b'e') if self.style.posix => {
                    self.at += 1;
                    return self.fail("unknown option to `s'");
                }
                Some(b'e' | b'w') if self.style.sandbox => {
                    self.at += 1;
                    return self.forbidden();
                }
                Some(b'i' | b'I') => {
                    self.at += 1;
                    ignore_case = true;
                }
                Some(b'm' | b'M') => {
                    self.at += 1;
                    lines = true;
                }
                Some(b'e') => {
                    self.at += 1;
                    replace.execute = true;
                }
                Some(b'0'..=b'9') => {
                    let number = self.number();
                    if replace.with.number > 0 {
                        return self.fail("multiple number options to `s' command");
                    }
                    if number == 0 {
                        return self.fail("number option to `s' command may not be zero");
                    }
                    replace.with.number = number;
                }
                Some(b'w') => {
                    self.at += 1;
                    let name = self.file_name()?;
                    replace.write = Some(self.output(name));
                    break;
                }
                None | Some(b'}' | b'#' | b'\n' | b';' | b'\t' | b'\r') => {
                    self.end("unknown option to `s'")?;
                    break;
                }
                Some(_) => {
                    self.at += 1;
                    return self.fail("unknown option to `s'");
                }
            }
        }
        replace.with.number = replace.with.number.max(1);
        replace.regex = self.regex(&pattern, ignore_case, lines)?;
        let highest = replace.with.highest_group();
        if let Some(regex) = &replace.regex
            && highest > regex.groups()
        {
            return self.fail(format!("invalid reference \\{highest} on `s' command's RHS"));
        }
        Ok(Command::Replace(Rc::new(replace)))
    }

    fn translate(&mut self) -> Parsed<Command> {
        let Some(delimiter) = self.take() else {
            return self.fail("unterminated `y' command");
        };
        let (Some(from), Some(to)) =
            (self.delimited(delimiter, false), self.delimited(delimiter, false))
        else {
            return self.fail("unterminated `y' command");
        };
        let (from, to) = (super::text::translation(&from), super::text::translation(&to));
        if from.len() != to.len() {
            return self.fail("strings for `y' command are different lengths");
        }
        let mut translate = Translate::default();
        if from.iter().chain(&to).all(|letter| letter.len() == 1) {
            let mut table = Box::new([0; 256]);
            for (slot, byte) in table.iter_mut().zip(0..=u8::MAX) {
                *slot = byte;
            }
            for (from, to) in from.iter().zip(&to) {
                if let (Some(from), Some(to)) = (from.first(), to.first())
                    && let Some(slot) = table.get_mut(usize::from(*from))
                {
                    *slot = *to;
                }
            }
            translate.bytes = Some(table);
        } else {
            translate.characters = from.into_iter().zip(to).collect();
        }
        Ok(Command::Translate(Rc::new(translate)))
    }
}

/// Whether `v` asks for a version after 4.9.
fn is_newer(version: &[u8]) -> bool {
    let mut parts = version.split(|&byte| byte == b'.').map(|part| {
        let digits = part.trim_ascii().to_str().ok();
        digits.and_then(|digits| digits.parse::<u32>().ok()).unwrap_or(0)
    });
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) > (4, 9)
}
