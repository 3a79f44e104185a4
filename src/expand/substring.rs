//! `${x:offset:length}` and `${#x}`: counting characters.

use super::Expander;
use super::error::{ExpandError, Expanded};
use super::lists::Got;
use super::param::Subject;
use crate::state::{Str, Value};
use crate::syntax::ast::{ArithExpr, ParamName, SubscriptKind};

/// How many characters `text` has; a byte that is part of none counts as one.
pub(super) fn length(text: &[u8], bytes: bool) -> usize {
    if bytes || text.is_ascii() {
        return text.len();
    }
    characters(text).count()
}

/// The length in bytes of each character.
fn characters(text: &[u8]) -> impl Iterator<Item = usize> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (letter, size) = bstr::decode_utf8(rest);
        let size = if letter.is_some() { size } else { 1 };
        rest = rest.get(size..).unwrap_or_default();
        Some(size)
    })
}

/// The byte at which character `count` of `text` starts.
fn byte_of(text: &[u8], count: usize, bytes: bool) -> usize {
    if bytes || text.is_ascii() {
        count.min(text.len())
    } else {
        characters(text).take(count).sum()
    }
}

impl Expander<'_> {
    /// Whether the characters of `text` are its bytes.
    pub(super) fn bytes_of(&self, text: &[u8]) -> bool {
        text.is_ascii() || self.shell.counts_bytes()
    }

    /// An expression of `${x:…}`: its errors name the parameter.
    fn bound(&mut self, subject: &Subject<'_>, expr: &ArithExpr) -> Expanded<i64> {
        self.arith(expr).map_err(|error| match error {
            ExpandError::Arith { .. } => {
                let shown = self.shown_name(subject.name);
                let mut name = shown.strip_prefix(b"$").unwrap_or(&shown).to_vec();
                if let Some(subscript) = subject.subscript() {
                    name.extend_from_slice(&[b"[".as_slice(), &subscript.text, b"]"].concat());
                }
                ExpandError::In(Str::from(name), Box::new(error))
            }
            error => error,
        })
    }

    pub(super) fn substring(
        &mut self,
        subject: &Subject<'_>,
        got: Got,
        offset: &ArithExpr,
        length: Option<&ArithExpr>,
    ) -> Expanded<Got> {
        if let Got::Unset = got {
            return Ok(got);
        }
        let from = self.bound(subject, offset)?;
        let count = match length {
            Some(length) => Some((self.bound(subject, length)?, length)),
            None => None,
        };
        let negative = |expander: &mut Self, length: &ArithExpr| {
            let text = expander.single(&length.word)?;
            Err(ExpandError::NegativeLength(text))
        };
        match got {
            Got::Unset => Ok(Got::Unset),
            Got::One(text) => {
                let bytes = self.bytes_of(&text);
                let total = self::length(&text, bytes) as i64;
                let start = if from < 0 { total.saturating_add(from) } else { from };
                if start < 0 || start > total {
                    return Ok(Got::One(Str::EMPTY));
                }
                let end = match count {
                    None => total,
                    Some((count, _)) if count >= 0 => start.saturating_add(count).min(total),
                    Some((count, length)) => {
                        let end = total.saturating_add(count);
                        if end < start {
                            return negative(self, length);
                        }
                        end
                    }
                };
                let first = byte_of(&text, start as usize, bytes);
                let rest = text.get(first..).unwrap_or_default();
                let last = byte_of(rest, (end - start) as usize, bytes);
                let part = rest.get(..last).unwrap_or_default();
                Ok(Got::One(Str::copied(part, &self.shell.budget)?))
            }
            Got::List { values, star } => {
                let values = match count {
                    None => self.slice(subject, values, from, usize::MAX)?,
                    Some((count, length)) if count < 0 => {
                        // Past the end there is nothing, and nothing to complain of.
                        if !self.slice(subject, values, from, usize::MAX)?.is_empty() {
                            return negative(self, length);
                        }
                        Vec::new()
                    }
                    Some((count, _)) => self.slice(subject, values, from, count as usize)?,
                };
                Ok(Got::List { values, star })
            }
        }
    }

    fn slice(
        &mut self,
        subject: &Subject<'_>,
        values: Vec<Str>,
        from: i64,
        count: usize,
    ) -> Expanded<Vec<Str>> {
        let take = |values: Vec<Str>, skip: i64| {
            let skip = usize::try_from(skip).unwrap_or(usize::MAX);
            values.into_iter().skip(skip).take(count).collect()
        };
        let Some(subscript) = subject.subscript() else {
            // `$0` is in front of the positional parameters.
            let total = values.len() as i64 + 1;
            let start = if from < 0 { total.saturating_add(from) } else { from };
            return Ok(match start {
                i64::MIN..0 => Vec::new(),
                0 => {
                    let zero = std::iter::once(self.shell.zero.clone());
                    take(zero.chain(values).collect(), 0)
                }
                start => take(values, start - 1),
            });
        };
        debug_assert!(subscript.kind != SubscriptKind::Key);
        let ParamName::Variable(symbol) = subject.name else { return Ok(values) };
        let Some(target) = self.array_symbol(symbol)? else { return Ok(values) };
        Ok(match self.shell.value(target) {
            Value::Indexed(array) => {
                let start = if from < 0 { array.next_index().wrapping_add(from) } else { from };
                if start < 0 {
                    return Ok(Vec::new());
                }
                array.iter_from(start).take(count).map(|(_, value)| value.clone()).collect()
            }
            Value::Assoc(array) => {
                // Bash counts these from 1, and 0 is as good; a length of 0 is as good as 1.
                let count = count.max(1);
                let start =
                    if from < 0 { (array.len() as i64).saturating_add(from) + 1 } else { from };
                if start < 0 {
                    Vec::new()
                } else {
                    values
                        .into_iter()
                        .skip(usize::try_from(start - 1).unwrap_or(0))
                        .take(count)
                        .collect()
                }
            }
            _ => {
                let total = values.len() as i64;
                let start = if from < 0 { total.saturating_add(from) } else { from };
                if start < 0 { Vec::new() } else { take(values, start) }
            }
        })
    }
}
