//! Reads a pattern in one of the dialects.

use bstr::ByteSlice;
use regex_syntax::hir::{ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange};

use super::ast::{Greed, Look, Node, Set};
use super::bracket;
use super::error::RegexError;
use super::syntax::{Flags, LeadingRepeat, Lines, Syntax};

/// How deep groups may nest.
const DEPTH_MAX: u32 = 250;

/// The greatest count of an interval (`RE_DUP_MAX`).
const COUNT_MAX: u32 = 0x7fff;

/// A pattern that was read.
#[derive(Debug)]
pub(super) struct Parsed {
    pub node: Node,
    pub groups: u32,
    /// What `grep` warns of.
    pub warnings: Vec<&'static str>,
}

/// Reads `pattern`; its groups are numbered from `first_group` on.
pub(super) fn parse(
    pattern: &[u8],
    syntax: &Syntax,
    flags: &Flags,
    first_group: u32,
) -> Result<Parsed, RegexError> {
    let bare = pattern.starts_with(b"[:") && pattern.ends_with(b":]") && pattern.len() > 3;
    if syntax.refuse_bare_class
        && bare
        && bracket::class(&pattern[2..pattern.len() - 2], false).is_some()
    {
        return Err(RegexError::BareClass);
    }
    let mut parser = Parser {
        text: pattern,
        at: 0,
        syntax,
        flags,
        first_group,
        groups: 0,
        complete: Vec::new(),
        depth: 0,
        warnings: Vec::new(),
    };
    let node = parser.alternatives()?;
    Ok(Parsed { node, groups: parser.groups, warnings: parser.warnings })
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    syntax: &'a Syntax,
    flags: &'a Flags,
    first_group: u32,
    groups: u32,
    /// Groups that are closed, which `\1` may name.
    complete: Vec<u32>,
    depth: u32,
    warnings: Vec<&'static str>,
}

enum Token {
    End,
    Open,
    Close,
    Bar,
    Star,
    Plus,
    Question,
    Interval,
    Dot,
    Bracket,
    Caret,
    Dollar,
    BackReference(u32),
    Escape(u8),
    Literal,
}

