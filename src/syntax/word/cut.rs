//! Quotes and expansions of one raw text.

use super::{BodyKind, mark_at, special_parameter};
use crate::syntax::ast::ParamName;
use crate::syntax::ast::{
    BadPart, CommandKind, CommandSubst, List, Param, ParamOp, ProcessSubst, RedirectFd, RedirectOp,
    Text, WordFlags, WordPart,
};
use crate::syntax::reader::{Parsed, Reader, text};
use crate::syntax::scan::{Mark, MarkKind};
use crate::syntax::symbol::Interner;
use crate::syntax::token::identifier_len;
use std::ops::Range;
use std::sync::Arc;

/// Parts of one raw text, whose marks tell where its expansions end.
pub(super) struct Cutter<'a, 'p, 's> {
    pub reader: &'a mut Reader<'p, 's>,
    pub bytes: &'a [u8],
    pub marks: &'a [Mark],
    pub within: Within,
}

/// The text that is being cut: what a message about one of its parts shows.
#[derive(Debug, Clone, Default)]
pub(super) struct Within {
    pub start: usize,
    pub end: usize,
    /// It ends with a `"` before `end`.
    pub until_quote: bool,
}

/// Which bytes mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    /// Between double quotes.
    Quotes,
    /// A here-document or a prompt: `"` is text, but in the operand of a `${…}`.
    Body,
    /// The operand of a `${…}` that is between double quotes: `"` quotes as if there were none
    /// around it, `\}` is a brace.
    Operand,
    /// Between double quotes in an [`Around::Operand`]: a backslash goes away before any byte.
    Inner,
    /// Arithmetic: `"` goes away.
    Arithmetic,
}

impl<'a, 'p, 's> Cutter<'a, 'p, 's> {
    pub fn new(reader: &'a mut Reader<'p, 's>, bytes: &'a [u8], marks: &'a [Mark]) -> Self {
        Self { reader, bytes, marks, within: Within::default() }
    }

