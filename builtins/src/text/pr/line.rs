//! One line of output, in which blanks wait until something follows them.

use super::options::{Escapes, Style, Tabs};

/// What the text of a cell becomes: tabs and controls as the style has them, cut to `width`.
pub(super) fn shaped(style: &Style, text: &[u8], width: Option<usize>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut column = 0usize;
    for &byte in text {
        let before = out.len();
        let wide = clump(style, byte, column, &mut out);
        column = column.saturating_add_signed(wide);
        if width.is_some_and(|width| column > width) {
            out.truncate(before);
            break;
        }
    }
    out
}

/// Appends what one byte is shown as; how many columns it takes.
fn clump(style: &Style, byte: u8, column: usize, out: &mut Vec<u8>) -> isize {
    let usual = Tabs { letter: b'\t', width: 8 };
    let tabs = style.expand.filter(|tabs| tabs.letter == byte).or((byte == b'\t').then_some(usual));
    if let Some(tabs) = tabs {
        let wide = tabs.after(column) - column;
        if style.expand.is_some() {
            out.resize(out.len() + wide, b' ');
        } else {
            out.push(byte);
        }
        return wide.cast_signed();
    }
    if (b' '..=b'~').contains(&byte) {
        out.push(byte);
        return 1;
    }
    match style.escapes {
        Escapes::Octal => {
            out.extend_from_slice(format!("\\{byte:03o}").as_bytes());
            4
        }
        Escapes::Hats if byte < 0x80 => {
            out.extend_from_slice(&[b'^', byte ^ 0x40]);
            2
        }
        Escapes::Hats => {
            out.extend_from_slice(format!("\\{byte:03o}").as_bytes());
            4
        }
        Escapes::None => {
            out.push(byte);
            if byte == b'\x08' { -1 } else { 0 }
        }
    }
}

/// A line being written.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub out: Vec<u8>,
    position: usize,
    /// Blanks not yet written.
    blanks: usize,
    tabify: Option<Tabs>,
}

impl Line {
    pub fn new(tabify: Option<Tabs>, margin: usize) -> Self {
        Self { tabify, blanks: margin, ..Self::default() }
    }

    /// Moves to `column`, if that is further on.
    pub fn pad_to(&mut self, column: usize) {
        self.blanks = column.saturating_sub(self.position);
    }

    /// Writes the blanks that wait.
    pub fn settle(&mut self) {
        let goal = self.position + self.blanks;
        self.blanks = 0;
        if let Some(tabs) = self.tabify {
            // One blank alone stays a blank.
            while goal - self.position > 1 && tabs.after(self.position) <= goal {
                self.out.push(tabs.letter);
                self.position = tabs.after(self.position);
            }
        }
        self.out.resize(self.out.len() + goal - self.position, b' ');
        self.position = goal;
    }

    /// Text of a cell or a number.
    pub fn text(&mut self, text: &[u8]) {
        for &byte in text {
            if byte == b' ' && self.tabify.is_some() {
                self.blanks += 1;
                continue;
            }
            if self.blanks > 0 {
                self.settle();
            }
            self.out.push(byte);
            match byte {
                b' '..=b'~' => self.position += 1,
                b'\x08' => self.position = self.position.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// A tab as it is.
    pub fn tab(&mut self) {
        if self.blanks > 0 {
            self.settle();
        }
        self.out.push(b'\t');
        let tabs = self.tabify.unwrap_or(Tabs { letter: b'\t', width: 8 });
        self.position = tabs.after(self.position);
    }

    /// A separator, with the blanks before it and in it.
    pub fn separator(&mut self, text: &[u8]) {
        for &byte in text {
            if byte == b' ' {
                self.blanks += 1;
            } else {
                self.settle();
                self.out.push(byte);
                self.position += 1;
            }
        }
        self.settle();
    }
}