impl Parser<'_> {
    fn rest(&self) -> &[u8] {
        &self.text[self.at..]
    }

    /// The token here and its length; `start`: nothing stands before it in this branch.
    fn token(&self, start: bool) -> Result<(Token, usize), RegexError> {
        let extended = self.syntax.extended;
        let rest = self.rest();
        let Some(&byte) = rest.first() else { return Ok((Token::End, 0)) };
        let plain = |yes: bool, token: Token| (if yes { token } else { Token::Literal }, 1);
        Ok(match byte {
            b'\\' => {
                let Some(&next) = rest.get(1) else { return Err(RegexError::TrailingBackslash) };
                let basic = |token: Token| if extended { Token::Escape(next) } else { token };
                let token = match next {
                    b'(' => basic(Token::Open),
                    b')' => basic(Token::Close),
                    b'|' => basic(Token::Bar),
                    b'{' if self.syntax.intervals => basic(Token::Interval),
                    b'+' if !self.syntax.plain_plus => basic(Token::Plus),
                    b'?' if !self.syntax.plain_plus => basic(Token::Question),
                    b'1'..=b'9' if self.syntax.back_references => {
                        Token::BackReference(u32::from(next - b'0'))
                    }
                    _ => Token::Escape(next),
                };
                (token, 2)
            }
            b'(' => plain(extended, Token::Open),
            b')' => plain(extended, Token::Close),
            b'|' => plain(extended, Token::Bar),
            b'{' => plain(extended && self.syntax.intervals, Token::Interval),
            b'+' => plain(extended || self.syntax.plain_plus, Token::Plus),
            b'?' => plain(extended || self.syntax.plain_plus, Token::Question),
            b'*' => (Token::Star, 1),
            b'.' => (Token::Dot, 1),
            b'[' => (Token::Bracket, 1),
            b'^' => plain(start || self.syntax.anchors_anywhere, Token::Caret),
            b'$' => {
                let last = rest.len() == 1
                    || rest[1..].starts_with(b"\\)")
                    || rest[1..].starts_with(b"\\|");
                plain(last || self.syntax.anchors_anywhere, Token::Dollar)
            }
            _ => (Token::Literal, 1),
        })
    }

    fn alternatives(&mut self) -> Result<Node, RegexError> {
        let mut branches = Vec::new();
        loop {
            branches.push(self.branch()?);
            match self.token(false)? {
                (Token::Bar, length) => self.at += length,
                (Token::Close, _) if self.depth > 0 => break,
                (Token::End, _) => break,
                // `branch` goes on for everything else.
                _ => return Err(RegexError::RightParenthesis),
            }
        }
        if branches.len() == 1 {
            return Ok(branches.remove(0));
        }
        Ok(Node::Alternate(branches))
    }

    fn branch(&mut self) -> Result<Node, RegexError> {
        let mut nodes = Vec::new();
        let begin = self.at;
        // Whether what stands before can be repeated.
        let mut repeatable = false;
        loop {
            let (token, length) = self.token(self.at == begin)?;
            match token {
                Token::End | Token::Bar => break,
                Token::Close if self.depth > 0 => break,
                Token::Close if !self.syntax.unmatched_right_is_literal => {
                    return Err(RegexError::RightParenthesis);
                }
                Token::Star | Token::Plus | Token::Question | Token::Interval if !repeatable => {
                    repeatable = self.leading(&token, length, &mut nodes)?;
                    continue;
                }
                Token::Star | Token::Plus | Token::Question | Token::Interval => {
                    let Some(of) = nodes.pop() else { return Err(RegexError::Repeat) };
                    let repeated = matches!(of, Node::Repeat { .. });
                    match self.bounds(&token, length)? {
                        Some(_) if repeated && self.syntax.strict_intervals => {
                            return Err(RegexError::Repeat);
                        }
                        Some((min, max)) => {
                            let greed = Greed::Greedy;
                            nodes.push(Node::Repeat { min, max, greed, of: Box::new(of) });
                        }
                        None => {
                            nodes.push(of);
                            nodes.push(self.literal()?);
                        }
                    }
                    continue;
                }
                Token::Caret | Token::Dollar => {
                    self.at += length;
                    nodes.push(Node::Look(self.anchor(matches!(token, Token::Caret))));
                    // POSIX: an anchor is not repeated; what follows starts anew.
                    repeatable = false;
                    continue;
                }
                Token::Escape(letter) => {
                    if let Some(look) = self.look(letter) {
                        self.at += length;
                        nodes.push(Node::Look(look));
                        repeatable = false;
                        continue;
                    }
                    let node = self.escape(letter)?;
                    nodes.push(node);
                }
                Token::Open => {
                    let node = self.group(length)?;
                    nodes.push(node);
                }
                Token::Dot => {
                    self.at += length;
                    nodes.push(Node::Set(Set::any(self.flags.bytes, self.terminator())));
                }
                Token::Bracket => {
                    let node = self.bracket()?;
                    nodes.push(node);
                }
                Token::BackReference(number) => {
                    self.at += length;
                    let number = number + self.first_group - 1;
                    if !self.complete.contains(&number) {
                        return Err(RegexError::BackReference);
                    }
                    nodes.push(Node::BackReference(number));
                }
                Token::Close | Token::Literal => {
                    let node = self.literal()?;
                    nodes.push(node);
                }
            }
            repeatable = true;
        }
        Ok(Node::concat(nodes))
    }

    fn group(&mut self, length: usize) -> Result<Node, RegexError> {
        self.at += length;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(RegexError::TooBig);
        }
        let number = self.first_group + self.groups;
        self.groups += 1;
        let inner = self.alternatives()?;
        let (token, length) = self.token(false)?;
        if !matches!(token, Token::Close) {
            return Err(RegexError::Parenthesis);
        }
        self.at += length;
        self.depth -= 1;
        self.complete.push(number);
        Ok(Node::Group(number, Box::new(inner)))
    }

    /// A repetition with nothing before it; whether what was pushed can be repeated.
    fn leading(
        &mut self,
        token: &Token,
        length: usize,
        nodes: &mut Vec<Node>,
    ) -> Result<bool, RegexError> {
        let interval = matches!(token, Token::Interval);
        if interval && self.syntax.strict_intervals {
            return Err(RegexError::Repeat);
        }
        match self.syntax.leading_repeat {
            LeadingRepeat::Error => Err(RegexError::Repeat),
            LeadingRepeat::Ignored => {
                let at = self.at;
                let counts = !interval || matches!(self.interval(length), Ok(Some(_)));
                if !counts {
                    self.at = at;
                    // A `{` that begins no counts is an ordinary character.
                    self.at += length - 1;
                    nodes.push(self.literal()?);
                    return Ok(true);
                }
                if !interval {
                    self.at += length;
                }
                self.warnings.push(match token {
                    Token::Star => "* at start of expression",
                    Token::Plus => "+ at start of expression",
                    Token::Question => "? at start of expression",
                    _ => "{...} at start of expression",
                });
                Ok(false)
            }
            LeadingRepeat::Literal => {
                // `\+` stands for `+` then.
                self.at += length - 1;
                nodes.push(self.literal()?);
                Ok(true)
            }
        }
    }

    /// The counts of a repetition; `None` if a `{` is an ordinary character after all.
    fn bounds(
        &mut self,
        token: &Token,
        length: usize,
    ) -> Result<Option<(u32, Option<u32>)>, RegexError> {
        let bounds = match token {
            Token::Star => (0, None),
            Token::Plus => (1, None),
            Token::Question => (0, Some(1)),
            _ => return self.interval(length),
        };
        self.at += length;
        Ok(Some(bounds))
    }

    fn interval(&mut self, length: usize) -> Result<Option<(u32, Option<u32>)>, RegexError> {
        let text = &self.text[self.at + length..];
        let mut at = 0;
        let min = number(text, &mut at);
        let comma = text.get(at) == Some(&b',');
        let max = if comma {
            at += 1;
            number(text, &mut at)
        } else {
            min
        };
        let close: &[u8] = if self.syntax.extended { b"}" } else { b"\\}" };
        let closed = text[at.min(text.len())..].starts_with(close);
        if !closed || (min.is_none() && !comma) {
            if self.syntax.invalid_interval_is_literal {
                return Ok(None);
            }
            let ended = at >= text.len() || !closed && text[at..] == b"\\"[..];
            return Err(if ended { RegexError::Brace } else { RegexError::BraceContent });
        }
        if max.is_some_and(|max| max < min.unwrap_or(0)) {
            return Err(RegexError::BraceContent);
        }
        if max.or(min).is_some_and(|count| count > COUNT_MAX) {
            return Err(RegexError::TooBig);
        }
        self.at += length + at + close.len();
        Ok(Some((min.unwrap_or(0), max)))
    }

    fn anchor(&self, start: bool) -> Look {
        match (self.flags.lines, start) {
            (Lines::Whole, true) => Look::TextStart,
            (Lines::Whole, false) => Look::TextEnd,
            (_, true) => Look::LineStart,
            (_, false) => Look::LineEnd,
        }
    }

    fn look(&self, letter: u8) -> Option<Look> {
        let separate = matches!(self.flags.lines, Lines::Separate(_));
        Some(match letter {
            b'b' => Look::WordBoundary,
            b'B' => Look::NotWordBoundary,
            b'<' => Look::WordStart,
            b'>' => Look::WordEnd,
            b'`' if separate => Look::LineStart,
            b'\'' if separate => Look::LineEnd,
            b'`' => Look::TextStart,
            b'\'' => Look::TextEnd,
            _ => return None,
        })
    }

    fn terminator(&self) -> Option<u8> {
        match self.flags.lines {
            Lines::Separate(byte) => Some(byte),
            _ => None,
        }
    }

    fn escape(&mut self, letter: u8) -> Result<Node, RegexError> {
        let (name, negated): (&[u8], bool) = match letter {
            b'w' => (b"word", false),
            b'W' => (b"word", true),
            b's' => (b"space", false),
            b'S' => (b"space", true),
            _ => {
                self.at += 1;
                return self.literal();
            }
        };
        self.at += 2;
        let class = bracket::class(name, self.flags.bytes).ok_or(RegexError::ClassName)?;
        let set = bracket::Builder::of_class(class);
        Ok(Node::Set(set.finish(negated, false, self.flags.bytes, self.terminator())))
    }

    fn bracket(&mut self) -> Result<Node, RegexError> {
        let syntax = self.syntax;
        let text = &self.text[self.at + 1..];
        let (set, negated, taken) =
            bracket::parse(text, syntax.escapes_in_brackets, syntax.classes, self.flags.bytes)?;
        self.at += 1 + taken;
        let terminator = self.terminator();
        Ok(Node::Set(set.finish(negated, self.flags.ignore_case, self.flags.bytes, terminator)))
    }

    fn literal(&mut self) -> Result<Node, RegexError> {
        let (node, length) = one(self.rest(), self.flags).ok_or(RegexError::TrailingBackslash)?;
        self.at += length;
        Ok(node)
    }
}