    pub fn interner(&self) -> &'p Interner {
        self.reader.interner
    }

    pub fn slice(&self, range: Range<usize>) -> &'a [u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    /// The bytes of `range` with the commands of its substitutions.
    pub fn printed(&self, range: Range<usize>) -> Text {
        let mut printed = Vec::new();
        let mut from = range.start;
        for mark in self.marks.iter().filter(|mark| mark.at >= range.start && mark.end <= range.end)
        {
            if let MarkKind::Command { list, .. } | MarkKind::Process { list, .. } = &mark.kind {
                printed.extend_from_slice(self.slice(from..mark.end - 1));
                printed.extend_from_slice(&crate::syntax::print::substitution(list));
                from = mark.end - 1;
            }
        }
        printed.extend_from_slice(self.slice(from..range.end));
        text(&printed)
    }

    /// The parts of text outside of quotes.
    pub fn unquoted(&mut self, range: Range<usize>) -> Parsed<Vec<WordPart>> {
        let within = Within { start: range.start, end: range.end, until_quote: false };
        let outer = std::mem::replace(&mut self.within, within);
        let parts = self.unquoted_parts(range);
        self.within = outer;
        parts
    }

    fn unquoted_parts(&mut self, range: Range<usize>) -> Parsed<Vec<WordPart>> {
        let mut parts = Parts::default();
        let mut at = range.start;
        let end = range.end;
        while at < end {
            let special =
                |byte: &u8| matches!(byte, b'\\' | b'\'' | b'"' | b'$' | b'`' | b'<' | b'>');
            let rest = self.slice(at..end);
            let run = rest.iter().position(special).unwrap_or(rest.len());
            parts.literal(rest.get(..run).unwrap_or_default());
            at += run;
            let Some(&byte) = rest.get(run) else { break };
            match byte {
                b'\\' => {
                    if at + 1 < end {
                        parts.quoted(self.slice(at + 1..at + 2));
                    } else {
                        parts.quoted(b"\\");
                    }
                    at += 2;
                }
                b'\'' => {
                    let inside = self.slice(at + 1..end);
                    let len = memchr::memchr(b'\'', inside).unwrap_or(inside.len());
                    parts.quoted(inside.get(..len).unwrap_or_default());
                    at += len + 2;
                }
                b'"' => at = self.double_quoted(&mut parts, at, end)?,
                b'$' if self.slice(at + 1..end).first() == Some(&b'\'') => {
                    at = self.ansi_quoted(&mut parts, at + 2, end);
                }
                b'<' | b'>' if mark_at(self.marks, at).is_none() => {
                    parts.literal(&[byte]);
                    at += 1;
                }
                _ => at = self.expansion(&mut parts, at, end, None)?,
            }
        }
        Ok(parts.done())
    }

    /// The inside of `$'…'` from `at` on. Only a pattern in a here-document has it still.
    fn ansi_quoted(&self, parts: &mut Parts, at: usize, end: usize) -> usize {
        let inside = self.slice(at..end);
        let mut len = 0;
        while let Some(byte) = inside.get(len).filter(|byte| **byte != b'\'') {
            len += if *byte == b'\\' { 2 } else { 1 };
        }
        let len = len.min(inside.len());
        parts.quoted(&super::ansi_c::decode(inside.get(..len).unwrap_or_default()));
        at + len + 1
    }

    /// `"…"` at `at`; returns where it ends.
    fn double_quoted(&mut self, parts: &mut Parts, at: usize, end: usize) -> Parsed<usize> {
        let mut inside = Parts::default();
        let stop = self.quoted(&mut inside, at + 1..end, Around::Quotes)?;
        let mut inside = inside.done();
        match &mut *inside {
            [] => parts.quoted(b""),
            [WordPart::Quoted(only)] => parts.quoted(only),
            _ => parts.push(WordPart::DoubleQuoted(inside.into())),
        }
        Ok(stop)
    }

    /// A here-document or a prompt.
    pub fn body(&mut self, range: Range<usize>, _kind: BodyKind) -> Parsed<Vec<WordPart>> {
        let mut parts = Parts::default();
        self.quoted(&mut parts, range, Around::Body)?;
        Ok(wrap_quoted(parts.done()))
    }

    /// The operand of a `${…}` that stands between double quotes.
    pub fn quoted_operand(&mut self, range: Range<usize>, around: Around) -> Parsed<Vec<WordPart>> {
        let mut parts = Parts::default();
        self.quoted(&mut parts, range, around)?;
        Ok(wrap_quoted(parts.done()))
    }

    /// Adds the parts of quoted text up to the end of `range`, or to the quote that ends it.
    pub fn quoted(
        &mut self,
        parts: &mut Parts,
        range: Range<usize>,
        around: Around,
    ) -> Parsed<usize> {
        let until_quote = matches!(around, Around::Quotes | Around::Inner);
        let within = Within { start: range.start, end: range.end, until_quote };
        let outer = std::mem::replace(&mut self.within, within);
        let end = self.quoted_parts(parts, range, around);
        self.within = outer;
        end
    }

    fn quoted_parts(
        &mut self,
        parts: &mut Parts,
        range: Range<usize>,
        around: Around,
    ) -> Parsed<usize> {
        let mut at = range.start;
        let end = range.end;
        while at < end {
            let special = |byte: &u8| matches!(byte, b'\\' | b'"' | b'$' | b'`');
            let rest = self.slice(at..end);
            let run = rest.iter().position(special).unwrap_or(rest.len());
            if run > 0 {
                parts.quoted(rest.get(..run).unwrap_or_default());
            }
            at += run;
            let Some(&byte) = rest.get(run) else { break };
            match byte {
                b'\\' => {
                    let next = self.slice(at + 1..end).first().copied();
                    let removed = match next {
                        Some(b'$' | b'`' | b'\\' | b'\n') => true,
                        Some(b'"') => around != Around::Body,
                        Some(b'}') => matches!(around, Around::Operand | Around::Inner),
                        _ => around == Around::Inner,
                    };
                    let from = if removed { at + 1 } else { at };
                    parts.quoted(self.slice(from..(at + 2).min(end)));
                    at += 2;
                }
                b'"' => match around {
                    Around::Quotes | Around::Inner => return Ok(at + 1),
                    Around::Operand => at = self.inner_quotes(parts, at, end)?,
                    Around::Arithmetic => at += 1,
                    Around::Body => {
                        parts.quoted(b"\"");
                        at += 1;
                    }
                },
                _ => at = self.expansion(parts, at, end, Some(around))?,
            }
        }
        Ok(end)
    }

    /// `"` within an operand that is quoted as a whole: what is up to the next one is quoted too.
    fn inner_quotes(&mut self, parts: &mut Parts, at: usize, end: usize) -> Parsed<usize> {
        parts.quoted(b"");
        self.quoted(parts, at + 1..end, Around::Inner)
    }

    /// What begins at `at` with `$`, a backquote, `<(` or `>(`; returns where it ends.
    fn expansion(
        &mut self,
        parts: &mut Parts,
        at: usize,
        end: usize,
        around: Option<Around>,
    ) -> Parsed<usize> {
        let marks = self.marks;
        let Some(mark) = mark_at(marks, at) else {
            return self.simple(parts, at, end, around.is_some());
        };
        let inside =
            |open: usize, close: usize| at + open..mark.end.saturating_sub(close).max(at + open);
        let part = match &mark.kind {
            MarkKind::Command { list, line } => WordPart::Command(Arc::new(CommandSubst {
                body: Arc::clone(list),
                backtick: false,
                reads_file: reads_file(list),
                line: *line,
            })),
            MarkKind::Process { direction, list, line } => {
                WordPart::Process(Box::new(ProcessSubst {
                    direction: *direction,
                    body: Arc::clone(list),
                    line: *line,
                }))
            }
            MarkKind::Backtick => self.backtick(inside(1, 1), around)?,
            MarkKind::Doubled { line } => {
                self.commands_of(self.slice(inside(2, 1)).to_vec(), *line, false)
            }
            MarkKind::Brace => {
                let part = self.parameter(inside(2, 1), around)?;
                self.closed(part, at..mark.end)
            }
            MarkKind::Arith => WordPart::Arith(Box::new(self.arithmetic(inside(3, 2))?)),
            MarkKind::Bracket => WordPart::Arith(Box::new(self.arithmetic(inside(2, 1))?)),
        };
        parts.push(part);
        Ok(mark.end)
    }

    /// `${x}` where braces may bring something behind it, which must not make the name longer.
    fn closed(&self, part: WordPart, range: Range<usize>) -> WordPart {
        match (part, self.slice(range.end..range.end + 1)) {
            (WordPart::Var(name @ ParamName::Variable(_)), b"{" | b"," | b"}") => {
                let text = text(self.slice(range));
                let (subscript, op) = (None, ParamOp::Value);
                WordPart::Param(Box::new(Param { name, subscript, indirect: false, op, text }))
            }
            (part, _) => part,
        }
    }

    /// `$name`, `$1`, `$?`, or a `$` that is only itself.
    fn simple(&mut self, parts: &mut Parts, at: usize, end: usize, quoted: bool) -> Parsed<usize> {
        let rest = self.slice(at + 1..end);
        let len = identifier_len(rest);
        if len > 0 {
            let symbol = self.reader.symbol(rest.get(..len).unwrap_or_default())?;
            parts.push(WordPart::Var(ParamName::Variable(symbol)));
            return Ok(at + 1 + len);
        }
        if let Some(name) = rest.first().and_then(|byte| special_parameter(*byte)) {
            parts.push(WordPart::Var(name));
            return Ok(at + 2);
        }
        // Whether a lone `$` is quoted counts in a regular expression.
        if quoted {
            parts.quoted(b"$");
        } else {
            parts.literal(b"$");
        }
        Ok(at + 1)
    }

    fn backtick(&mut self, range: Range<usize>, around: Option<Around>) -> Parsed<WordPart> {
        let line = self.reader.command_line;
        let escaped = self.slice(range);
        let quoted = matches!(around, Some(Around::Quotes | Around::Inner | Around::Operand));
        let mut script = Vec::with_capacity(escaped.len());
        let mut bytes = escaped.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            let escapes = match bytes.peek() {
                Some(b'$' | b'`' | b'\\') => true,
                Some(b'"') => quoted,
                _ => false,
            };
            if byte == b'\\' && escapes {
                script.extend(bytes.next());
            } else {
                script.push(byte);
            }
        }
        // The end of the last word is looked for on its own line.
        if !matches!(script.last(), Some(b'\n' | b'\\')) {
            script.push(b'\n');
        }
        Ok(self.commands_of(script, line, true))
    }

    /// The substitution of commands that bash reads when it runs.
    fn commands_of(&mut self, script: Vec<u8>, line: u32, backtick: bool) -> WordPart {
        let list = self.reader.within(&script, line, |reader| {
            // Aliases are looked up when it runs.
            reader.env.options.expand_aliases &= reader.env.options.posix;
            reader.whole_list()
        });
        match list {
            Ok(list) => WordPart::Command(Arc::new(CommandSubst {
                reads_file: reads_file(&list),
                body: Arc::new(list),
                backtick,
                line,
            })),
            Err(error) => {
                let bad = BadPart::Commands { text: text(&script), error: Box::new(error) };
                WordPart::Bad(Box::new(bad))
            }
        }
    }
}

