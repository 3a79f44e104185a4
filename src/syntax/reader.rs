//! What reading one command works with: the input, the options in force, one token ahead.

use super::ast::{Text, TextPiece, WordText};
use super::error::{Open, ParseError, ParseErrorKind, Verdict, Warning};
use super::heredoc::PendingHereDoc;
use super::input::{Input, Lines};
use super::options::{ParseEnv, ParserOptions};
use super::scan::{MarkKind, RawWord};
use super::symbol::{Interner, Symbol};
use super::token::Token;
use super::tree::TreeSize;
use bstr::{BString, ByteSlice};

/// How deep commands, substitutions and parentheses may stand in each other.
///
/// A level takes at most 16 KiB of the stack of whoever parses, in a debug build.
pub const NESTING_MAX: u32 = 1000;

pub(super) type Parsed<T> = Result<T, ParseError>;

pub(super) struct Reader<'p, 's> {
    pub input: &'p mut Input<'s>,
    pub env: ParseEnv<'p>,
    pub interner: &'p Interner,
    pub warnings: &'p mut Vec<Warning>,
    pub depth: u32,
    /// Read but not used yet. Whenever one is here, the input stands right after it.
    pub ahead: Option<Token>,
    /// Here-documents whose bodies follow the next newline.
    pub pending: Vec<PendingHereDoc>,
    /// How many `$(` are open: a here-document may end at the `)`.
    pub substitutions: u32,
    /// A `[[ … ]]` is being read, where newlines don't end a command.
    pub condition_start: u32,
    /// The line of the command that is being read: where the text between backquotes is said to
    /// begin, wherever they stand.
    pub command_line: u32,
    pub tree: TreeSize,
}

impl<'p, 's> Reader<'p, 's> {
    pub fn new(
        input: &'p mut Input<'s>,
        env: ParseEnv<'p>,
        interner: &'p Interner,
        warnings: &'p mut Vec<Warning>,
        depth: u32,
    ) -> Self {
        Self {
            input,
            env,
            interner,
            warnings,
            depth,
            ahead: None,
            pending: Vec::new(),
            substitutions: 0,
            condition_start: 0,
            command_line: 1,
            tree: TreeSize::default(),
        }
    }

    pub fn options(&self) -> ParserOptions {
        self.env.options
    }

    /// Runs `read` on `text` as an input of its own, whose first line has the number `line`.
    pub fn within<T>(
        &mut self,
        text: &[u8],
        line: u32,
        read: impl FnOnce(&mut Reader<'_, '_>) -> Parsed<T>,
    ) -> Parsed<T> {
        let mut input = Input::new(Box::new(Lines::new(text)), line.saturating_sub(1));
        input.continues = true;
        let (env, interner, depth) = (self.env, self.interner, self.depth);
        let mut inner = Reader::new(&mut input, env, interner, self.warnings, depth);
        inner.command_line = line;
        inner.tree = std::mem::take(&mut self.tree);
        let result = inner.nested(read);
        self.tree = std::mem::take(&mut inner.tree);
        result
    }

    /// Runs `read` one level deeper.
    pub fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= NESTING_MAX {
            return Err(self.error(ParseErrorKind::TooDeep));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Notes that the tree grows by `bytes`.
    #[inline]
    pub fn grow(&mut self, bytes: usize) -> Parsed<()> {
        let added = self.tree.add(bytes, self.interner.budget());
        added.map_err(|limit| self.error(ParseErrorKind::Name(limit.into())))
    }

    pub fn symbol(&self, name: &[u8]) -> Parsed<Symbol> {
        if name == b"BASH_COMMAND" {
            self.interner.tell_commands();
        }
        self.interner.intern(name).map_err(|error| self.error(ParseErrorKind::Name(error)))
    }

    /// An error at the current line, which bash shows.
    pub fn error(&self, kind: ParseErrorKind) -> ParseError {
        ParseError {
            verdict: Verdict::Wrong,
            kind,
            line: self.input.number,
            source_line: Some(text(self.input.current_line())),
            in_array: false,
        }
    }

    /// An error about the end of the input: no line is shown.
    pub fn incomplete(&self, kind: ParseErrorKind, open: Open, line: u32) -> ParseError {
        let verdict = Verdict::Incomplete(open);
        match &self.input.failure {
            Some(failure) => ParseError {
                verdict: Verdict::Wrong,
                kind: ParseErrorKind::Input(text(failure.to_string().as_bytes())),
                line: self.input.number,
                source_line: None,
                in_array: false,
            },
            None => ParseError { verdict, kind, line, source_line: None, in_array: false },
        }
    }

    /// The input ended before `close`; the opening stood in `line`.
    pub fn unmatched(&self, close: u8, open: Open, line: u32) -> ParseError {
        self.incomplete(ParseErrorKind::Unmatched(close), open, line)
    }

    /// The error that `token` is, where no command can go on with it.
    pub fn unexpected(&self, token: &Token) -> ParseError {
        match token {
            Token::End => {
                self.incomplete(ParseErrorKind::UnexpectedEnd, Open::Command, self.input.number)
            }
            token => self.error(ParseErrorKind::Unexpected(token.text())),
        }
    }

    pub fn warn(&mut self, line: u32, message: String) {
        self.warnings.push(Warning { line, text: BString::from(message) });
    }
}

/// An owned copy.
pub(super) fn text(bytes: &[u8]) -> Text {
    Text::from(bytes.as_bstr().to_vec().into_boxed_slice())
}

/// How `raw` is printed.
pub(super) fn word_text(raw: &RawWord) -> WordText {
    let mut pieces = Vec::new();
    let mut from = 0;
    for mark in &raw.marks {
        let list = match &mark.kind {
            MarkKind::Command { list, .. } | MarkKind::Process { list, .. } => list,
            _ => continue,
        };
        // The text has nothing between the parentheses.
        let inside = mark.end.saturating_sub(1);
        pieces.push(TextPiece::Plain(text(raw.text.get(from..inside).unwrap_or_default())));
        pieces.push(TextPiece::Command(std::sync::Arc::clone(list)));
        from = inside;
    }
    if pieces.is_empty() {
        return WordText::Plain(text(&raw.text));
    }
    pieces.push(TextPiece::Plain(text(raw.text.get(from..).unwrap_or_default())));
    WordText::Pieces(pieces.into())
}
