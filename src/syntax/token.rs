//! Operators and words: what the grammar is made of.

use super::ast::Text;
use super::error::ParseErrorKind;
use super::lexeme::{LexemeKind, word_kind};
use super::reader::{Parsed, Reader, text};
use super::scan::RawWord;

#[derive(Debug)]
pub(super) enum Token {
    Word(RawWord),
    /// Digits right before a redirection.
    Number(i32),
    /// `{name}` right before a redirection: what is between the braces.
    FdVariable(Vec<u8>),
    Op(Op),
    Newline,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    AndAnd,
    OrOr,
    Pipe,
    PipeBoth,
    Semi,
    SemiSemi,
    SemiAmp,
    SemiSemiAmp,
    Amp,
    Open,
    Close,
    Less,
    Greater,
    HereDoc,
    HereDocTabs,
    HereString,
    Append,
    DupIn,
    DupOut,
    ReadWrite,
    Clobber,
    WriteBoth,
    AppendBoth,
}

impl Op {
    pub fn text(self) -> &'static str {
        match self {
            Self::AndAnd => "&&",
            Self::OrOr => "||",
            Self::Pipe => "|",
            Self::PipeBoth => "|&",
            Self::Semi => ";",
            Self::SemiSemi => ";;",
            Self::SemiAmp => ";&",
            Self::SemiSemiAmp => ";;&",
            Self::Amp => "&",
            Self::Open => "(",
            Self::Close => ")",
            Self::Less => "<",
            Self::Greater => ">",
            Self::HereDoc => "<<",
            Self::HereDocTabs => "<<-",
            Self::HereString => "<<<",
            Self::Append => ">>",
            Self::DupIn => "<&",
            Self::DupOut => ">&",
            Self::ReadWrite => "<>",
            Self::Clobber => ">|",
            Self::WriteBoth => "&>",
            Self::AppendBoth => "&>>",
        }
    }

    pub fn is_redirect(self) -> bool {
        matches!(
            self,
            Self::Less
                | Self::Greater
                | Self::HereDoc
                | Self::HereDocTabs
                | Self::HereString
                | Self::Append
                | Self::DupIn
                | Self::DupOut
                | Self::ReadWrite
                | Self::Clobber
                | Self::WriteBoth
                | Self::AppendBoth
        )
    }
}

impl Token {
    /// As a message names it.
    pub fn text(&self) -> Text {
        match self {
            Self::Word(raw) => raw.printed(),
            Self::Number(number) => text(number.to_string().as_bytes()),
            Self::FdVariable(name) => text(name),
            Self::Op(op) => text(op.text().as_bytes()),
            Self::Newline | Self::End => text(b"newline"),
        }
    }

    /// The text of a word without quotes or expansions: it may be a reserved word.
    pub fn plain(&self) -> Option<&[u8]> {
        match self {
            Self::Word(raw) if raw.plain => Some(&raw.text),
            _ => None,
        }
    }

    pub fn is_word(&self, reserved: &[u8]) -> bool {
        self.plain() == Some(reserved)
    }

    pub fn is_op(&self, op: Op) -> bool {
        matches!(self, Self::Op(other) if *other == op)
    }

    /// Whether a redirection begins here.
    pub fn is_redirect(&self) -> bool {
        match self {
            Self::Op(op) => op.is_redirect(),
            Self::Number(_) | Self::FdVariable(_) => true,
            _ => false,
        }
    }
}

/// Where a token stands, as far as that changes how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Where a command may begin: aliases, and subscripts of assignments.
    Command,
    /// After an assignment or redirection that begins a command.
    Prefix,
    /// An argument of a declaration builtin.
    Declaration,
    Argument,
    /// In `a=(…)`.
    Element,
    /// A pattern of `case`.
    Pattern,
    /// In `[[ … ]]`.
    Condition,
    /// The right side of `==` there, where extended patterns are always on.
    ConditionPattern,
}

impl Reader<'_, '_> {
    /// The next token, which stays.
    pub fn peek(&mut self, place: Place) -> Parsed<&Token> {
        if self.ahead.is_none() {
            let token = self.read_token(place)?;
            self.ahead = Some(token);
        }
        Ok(self.ahead.as_ref().unwrap_or(&Token::End))
    }