/// Whether the list is nothing but `<file`.
fn reads_file(list: &List) -> bool {
    let [item] = &*list.items else { return false };
    let pipeline = &item.and_or.first;
    if !item.and_or.rest.is_empty() || pipeline.negated || pipeline.time.is_some() {
        return false;
    }
    if item.end == crate::syntax::ast::ListEnd::Background {
        return false;
    }
    let [command] = &*pipeline.commands else { return false };
    let CommandKind::Simple(simple) = &command.kind else { return false };
    let [redirect] = &*command.redirects else { return false };
    simple.words.is_empty()
        && simple.assignments.is_empty()
        && redirect.op == RedirectOp::Read
        && match redirect.fd {
            RedirectFd::Default => true,
            RedirectFd::Number(fd) => fd == 0,
            RedirectFd::Variable(_) => false,
        }
}

/// Quoted text that also holds expansions is one `DoubleQuoted`.
fn wrap_quoted(parts: Vec<WordPart>) -> Vec<WordPart> {
    match &*parts {
        [] | [WordPart::Quoted(_)] => parts,
        _ => vec![WordPart::DoubleQuoted(parts.into())],
    }
}

/// Parts being collected; neighbours of one kind are joined.
#[derive(Default)]
pub(super) struct Parts {
    done: Vec<WordPart>,
    literal: Vec<u8>,
    quoted: Option<Vec<u8>>,
}

