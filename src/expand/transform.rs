//! `${x@Q}` and its kin, and values as `declare -p` prints them.

use super::Expander;
use super::error::{ExpandError, Expanded};
use super::lists::Got;
use super::param::Subject;
use super::sink::Sink;
use super::word::{Quoting, put};
use crate::state::{Attrs, Str, Value};
use crate::syntax::ast::{Param, ParamName, SubscriptKind};
use bstr::ByteSlice;
use mesash_builtins::core::shell_quote;
use std::borrow::Cow;

/// `'…'`, or `$'…'` where there are control characters: always quoted.
pub fn quote_reusable(text: &[u8]) -> Vec<u8> {
    if shell_quote::needs_ansi_c(text) {
        shell_quote::ansi_c(text)
    } else {
        shell_quote::single(text)
    }
}

/// `"…"`, or `$'…'`: as elements and values are printed by `declare -p`.
fn quote_value(text: &[u8]) -> Vec<u8> {
    if shell_quote::needs_ansi_c(text) {
        shell_quote::ansi_c(text)
    } else {
        shell_quote::double(text)
    }
}

/// A key as `declare -p` prints it between brackets.
fn quote_key(key: &[u8]) -> Vec<u8> {
    if shell_quote::needs_ansi_c(key) {
        return shell_quote::ansi_c(key);
    }
    let plain =
        !key.is_empty() && !shell_quote::has_metacharacters(key) && !matches!(key, b"@" | b"*");
    if plain { key.to_vec() } else { shell_quote::double(key) }
}

/// The value after `=` in `declare -p`; `None` for what has no value.
pub fn declared_value(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Scalar(text) => Some(quote_value(text)),
        Value::Indexed(array) => {
            let mut out = b"(".to_vec();
            for (at, (index, text)) in array.iter().enumerate() {
                if at > 0 {
                    out.push(b' ');
                }
                out.extend_from_slice(format!("[{index}]=").as_bytes());
                out.extend_from_slice(&quote_value(text));
            }
            out.push(b')');
            Some(out)
        }
        Value::Assoc(array) => {
            let mut out = b"(".to_vec();
            for (key, text) in array.iter() {
                out.push(b'[');
                out.extend_from_slice(&quote_key(key));
                out.extend_from_slice(b"]=");
                out.extend_from_slice(&quote_value(text));
                out.push(b' ');
            }
            out.push(b')');
            Some(out)
        }
        Value::Unset | Value::Dynamic(_) => None,
    }
}

/// `declare -x name="value"`, without a newline.
pub fn declare_statement(name: &[u8], attrs: Attrs, value: &Value) -> Vec<u8> {
    let letters = attrs.letters();
    let flags = if letters.is_empty() { "-" } else { &letters };
    let mut out = [b"declare -", flags.as_bytes(), b" ", name].concat();
    if let Some(value) = declared_value(value) {
        out.push(b'=');
        out.extend_from_slice(&value);
    }
    out
}

