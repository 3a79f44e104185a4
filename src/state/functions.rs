//! Functions and aliases.

use super::ledger::Ledger;
use super::text::Str;
use crate::syntax::ast::Function;
use crate::syntax::symbol::Symbol;
use mesash_builtins::budget::{Budget, Held, LimitReached};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A defined function.
#[derive(Clone, Debug)]
pub struct FunctionEntry {
    pub function: Arc<Function>,
    /// The file that it was defined in, for `BASH_SOURCE`.
    pub source: Str,
    pub exported: bool,
    pub readonly: bool,
    /// `declare -ft`
    pub traced: bool,
    /// What its body takes.
    pub held: Option<Arc<Held>>,
}

/// The functions, in slots by the symbol of their name.
#[derive(Clone, Debug, Default)]
pub struct Functions(Arc<Vec<Option<Arc<FunctionEntry>>>>);

impl Functions {
    pub fn get(&self, symbol: Symbol) -> Option<&Arc<FunctionEntry>> {
        self.0.get(symbol.index())?.as_ref()
    }

    pub fn set(&mut self, symbol: Symbol, entry: Option<Arc<FunctionEntry>>) {
        if entry.is_none() && self.get(symbol).is_none() {
            return;
        }
        let slots = Arc::make_mut(&mut self.0);
        let at = symbol.index();
        if at >= slots.len() {
            slots.resize_with(at + 1, || None);
        }
        if let Some(slot) = slots.get_mut(at) {
            *slot = entry;
        }
    }

    pub fn get_mut(&mut self, symbol: Symbol) -> Option<&mut FunctionEntry> {
        self.get(symbol)?;
        let slot = Arc::make_mut(&mut self.0).get_mut(symbol.index())?;
        slot.as_mut().map(Arc::make_mut)
    }

    /// What a copy takes once it is written to.
    pub fn bytes(&self) -> usize {
        self.0.len() * size_of::<Option<Arc<FunctionEntry>>>()
    }

    /// All of them, sorted by name.
    pub fn sorted(&self) -> Vec<&Arc<FunctionEntry>> {
        let mut all: Vec<_> = self.0.iter().flatten().collect();
        all.sort_by(|one, two| one.function.name.cmp(&two.function.name));
        all
    }
}

/// The aliases, sorted by name as `alias` lists them.
#[derive(Clone, Debug, Default)]
pub struct Aliases(Arc<AliasTable>);

#[derive(Clone, Debug, Default)]
struct AliasTable {
    by_name: BTreeMap<Str, Str>,
    ledger: Ledger,
}

/// What an alias takes, its short texts included.
const ALIAS_BYTES: usize = 4 * size_of::<Str>();

impl Aliases {
    pub fn get(&self, name: &[u8]) -> Option<&Str> {
        self.0.by_name.get(name)
    }

    /// # Errors
    /// [`LimitReached`] if the run may not hold so many.
    pub fn set(&mut self, name: Str, value: Str, budget: &Budget) -> Result<(), LimitReached> {
        let table = Arc::make_mut(&mut self.0);
        table.ledger.account(table.by_name.len() + 1, ALIAS_BYTES, budget)?;
        table.by_name.insert(name, value);
        Ok(())
    }

    pub fn remove(&mut self, name: &[u8]) -> bool {
        self.0.by_name.contains_key(name)
            && Arc::make_mut(&mut self.0).by_name.remove(name).is_some()
    }

    pub fn clear(&mut self) {
        self.0 = Arc::default();
    }

    pub fn is_empty(&self) -> bool {
        self.0.by_name.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Str, &Str)> {
        self.0.by_name.iter()
    }
}