impl Parts {
    pub fn literal(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.end_quoted();
        self.literal.extend_from_slice(bytes);
    }

    pub fn quoted(&mut self, bytes: &[u8]) {
        self.end_literal();
        self.quoted.get_or_insert_default().extend_from_slice(bytes);
    }

    pub fn push(&mut self, part: WordPart) {
        self.end_literal();
        self.end_quoted();
        self.done.push(part);
    }

    fn end_literal(&mut self) {
        if !self.literal.is_empty() {
            self.done.push(WordPart::Literal(text(&self.literal)));
            self.literal.clear();
        }
    }

    fn end_quoted(&mut self) {
        if let Some(quoted) = self.quoted.take() {
            self.done.push(WordPart::Quoted(text(&quoted)));
        }
    }

    pub fn done(mut self) -> Vec<WordPart> {
        self.end_literal();
        self.end_quoted();
        self.done
    }
}

/// What is known about a word of these parts.
pub(super) fn flags_of(parts: &[WordPart]) -> WordFlags {
    let mut flags = WordFlags::default();
    let mut constant = true;
    for part in parts {
        match part {
            WordPart::Literal(text) => {
                if text.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[')) || has_extended(text)
                {
                    flags |= WordFlags::GLOB;
                    constant = false;
                }
            }
            WordPart::Quoted(_) => flags |= WordFlags::QUOTED,
            WordPart::DoubleQuoted(inside) => {
                constant = false;
                flags |= WordFlags::QUOTED;
                if inside.iter().any(may_be_many) {
                    flags |= WordFlags::MULTI;
                }
            }
            WordPart::Var(_)
            | WordPart::Param(_)
            | WordPart::Command(_)
            | WordPart::Arith(_)
            | WordPart::Bad(_) => {
                constant = false;
                flags |= WordFlags::SPLIT;
            }
            WordPart::Process(_) => {
                constant = false;
                flags |= WordFlags::PROCESS;
            }
            WordPart::Tilde(_) => {
                constant = false;
                flags |= WordFlags::TILDE;
            }
            WordPart::Brace(brace) => {
                constant = false;
                flags |= WordFlags::BRACE;
                if let crate::syntax::ast::Brace::List(items) = &**brace {
                    for item in items {
                        flags |= WordFlags(flags_of(item).0 & !WordFlags::CONST.0);
                    }
                }
            }
            WordPart::Array(_) => constant = false,
        }
    }
    if constant {
        flags |= WordFlags::CONST;
    }
    flags
}

/// `+(`, `@(` or `!(`; `?(` and `*(` are globs anyway.
fn has_extended(text: &[u8]) -> bool {
    text.windows(2).any(|pair| matches!(pair, [b'+' | b'@' | b'!', b'(']))
        || matches!(text.last(), Some(b'(')) && text.len() == 1
}

/// Whether a quoted expansion can give more or fewer fields than one.
fn may_be_many(part: &WordPart) -> bool {
    use crate::syntax::ast::{ParamOp, SubscriptKind};
    match part {
        WordPart::Var(name) => *name == ParamName::At,
        WordPart::Param(param) => {
            let many = param.name == ParamName::At
                || param.indirect
                || param.subscript.as_ref().is_some_and(|sub| sub.kind == SubscriptKind::At);
            let inside = match &param.op {
                ParamOp::Names { at, .. } | ParamOp::Keys { at } => *at,
                ParamOp::Default { word, .. }
                | ParamOp::Assign { word, .. }
                | ParamOp::Alternative { word, .. } => word.flags.has(WordFlags::MULTI),
                ParamOp::Length => false,
                _ => false,
            };
            many || inside
        }
        WordPart::DoubleQuoted(inside) => inside.iter().any(may_be_many),
        _ => false,
    }
}