impl Expander<'_> {
    pub(super) fn transform(
        &mut self,
        param: &Param,
        subject: &Subject<'_>,
        got: Got,
        letter: u8,
        quoting: Quoting,
        sink: &mut Sink<'_>,
    ) -> Expanded<()> {
        match letter {
            b'A' => return self.as_assignment(subject, got, quoting, sink),
            b'a' => return self.attributes(subject, &got, quoting, sink),
            b'K' | b'k' => return self.pairs(subject, got, letter == b'k', quoting, sink),
            _ => {}
        }
        if let Got::Unset = got {
            return Ok(());
        }
        let got = match letter {
            b'Q' => self.mapped(got, &mut |text| Ok(Cow::Owned(quote_reusable(text))))?,
            b'E' => self.mapped(got, &mut |text| {
                Ok(Cow::Owned(crate::syntax::word::decode_ansi_c(text)))
            })?,
            b'P' => {
                let mut shown = |text: Str| self.prompt(&text);
                match got {
                    Got::One(text) => Got::One(shown(text)?),
                    Got::List { values, star } => {
                        let values = values.into_iter().map(shown).collect::<Expanded<_>>()?;
                        Got::List { values, star }
                    }
                    Got::Unset => Got::Unset,
                }
            }
            b'U' | b'L' | b'u' => self.mapped(got, &mut |text| {
                let mut out = Vec::with_capacity(text.len());
                for (at, (start, end, character)) in text.char_indices().enumerate() {
                    let raw = text.get(start..end).unwrap_or_default();
                    if at > 0 && letter == b'u' {
                        out.extend_from_slice(raw);
                    } else {
                        super::case::push(character, raw, letter != b'L', &mut out);
                    }
                }
                Ok(Cow::Owned(out))
            })?,
            _ => return Err(ExpandError::BadTransform(Str::new(&param.text))),
        };
        self.put_got(&got, quoting, sink)
    }

    fn attrs_of(&self, symbol: crate::syntax::symbol::Symbol) -> Attrs {
        self.shell.vars.get(symbol).map_or(Attrs::NONE, |variable| variable.attrs)
    }

    /// `${x@a}`
    fn attributes(
        &mut self,
        subject: &Subject<'_>,
        got: &Got,
        quoting: Quoting,
        sink: &mut Sink<'_>,
    ) -> Expanded<()> {
        let ParamName::Variable(symbol) = subject.name else {
            let Got::List { values, star } = got else { return Ok(()) };
            return self.put_list(&vec![Str::EMPTY; values.len()], *star, quoting, sink);
        };
        let Some(target) = self.array_symbol(symbol)? else { return Ok(()) };
        let letters = Str::from(self.attrs_of(target).letters().as_str());
        let count = match got {
            Got::List { values, .. } => values.len().max(1),
            _ => 1,
        };
        let star = matches!(got, Got::List { star: true, .. });
        match got {
            Got::List { .. } => self.put_list(&vec![letters; count], star, quoting, sink),
            _ => put(&letters, quoting, sink),
        }
    }

    /// `${x@A}`
    fn as_assignment(
        &mut self,
        subject: &Subject<'_>,
        got: Got,
        quoting: Quoting,
        sink: &mut Sink<'_>,
    ) -> Expanded<()> {
        let ParamName::Variable(symbol) = subject.name else {
            let Got::List { values, star } = got else { return Ok(()) };
            let mut words = vec![Str::from("set"), Str::from("--")];
            words.extend(values.iter().map(|value| Str::from(quote_reusable(value))));
            return self.put_list(&words, star, quoting, sink);
        };
        let Some(target) = self.array_symbol(symbol)? else { return Ok(()) };
        let Some(variable) = self.shell.vars.get(target) else {
            return self.put_got(&got, quoting, sink);
        };
        let (attrs, declared) = (variable.attrs, variable.is_set());
        let name = Str::new(&self.shell.name(target));
        let letters = attrs.letters();
        let whole = subject.subscript().is_some_and(|s| s.kind != SubscriptKind::Key);
        if whole && variable.is_array() {
            let value = declared_value(&self.shell.value(target));
            let assignment = match value.filter(|_| declared) {
                Some(value) => [name.as_bytes(), b"=", &value].concat(),
                None => name.to_vec(),
            };
            let star = matches!(got, Got::List { star: true, .. });
            let words = [
                Str::from("declare"),
                Str::from(format!("-{letters}").as_str()),
                Str::from(assignment),
            ];
            if star {
                return put(&bstr::join(" ", &words), quoting, sink);
            }
            return self.put_list(&words, star, quoting, sink);
        }
        let mut out = Vec::new();
        if !letters.is_empty() {
            out.extend_from_slice(format!("declare -{letters} ").as_bytes());
        }
        out.extend_from_slice(&name);
        match got {
            Got::One(value) => {
                out.push(b'=');
                out.extend_from_slice(&quote_reusable(&value));
            }
            Got::List { values, .. } if !values.is_empty() => {
                out.push(b'=');
                out.extend_from_slice(&quote_reusable(
                    values.first().map(Str::as_bytes).unwrap_or_default(),
                ));
            }
            _ if letters.is_empty() => return Ok(()),
            _ => {}
        }
        put(&out, quoting, sink)
    }

    /// `${a[@]@K}` and `${a[@]@k}`
    fn pairs(
        &mut self,
        subject: &Subject<'_>,
        got: Got,
        separate: bool,
        quoting: Quoting,
        sink: &mut Sink<'_>,
    ) -> Expanded<()> {
        let Got::List { star, .. } = got else {
            let got = self.mapped(got, &mut |text| Ok(Cow::Owned(quote_reusable(text))))?;
            return self.put_got(&got, quoting, sink);
        };
        let value = match subject.name {
            ParamName::Variable(symbol) => match self.array_symbol(symbol)? {
                Some(target) => self.shell.value(target),
                None => Value::Unset,
            },
            _ => Value::Unset,
        };
        let pairs: Vec<(Str, Str)> = match &value {
            Value::Indexed(array) => {
                array.iter().map(|(at, value)| (Str::number(at), value.clone())).collect()
            }
            Value::Assoc(array) => {
                array.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
            }
            _ => {
                let got = self.mapped(got, &mut |text| Ok(Cow::Owned(quote_reusable(text))))?;
                return self.put_got(&got, quoting, sink);
            }
        };
        if separate {
            let words: Vec<Str> = pairs.into_iter().flat_map(|(key, value)| [key, value]).collect();
            return self.put_list(&words, star, quoting, sink);
        }
        let assoc = matches!(value, Value::Assoc(_));
        let mut out = Vec::new();
        for (at, (key, value)) in pairs.iter().enumerate() {
            if at > 0 && !assoc {
                out.push(b' ');
            }
            let key = if assoc { quote_key(key) } else { key.to_vec() };
            out.extend_from_slice(&[&key, b" ".as_slice(), &quote_value(value)].concat());
            if assoc {
                out.push(b' ');
            }
        }
        put(&out, quoting, sink)
    }
}
