//! `-k`: where a key stands in a line, and how it is compared.

use bstr::ByteSlice;

use crate::quote::marked;

/// What a key is compared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    #[default]
    Text,
    Numeric,
    General,
    Human,
    Month,
    Random,
    Version,
}

/// The options of a key, or those for all.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Settings {
    pub kind: Kind,
    pub reverse: bool,
    pub fold: bool,
    pub dictionary: bool,
    pub printing: bool,
    pub skip_start: bool,
    pub skip_end: bool,
    /// Bits of the kinds that were asked for, to find two that exclude each other.
    kinds: u8,
}

impl Settings {
    pub fn apply(&mut self, letter: u8) {
        match letter {
            b'b' => (self.skip_start, self.skip_end) = (true, true),
            b'd' => self.dictionary = true,
            b'f' => self.fold = true,
            b'i' => self.printing = true,
            b'r' => self.reverse = true,
            b'n' => self.set(Kind::Numeric, 1),
            b'g' => self.set(Kind::General, 2),
            b'h' => self.set(Kind::Human, 4),
            b'M' => self.set(Kind::Month, 8),
            b'R' => self.set(Kind::Random, 16),
            b'V' => self.set(Kind::Version, 32),
            _ => {}
        }
    }

    fn set(&mut self, kind: Kind, bit: u8) {
        self.kind = kind;
        self.kinds |= bit;
    }

    /// Refuses options that exclude each other.
    pub fn check(&self) -> Result<(), String> {
        let numeric = (self.kinds & !16 & !32).count_ones();
        let others = u32::from(self.kinds & 16 != 0 || self.kinds & 32 != 0)
            + u32::from(self.dictionary || self.printing);
        let both = self.kinds & 48 == 48;
        if numeric + others <= 1 && !both {
            return Ok(());
        }
        let mut letters = String::new();
        for (letter, set) in [
            ('d', self.dictionary),
            ('f', self.fold),
            ('g', self.kinds & 2 != 0),
            ('h', self.kinds & 4 != 0),
            ('i', self.printing),
            ('M', self.kinds & 8 != 0),
            ('n', self.kinds & 1 != 0),
            ('R', self.kinds & 16 != 0),
            ('V', self.kinds & 32 != 0),
        ] {
            if set && letter != 'f' {
                letters.push(letter);
            }
        }
        Err(format!("options '-{letters}' are incompatible"))
    }

    /// Whether lines are compared as anything but bytes.
    pub fn is_special(&self) -> bool {
        self.kind != Kind::Text || self.fold || self.dictionary || self.printing || self.skip_start
    }

    fn is_plain(&self) -> bool {
        !self.is_special() && !self.reverse && !self.skip_end
    }
}

/// A key: fields and characters count from 0 here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub start_field: usize,
    pub start_char: usize,
    /// Field and character where it ends; a character of 0 is the end of the field.
    pub end: Option<(usize, usize)>,
    pub settings: Settings,
}

impl Key {
    /// The whole line.
    pub fn whole(settings: Settings) -> Self {
        Self { start_field: 0, start_char: 0, end: None, settings }
    }

