//! Writing variables: every change goes through here, so that read-only ones stay as they are.

use super::array::IndexedArray;
use super::assoc::{AssocArray, CONVERTED_CHAINS};
use super::text::Str;
use super::variable::{Attrs, Value, Variable};
use super::{Opt, Shell, names};
use crate::syntax::symbol::{NameError, Symbol};
use bstr::ByteSlice;
use mesash_builtins::budget::LimitReached;
use std::sync::Arc;

/// What an entry of an array takes, its short text included.
const INDEXED_ENTRY_BYTES: usize = size_of::<Option<Str>>();
const ASSOC_ENTRY_BYTES: usize = 3 * size_of::<Str>();

/// Why a variable can't be changed so. `Display` is what bash says after its prefix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VarError {
    #[error("{0}: readonly variable")]
    ReadOnly(Str),
    #[error("{0}: cannot unset: readonly variable")]
    UnsetReadOnly(Str),
    #[error("{0}: cannot unset")]
    CannotUnset(Str),
    #[error("{0}: bad array subscript")]
    BadSubscript(Str),
    #[error("{0}: cannot convert associative to indexed array")]
    AssocToIndexed(Str),
    #[error("{0}: cannot convert indexed to associative array")]
    IndexedToAssoc(Str),
    #[error("{0}: not an array variable")]
    NotAnArray(Str),
    #[error("`{0}': not a valid identifier")]
    NotIdentifier(Str),
    #[error("{0}: circular name reference")]
    CircularReference(Str),
    #[error("{0}: invalid variable name for name reference")]
    InvalidReference(Str),
    #[error("too many names")]
    TooManyNames,
    #[error(transparent)]
    Limit(#[from] LimitReached),
}

impl From<NameError> for VarError {
    fn from(error: NameError) -> Self {
        match error {
            NameError::TooMany => Self::TooManyNames,
            NameError::Limit(limit) => Self::Limit(limit),
        }
    }
}

impl Shell {
    fn text_name(&self, symbol: Symbol) -> Str {
        Str::new(&self.name(symbol))
    }

    /// # Errors
    /// [`VarError::ReadOnly`] if the variable is.
    pub fn check_writable(&self, symbol: Symbol) -> Result<(), VarError> {
        match self.vars.get(symbol) {
            Some(variable) if variable.attrs.has(Attrs::READONLY) => {
                Err(VarError::ReadOnly(self.text_name(symbol)))
            }
            _ => Ok(()),
        }
    }

    /// The value as `-l`, `-u` and `-c` want it.
    fn cased(&self, attrs: Attrs, value: Str) -> Result<Str, LimitReached> {
        if !attrs.has(Attrs::CASE) {
            return Ok(value);
        }
        let mut out = Vec::with_capacity(value.len());
        for (at, (start, end, letter)) in value.char_indices().enumerate() {
            let raw = value.get(start..end).unwrap_or_default();
            let upper = attrs.has(Attrs::UPPER) || (attrs.has(Attrs::CAPITAL) && at == 0);
            crate::expand::case::push(letter, raw, upper, &mut out);
        }
        Str::charged(out, &self.budget)
    }

    /// Sets the scalar value of `symbol` (element 0 of an array). No namerefs are followed, and
    /// `-i` is the caller's business.
    ///
    /// # Errors
    /// [`VarError::ReadOnly`], [`VarError::Limit`]
    pub fn set(&mut self, symbol: Symbol, value: impl Into<Str>) -> Result<(), VarError> {
        let mut value = value.into();
        let all_export = self.options.has(Opt::AllExport);
        let (attrs, array) = match self.vars.get(symbol) {
            Some(variable) => (variable.attrs, variable.is_array()),
            None => (Attrs::NONE, false),
        };
        if attrs.0 != 0 {
            if attrs.has(Attrs::READONLY) {
                return Err(VarError::ReadOnly(self.text_name(symbol)));
            }
            value = self.cased(attrs, value)?;
        }
        if array {
            return match self.vars.get(symbol).is_some_and(Variable::is_assoc) {
                true => self.set_key(symbol, Str::from("0"), value),
                false => self.set_index(symbol, 0, value),
            };
        }
        let variable = self.vars.entry(symbol);
        if all_export {
            variable.attrs |= Attrs::EXPORT;
        }
        match variable.value {
            Value::Dynamic(kind) => self.assign_dynamic(kind, &value),
            _ => variable.value = Value::Scalar(value),
        }
        if names::is_hooked(symbol) {
            self.after_assignment(symbol);
        }
        Ok(())
    }

