//! The value of a parameter: nothing, one text, or a list.

use super::error::Expanded;
use super::place::Place;
use super::sink::{Mode, Sink};
use super::word::Quoting;
use super::{ExpandError, Expander};
use crate::state::{Opt, Str, Value};
use crate::syntax::ast::{ParamName, Subscript, SubscriptKind};
use crate::syntax::symbol::Symbol;

/// What a parameter is.
#[derive(Debug, Clone)]
pub(super) enum Got {
    Unset,
    One(Str),
    /// `$@`, `$*`, `${a[@]}`, `${a[*]}`
    List {
        values: Vec<Str>,
        star: bool,
    },
}

impl Got {
    pub fn is_empty_list(&self) -> bool {
        matches!(self, Self::List { values, .. } if values.is_empty())
    }
}

impl Expander<'_> {
    /// A parameter without a subscript.
    pub(super) fn parameter(&mut self, name: ParamName) -> Expanded<Got> {
        let shell = &mut *self.shell;
        let number = |number: i64| Got::One(Str::number(number));
        Ok(match name {
            ParamName::Variable(symbol) => return self.scalar_of(symbol),
            ParamName::Positional(n) => match shell.positional.get(n as usize) {
                Some(value) => Got::One(value.clone()),
                None => Got::Unset,
            },
            ParamName::Zero => Got::One(shell.zero.clone()),
            ParamName::At | ParamName::Star => Got::List {
                values: shell.positional.as_slice().to_vec(),
                star: name == ParamName::Star,
            },
            ParamName::Count => number(shell.positional.len() as i64),
            ParamName::Status => number(i64::from(shell.status)),
            ParamName::Flags => Got::One(Str::from(shell.options.flags().as_str())),
            ParamName::Pid => number(shell.world.pid),
            ParamName::LastBackground => shell.last_background.map_or(Got::Unset, number),
        })
    }

    /// `$name`
    fn scalar_of(&mut self, symbol: Symbol) -> Expanded<Got> {
        let Some(variable) = self.shell.vars.get(symbol) else { return Ok(Got::Unset) };
        match &variable.value {
            Value::Scalar(text) if !variable.attrs.has(crate::state::Attrs::NAMEREF) => {
                return Ok(Got::One(text.clone()));
            }
            _ => {}
        }
        if self.means_global(symbol) {
            return self.in_global(symbol, |expander| expander.scalar_of(symbol));
        }
        let value = match self.place(symbol, None)? {
            Place::Nothing => None,
            place => self.place_value(&place),
        };
        Ok(value.map_or(Got::Unset, Got::One))
    }

    /// A parameter, with its subscript if it has one.
    pub(super) fn got(&mut self, name: ParamName, subscript: Option<&Subscript>) -> Expanded<Got> {
        let (ParamName::Variable(symbol), Some(subscript)) = (name, subscript) else {
            return self.parameter(name);
        };
        if self.means_global(symbol) {
            return self.in_global(symbol, |expander| expander.got(name, Some(subscript)));
        }
        if subscript.kind != SubscriptKind::Key {
            let star = subscript.kind == SubscriptKind::Star;
            return Ok(Got::List { values: self.values_of(symbol)?, star });
        }
        let value = match self.place_to_read(symbol, subscript)? {
            Place::Nothing => None,
            place => self.place_value(&place),
        };
        Ok(value.map_or(Got::Unset, Got::One))
    }

    /// All values of an array; the value of a scalar.
    pub(super) fn values_of(&mut self, symbol: Symbol) -> Expanded<Vec<Str>> {
        let Some(target) = self.array_symbol(symbol)? else { return Ok(Vec::new()) };
        self.shell.draw(target);
        Ok(match self.shell.value(target) {
            Value::Indexed(array) => array.values().cloned().collect(),
            Value::Assoc(array) => array.values().cloned().collect(),
            Value::Scalar(text) => vec![text],
            Value::Unset | Value::Dynamic(_) => Vec::new(),
        })
    }

    /// How a parameter is called in a message.
    pub(super) fn shown_name(&self, name: ParamName) -> Str {
        match name {
            ParamName::Variable(symbol) => Str::new(&self.shell.name(symbol)),
            // Only in braces it has more than one digit.
            ParamName::Positional(n @ 10..) => Str::from(n.to_string().as_str()),
            ParamName::Positional(n) => Str::from(format!("${n}").as_str()),
            ParamName::Zero => Str::from("$0"),
            ParamName::At => Str::from("$@"),
            ParamName::Star => Str::from("$*"),
            ParamName::Count => Str::from("$#"),
            ParamName::Status => Str::from("$?"),
            ParamName::Flags => Str::from("$-"),
            ParamName::Pid => Str::from("$$"),
            ParamName::LastBackground => Str::from("$!"),
        }
    }

    /// `set -u`: fails if nothing is there.
    pub(super) fn check_bound(
        &self,
        got: &Got,
        name: ParamName,
        subscript: Option<&Subscript>,
    ) -> Expanded<()> {
        if !matches!(got, Got::Unset) || !self.shell.options.has(Opt::NoUnset) {
            return Ok(());
        }
        let mut shown = self.shown_name(name).to_vec();
        if let Some(subscript) = subscript {
            shown.push(b'[');
            shown.extend_from_slice(&subscript.text);
            shown.push(b']');
        }
        Err(ExpandError::Unbound(Str::from(shown)))
    }

    pub(super) fn put_got(
        &mut self,
        got: &Got,
        quoting: Quoting,
        sink: &mut Sink<'_>,
    ) -> Expanded<()> {
        match got {
            Got::Unset => Ok(()),
            Got::One(value) => super::word::put(value, quoting, sink),
            Got::List { values, star } => self.put_list(values, *star, quoting, sink),
        }
    }

    pub(super) fn put_list(
        &mut self,
        values: &[Str],
        star: bool,
        quoting: Quoting,
        sink: &mut Sink<'_>,
    ) -> Expanded<()> {
        if quoting == Quoting::Double && !star && values.is_empty() {
            sink.empty_list = true;
        }
        for (at, value) in values.iter().enumerate() {
            if quoting != Quoting::Double {
                if at > 0 {
                    sink.separator(star)?;
                }
                sink.expansion(value)?;
                continue;
            }
            if at > 0 && star && sink.joins_by_space {
                sink.quoted(b" ")?;
            } else if at > 0 && star {
                let ifs = sink.ifs;
                sink.quoted(&ifs.join)?;
            } else if at > 0 {
                sink.quoted_separator()?;
            }
            sink.quoted(value)?;
            if !star && sink.mode == Mode::Split {
                sink.start();
            }
        }
        Ok(())
    }

    /// The members joined, as the operators see whether a list is null.
    pub(super) fn joined(&self, values: &[Str], star: bool) -> Vec<u8> {
        let separator = if star { super::ifs::Ifs::of(self.shell).join } else { Str::from(" ") };
        bstr::join(&separator, values)
    }
}
