//! `${…}`: which parameter is meant, and what its operator makes of it.

use super::error::{ExpandError, Expanded};
use super::lists::Got;
use super::place::Place;
use super::sink::Sink;
use super::word::Quoting;
use super::{Expander, number};
use crate::state::{Attrs, Opt, Str, Target, Value, VarError};
use crate::syntax::ast::{Param, ParamName, ParamOp, Subscript, SubscriptKind, Word};
use mesash_builtins::pattern::Reach;
use std::borrow::Cow;

/// A parameter after `!` was followed.
pub(super) struct Subject<'p> {
    pub name: ParamName,
    pub subscript: Option<Cow<'p, Subscript>>,
}

impl Subject<'_> {
    pub fn subscript(&self) -> Option<&Subscript> {
        self.subscript.as_deref()
    }
}

impl Expander<'_> {
    pub(super) fn param(
        &mut self,
        param: &Param,
        quoting: Quoting,
        sink: &mut Sink<'_>,
    ) -> Expanded<()> {
        let makes = match &param.op {
            ParamOp::Names { .. }
            | ParamOp::Transform(_)
            | ParamOp::RemovePrefix { .. }
            | ParamOp::RemoveSuffix { .. } => true,
            ParamOp::Keys { .. }
            | ParamOp::Substring { .. }
            | ParamOp::Replace { .. }
            | ParamOp::Case { .. } => quoting == Quoting::Double,
            _ => false,
        };
        let outer = sink.joins_by_ifs;
        sink.joins_by_ifs = makes && sink.operators_join;
        let outer_space = sink.joins_by_space;
        sink.joins_by_space = makes && sink.here_document;
        let result = self.param_value(param, quoting, sink);
        (sink.joins_by_ifs, sink.joins_by_space) = (outer, outer_space);
        result
    }

    fn param_value(
        &mut self,
        param: &Param,
        quoting: Quoting,
        sink: &mut Sink<'_>,
    ) -> Expanded<()> {
        match &param.op {
            ParamOp::Names { prefix, at } => return self.names(prefix, !*at, quoting, sink),
            ParamOp::Keys { at } => return self.keys(param, !*at, quoting, sink),
            ParamOp::Value if param.indirect && self.put_nameref(param, quoting, sink)? => {
                return Ok(());
            }
            _ => {}
        }
        let subject = if param.indirect {
            match self.follow(param)? {
                Some(subject) => subject,
                None => return self.absent(param, quoting, sink),
            }
        } else {
            let subscript = param.subscript.as_deref().map(Cow::Borrowed);
            Subject { name: param.name, subscript }
        };
        if let ParamOp::Length = param.op {
            let length = self.length(&subject)?;
            return super::word::put(&Str::number(length), quoting, sink);
        }
        let got = self.got(subject.name, subject.subscript())?;
        self.operate(param, &subject, got, quoting, sink)
    }

    /// What `${…}` comes to, where that is a single text whatever stands around it: no list, no
    /// indirection, and no word in the place of the value. `None`, and nothing done, elsewhere.
    pub(super) fn param_text(&mut self, param: &Param) -> Expanded<Option<Str>> {
        let changes = matches!(
            param.op,
            ParamOp::Value
                | ParamOp::Length
                | ParamOp::Substring { .. }
                | ParamOp::RemovePrefix { .. }
                | ParamOp::RemoveSuffix { .. }
                | ParamOp::Replace { .. }
                | ParamOp::Case { .. }
        );
        let one = param.subscript.as_ref().is_none_or(|sub| sub.kind == SubscriptKind::Key)
            && !matches!(param.name, ParamName::At | ParamName::Star);
        if !changes || !one || param.indirect {
            return Ok(None);
        }
        let subscript = param.subscript.as_deref().map(Cow::Borrowed);
        let subject = Subject { name: param.name, subscript };
        if let ParamOp::Length = param.op {
            return Ok(Some(Str::number(self.length(&subject)?)));
        }
        let got = self.got(subject.name, subject.subscript())?;
        self.check_bound(&got, subject.name, subject.subscript())?;
        Ok(Some(match self.changed(param, &subject, got)? {
            Got::Unset => Str::EMPTY,
            Got::One(value) => value,
            Got::List { values, star } => Str::from(self.joined(&values, star)),
        }))
    }

    /// `${!ref}` of a nameref is the name that it refers to.
    fn put_nameref(
        &mut self,
        param: &Param,
        quoting: Quoting,
        sink: &mut Sink<'_>,
    ) -> Expanded<bool> {
        let (ParamName::Variable(symbol), None) = (param.name, &param.subscript) else {
            return Ok(false);
        };
        let Some(variable) = self.shell.vars.get(symbol) else { return Ok(false) };
        if !variable.attrs.has(Attrs::NAMEREF) {
            return Ok(false);
        }
        let last = match self.shell.resolve(symbol) {
            Ok(Target::Variable(target)) => Some(Str::new(&self.shell.name(target))),
            _ => None,
        };
        if let Value::Scalar(text) = &variable.value {
            let text = last.unwrap_or_else(|| text.clone());
            super::word::put(&text, quoting, sink)?;
        }
        Ok(true)
    }

    /// The parameter whose name is the value of the one that is written; `None` if that is unset and
    /// the operator can do without.
    fn follow(&mut self, param: &Param) -> Expanded<Option<Subject<'static>>> {
        let shown = || {
            let text = param.text.strip_prefix(b"${!").unwrap_or(&param.text);
            let stop = |byte: &u8| {
                !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'[' | b']' | b'@' | b'*'))
            };
            let end = text.iter().position(stop).unwrap_or(text.len());
            Str::new(text.get(..end).unwrap_or_default())
        };
        let name = match self.got(param.name, param.subscript.as_deref())? {
            Got::One(name) => name,
            Got::List { values, star } if !values.is_empty() => {
                Str::from(self.joined(&values, star))
            }
            Got::List { .. } | Got::Unset => return Err(ExpandError::InvalidIndirect(shown())),
        };
        let special = match name.as_bytes() {
            b"@" => Some(ParamName::At),
            b"*" => Some(ParamName::Star),
            b"#" => Some(ParamName::Count),
            b"?" => Some(ParamName::Status),
            b"-" => Some(ParamName::Flags),
            b"$" => Some(ParamName::Pid),
            b"!" => Some(ParamName::LastBackground),
            b"0" => Some(ParamName::Zero),
            digits if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
                let n = number::decimal(digits).and_then(|n| u32::try_from(n).ok());
                Some(ParamName::Positional(n.unwrap_or(u32::MAX)))
            }
            _ => None,
        };
        if let Some(name) = special {
            return Ok(Some(Subject { name, subscript: None }));
        }
        if name.is_empty() && matches!(param.op, ParamOp::Default { .. }) {
            return Ok(None);
        }
        match self.named(&name)? {
            Some((symbol, subscript)) => Ok(Some(Subject {
                name: ParamName::Variable(symbol),
                subscript: subscript.map(|subscript| Cow::Owned(*subscript)),
            })),
            None => Err(ExpandError::InvalidName(name)),
        }
    }

    /// An operator on what isn't there at all.
    fn absent(&mut self, param: &Param, quoting: Quoting, sink: &mut Sink<'_>) -> Expanded<()> {
        match &param.op {
            ParamOp::Default { word, .. } => self.alternative(word, quoting, sink),
            _ => Ok(()),
        }
    }

    /// `${!prefix*}`
    fn names(
        &mut self,
        prefix: &[u8],
        star: bool,
        quoting: Quoting,
        sink: &mut Sink<'_>,
    ) -> Expanded<()> {
        let shell = &*self.shell;
        let set = |symbol| match shell.vars.get(symbol).map(|variable| &variable.value) {
            Some(Value::Unset) | None => false,
            Some(Value::Dynamic(kind)) => !matches!(shell.computed(*kind), Value::Unset),
            Some(_) => true,
        };
        let all = shell.variable_names();
        let values: Vec<Str> = all
            .into_iter()
            .filter(|(name, symbol)| name.starts_with(prefix) && set(*symbol))
            .map(|(name, _)| name)
            .collect();
        self.put_list(&values, star, quoting, sink)
    }

    /// `${!a[@]}`
    fn keys(
        &mut self,
        param: &Param,
        star: bool,
        quoting: Quoting,
        sink: &mut Sink<'_>,
    ) -> Expanded<()> {
        let mut keys = Vec::new();
        if let ParamName::Variable(symbol) = param.name
            && let Some(target) = self.array_symbol(symbol)?
        {
            keys = match self.shell.value(target) {
                Value::Indexed(array) => array.iter().map(|(at, _)| Str::number(at)).collect(),
                Value::Assoc(array) => array.keys().cloned().collect(),
                Value::Scalar(_) => vec![Str::from("0")],
                Value::Unset | Value::Dynamic(_) => Vec::new(),
            };
        }
        self.put_list(&keys, star, quoting, sink)
    }

    /// `${#x}`
    fn length(&mut self, subject: &Subject<'_>) -> Expanded<i64> {
        if let ParamName::Variable(symbol) = subject.name {
            if self.means_global(symbol) {
                return self.in_global(symbol, |expander| expander.length(subject));
            }
            // Bash looks for a variable that is named like the element.
            if subject.subscript().is_none()
                && !self.shell.options.has(Opt::NoUnset)
                && matches!(self.shell.resolve(symbol), Ok(Target::Element(..)))
            {
                return Ok(0);
            }
        }
        // Counting an array doesn't copy it.
        if let (ParamName::Variable(symbol), Some(subscript)) = (subject.name, subject.subscript())
            && subscript.kind != SubscriptKind::Key
        {
            let Some(target) = self.array_symbol(symbol)? else { return Ok(0) };
            let count = match self.shell.value(target) {
                Value::Indexed(array) => array.len(),
                Value::Assoc(array) => array.len(),
                Value::Scalar(_) => 1,
                Value::Unset | Value::Dynamic(_) => {
                    if self.shell.options.has(Opt::NoUnset) {
                        let name = self.shown_name(subject.name);
                        return Err(ExpandError::UnboundArray(name));
                    }
                    0
                }
            };
            return Ok(count as i64);
        }
        if let ParamName::At | ParamName::Star = subject.name {
            return Ok(self.shell.positional.len() as i64);
        }
        let got = match (subject.name, subject.subscript()) {
            (ParamName::Variable(symbol), Some(subscript)) => {
                let place = self.place(symbol, Some(subscript))?;
                if let Place::Index(target, index) = place
                    && self.shell.absolute_index(target, index).is_none()
                {
                    let shown = [&subscript.text, b"]".as_slice()].concat();
                    return Err(VarError::BadSubscript(Str::from(shown)).into());
                }
                self.place_value(&place).map_or(Got::Unset, Got::One)
            }
            (name, _) => self.got(name, None)?,
        };
        self.check_bound(&got, subject.name, subject.subscript())?;
        Ok(match got {
            Got::One(value) => super::substring::length(&value, self.bytes_of(&value)) as i64,
            Got::List { values, .. } => values.len() as i64,
            Got::Unset => 0,
        })
    }

    fn is_null(&self, got: &Got) -> bool {
        match got {
            Got::Unset => true,
            Got::One(value) => value.is_empty(),
            Got::List { values, star } => match values.as_slice() {
                [] => true,
                [one] => one.is_empty(),
                values => self.joined(values, *star).is_empty(),
            },
        }
    }

    fn operate(
        &mut self,
        param: &Param,
        subject: &Subject<'_>,
        got: Got,
        quoting: Quoting,
        sink: &mut Sink<'_>,
    ) -> Expanded<()> {
        let unset = matches!(got, Got::Unset) || got.is_empty_list();
        let lacks = |expander: &Self, colon: bool| unset || (colon && expander.is_null(&got));
        match &param.op {
            ParamOp::Default { colon, word } => {
                if lacks(self, *colon) {
                    return self.alternative(word, quoting, sink);
                }
                self.put_got(&got, quoting, sink)
            }
            ParamOp::Alternative { colon, word } => {
                if !lacks(self, *colon) {
                    return self.alternative(word, quoting, sink);
                }
                if quoting == Quoting::Double
                    && got.is_empty_list()
                    && matches!(got, Got::List { star: false, .. })
                {
                    sink.empty_list = true;
                }
                Ok(())
            }
            ParamOp::Assign { colon, word } => {
                if !lacks(self, *colon) {
                    return self.put_got(&got, quoting, sink);
                }
                let value = self.default_value(subject, word, quoting)?;
                super::word::put(&value, quoting, sink)
            }
            ParamOp::Error { colon, word } => {
                if lacks(self, *colon) {
                    return Err(self.missing(subject, *colon, word)?);
                }
                self.put_got(&got, quoting, sink)
            }
            _ => {
                self.check_bound(&got, subject.name, subject.subscript())?;
                self.transformed(param, subject, got, quoting, sink)
            }
        }
    }

    /// The word of `${x:-word}`, in the place of the value.
    fn alternative(&mut self, word: &Word, quoting: Quoting, sink: &mut Sink<'_>) -> Expanded<()> {
        let outer = sink.empty_list;
        let inner = if quoting == Quoting::None { Quoting::Word } else { quoting };
        self.parts(&word.parts, inner, sink)?;
        sink.empty_list = outer;
        Ok(())
    }

    fn default_value(
        &mut self,
        subject: &Subject<'_>,
        word: &Word,
        quoting: Quoting,
    ) -> Expanded<Str> {
        let field = self.single_field(word, quoting)?;
        let value = Str::charged(field.bytes, &self.shell.budget)?;
        let ParamName::Variable(symbol) = subject.name else {
            return Err(ExpandError::CannotAssign(self.shown_name(subject.name)));
        };
        let place = self.place(symbol, subject.subscript())?;
        self.assign_place(&place, value.clone(), false)?;
        // What `-i` or `-u` made of it counts.
        Ok(self.place_value(&place).unwrap_or(value))
    }

    fn missing(
        &mut self,
        subject: &Subject<'_>,
        colon: bool,
        word: &Word,
    ) -> Expanded<ExpandError> {
        let text = self.single_field(word, Quoting::None)?.bytes;
        let message = match (word.parts.is_empty(), colon) {
            (true, true) => Str::from("parameter null or not set"),
            (true, false) => Str::from("parameter not set"),
            (false, _) => Str::from(text),
        };
        let mut name = self.shown_name(subject.name).to_vec();
        if name.first() == Some(&b'$') {
            name.remove(0);
        }
        if let Some(subscript) = subject.subscript() {
            name.extend_from_slice(&[b"[".as_slice(), &subscript.text, b"]"].concat());
        }
        Ok(ExpandError::Parameter { name: Str::from(name), message })
    }

    /// The operators that make something of each value.
    fn transformed(
        &mut self,
        param: &Param,
        subject: &Subject<'_>,
        got: Got,
        quoting: Quoting,
        sink: &mut Sink<'_>,
    ) -> Expanded<()> {
        if let ParamOp::Transform(letter) = &param.op {
            return self.transform(param, subject, got, *letter, quoting, sink);
        }
        let got = self.changed(param, subject, got)?;
        self.put_got(&got, quoting, sink)
    }

    fn changed(&mut self, param: &Param, subject: &Subject<'_>, got: Got) -> Expanded<Got> {
        Ok(match &param.op {
            ParamOp::Substring { offset, length } => {
                self.substring(subject, got, offset, length.as_deref())?
            }
            ParamOp::RemovePrefix { longest, pattern } => {
                let pattern = self.removed_pattern(pattern)?;
                let cancel = self.shell.cancel.clone();
                let reach = if *longest { Reach::Longest } else { Reach::Shortest };
                self.mapped(got, &mut |value| {
                    let end = pattern.on(value).until(&cancel).prefix(reach).unwrap_or(0);
                    Ok(Cow::Borrowed(value.get(end..).unwrap_or_default()))
                })?
            }
            ParamOp::RemoveSuffix { longest, pattern } => {
                let pattern = self.removed_pattern(pattern)?;
                let cancel = self.shell.cancel.clone();
                let reach = if *longest { Reach::Longest } else { Reach::Shortest };
                self.mapped(got, &mut |value| {
                    let start = pattern.on(value).until(&cancel).suffix(reach);
                    Ok(Cow::Borrowed(value.get(..start.unwrap_or(value.len())).unwrap_or_default()))
                })?
            }
            ParamOp::Replace { mode, pattern, replacement } => {
                self.replaced(got, *mode, pattern, replacement.as_ref())?
            }
            ParamOp::Case { mode, all, pattern } => {
                self.recased(got, *mode, *all, pattern.as_ref())?
            }
            ParamOp::Value
            | ParamOp::Transform(_)
            | ParamOp::Length
            | ParamOp::Default { .. }
            | ParamOp::Assign { .. }
            | ParamOp::Error { .. }
            | ParamOp::Alternative { .. }
            | ParamOp::Names { .. }
            | ParamOp::Keys { .. } => got,
        })
    }

    /// The value, or each of the list, changed.
    pub(super) fn mapped(
        &mut self,
        got: Got,
        change: &mut dyn for<'v> FnMut(&'v [u8]) -> Expanded<Cow<'v, [u8]>>,
    ) -> Expanded<Got> {
        let budget = self.shell.budget.clone();
        let mut one = |value: Str| -> Expanded<Str> {
            match change(&value)? {
                Cow::Borrowed(same) if same.len() == value.len() => Ok(value),
                Cow::Borrowed(part) => Ok(Str::copied(part, &budget)?),
                Cow::Owned(bytes) => Ok(Str::charged(bytes, &budget)?),
            }
        };
        Ok(match got {
            Got::Unset => Got::Unset,
            Got::One(value) => Got::One(one(value)?),
            Got::List { values, star } => {
                let values = values.into_iter().map(one).collect::<Expanded<Vec<_>>>()?;
                Got::List { values, star }
            }
        })
    }
}
