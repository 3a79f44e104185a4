//! Perl's dialect, as PCRE2 reads it for `grep -P`: lazy and possessive repetition, look-around,
//! atomic groups, `\K`, named groups. Classes are ASCII, characters UTF-8.

mod repeat;

use bstr::ByteSlice;
use regex_syntax::hir::ClassUnicode;

use super::ast::{Look, Node, Set};
use super::bracket::{self, Builder};
use super::error::RegexError;
use super::parse;
use super::syntax::{Flags, Lines};

const DEPTH_MAX: u32 = 250;
const UNREPEATABLE: RegexError = RegexError::Perl("quantifier does not follow a repeatable item");
const NAMED: &str = "PCRE2 does not support \\F, \\L, \\l, \\N{name}, \\U, or \\u";
/// What may stand before a pattern and changes nothing here.
const PREAMBLES: &[&[u8]] = &[b"(*UTF8)", b"(*UTF)", b"(*UCP)"];

pub(super) fn parse(pattern: &[u8], flags: &Flags) -> Result<(Node, u32), RegexError> {
    let modes = Modes {
        ignore_case: flags.ignore_case,
        multi_line: !matches!(flags.lines, Lines::Whole),
        dot_all: false,
        extended: false,
    };
    let mut parser = Parser {
        text: pattern,
        at: 0,
        flags,
        modes,
        groups: 0,
        names: Vec::new(),
        depth: 0,
        highest: 0,
    };
    while PREAMBLES.iter().any(|preamble| parser.eat(preamble)) {}
    let node = parser.alternatives()?;
    if parser.at < pattern.len() {
        return Err(RegexError::Perl("unmatched closing parenthesis"));
    }
    if parser.highest > parser.groups {
        return Err(RegexError::Perl("reference to non-existent subpattern"));
    }
    Ok((node, parser.groups))
}

#[derive(Debug, Clone, Copy)]
struct Modes {
    ignore_case: bool,
    multi_line: bool,
    dot_all: bool,
    extended: bool,
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    flags: &'a Flags,
    modes: Modes,
    groups: u32,
    names: Vec<(Vec<u8>, u32)>,
    depth: u32,
    /// The highest group that is referred to.
    highest: u32,
}