    /// Appends to the scalar value of `symbol`, in place where it can.
    ///
    /// # Errors
    /// As [`Shell::set`].
    pub fn append(&mut self, symbol: Symbol, more: &[u8]) -> Result<(), VarError> {
        let simple = match self.vars.get(symbol) {
            Some(variable) => {
                let special = Attrs::READONLY | Attrs::CASE;
                matches!(variable.value, Value::Scalar(_)) && !variable.attrs.has(special)
            }
            None => false,
        };
        if simple && !names::is_hooked(symbol) && !self.options.has(Opt::AllExport) {
            if let Value::Scalar(text) = &mut self.vars.entry(symbol).value {
                text.append(more, &self.budget)?;
            }
            return Ok(());
        }
        let mut value = match self.vars.get(symbol).map(|variable| &variable.value) {
            Some(Value::Scalar(text)) => text.clone(),
            Some(Value::Indexed(array)) => array.get(0).cloned().unwrap_or_default(),
            Some(Value::Assoc(array)) => array.get(b"0").cloned().unwrap_or_default(),
            Some(Value::Dynamic(_)) => self.scalar(symbol).unwrap_or_default(),
            Some(Value::Unset) | None => Str::EMPTY,
        };
        value.append(more, &self.budget)?;
        self.set(symbol, value)
    }

    /// Makes `symbol` an indexed array if it is none yet, charged for what it has, a scalar becoming element 0, and gives it.
    ///
    /// # Errors
    /// [`VarError::ReadOnly`], [`VarError::AssocToIndexed`]
    pub fn indexed_mut(&mut self, symbol: Symbol) -> Result<&mut IndexedArray, VarError> {
        self.check_writable(symbol)?;
        if self.vars.get(symbol).is_some_and(Variable::is_assoc) {
            return Err(VarError::AssocToIndexed(self.text_name(symbol)));
        }
        let all_export = self.options.has(Opt::AllExport);
        let variable = self.vars.entry(symbol);
        variable.attrs |= Attrs::INDEXED;
        if all_export {
            variable.attrs |= Attrs::EXPORT;
        }
        if !matches!(variable.value, Value::Indexed(_)) {
            let array = match std::mem::take(&mut variable.value) {
                Value::Scalar(text) => std::iter::once(text).collect(),
                _ => IndexedArray::default(),
            };
            variable.value = Value::Indexed(Arc::new(array));
        }
        match &mut variable.value {
            Value::Indexed(array) => {
                variable.ledger.account(array.len(), INDEXED_ENTRY_BYTES, &self.budget)?;
                Ok(Arc::make_mut(array))
            }
            _ => unreachable!("it was made an indexed array above"),
        }
    }

    /// The associative array in `symbol`, which must have been declared one.
    ///
    /// # Errors
    /// [`VarError::ReadOnly`], [`VarError::IndexedToAssoc`]
    pub fn assoc_mut(&mut self, symbol: Symbol) -> Result<&mut AssocArray, VarError> {
        self.check_writable(symbol)?;
        let all_export = self.options.has(Opt::AllExport);
        if self.vars.get(symbol).is_some_and(|v| v.is_array() && !v.is_assoc()) {
            return Err(VarError::IndexedToAssoc(self.text_name(symbol)));
        }
        let variable = self.vars.entry(symbol);
        variable.attrs |= Attrs::ASSOC;
        if all_export {
            variable.attrs |= Attrs::EXPORT;
        }
        if !matches!(variable.value, Value::Assoc(_)) {
            let array = match std::mem::take(&mut variable.value) {
                Value::Scalar(text) => {
                    let mut array = AssocArray::with_chains(CONVERTED_CHAINS);
                    array.insert(Str::from("0"), text);
                    array
                }
                _ => AssocArray::default(),
            };
            variable.value = Value::Assoc(Arc::new(array));
        }
        match &mut variable.value {
            Value::Assoc(array) => {
                variable.ledger.account(array.len(), ASSOC_ENTRY_BYTES, &self.budget)?;
                Ok(Arc::make_mut(array))
            }
            _ => unreachable!("it was made an associative array above"),
        }
    }

    /// Sets element `index` of an indexed array; negative counts from the end.
    ///
    /// # Errors
    /// As [`Shell::indexed_mut`], and [`VarError::BadSubscript`] before the start.
    pub fn set_index(&mut self, symbol: Symbol, index: i64, value: Str) -> Result<(), VarError> {
        let (attrs, value_kind) = match self.vars.get(symbol) {
            Some(variable) => (variable.attrs, Some(&variable.value)),
            None => (Attrs::NONE, None),
        };
        if let Some(Value::Dynamic(kind)) = value_kind {
            let kind = *kind;
            self.check_writable(symbol)?;
            self.assign_dynamic_index(kind, index, value);
            return Ok(());
        }
        let value = self.cased(attrs, value)?;
        let index = match self.absolute_index(symbol, index) {
            Some(index) => index,
            None => {
                let text = format!("{}[{index}]", self.name(symbol).as_bstr());
                return Err(VarError::BadSubscript(Str::from(text.as_str())));
            }
        };
        self.indexed_mut(symbol)?.set(index, value);
        Ok(())
    }

