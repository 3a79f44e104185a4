//! Reading variables.

use super::array::IndexedArray;
use super::assoc::AssocArray;
use super::text::Str;
use super::variable::{Attrs, Value, Variable};
use super::{Shell, names};
use crate::syntax::symbol::Symbol;
use std::borrow::Cow;
use std::sync::Arc;

/// How many namerefs may lead to one another.
const NAMEREFS_MAX: usize = 8;

/// What a name means after namerefs were followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Variable(Symbol),
    /// A nameref to an array element: the array and the text between the brackets.
    Element(Symbol, Str),
    /// A nameref that is not bound to a name yet, or to something that is none.
    Unbound(Symbol),
}

/// Namerefs lead to themselves; the one where the walk started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circular(pub Symbol);

/// `name[sub]` taken apart.
pub fn split_element(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let open = text.iter().position(|&byte| byte == b'[')?;
    let inner = text.get(open + 1..)?.strip_suffix(b"]")?;
    let name = text.get(..open)?;
    (names::is_identifier(name) && !inner.is_empty()).then_some((name, inner))
}

impl Shell {
    /// Follows namerefs from `symbol`.
    ///
    /// # Errors
    /// [`Circular`]; bash warns and takes the name for unset.
    pub fn resolve(&self, symbol: Symbol) -> Result<Target, Circular> {
        let mut now = symbol;
        for _ in 0..=NAMEREFS_MAX {
            let Some(variable) = self.vars.get(now).filter(|v| v.attrs.has(Attrs::NAMEREF)) else {
                return Ok(Target::Variable(now));
            };
            let Value::Scalar(text) = &variable.value else { return Ok(Target::Unbound(now)) };
            if let Some((name, sub)) = split_element(text) {
                let Some(array) = self.interner.intern(name).ok() else { break };
                return Ok(Target::Element(array, Str::new(sub)));
            }
            if !names::is_identifier(text) {
                return Ok(Target::Unbound(now));
            }
            let Some(next) = self.interner.intern(text).ok() else { break };
            if next == now {
                break;
            }
            now = next;
        }
        Err(Circular(symbol))
    }

    /// The variable that `symbol` means, namerefs followed, if it is one as a whole.
    pub fn variable(&self, symbol: Symbol) -> Option<&Variable> {
        let variable = self.vars.get(symbol)?;
        if !variable.attrs.has(Attrs::NAMEREF) {
            return Some(variable);
        }
        match self.resolve(symbol) {
            Ok(Target::Variable(target)) => self.vars.get(target),
            _ => None,
        }
    }

    /// What `$symbol` is: the scalar, or element 0 of an array. `None` if that is unset, or if a
    /// nameref leads to an element, which only `expand` can evaluate.
    pub fn text(&self, symbol: Symbol) -> Option<Cow<'_, [u8]>> {
        match &self.variable(symbol)?.value {
            Value::Scalar(text) => Some(Cow::Borrowed(text.as_bytes())),
            Value::Unset => None,
            Value::Indexed(array) => array.get(0).map(|text| Cow::Borrowed(text.as_bytes())),
            Value::Assoc(array) => array.get(b"0").map(|text| Cow::Borrowed(text.as_bytes())),
            Value::Dynamic(kind) => {
                let text = match self.computed(*kind) {
                    Value::Scalar(text) => Some(text),
                    Value::Indexed(array) => array.get(0).cloned(),
                    Value::Assoc(array) => array.get(b"0").cloned(),
                    Value::Unset | Value::Dynamic(_) => None,
                };
                text.map(|text| Cow::Owned(text.to_vec()))
            }
        }
    }

    /// As [`Shell::text`], shared rather than borrowed.
    pub fn scalar(&self, symbol: Symbol) -> Option<Str> {
        match &self.variable(symbol)?.value {
            Value::Scalar(text) => Some(text.clone()),
            Value::Unset => None,
            Value::Indexed(array) => array.get(0).cloned(),
            Value::Assoc(array) => array.get(b"0").cloned(),
            Value::Dynamic(_) => self.text(symbol).map(Str::from),
        }
    }

    /// The value of a variable with dynamic ones computed; namerefs are not followed.
    pub fn value(&self, symbol: Symbol) -> Value {
        match self.vars.get(symbol).map(|variable| &variable.value) {
            None => Value::Unset,
            Some(Value::Dynamic(kind)) => self.computed(*kind),
            Some(value) => value.clone(),
        }
    }

    /// The indexed array in `symbol` (no namerefs); none for scalars.
    pub fn indexed(&self, symbol: Symbol) -> Option<Arc<IndexedArray>> {
        match self.value(symbol) {
            Value::Indexed(array) => Some(array),
            _ => None,
        }
    }

    /// The associative array in `symbol` (no namerefs).
    pub fn assoc(&self, symbol: Symbol) -> Option<Arc<AssocArray>> {
        match self.value(symbol) {
            Value::Assoc(array) => Some(array),
            _ => None,
        }
    }

    /// The text of a variable by its name, for what the shell itself reads (`HOME`, `PS4`).
    pub fn text_of(&self, name: &[u8]) -> Option<Cow<'_, [u8]>> {
        self.text(self.interner.get(name)?)
    }

    /// Whether characters are bytes: the locale is C or POSIX by name. Without any it is UTF-8.
    pub fn counts_bytes(&self) -> bool {
        let named = [names::LC_ALL, names::LC_CTYPE, names::LANG].into_iter();
        let mut set = named.filter_map(|name| self.text(name)).filter(|text| !text.is_empty());
        set.next().is_some_and(|text| matches!(&*text, b"C" | b"POSIX"))
    }

    /// The names of all variables that are visible, sorted, with their symbols.
    pub fn variable_names(&self) -> Vec<(Str, Symbol)> {
        let named = |(symbol, _)| (Str::new(&self.name(symbol)), symbol);
        let mut all: Vec<_> = self.vars.iter().map(named).collect();
        all.sort();
        all
    }

    /// The environment of a command: the exported variables that have a scalar value, in the order
    /// in which bash passes them: what stands before the command, the last first, and then as keys
    /// of an associative array are ordered.
    pub fn environment(&self) -> Vec<(Str, Str)> {
        let mut temporary = Vec::new();
        let mut lasting = AssocArray::default();
        for (symbol, variable) in self.vars.iter() {
            if !variable.attrs.has(Attrs::EXPORT) || variable.is_array() {
                continue;
            }
            let value = match &variable.value {
                Value::Scalar(text) => text.clone(),
                Value::Dynamic(kind) => match self.computed(*kind) {
                    Value::Scalar(text) => text,
                    _ => continue,
                },
                _ => continue,
            };
            let name = Str::new(&self.name(symbol));
            if variable.attrs.has(Attrs::TEMPORARY) {
                temporary.push((name, value));
            } else {
                lasting.insert(name, value);
            }
        }
        temporary.reverse();
        temporary.extend(lasting.iter().map(|(name, value)| (name.clone(), value.clone())));
        temporary
    }
}