/// A string that stands for itself.
pub(super) fn literal(text: &[u8], flags: &Flags) -> Node {
    if !flags.ignore_case {
        return if text.is_empty() { Node::Empty } else { Node::Literal(text.to_vec()) };
    }
    let mut nodes = Vec::new();
    let mut rest = text;
    while let Some((node, length)) = one(rest, flags) {
        nodes.push(node);
        rest = &rest[length..];
    }
    Node::concat(nodes)
}

/// The character that `text` starts with, in both cases if case does not matter, and its length.
pub(super) fn one(text: &[u8], flags: &Flags) -> Option<(Node, usize)> {
    let (_, end, letter) = text.char_indices().next()?;
    let length = if flags.bytes { 1 } else { end };
    let bytes = &text[..length];
    if flags.ignore_case && std::str::from_utf8(bytes).is_ok() {
        let mut class = ClassUnicode::new([ClassUnicodeRange::new(letter, letter)]);
        class.case_fold_simple();
        let alone = matches!(class.ranges(), [only] if only.start() == only.end());
        if !alone && !flags.bytes {
            return Some((Node::Set(Set::Unicode(class)), length));
        }
        if !alone {
            let ranges = class.iter().filter_map(|range| {
                let byte = u8::try_from(range.start()).ok().filter(u8::is_ascii)?;
                Some(ClassBytesRange::new(byte, byte))
            });
            return Some((Node::Set(Set::Bytes(ClassBytes::new(ranges))), length));
        }
    }
    Some((Node::Literal(bytes.to_vec()), length))
}

fn number(text: &[u8], at: &mut usize) -> Option<u32> {
    let mut value = None;
    while let Some(digit) = text.get(*at).filter(|byte| byte.is_ascii_digit()) {
        let digit = u32::from(digit - b'0');
        value = Some(value.unwrap_or(0u32).saturating_mul(10).saturating_add(digit));
        *at += 1;
    }
    value
}
