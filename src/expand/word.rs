//! The parts of a word, one after the other.

use super::brace::{self, Piece};
use super::error::{ExpandError, Expanded};
use super::ifs::Ifs;
use super::lists::Got;
use super::sink::{Field, Mode, Sink};
use super::{Expander, glob};
use crate::state::names::is_identifier;
use crate::state::{Opt, Str};
use crate::syntax::ast::{BadPart, ParamName, Word, WordFlags, WordPart};
use crate::syntax::word::recognise_tilde;
use std::borrow::Cow;

/// Whether text of a part is inside of double quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    None,
    /// Unquoted, and the text of the script itself is split too: the word in `${x:-word}`.
    Word,
    Double,
}

impl Expander<'_> {
    /// The fields of an argument.
    pub(crate) fn fields(&mut self, word: &Word, out: &mut Vec<Str>) -> Expanded<()> {
        if let Some(text) = word.literal() {
            out.push(Str::copied(text, &self.shell.budget)?);
            return Ok(());
        }
        if word.flags.has(WordFlags::BRACE) {
            return self.brace_fields(word, out);
        }
        match &*word.parts {
            [WordPart::Var(name)] if !matches!(name, ParamName::At | ParamName::Star) => {
                let Some(value) = self.variable_value(*name)? else { return Ok(()) };
                return self.value_fields(value, out);
            }
            [WordPart::Arith(expr)] => {
                let value = Str::number(self.arith(expr)?);
                return self.value_fields(value, out);
            }
            [WordPart::Param(param)] => {
                if let Some(value) = self.param_text(param)? {
                    return self.value_fields(value, out);
                }
            }
            [WordPart::DoubleQuoted(parts)] => {
                if let [WordPart::Var(ParamName::At)] = &**parts {
                    out.extend_from_slice(self.shell.positional.as_slice());
                    return Ok(());
                }
            }
            [WordPart::Array(assignment)] => {
                out.push(Str::new(&crate::syntax::print::text_of(&assignment.text)));
                return Ok(());
            }
            _ => {}
        }
        if word.is_single_field() {
            out.push(self.single(word)?);
            return Ok(());
        }
        let parts = word.parts.iter().map(Piece::Part);
        self.pieces_fields(parts, out)
    }

    /// The fields of a value that stands alone and unquoted; mostly it is one as it is.
    fn value_fields(&mut self, value: Str, out: &mut Vec<Str>) -> Expanded<()> {
        if value.is_empty() {
            return Ok(());
        }
        let noglob = self.shell.options.has(Opt::NoGlob);
        let ifs = Ifs::of(self.shell);
        if ifs.find(&value).is_none()
            && (noglob || !value.iter().any(|byte| glob::is_special(*byte)))
        {
            out.push(value);
            return Ok(());
        }
        let budget = self.shell.budget.clone();
        let mut sink = Sink::new(Mode::Split, &ifs, &budget);
        sink.expansion(&value)?;
        self.glob_fields(sink.done()?, out)
    }

    fn brace_fields(&mut self, word: &Word, out: &mut Vec<Str>) -> Expanded<()> {
        if !self.shell.options.has(Opt::BraceExpand) {
            let mut pieces = Vec::new();
            brace::unexpanded(&word.parts, &mut pieces);
            return self.pieces_fields(pieces.into_iter(), out);
        }
        // Before the first of too many is made.
        let count = usize::try_from(brace::count(&word.parts)).unwrap_or(usize::MAX);
        self.limit_words(out.len().saturating_add(count - 1))?;
        let cancel = self.shell.cancel.clone();
        brace::expand(&word.parts, &mut |pieces| {
            if cancel.is_cancelled() {
                return Err(ExpandError::Interrupted);
            }
            self.limit_words(out.len())?;
            // `{1..9}` alone, which is most often a long list.
            if let [Piece::Text(text)] = pieces
                && text.iter().all(u8::is_ascii_alphanumeric)
            {
                out.push(Str::copied(text, &self.shell.budget)?);
                return Ok(());
            }
            if let Some(joined) = self.joined_names(pieces)? {
                return self.pieces_fields(joined.into_iter(), out);
            }
            let tilde = pieces.iter().any(Piece::has_tilde);
            if !tilde {
                return self.pieces_fields(pieces.iter().cloned(), out);
            }
            let parts = pieces.iter().map(Piece::to_part).collect();
            let mut word = Word { parts, ..Word::default() };
            // What braces made is no assignment any more.
            recognise_tilde(&mut word);
            self.pieces_fields(word.parts.iter().map(Piece::Part), out)
        })
    }

    /// `$x{a,b}` is `$xa $xb`: what braces bring behind a name belongs to it. `None`: nothing does.
    fn joined_names<'p>(&self, pieces: &[Piece<'p>]) -> Expanded<Option<Vec<Piece<'p>>>> {
        let name = |piece: &Piece<'_>| match piece {
            Piece::Part(WordPart::Var(ParamName::Variable(symbol))) => Some(*symbol),
            _ => None,
        };
        let lead = |piece: &Piece<'_>| {
            let text = match piece {
                Piece::Part(WordPart::Literal(text)) => text.to_vec(),
                Piece::Text(text) => text.to_vec(),
                Piece::Part(_) | Piece::Name(_) => return Vec::new(),
            };
            let ends = |byte: &u8| !(byte.is_ascii_alphanumeric() || *byte == b'_');
            let end = text.iter().position(ends).unwrap_or(text.len());
            text.get(..end).unwrap_or_default().to_vec()
        };
        let joins = pieces
            .windows(2)
            .any(|pair| matches!(pair, [one, two] if name(one).is_some() && !lead(two).is_empty()));
        if !joins {
            return Ok(None);
        }
        let mut out: Vec<Piece<'p>> = Vec::with_capacity(pieces.len());
        let mut at = 0;
        while let Some(piece) = pieces.get(at) {
            at += 1;
            let Some(symbol) = name(piece) else {
                out.push(piece.clone());
                continue;
            };
            let mut whole = self.shell.name(symbol).to_vec();
            while let Some(next) = pieces.get(at) {
                let more = lead(next);
                if more.is_empty() {
                    break;
                }
                at += 1;
                whole.extend_from_slice(&more);
                let text = match next {
                    Piece::Part(WordPart::Literal(text)) => text.to_vec(),
                    Piece::Text(text) => text.to_vec(),
                    Piece::Part(_) | Piece::Name(_) => Vec::new(),
                };
                let rest = text.get(more.len()..).unwrap_or_default();
                if !rest.is_empty() {
                    out.push(Piece::Name(self.shell.symbol(&whole)?));
                    whole.clear();
                    out.push(Piece::Text(Cow::Owned(rest.to_vec())));
                    break;
                }
            }
            if !whole.is_empty() {
                out.push(Piece::Name(self.shell.symbol(&whole)?));
            }
        }
        Ok(Some(out))
    }

    fn limit_words(&self, count: usize) -> Expanded<()> {
        use mesash_builtins::budget::{LimitReached, Resource};
        let limit = self.shell.budget.limits().words;
        if count as u64 >= limit {
            return Err(LimitReached { resource: Resource::Words, limit }.into());
        }
        Ok(())
    }

    fn pieces_fields<'p>(
        &mut self,
        pieces: impl Iterator<Item = Piece<'p>>,
        out: &mut Vec<Str>,
    ) -> Expanded<()> {
        let (ifs, budget) = (Ifs::of(self.shell), self.shell.budget.clone());
        let mut sink = Sink::new(Mode::Split, &ifs, &budget);
        for piece in pieces {
            match piece {
                Piece::Part(part) => self.part(part, Quoting::None, &mut sink)?,
                Piece::Name(symbol) => {
                    let part = WordPart::Var(ParamName::Variable(symbol));
                    self.part(&part, Quoting::None, &mut sink)?;
                }
                Piece::Text(text) => {
                    // The backslash in `{A..z}` comes to nothing, but to a field.
                    sink.start();
                    sink.literal(&text)?;
                }
            }
        }
        self.glob_fields(sink.done()?, out)
    }

    fn glob_fields(&mut self, fields: Vec<Field>, out: &mut Vec<Str>) -> Expanded<()> {
        self.limit_words(out.len() + fields.len().saturating_sub(1))?;
        let noglob = self.shell.options.has(Opt::NoGlob);
        for field in fields {
            if noglob || !glob::may_match(&field, self.shell.options.has(Opt::ExtGlob)) {
                out.push(Str::charged(field.bytes, &self.shell.budget)?);
            } else {
                self.glob(field, out)?;
            }
        }
        Ok(())
    }

    /// The text of a word that is neither split nor globbed.
    pub(crate) fn single(&mut self, word: &Word) -> Expanded<Str> {
        if let Some(text) = word.literal() {
            return Ok(Str::copied(text, &self.shell.budget)?);
        }
        // A lone expansion is its own text, within quotes or not.
        let lone = match &*word.parts {
            [WordPart::DoubleQuoted(parts)] => &**parts,
            parts => parts,
        };
        match lone {
            [WordPart::Var(name)] if !matches!(name, ParamName::At | ParamName::Star) => {
                return Ok(self.variable_value(*name)?.unwrap_or_default());
            }
            [WordPart::Command(subst)] => return self.run.command(self.shell, subst),
            [WordPart::Arith(expr)] => return Ok(Str::number(self.arith(expr)?)),
            [WordPart::Param(param)] => {
                if let Some(value) = self.param_text(param)? {
                    return Ok(value);
                }
            }
            _ => {}
        }
        let (ifs, budget) = (Ifs::of(self.shell), self.shell.budget.clone());
        let mut sink = Sink::new(Mode::Single, &ifs, &budget);
        sink.operators_join = true;
        self.parts(&word.parts, Quoting::None, &mut sink)?;
        sink.into_str()
    }

    /// The body of a here-document.
    pub(super) fn here_document(&mut self, body: &Word) -> Expanded<Str> {
        if let Some(text) = body.literal() {
            return Ok(Str::copied(text, &self.shell.budget)?);
        }
        let (ifs, budget) = (Ifs::of(self.shell), self.shell.budget.clone());
        let mut sink = Sink::new(Mode::Single, &ifs, &budget);
        sink.here_document = true;
        self.parts(&body.parts, Quoting::Double, &mut sink)?;
        sink.into_str()
    }

    /// As [`Expander::single`], with what was quoted told from what is active.
    pub(super) fn single_field(&mut self, word: &Word, quoting: Quoting) -> Expanded<Field> {
        let (ifs, budget) = (Ifs::of(self.shell), self.shell.budget.clone());
        let mut sink = Sink::new(Mode::Single, &ifs, &budget);
        self.parts(&word.parts, quoting, &mut sink)?;
        Ok(sink.single())
    }

    pub(super) fn parts(
        &mut self,
        parts: &[WordPart],
        quoting: Quoting,
        sink: &mut Sink<'_>,
    ) -> Expanded<()> {
        parts.iter().try_for_each(|part| self.part(part, quoting, sink))
    }

    pub(super) fn part(
        &mut self,
        part: &WordPart,
        quoting: Quoting,
        sink: &mut Sink<'_>,
    ) -> Expanded<()> {
        match part {
            WordPart::Literal(text) => match quoting {
                Quoting::None => sink.literal(text),
                Quoting::Word => sink.expansion(text),
                Quoting::Double => sink.quoted(text),
            },
            WordPart::Quoted(text) => {
                if quoting != Quoting::Double {
                    sink.start();
                }
                sink.quoted(text)
            }
            WordPart::DoubleQuoted(parts) => self.double_quoted(parts, sink),
            WordPart::Var(name) => self.variable(*name, quoting, sink),
            WordPart::Param(param) => self.param(param, quoting, sink),
            WordPart::Command(subst) => {
                let text = self.run.command(self.shell, subst)?;
                put(&text, quoting, sink)
            }
            WordPart::Arith(expr) => {
                let value = Str::number(self.arith(expr)?);
                put(&value, quoting, sink)
            }
            WordPart::Process(subst) => {
                let path = self.run.process(self.shell, subst)?;
                sink.quoted(&path)
            }
            WordPart::Tilde(tilde) => {
                let text = self.tilde(tilde);
                sink.start();
                sink.quoted(&text)
            }
            WordPart::Brace(_) => {
                // Where braces aren't expanded, or are off.
                let mut pieces = Vec::new();
                brace::unexpanded(std::slice::from_ref(part), &mut pieces);
                pieces.into_iter().try_for_each(|piece| match piece {
                    Piece::Part(part) => self.part(part, quoting, sink),
                    Piece::Name(symbol) => {
                        self.part(&WordPart::Var(ParamName::Variable(symbol)), quoting, sink)
                    }
                    Piece::Text(text) => sink.literal(&text),
                })
            }
            WordPart::Array(assignment) => {
                sink.quoted(&crate::syntax::print::text_of(&assignment.text))
            }
            WordPart::Bad(bad) => match &**bad {
                BadPart::Substitution { text, shown } => self.bad_substitution(text, shown),
                BadPart::Commands { error, .. } => {
                    self.run.bad_commands(self.shell, error);
                    sink.expansion(b"")
                }
                BadPart::Syntax { error, .. } => Err(ExpandError::Syntax(error.clone())),
            },
        }
    }

    /// `${x@Z}` is nothing if `x` is unset, and else ends the shell; other nonsense doesn't.
    fn bad_substitution(&mut self, text: &[u8], shown: &[u8]) -> Expanded<()> {
        let inside = text.strip_prefix(b"${").unwrap_or(text);
        let name = inside.iter().position(|&byte| byte == b'@').and_then(|at| inside.get(..at));
        match name.filter(|name| is_identifier(name)) {
            Some(name) if self.name_value(name)?.is_none() => Ok(()),
            Some(_) => Err(ExpandError::BadTransform(Str::new(shown))),
            None => Err(ExpandError::BadSubstitution(Str::new(shown))),
        }
    }

    fn double_quoted(&mut self, parts: &[WordPart], sink: &mut Sink<'_>) -> Expanded<()> {
        let outer = std::mem::replace(&mut sink.empty_list, false);
        let before = sink.mark();
        self.parts(parts, Quoting::Double, sink)?;
        if !sink.empty_list || sink.mark() != before {
            sink.start();
        }
        sink.empty_list = outer;
        Ok(())
    }

    fn variable(&mut self, name: ParamName, quoting: Quoting, sink: &mut Sink<'_>) -> Expanded<()> {
        if let ParamName::At | ParamName::Star = name {
            let values = self.shell.positional.as_slice().to_vec();
            return self.put_list(&values, name == ParamName::Star, quoting, sink);
        }
        match self.variable_value(name)? {
            Some(value) => put(&value, quoting, sink),
            None => Ok(()),
        }
    }

    /// The value of a parameter that is no list, `set -u` being looked at.
    pub(super) fn variable_value(&mut self, name: ParamName) -> Expanded<Option<Str>> {
        let value = match self.parameter(name)? {
            Got::One(value) => Some(value),
            _ => None,
        };
        if value.is_none() && self.shell.options.has(Opt::NoUnset) {
            return Err(ExpandError::Unbound(self.shown_name(name)));
        }
        Ok(value)
    }
}

/// Adds the value of an expansion.
pub(super) fn put(value: &[u8], quoting: Quoting, sink: &mut Sink<'_>) -> Expanded<()> {
    match quoting {
        Quoting::Double => sink.quoted(value),
        _ => sink.expansion(value),
    }
}