    pub fn take(&mut self, place: Place) -> Parsed<Token> {
        match self.ahead.take() {
            Some(token) => Ok(token),
            None => self.read_token(place),
        }
    }

    /// Takes newlines, as many as there are.
    pub fn skip_newlines(&mut self) -> Parsed<()> {
        while matches!(self.peek(Place::Command)?, Token::Newline) {
            self.ahead = None;
        }
        Ok(())
    }

    fn read_token(&mut self, place: Place) -> Parsed<Token> {
        let mut eligible = matches!(place, Place::Command | Place::Prefix);
        // Each turn replaces an alias by its text.
        loop {
            let token = self.read_plain_token(place)?;
            // Those of a substitution are looked up when that runs.
            let later = self.substitutions > 0 && !self.options().posix;
            if !self.options().expand_aliases || later || token.plain().is_none() {
                return Ok(token);
            }
            let next = std::mem::take(&mut self.input.expand_next);
            eligible |= next && matches!(place, Place::Argument | Place::Declaration);
            if !eligible || !self.push_alias(&token)? {
                return Ok(token);
            }
        }
    }

    /// Puts the text of the alias that `token` names in front of the input, if it is one.
    fn push_alias(&mut self, token: &Token) -> Parsed<bool> {
        let Some(name) = token.plain() else { return Ok(false) };
        if self.options().posix && is_reserved(name) || self.input.is_expanding(name) {
            return Ok(false);
        }
        let Some(value) = self.env.aliases.alias(name) else { return Ok(false) };
        if !self.input.push_alias(name, value) {
            return Err(self.error(ParseErrorKind::TooDeep));
        }
        Ok(true)
    }

    fn read_plain_token(&mut self, place: Place) -> Parsed<Token> {
        self.skip_blanks();
        let Some(byte) = self.input.peek() else {
            self.read_here_documents()?;
            return Ok(Token::End);
        };
        let start = self.input.offset();
        let op = match byte {
            b'\n' => {
                self.input.bump();
                self.read_here_documents()?;
                return Ok(Token::Newline);
            }
            b'&' => self.operator(
                &[(b">>", Op::AppendBoth), (b">", Op::WriteBoth), (b"&", Op::AndAnd)],
                Op::Amp,
            ),
            b'|' => self.operator(&[(b"|", Op::OrOr), (b"&", Op::PipeBoth)], Op::Pipe),
            b';' => self.operator(
                &[(b";&", Op::SemiSemiAmp), (b";", Op::SemiSemi), (b"&", Op::SemiAmp)],
                Op::Semi,
            ),
            b'(' => self.operator(&[], Op::Open),
            b')' => self.operator(&[], Op::Close),
            b'<' if self.after_bump() != Some(b'(') => self.operator(
                &[
                    (b"<<", Op::HereString),
                    (b"<-", Op::HereDocTabs),
                    (b"<", Op::HereDoc),
                    (b"&", Op::DupIn),
                    (b">", Op::ReadWrite),
                ],
                Op::Less,
            ),
            b'>' if self.after_bump() != Some(b'(') => self.operator(
                &[(b">", Op::Append), (b"&", Op::DupOut), (b"|", Op::Clobber)],
                Op::Greater,
            ),
            _ => return self.word_token(place),
        };
        let kind = if op.is_redirect() { LexemeKind::Redirect } else { LexemeKind::Operator };
        self.input.note(start, kind);
        Ok(Token::Op(op))
    }

    /// The byte after the next one, over line continuations.
    pub(super) fn after_bump(&mut self) -> Option<u8> {
        let rest = self.input.rest();
        if rest.get(1) != Some(&b'\\') || rest.get(2) != Some(&b'\n') {
            return rest.get(1).copied();
        }
        let start = self.input.checkpoint();
        self.input.bump();
        let byte = self.input.peek_joined();
        self.input.rewind(start);
        byte
    }

