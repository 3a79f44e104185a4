//! `${…}`: the parameter and the operator.

use super::cut::{Around, Cutter, Within, flags_of};
use super::{mark_at, special_parameter, subscript_end};
use crate::syntax::ast::{
    BadPart, CaseMode, Param, ParamName, ParamOp, Pattern, ReplaceMode, Subscript, SubscriptKind,
    Word, WordPart, WordText,
};
use crate::syntax::reader::{Parsed, text};
use crate::syntax::token::identifier_len;
use std::ops::Range;

/// The letters after `@`.
const TRANSFORMS: &[u8] = b"QEPAaKkUuL";

impl Cutter<'_, '_, '_> {
    /// The expansion whose inside is `range`; `around` is set within double quotes.
    pub fn parameter(&mut self, range: Range<usize>, around: Option<Around>) -> Parsed<WordPart> {
        if let Some(part) = self.reader_nested(range.clone(), around)? {
            return Ok(part);
        }
        let text = self.printed(range.start.saturating_sub(2)..range.end + 1);
        let shown = self.printed(self.whole(range.start));
        Ok(WordPart::Bad(Box::new(BadPart::Substitution { text, shown })))
    }

    /// What bash shows of the word around a faulty `${…}`: all that is quoted alike.
    fn whole(&self, at: usize) -> Range<usize> {
        let Within { start, end, until_quote } = self.within;
        let quote = start.checked_sub(1).filter(|_| until_quote);
        let close = quote.and_then(|quote| {
            super::skip_double(self.slice(0..self.bytes.len()), self.marks, quote)
        });
        let end = close.unwrap_or(end);
        debug_assert!((start..=end).contains(&at));
        start..end
    }

    /// Counts a level of nesting around [`Self::read`].
    fn reader_nested(
        &mut self,
        range: Range<usize>,
        around: Option<Around>,
    ) -> Parsed<Option<WordPart>> {
        let (bytes, marks) = (self.bytes, self.marks);
        let within = self.within.clone();
        self.reader.nested(|reader| Cutter { reader, bytes, marks, within }.read(range, around))
    }

    /// `None` if it is nonsense.
    fn read(&mut self, range: Range<usize>, around: Option<Around>) -> Parsed<Option<WordPart>> {
        let inside = self.slice(range.clone());
        let at = range.start;
        if let Some(rest) = inside.strip_prefix(b"#")
            && !rest.is_empty()
            && let Some((name, subscript, end)) = self.name(at + 1..range.end)?
            && end == range.end
        {
            return Ok(Some(self.param(range, name, subscript, false, ParamOp::Length)));
        }
        if inside.first() == Some(&b'!')
            && let Some(part) = self.indirect(range.clone(), around)?
        {
            return Ok(Some(part));
        }
        // What `!` follows is no operator of `$!`.
        if matches!(inside, [b'!', b'?' | b'#' | b'@' | b'*' | b'$' | b'!', ..]) {
            return Ok(None);
        }
        let Some((name, subscript, end)) = self.name(range.clone())? else { return Ok(None) };
        if end == range.end && subscript.is_none() {
            return Ok(Some(WordPart::Var(name)));
        }
        let Some(op) = self.operator(end..range.end, around)? else { return Ok(None) };
        if !may_have(name, &op) {
            return Ok(None);
        }
        Ok(Some(self.param(range, name, subscript, false, op)))
    }

    /// `${!…}`, unless it is `$!` with an operator.
    fn indirect(
        &mut self,
        range: Range<usize>,
        around: Option<Around>,
    ) -> Parsed<Option<WordPart>> {
        let at = range.start + 1;
        let rest = self.slice(at..range.end);
        let operator =
            matches!(rest, [b'-' | b':' | b'+' | b'=' | b'%' | b'/' | b'^' | b',' | b'~', ..]);
        if rest.is_empty() || operator {
            return Ok(None);
        }
        let name_len = identifier_len(rest);
        if let Some(&last @ (b'*' | b'@')) = rest.get(name_len)
            && name_len > 0
            && name_len + 1 == rest.len()
        {
            let prefix = text(rest.get(..name_len).unwrap_or_default());
            let op = ParamOp::Names { prefix, at: last == b'@' };
            return Ok(Some(self.param(range, ParamName::Zero, None, false, op)));
        }
        if matches!(rest, [b'$' | b'!']) {
            return Ok(None);
        }
        let Some((name, subscript, end)) = self.name(at..range.end)? else { return Ok(None) };
        if let Some(subscript) = &subscript
            && subscript.kind != SubscriptKind::Key
            && end == range.end
        {
            let op = ParamOp::Keys { at: subscript.kind == SubscriptKind::At };
            return Ok(Some(self.param(range, name, None, false, op)));
        }
        let Some(op) = self.operator(end..range.end, around)? else { return Ok(None) };
        if !may_have(name, &op) {
            return Ok(None);
        }
        Ok(Some(self.param(range, name, subscript, true, op)))
    }

    fn param(
        &self,
        range: Range<usize>,
        name: ParamName,
        subscript: Option<Box<Subscript>>,
        indirect: bool,
        op: ParamOp,
    ) -> WordPart {
        let text = self.printed(range.start.saturating_sub(2)..range.end + 1);
        WordPart::Param(Box::new(Param { name, subscript, indirect, op, text }))
    }

    /// The parameter that `range` begins with, its subscript, and where it ends.
    fn name(
        &mut self,
        range: Range<usize>,
    ) -> Parsed<Option<(ParamName, Option<Box<Subscript>>, usize)>> {
        let bytes = self.slice(range.clone());
        let len = identifier_len(bytes);
        if len > 0 {
            let symbol = self.reader.symbol(bytes.get(..len).unwrap_or_default())?;
            let mut end = range.start + len;
            let mut subscript = None;
            if bytes.get(len) == Some(&b'[') {
                let Some(close) = subscript_end(self.slice(0..range.end), self.marks, end) else {
                    return Ok(None);
                };
                if close - end <= 2 {
                    return Ok(None);
                }
                subscript = Some(Box::new(self.subscript(end + 1..close - 1)?));
                end = close;
            }
            return Ok(Some((ParamName::Variable(symbol), subscript, end)));
        }
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            let number = std::str::from_utf8(bytes.get(..digits).unwrap_or_default()).ok();
            // A number that is too large names a parameter that isn't there.
            let number = number.and_then(|number| number.parse().ok()).unwrap_or(u32::MAX);
            let name = if number == 0 { ParamName::Zero } else { ParamName::Positional(number) };
            return Ok(Some((name, None, range.start + digits)));
        }
        let name = bytes.first().and_then(|byte| special_parameter(*byte));
        Ok(name.map(|name| (name, None, range.start + 1)))
    }

    /// The operator and its operands; `None` if there is no such operator.
    fn operator(&mut self, range: Range<usize>, around: Option<Around>) -> Parsed<Option<ParamOp>> {
        let bytes = self.slice(range.clone());
        let from = |skip: usize| range.start + skip..range.end;
        Ok(Some(match bytes {
            [] => ParamOp::Value,
            [b':', sign @ (b'-' | b'=' | b'?' | b'+'), ..] => {
                self.conditional(*sign, true, from(2), around)?
            }
            [sign @ (b'-' | b'=' | b'?' | b'+'), ..] => {
                self.conditional(*sign, false, from(1), around)?
            }
            [b':', ..] => return self.substring(from(1)),
            [b'#', b'#', ..] => {
                ParamOp::RemovePrefix { longest: true, pattern: self.operand_pattern(from(2))? }
            }
            [b'#', ..] => {
                ParamOp::RemovePrefix { longest: false, pattern: self.operand_pattern(from(1))? }
            }
            [b'%', b'%', ..] => {
                ParamOp::RemoveSuffix { longest: true, pattern: self.operand_pattern(from(2))? }
            }
            [b'%', ..] => {
                ParamOp::RemoveSuffix { longest: false, pattern: self.operand_pattern(from(1))? }
            }
            [b'/', b'/', ..] => self.replace(ReplaceMode::All, from(2))?,
            [b'/', b'#', ..] => self.replace(ReplaceMode::Prefix, from(2))?,
            [b'/', b'%', ..] => self.replace(ReplaceMode::Suffix, from(2))?,
            [b'/', ..] => self.replace(ReplaceMode::First, from(1))?,
            [sign @ (b'^' | b',' | b'~'), rest @ ..] => {
                let mode = match sign {
                    b'^' => CaseMode::Upper,
                    b',' => CaseMode::Lower,
                    _ => CaseMode::Toggle,
                };
                let all = rest.first() == Some(sign);
                let range = from(if all { 2 } else { 1 });
                let pattern =
                    if range.is_empty() { None } else { Some(self.operand_pattern(range)?) };
                ParamOp::Case { mode, all, pattern }
            }
            [b'@', letter] if TRANSFORMS.contains(letter) => ParamOp::Transform(*letter),
            _ => return Ok(None),
        }))
    }

    fn conditional(
        &mut self,
        sign: u8,
        colon: bool,
        range: Range<usize>,
        around: Option<Around>,
    ) -> Parsed<ParamOp> {
        let word = self.operand(range, around)?;
        Ok(match sign {
            b'-' => ParamOp::Default { colon, word },
            b'=' => ParamOp::Assign { colon, word },
            b'?' => ParamOp::Error { colon, word },
            _ => ParamOp::Alternative { colon, word },
        })
    }

    /// A word after the operator.
    fn operand(&mut self, range: Range<usize>, around: Option<Around>) -> Parsed<Word> {
        let parts = match around {
            None => {
                let mut parts = self.unquoted(range)?;
                super::tilde::split(&mut parts, super::tilde::Places::Start);
                parts
            }
            Some(Around::Arithmetic) => self.quoted_operand(range, Around::Arithmetic)?,
            Some(_) => self.quoted_operand(range, Around::Operand)?,
        };
        Ok(word_of(parts))
    }

    /// A pattern after the operator: quotes count in it even between double quotes.
    fn operand_pattern(&mut self, range: Range<usize>) -> Parsed<Pattern> {
        let mut parts = self.unquoted(range)?;
        super::tilde::split(&mut parts, super::tilde::Places::Start);
        Ok(Pattern { word: word_of(parts), ..Pattern::default() })
    }

    fn replace(&mut self, mode: ReplaceMode, range: Range<usize>) -> Parsed<ParamOp> {
        // `${x//}` has an empty pattern, and `${x///b}` one that is a slash.
        let anchored = matches!(mode, ReplaceMode::Prefix | ReplaceMode::Suffix);
        let starts = self.slice(range.clone()).first() == Some(&b'/');
        let first = range.start + usize::from(starts && !anchored);
        let slash = self.find(first..range.end, b'/');
        let pattern = self.operand_pattern(range.start..slash.unwrap_or(range.end))?;
        let replacement = match slash {
            Some(slash) => {
                let mut parts = self.unquoted(slash + 1..range.end)?;
                super::tilde::split(&mut parts, super::tilde::Places::Start);
                Some(word_of(parts))
            }
            None => None,
        };
        Ok(ParamOp::Replace { mode, pattern, replacement })
    }

    fn substring(&mut self, range: Range<usize>) -> Parsed<Option<ParamOp>> {
        if range.is_empty() {
            return Ok(None);
        }
        let colon = self.find_offset_end(range.clone());
        let offset = Box::new(self.arithmetic(range.start..colon.unwrap_or(range.end))?);
        let length = match colon {
            Some(colon) => Some(Box::new(self.arithmetic(colon + 1..range.end)?)),
            None => None,
        };
        Ok(Some(ParamOp::Substring { offset, length }))
    }

    /// The `:` that ends an offset: neither in parentheses nor the second half of a `?`.
    fn find_offset_end(&self, range: Range<usize>) -> Option<usize> {
        let (mut level, mut choices) = (0u32, 0u32);
        self.scan(range, |byte| {
            match byte {
                b'(' | b'[' => level += 1,
                b')' | b']' => level = level.saturating_sub(1),
                b'?' if level == 0 => choices += 1,
                b':' if level == 0 && choices > 0 => choices -= 1,
                b':' if level == 0 => return true,
                _ => {}
            }
            false
        })
    }

    /// The first `wanted` that is neither quoted nor in an expansion.
    fn find(&self, range: Range<usize>, wanted: u8) -> Option<usize> {
        self.scan(range, |byte| byte == wanted)
    }

    fn scan(&self, range: Range<usize>, mut stop: impl FnMut(u8) -> bool) -> Option<usize> {
        let mut at = range.start;
        while at < range.end {
            if let Some(mark) = mark_at(self.marks, at) {
                at = mark.end.max(at + 1);
                continue;
            }
            match self.bytes.get(at).copied()? {
                b'\\' => at += 1,
                b'\'' => at = super::skip_single(self.slice(0..range.end), at)?,
                b'"' => at = super::skip_double(self.slice(0..range.end), self.marks, at)?,
                byte if stop(byte) => return Some(at),
                _ => {}
            }
            at += 1;
        }
        None
    }
}

/// Bash knows no `^`, `,` and `~` behind `#`, `?` and `-`.
fn may_have(name: ParamName, op: &ParamOp) -> bool {
    let bare = matches!(name, ParamName::Count | ParamName::Status | ParamName::Flags);
    !(bare && matches!(op, ParamOp::Case { .. }))
}

pub(super) fn word_of(parts: Vec<WordPart>) -> Word {
    let flags = flags_of(&parts);
    Word { parts: parts.into(), flags, text: WordText::default() }
}