    /// Sets an element of an associative array.
    ///
    /// # Errors
    /// As [`Shell::assoc_mut`].
    pub fn set_key(&mut self, symbol: Symbol, key: Str, value: Str) -> Result<(), VarError> {
        let attrs = self.vars.get(symbol).map_or(Attrs::NONE, |variable| variable.attrs);
        let value = self.cased(attrs, value)?;
        if let Some(Value::Dynamic(kind)) = self.vars.get(symbol).map(|variable| &variable.value) {
            let kind = *kind;
            self.check_writable(symbol)?;
            return Ok(self.assign_dynamic_key(kind, key, value)?);
        }
        self.assoc_mut(symbol)?.insert(key, value);
        Ok(())
    }

    /// A subscript with a negative one counted from the end; `None` before the start.
    pub fn absolute_index(&self, symbol: Symbol, index: i64) -> Option<i64> {
        if index >= 0 {
            return Some(index);
        }
        let end = match self.value(symbol) {
            Value::Indexed(array) => array.next_index(),
            Value::Scalar(_) => 1,
            _ => 0,
        };
        end.checked_add(index).filter(|index| *index >= 0)
    }

    /// Replaces the whole value by an array.
    ///
    /// # Errors
    /// [`VarError::ReadOnly`]
    pub fn set_array(&mut self, symbol: Symbol, array: IndexedArray) -> Result<(), VarError> {
        *self.indexed_mut(symbol)? = array;
        Ok(())
    }

    /// Replaces the whole value by an associative array.
    ///
    /// # Errors
    /// [`VarError::ReadOnly`]
    pub fn set_assoc(&mut self, symbol: Symbol, array: AssocArray) -> Result<(), VarError> {
        *self.assoc_mut(symbol)? = array;
        Ok(())
    }

    /// `unset name`: a local of the running function stays local but without a value, one of a
    /// caller is removed, so that what it shadowed can be seen again.
    ///
    /// # Errors
    /// [`VarError::UnsetReadOnly`]
    pub fn unset(&mut self, symbol: Symbol) -> Result<(), VarError> {
        let Some(variable) = self.vars.get(symbol) else { return Ok(()) };
        if variable.attrs.has(Attrs::READONLY) {
            return Err(VarError::UnsetReadOnly(self.text_name(symbol)));
        }
        const KEPT: [&[u8]; 4] = [b"BASH_ARGC", b"BASH_ARGV", b"BASH_LINENO", b"BASH_SOURCE"];
        if KEPT.contains(&self.name(symbol).as_bytes()) {
            return Err(VarError::CannotUnset(self.text_name(symbol)));
        }
        // What was given before a command goes, and what it shadowed is seen again.
        let own = variable.scope > 0
            && !variable.attrs.has(Attrs::TEMPORARY)
            && Some(variable.scope) == self.vars.function_scope();
        if own || (variable.scope > 0 && self.options.has(Opt::LocalVarUnset)) {
            let scope = variable.scope;
            *self.vars.entry(symbol) = Variable { scope, ..Variable::default() };
        } else {
            self.vars.remove(symbol);
        }
        match symbol {
            names::OPTIND => self.getopts = super::GetoptsState::default(),
            names::POSIXLY_CORRECT => self.options.set(Opt::Posix, false),
            names::GLOBIGNORE => self.options.set(Opt::DotGlob, false),
            _ => {}
        }
        Ok(())
    }

    /// `unset 'a[index]'`
    ///
    /// # Errors
    /// [`VarError::UnsetReadOnly`], [`VarError::BadSubscript`] before the start.
    pub fn unset_index(&mut self, symbol: Symbol, index: i64) -> Result<(), VarError> {
        let Some(at) = self.absolute_index(symbol, index) else {
            return Err(VarError::BadSubscript(Str::from(format!("[{index}]").as_str())));
        };
        let Some(variable) = self.vars.get(symbol) else { return Ok(()) };
        if variable.attrs.has(Attrs::READONLY) {
            return Err(VarError::UnsetReadOnly(self.text_name(symbol)));
        }
        match &mut self.vars.entry(symbol).value {
            Value::Indexed(array) => {
                Arc::make_mut(array).remove(at);
                Ok(())
            }
            Value::Scalar(_) if at == 0 => self.unset(symbol),
            _ => Ok(()),
        }
    }

    /// `unset 'a[key]'` of an associative array.
    ///
    /// # Errors
    /// [`VarError::UnsetReadOnly`]
    pub fn unset_key(&mut self, symbol: Symbol, key: &[u8]) -> Result<(), VarError> {
        let Some(variable) = self.vars.get(symbol) else { return Ok(()) };
        if variable.attrs.has(Attrs::READONLY) {
            return Err(VarError::UnsetReadOnly(self.text_name(symbol)));
        }
        match &mut self.vars.entry(symbol).value {
            Value::Assoc(array) => drop(Arc::make_mut(array).remove(key)),
            Value::Dynamic(super::Dynamic::Aliases) => drop(self.aliases.remove(key)),
            Value::Dynamic(super::Dynamic::Commands) => drop(self.hash.remove(key)),
            _ => {}
        }
        Ok(())
    }
}