impl Parser<'_> {
    fn rest(&self) -> &[u8] {
        &self.text[self.at..]
    }

    fn eat(&mut self, text: &[u8]) -> bool {
        let found = self.rest().starts_with(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    fn flags(&self) -> Flags {
        Flags { ignore_case: self.modes.ignore_case, ..*self.flags }
    }

    fn terminator(&self) -> Option<u8> {
        match self.flags.lines {
            Lines::Separate(byte) => Some(byte),
            _ => None,
        }
    }

    fn alternatives(&mut self) -> Result<Node, RegexError> {
        let modes = self.modes;
        let mut branches = vec![self.branch()?];
        while self.eat(b"|") {
            branches.push(self.branch()?);
        }
        self.modes = modes;
        Ok(if branches.len() == 1 { branches.remove(0) } else { Node::Alternate(branches) })
    }

    /// `(?|…)`: each branch counts its groups from the same number on.
    fn reset_alternatives(&mut self) -> Result<Node, RegexError> {
        let modes = self.modes;
        let first = self.groups;
        let mut highest = first;
        let mut branches = Vec::new();
        loop {
            self.groups = first;
            branches.push(self.branch()?);
            highest = highest.max(self.groups);
            if !self.eat(b"|") {
                break;
            }
        }
        self.groups = highest;
        self.modes = modes;
        Ok(Node::Alternate(branches))
    }

    fn branch(&mut self) -> Result<Node, RegexError> {
        let mut nodes = Vec::new();
        loop {
            if self.modes.extended {
                self.skip_blanks();
            }
            let Some(&byte) = self.rest().first() else { break };
            let node = match byte {
                b'|' | b')' => break,
                b'*' | b'+' | b'?' => {
                    return Err(UNREPEATABLE);
                }
                b'(' => match self.group()? {
                    Some(node) => node,
                    None => continue,
                },
                b'[' => self.set()?,
                b'.' => {
                    self.at += 1;
                    let except = if self.modes.dot_all { self.terminator() } else { Some(b'\n') };
                    Node::Set(Set::any(self.flags.bytes, except).without(self.terminator()))
                }
                b'^' | b'$' => {
                    self.at += 1;
                    Node::Look(match (byte, self.modes.multi_line) {
                        (b'^', true) => Look::LineStart,
                        (b'^', false) => Look::TextStart,
                        (_, true) => Look::LineEnd,
                        (_, false) => Look::TextEnd,
                    })
                }
                b'\\' => self.escape()?,
                _ => self.literal()?,
            };
            let node = match node {
                Node::Look(Look::LineStart | Look::TextStart) | Node::Keep
                    if !self.flags.nested_repeats =>
                {
                    self.refuse_repeat()?;
                    node
                }
                node => self.repeated(node)?,
            };
            nodes.push(node);
        }
        Ok(Node::concat(nodes))
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.rest().first() {
                Some(byte) if byte.is_ascii_whitespace() => self.at += 1,
                Some(b'#') => {
                    let rest = self.rest();
                    self.at += rest.find_byte(b'\n').map_or(rest.len(), |at| at + 1);
                }
                _ => return,
            }
        }
    }

    fn literal(&mut self) -> Result<Node, RegexError> {
        let (node, length) =
            parse::one(self.rest(), &self.flags()).ok_or(RegexError::TrailingBackslash)?;
        self.at += length;
        Ok(node)
    }

    /// A group of any kind; `None` for what only sets modes or comments.
    fn group(&mut self) -> Result<Option<Node>, RegexError> {
        let modes = self.modes;
        self.at += 1;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(RegexError::TooBig);
        }
        let around = |ahead, negated| move |of| Node::Around { ahead, negated, of: Box::new(of) };
        let node = if self.eat(b"?#") {
            let rest = self.rest();
            let end =
                rest.find_byte(b')').ok_or(RegexError::Perl("missing ) after (?# comment"))?;
            self.at += end + 1;
            self.depth -= 1;
            return Ok(None);
        } else if self.eat(b"?:") {
            self.alternatives()?
        } else if self.eat(b"?|") {
            self.reset_alternatives()?
        } else if self.eat(b"?=") {
            around(true, false)(self.alternatives()?)
        } else if self.eat(b"?!") {
            around(true, true)(self.alternatives()?)
        } else if self.eat(b"?<=") {
            around(false, false)(self.alternatives()?)
        } else if self.eat(b"?<!") {
            around(false, true)(self.alternatives()?)
        } else if self.eat(b"?>") {
            Node::Atomic(Box::new(self.alternatives()?))
        } else if self.eat(b"?P=") {
            let name = self.name(b')')?;
            self.depth -= 1;
            return Ok(Some(Node::BackReference(self.named(&name)?)));
        } else if self.eat(b"?P<") || self.eat(b"?<") {
            let name = self.name(b'>')?;
            self.capture(Some(name))?
        } else if self.eat(b"?'") {
            let name = self.name(b'\'')?;
            self.capture(Some(name))?
        } else if self.eat(b"?") {
            if !self.set_modes()? {
                // `(?i)` holds to the end of the group around it.
                self.depth -= 1;
                return Ok(None);
            }
            self.alternatives()?
        } else {
            self.capture(None)?
        };
        if !self.eat(b")") {
            return Err(RegexError::Perl("missing closing parenthesis"));
        }
        self.modes = modes;
        self.depth -= 1;
        Ok(Some(node))
    }

    fn capture(&mut self, name: Option<Vec<u8>>) -> Result<Node, RegexError> {
        self.groups += 1;
        let number = self.groups;
        self.names.extend(name.map(|name| (name, number)));
        Ok(Node::Group(number, Box::new(self.alternatives()?)))
    }

    fn name(&mut self, end: u8) -> Result<Vec<u8>, RegexError> {
        let rest = self.rest();
        let length = rest
            .find_byte(end)
            .ok_or(RegexError::Perl("syntax error in subpattern name (missing terminator?)"))?;
        let name = rest[..length].to_vec();
        self.at += length + 1;
        Ok(name)
    }

    fn named(&self, name: &[u8]) -> Result<u32, RegexError> {
        let found = self.names.iter().find(|(known, _)| known == name);
        found
            .map(|(_, number)| *number)
            .ok_or(RegexError::Perl("reference to non-existent subpattern"))
    }

    /// `i`, `m`, `s`, `x` after `(?`; whether a group follows.
    fn set_modes(&mut self) -> Result<bool, RegexError> {
        let mut on = true;
        loop {
            let byte = self.rest().first().copied();
            self.at += 1;
            match byte {
                Some(b'-') => on = false,
                Some(b'i') => self.modes.ignore_case = on,
                Some(b'm') => self.modes.multi_line = on,
                Some(b's') => self.modes.dot_all = on,
                Some(b'x') => self.modes.extended = on,
                Some(b':') => return Ok(true),
                Some(b')') => return Ok(false),
                _ => return Err(RegexError::Perl("unrecognized character after (? or (?-")),
            }
        }
    }

    fn class(&self, letter: u8) -> Option<(ClassUnicode, bool)> {
        let name: &[u8] = match letter.to_ascii_lowercase() {
            b'd' => b"digit",
            b'w' => b"word",
            b's' => b"space",
            b'h' => b"blank",
            _ => return None,
        };
        Some((bracket::class(name, true)?, letter.is_ascii_uppercase()))
    }

    fn escape(&mut self) -> Result<Node, RegexError> {
        let Some(&letter) = self.rest().get(1) else {
            return Err(RegexError::Perl("\\ at end of pattern"));
        };
        if let Some((class, negated)) = self.class(letter) {
            self.at += 2;
            let set = Builder::of_class(class).finish(
                negated,
                false,
                self.flags.bytes,
                self.terminator(),
            );
            return Ok(Node::Set(set));
        }
        let look = match letter {
            b'b' => Some(Look::AsciiWordBoundary),
            b'B' => Some(Look::NotAsciiWordBoundary),
            b'A' | b'G' => Some(Look::TextStart),
            b'z' | b'Z' => Some(Look::TextEnd),
            _ => None,
        };
        if let Some(look) = look {
            self.at += 2;
            return Ok(Node::Look(look));
        }
        match letter {
            b'K' => {
                self.at += 2;
                Ok(Node::Keep)
            }
            b'N' if self.rest().starts_with(b"\\N{U+") => {
                let digits = self.rest().get(5..).unwrap_or_default();
                let end = digits.find_byte(b'}').unwrap_or(0);
                let code = digits.get(..end).and_then(|digits| digits.to_str().ok());
                let code = code.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                let Some(letter) = code.and_then(char::from_u32) else {
                    return Err(RegexError::Perl(NAMED));
                };
                self.at += 5 + end + 1;
                let mut text = [0; 4];
                let text = letter.encode_utf8(&mut text).as_bytes();
                Ok(parse::literal(text, &self.flags()))
            }
            b'N' if self.rest().get(2) == Some(&b'{') => Err(RegexError::Perl(NAMED)),
            b'N' => {
                self.at += 2;
                Ok(Node::Set(Set::any(self.flags.bytes, Some(b'\n'))))
            }
            b'R' => {
                self.at += 2;
                let ends: [&[u8]; 5] = [b"\r\n", b"\n", b"\r", b"\x0b", b"\x0c"];
                // Where lines are searched, their ends are outside of every match.
                let end = self.terminator();
                let inside = ends
                    .iter()
                    .filter(|text| !end.is_some_and(|end| text.contains(&end)))
                    .map(|text| Node::Literal(text.to_vec()));
                Ok(Node::Alternate(inside.collect()))
            }
            b'Q' => {
                self.at += 2;
                let rest = self.rest();
                let length = rest.find(b"\\E").unwrap_or(rest.len());
                let node = parse::literal(&rest[..length], &self.flags());
                self.at = (self.at + length + 2).min(self.text.len());
                Ok(node)
            }
            b'E' => {
                self.at += 2;
                Ok(Node::Empty)
            }
            b'p' | b'P' => self.property(letter == b'P'),
            b'1'..=b'9' => {
                self.at += 1;
                self.number()
            }
            b'g' | b'k' => self.reference(),
            _ => {
                let (letter, bytes) = self.character()?;
                match letter {
                    Some(letter) => {
                        let mut text = [0; 4];
                        let text = letter.encode_utf8(&mut text).as_bytes();
                        Ok(parse::literal(text, &self.flags()))
                    }
                    None => Ok(Node::Literal(bytes)),
                }
            }
        }
    }

    fn number(&mut self) -> Result<Node, RegexError> {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        let text = self.rest()[..digits].to_str().unwrap_or_default();
        let number: u32 = text.parse().map_err(|_| RegexError::BackReference)?;
        self.at += digits;
        self.highest = self.highest.max(number);
        Ok(Node::BackReference(number))
    }

    /// `\g1`, `\g{1}`, `\g{-1}`, `\g{name}`, `\k<name>`, `\k{name}`, `\k'name'`.
    fn reference(&mut self) -> Result<Node, RegexError> {
        self.at += 2;
        let close = match self.rest().first() {
            Some(b'{') => b'}',
            Some(b'<') => b'>',
            Some(b'\'') => b'\'',
            _ => return self.number(),
        };
        self.at += 1;
        let name = self.name(close)?;
        let number = name.to_str().ok().and_then(|text| text.parse::<i64>().ok());
        let group = match number {
            Some(number) if number < 0 => u32::try_from(i64::from(self.groups) + 1 + number)
                .map_err(|_| RegexError::BackReference)?,
            Some(number) => u32::try_from(number).map_err(|_| RegexError::BackReference)?,
            None => self.named(&name)?,
        };
        self.highest = self.highest.max(group);
        Ok(Node::BackReference(group))
    }

    fn property(&mut self, negated: bool) -> Result<Node, RegexError> {
        let unknown = RegexError::Perl("unknown property after \\P or \\p");
        let rest = &self.rest()[2..];
        let (name, length) = match rest {
            [b'{', tail @ ..] => {
                let end = tail.find_byte(b'}').ok_or(unknown)?;
                (&tail[..end], end + 2)
            }
            [letter, ..] => (std::slice::from_ref(letter), 1),
            [] => return Err(unknown),
        };
        let (name, inverted) = match name {
            [b'^', name @ ..] => (name, true),
            name => (name, false),
        };
        let name = name.to_str().map_err(|_| unknown)?;
        let class = bracket::property(name).ok_or(unknown)?;
        self.at += 2 + length;
        let set = Builder::of_class(class);
        Ok(Node::Set(set.finish(negated != inverted, false, self.flags.bytes, self.terminator())))
    }

    /// One escaped character, or a byte that is none.
    fn character(&mut self) -> Result<(Option<char>, Vec<u8>), RegexError> {
        let rest = &self.rest()[1..];
        let (code, length) = match rest {
            [b'n', ..] => (10, 1),
            [b't', ..] => (9, 1),
            [b'r', ..] => (13, 1),
            [b'f', ..] => (12, 1),
            [b'e', ..] => (27, 1),
            [b'a', ..] => (7, 1),
            [b'v', ..] => (11, 1),
            [b'c', letter, ..] => (u32::from(letter.to_ascii_uppercase() ^ 0x40), 2),
            [b'x', b'{', tail @ ..] => {
                let end = tail
                    .find_byte(b'}')
                    .ok_or(RegexError::Perl("missing terminating } for hexadecimal escape"))?;
                let digits = tail[..end].to_str().unwrap_or_default();
                (u32::from_str_radix(digits, 16).unwrap_or(u32::MAX), end + 3)
            }
            [b'x', tail @ ..] => {
                let digits =
                    tail.iter().take(2).take_while(|byte| byte.is_ascii_hexdigit()).count();
                let text = tail[..digits].to_str().unwrap_or_default();
                (u32::from_str_radix(text, 16).unwrap_or(0), 1 + digits)
            }
            [b'0', ..] => {
                let digits =
                    rest.iter().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                let text = rest[..digits].to_str().unwrap_or_default();
                (u32::from_str_radix(text, 8).unwrap_or(0), digits)
            }
            [letter, ..] if letter.is_ascii_alphanumeric() => {
                return Err(RegexError::Perl("unrecognized character follows \\"));
            }
            _ => {
                let (letter, length) = bstr::decode_utf8(rest);
                let bytes = rest[..length].to_vec();
                self.at += 1 + length;
                return Ok((letter, bytes));
            }
        };
        self.at += 1 + length;
        match char::from_u32(code) {
            Some(letter) => Ok((Some(letter), Vec::new())),
            None => {
                Err(RegexError::Perl("character code point value in \\x{} or \\o{} is too large"))
            }
        }
    }

    fn set(&mut self) -> Result<Node, RegexError> {
        let missing = RegexError::Perl("missing terminating ] for character class");
        self.at += 1;
        let negated = self.eat(b"^");
        let mut set = Builder::of_class(ClassUnicode::empty());
        let mut first = true;
        loop {
            if !first && self.eat(b"]") {
                let terminator = self.terminator();
                return Ok(Node::Set(set.finish(
                    negated,
                    self.modes.ignore_case,
                    self.flags.bytes,
                    terminator,
                )));
            }
            first = false;
            let Some(start) = self.member(&mut set, missing)? else { continue };
            let range = matches!(self.rest(), [b'-', next, ..] if *next != b']');
            if !range {
                set.push(start, start);
                continue;
            }
            self.at += 1;
            match self.member(&mut set, missing)? {
                Some(end) if start <= end => set.push(start, end),
                Some(_) => return Err(RegexError::Perl("range out of order in character class")),
                // `[a-\d]`: the `-` stands for itself.
                None => {
                    set.push(start, start);
                    set.push('-', '-');
                }
            }
        }
    }

    /// A character of a set; `None` if a class was added.
    fn member(
        &mut self,
        set: &mut Builder,
        missing: RegexError,
    ) -> Result<Option<char>, RegexError> {
        match self.rest() {
            [] => Err(missing),
            [b'[', b':', tail @ ..] if tail.find(b":]").is_some() => {
                let end = tail.find(b":]").unwrap_or(0);
                let (name, negated) = match &tail[..end] {
                    [b'^', name @ ..] => (name, true),
                    name => (name, false),
                };
                let class = bracket::class(name, true)
                    .ok_or(RegexError::Perl("unknown POSIX class name"))?;
                set.add(class, negated);
                self.at += 2 + end + 2;
                Ok(None)
            }
            [b'\\', b'b', ..] => {
                self.at += 2;
                Ok(Some('\u{8}'))
            }
            [b'\\', b'Q' | b'E', ..] => {
                self.at += 2;
                Ok(None)
            }
            [b'\\', letter, ..] => {
                if let Some((class, negated)) = self.class(*letter) {
                    set.add(class, negated);
                    self.at += 2;
                    return Ok(None);
                }
                if matches!(letter, b'p' | b'P')
                    && let Node::Set(Set::Unicode(class)) = self.property(*letter == b'P')?
                {
                    set.add(class, false);
                    return Ok(None);
                }
                let (letter, _) = self.character()?;
                Ok(letter)
            }
            rest => {
                let (letter, length) = bstr::decode_utf8(rest);
                self.at += length;
                Ok(Some(letter.unwrap_or('\u{fffd}')))
            }
        }
    }
}