    /// Reads `F[.C][OPTS][,F[.C][OPTS]]`.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let mut key = Self::whole(Settings::default());
        let invalid = |what: &str, text: &[u8]| {
            format!("{what}: invalid field specification {}", marked(text))
        };
        let (field, mut rest) = number(text).ok_or_else(|| {
            format!("invalid number at field start: invalid count at start of {}", marked(text))
        })?;
        if field == 0 {
            return Err(invalid("field number is zero", text));
        }
        key.start_field = field - 1;
        if let Some(tail) = rest.strip_prefix(b".") {
            let (character, tail) = number(tail).ok_or_else(|| {
                format!("invalid number after '.': invalid count at start of {}", marked(tail))
            })?;
            if character == 0 {
                return Err(invalid("character offset is zero", text));
            }
            key.start_char = character - 1;
            rest = tail;
        }
        rest = options(rest, &mut key.settings, true);
        let Some(tail) = rest.strip_prefix(b",") else {
            return if rest.is_empty() {
                Ok(key)
            } else {
                Err(invalid("stray character in field spec", text))
            };
        };
        let (field, mut rest) = number(tail).ok_or_else(|| {
            format!("invalid number after ',': invalid count at start of {}", marked(tail))
        })?;
        if field == 0 {
            return Err(invalid("field number is zero", text));
        }
        let mut character = 0;
        if let Some(tail) = rest.strip_prefix(b".") {
            (character, rest) = number(tail).ok_or_else(|| {
                format!("invalid number after '.': invalid count at start of {}", marked(tail))
            })?;
        }
        key.end = Some((field - 1, character));
        rest = options(rest, &mut key.settings, false);
        if rest.is_empty() { Ok(key) } else { Err(invalid("stray character in field spec", text)) }
    }

    /// Takes the options for all, unless it has its own.
    pub fn inherit(&mut self, global: &Settings) {
        if self.settings.is_plain() {
            self.settings = *global;
        }
    }

    /// The key's part of a line.
    pub fn of<'l>(&self, line: &'l [u8], tab: Option<u8>) -> &'l [u8] {
        line.get(self.range(line, tab)).unwrap_or_default()
    }

    /// Where the key is in a line.
    pub fn range(&self, line: &[u8], tab: Option<u8>) -> std::ops::Range<usize> {
        let start = self.start(line, tab);
        start..self.limit(line, tab).max(start)
    }

    fn start(&self, line: &[u8], tab: Option<u8>) -> usize {
        let mut at = skip_fields(line, self.start_field, tab);
        if self.settings.skip_start {
            at = skip_blanks(line, at);
        }
        at.saturating_add(self.start_char).min(line.len())
    }

    fn limit(&self, line: &[u8], tab: Option<u8>) -> usize {
        match self.end {
            None => line.len(),
            Some((field, 0)) => match tab {
                None => skip_fields(line, field + 1, tab),
                Some(tab) => {
                    let at = skip_fields(line, field, Some(tab));
                    memchr::memchr(tab, &line[at..]).map_or(line.len(), |length| at + length)
                }
            },
            Some((field, character)) => {
                let mut at = skip_fields(line, field, tab);
                if self.settings.skip_end {
                    at = skip_blanks(line, at);
                }
                at.saturating_add(character).min(line.len())
            }
        }
    }
}

fn number(text: &[u8]) -> Option<(usize, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = text[..digits].to_str().ok().filter(|text| !text.is_empty())?;
    Some((number.parse().unwrap_or(usize::MAX), &text[digits..]))
}

/// Reads the letters of options; `start` is where a `b` counts.
fn options<'t>(mut text: &'t [u8], settings: &mut Settings, start: bool) -> &'t [u8] {
    while let [letter, rest @ ..] = text {
        match letter {
            b'b' if start => settings.skip_start = true,
            b'b' => settings.skip_end = true,
            b'd' | b'f' | b'g' | b'h' | b'i' | b'M' | b'n' | b'R' | b'r' | b'V' => {
                settings.apply(*letter)
            }
            _ => break,
        }
        text = rest;
    }
    text
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n')
}

fn skip_blanks(line: &[u8], at: usize) -> usize {
    at + line[at..].iter().take_while(|&&byte| is_blank(byte)).count()
}

/// Where field `count` starts; the end of the line if it has fewer.
fn skip_fields(line: &[u8], count: usize, tab: Option<u8>) -> usize {
    let mut at = 0;
    for _ in 0..count {
        if at >= line.len() {
            break;
        }
        match tab {
            Some(tab) => {
                at = memchr::memchr(tab, &line[at..]).map_or(line.len(), |length| at + length + 1);
            }
            None => {
                at = skip_blanks(line, at);
                at += line[at..].iter().take_while(|&&byte| !is_blank(byte)).count();
            }
        }
    }
    at
}