    /// Takes one byte, then the first of `longer` that follows.
    fn operator(&mut self, longer: &[(&[u8], Op)], single: Op) -> Op {
        self.input.bump();
        self.input.peek_joined();
        for (rest, op) in longer {
            if self.input.rest().starts_with(rest) {
                self.input.advance(rest.len());
                return *op;
            }
        }
        // Within an operator a line may be continued.
        if self.input.second() == Some(b'\\')
            && let Some((first, op)) = longer
                .iter()
                .rev()
                .find(|(rest, _)| rest.len() == 1 && self.input.rest().first() == rest.first())
        {
            self.input.advance(first.len());
            return *op;
        }
        single
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.input.peek_joined() {
                Some(b' ' | b'\t') => {
                    let rest = self.input.rest();
                    let count = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                    self.input.advance(count);
                }
                Some(b'#') if self.options().comments => {
                    self.skip_comment();
                }
                _ => return,
            }
        }
    }

    /// Up to the newline, also where the comment began in an alias.
    fn skip_comment(&mut self) {
        let start = self.input.offset();
        self.input.verbatim = true;
        while self.input.peek().is_some_and(|byte| byte != b'\n') {
            let rest = self.input.rest();
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            self.input.advance(end);
        }
        self.input.verbatim = false;
        self.input.note(start, LexemeKind::Comment);
    }

    fn word_token(&mut self, place: Place) -> Parsed<Token> {
        let start = self.input.offset();
        let scanned = self.scan_word(place);
        let end = self.input.offset();
        let kind = word_kind(scanned.as_ref().ok(), place);
        let raw = match scanned {
            Ok(raw) => raw,
            Err(error) => {
                self.input.note_span(start, end, kind);
                return Err(error);
            }
        };
        if raw.plain && matches!(self.input.peek_joined(), Some(b'<' | b'>')) {
            if raw.text.iter().all(u8::is_ascii_digit)
                && let Some(number) =
                    std::str::from_utf8(&raw.text).ok().and_then(|text| text.parse().ok())
            {
                self.input.note_span(start, end, LexemeKind::Redirect);
                return Ok(Token::Number(number));
            }
            if let [b'{', name @ .., b'}'] = &*raw.text
                && is_reference(name)
            {
                self.input.note_span(start, end, LexemeKind::Redirect);
                return Ok(Token::FdVariable(name.to_vec()));
            }
        }
        self.input.note_span(start, end, kind);
        Ok(Token::Word(raw))
    }

    /// Takes the reserved word or fails.
    pub fn expect_word(&mut self, reserved: &[u8]) -> Parsed<()> {
        let token = self.take(Place::Command)?;
        if token.is_word(reserved) { Ok(()) } else { Err(self.unexpected(&token)) }
    }

    /// Takes the operator or fails.
    pub fn expect_op(&mut self, op: Op, place: Place) -> Parsed<()> {
        let token = self.take(place)?;
        if token.is_op(op) { Ok(()) } else { Err(self.unexpected(&token)) }
    }
}

/// Words that the grammar knows, where a command may begin.
pub(super) const RESERVED: [&[u8]; 22] = [
    b"!",
    b"[[",
    b"]]",
    b"case",
    b"coproc",
    b"do",
    b"done",
    b"elif",
    b"else",
    b"esac",
    b"fi",
    b"for",
    b"function",
    b"if",
    b"in",
    b"select",
    b"then",
    b"time",
    b"until",
    b"while",
    b"{",
    b"}",
];

pub fn is_reserved(word: &[u8]) -> bool {
    RESERVED.contains(&word)
}

/// Whether `name` is an identifier.
pub fn is_identifier(name: &[u8]) -> bool {
    match name.split_first() {
        Some((first, rest)) => {
            (first.is_ascii_alphabetic() || *first == b'_')
                && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        }
        None => false,
    }
}

/// How many bytes of the identifier that `text` begins with.
pub fn identifier_len(text: &[u8]) -> usize {
    match text.first() {
        Some(first) if first.is_ascii_alphabetic() || *first == b'_' => text
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'))
            .unwrap_or(text.len()),
        _ => 0,
    }
}

/// Whether `text` is `name` or `name[sub]`.
pub fn is_reference(text: &[u8]) -> bool {
    let name = identifier_len(text);
    match text.get(name..) {
        Some([]) => name > 0,
        Some([b'[', sub @ .., b']']) => name > 0 && !sub.is_empty(),
        _ => false,
    }
}
