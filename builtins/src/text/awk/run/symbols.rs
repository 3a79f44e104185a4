//! SYMTAB and FUNCTAB: the program's variables and functions by name.
//!
//! SYMTAB is made anew of the variables whenever it is looked at, and what is stored in it goes to
//! the variable of that name.

use std::rc::Rc;

use bstr::ByteSlice;
use bytes::Bytes;

use super::super::array::{Array, ArrayRef};
use super::super::ast::{Builtin, Place, Special, Var};
use super::super::value::Value;
use super::{Cell, Done, Machine};

const SYMTAB: Var = Var::Global(Special::Symtab as usize);

impl<'p> Machine<'p, '_, '_, '_, '_> {
    pub(super) fn set_functab(&mut self) {
        let mut names = Array::default();
        let own = self.program.functions.iter().map(|function| function.name.as_ref());
        for name in Builtin::NAMES.iter().copied().chain(own) {
            names.insert(name, Value::Text(Bytes::copy_from_slice(name)));
        }
        self.set_array(Special::Functab, names);
    }

    /// Brings SYMTAB to what the variables are now, if `var` is it.
    pub(super) fn refresh(&mut self, var: Var) -> Done<()> {
        if var != SYMTAB {
            return Ok(());
        }
        let mut table = Array::default();
        let program = self.program;
        for (slot, name) in program.globals.iter().enumerate() {
            let value = match self.globals.get(slot) {
                Some(Cell::Array(array)) if Var::Global(slot) != SYMTAB => {
                    Value::Array(Rc::clone(array))
                }
                Some(Cell::Array(_)) => continue,
                _ => self.var(Var::Global(slot))?,
            };
            table.insert(name, value);
        }
        self.set_array(Special::Symtab, table);
        Ok(())
    }

    /// Whether a place is SYMTAB itself.
    pub(super) fn is_symtab(place: &Place) -> bool {
        matches!(place, Place::Var(var) if *var == SYMTAB)
    }

    /// `SYMTAB[name] = value`
    pub(super) fn set_symbol(&mut self, name: &[u8], value: Value) -> Done<()> {
        match self.program.globals.iter().position(|known| known == name) {
            Some(slot) => self.set_var(Var::Global(slot), value),
            None => {
                let name = name.as_bstr();
                self.fatal(format!("cannot assign to undefined variable `{name}' by SYMTAB"))
            }
        }
    }

    /// Nothing is deleted from SYMTAB and FUNCTAB.
    pub(super) fn may_delete(&self, place: &Place) -> Done<()> {
        let name = match place {
            Place::Var(var) if *var == SYMTAB => "SYMTAB",
            Place::Var(Var::Global(slot)) if *slot == Special::Functab.slot() => "FUNCTAB",
            _ => return Ok(()),
        };
        self.fatal(format!("`delete' is not allowed with {name}"))
    }

    /// `--lint`: says that a name has no value yet.
    pub(super) fn lint_uninitialized(&mut self, var: Var) -> Done<()> {
        let what = if matches!(var, Var::Local(_)) { "argument" } else { "variable" };
        let name = self.name(var);
        self.warn(format!("reference to uninitialized {what} `{name}'"))
    }

    /// An array that was handed down: `x (from y, from a)`.
    pub(super) fn name_of_array(&self, var: Var) -> String {
        let name = self.name(var);
        let Some(Cell::Array(array)) = self.cell(var) else { return name };
        let callers = self.callers_of(array, var);
        if callers.is_empty() {
            return name;
        }
        let from: Vec<String> = callers.iter().map(|caller| format!("from {caller}")).collect();
        format!("{name} ({})", from.join(", "))
    }

    /// The names that the callers have for an array, the innermost first.
    fn callers_of(&self, array: &ArrayRef, var: Var) -> Vec<String> {
        if !matches!(var, Var::Local(_)) {
            return Vec::new();
        }
        let same = |cell: &Cell| matches!(cell, Cell::Array(known) if Rc::ptr_eq(known, array));
        let mut names = Vec::new();
        for (function, frame) in self.frames.iter().rev() {
            let Some(function) = function else { continue };
            let held = self.locals.get(*frame..).unwrap_or_default();
            let held = held.iter().take(function.parameters.len()).position(same);
            let name = held.and_then(|slot| function.parameters.get(slot));
            names.extend(name.map(|name| name.as_bstr().to_string()));
        }
        let global = self.globals.iter().position(same);
        let name = global.and_then(|slot| self.program.globals.get(slot));
        names.extend(name.map(|name| name.as_bstr().to_string()));
        names
    }
}
