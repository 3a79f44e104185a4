//! Names as small integers.
//!
//! Every variable, function and literal command name that a script mentions becomes a [`Symbol`] when
//! it is parsed, so that the state can keep values in slots instead of hashing strings at each use.
//! An [`Interner`] belongs to one session and is shared by all its threads. Always true: a symbol
//! is only meaningful together with the interner that made it, and it never changes its meaning.

use bstr::{BStr, ByteSlice};
use mesash_builtins::budget::{Budget, Held, LimitReached, Resource};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The most names that one session may have.
pub const SYMBOLS_MAX: u32 = 1 << 20;

/// A name, as an index that is dense from 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Symbol(pub u32);

impl Symbol {
    /// The slot that belongs to this name.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a name takes beside its text: its entries in the tables here, and the slots of a variable
/// and a function.
const NAME_BYTES: usize = 224;

/// Why a new name cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// A session has named more things than it may.
    #[error("too many names")]
    TooMany,
    #[error(transparent)]
    Limit(#[from] LimitReached),
}

/// The names of one session.
#[derive(Debug, Default)]
pub struct Interner {
    names: RwLock<Names>,
    tells_commands: AtomicBool,
    budget: Option<Budget>,
}

#[derive(Debug, Default)]
struct Names {
    by_text: HashMap<Arc<[u8]>, Symbol>,
    by_symbol: Vec<Arc<[u8]>>,
    held: Option<Held>,
}

impl Interner {
    pub fn new() -> Self {
        Self::default()
    }

    /// One whose names are charged to `budget`: they stay as long as it does.
    pub fn charged(budget: Budget) -> Self {
        Self { budget: Some(budget), ..Self::default() }
    }

    /// Whose memory the names are charged to.
    pub fn budget(&self) -> Option<&Budget> {
        self.budget.as_ref()
    }

    /// The symbol of `name`, made now if it is new.
    ///
    /// # Errors
    /// [`NameError::TooMany`] when [`SYMBOLS_MAX`] names exist and this one doesn't.
    pub fn intern(&self, name: &[u8]) -> Result<Symbol, NameError> {
        if let Some(symbol) = self.get(name) {
            return Ok(symbol);
        }
        let mut names = self.names.write();
        // Another thread may have been faster between the two locks.
        if let Some(symbol) = names.by_text.get(name) {
            return Ok(*symbol);
        }
        let next = u32::try_from(names.by_symbol.len()).unwrap_or(u32::MAX);
        if next >= SYMBOLS_MAX {
            return Err(NameError::TooMany);
        }
        if let Some(budget) = &self.budget {
            let bytes = (NAME_BYTES + name.len()) as u64;
            match &mut names.held {
                Some(held) => held.grow(bytes)?,
                None => names.held = Some(budget.hold(Resource::Memory, bytes)?),
            }
        }
        let text: Arc<[u8]> = Arc::from(name);
        names.by_symbol.push(Arc::clone(&text));
        names.by_text.insert(text, Symbol(next));
        Ok(Symbol(next))
    }

    /// The symbol of `name` if it has one.
    pub fn get(&self, name: &[u8]) -> Option<Symbol> {
        self.names.read().by_text.get(name).copied()
    }

    /// Notes that a script has the word `BASH_COMMAND`.
    pub fn tell_commands(&self) {
        self.tells_commands.store(true, Ordering::Relaxed);
    }

    /// Whether a script has it: only then must each command be noted as text.
    pub fn tells_commands(&self) -> bool {
        self.tells_commands.load(Ordering::Relaxed)
    }

    /// The text of `symbol`; empty for one that another interner made.
    pub fn name(&self, symbol: Symbol) -> SymbolName {
        SymbolName(self.names.read().by_symbol.get(symbol.index()).cloned().unwrap_or_default())
    }

    /// How many names there are: every symbol is below this.
    pub fn len(&self) -> usize {
        self.names.read().by_symbol.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The text of a symbol, without a lock held on the interner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolName(Arc<[u8]>);

impl std::ops::Deref for SymbolName {
    type Target = BStr;

    fn deref(&self) -> &BStr {
        self.0.as_bstr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesash_builtins::budget::Limits;

    #[test]
    fn a_name_has_one_symbol_and_gives_its_text_back() -> Result<(), NameError> {
        let interner = Interner::new();
        let (one, two) = (interner.intern(b"x")?, interner.intern(b"\xff")?);
        assert_eq!(interner.intern(b"x")?, one);
        assert_ne!(one, two);
        assert_eq!(&**interner.name(two), b"\xff");
        assert_eq!(interner.get(b"y"), None);
        assert_eq!(interner.len(), 2);
        assert_eq!(&**interner.name(Symbol(9)), b"");
        Ok(())
    }

    #[test]
    fn names_are_charged_once_each() -> Result<(), NameError> {
        let limits = Limits { memory_bytes: 1000, ..Limits::STANDARD };
        let budget = Budget::new(limits);
        let interner = Interner::charged(budget.clone());
        for name in [b"x", b"y", b"z", b"x", b"y"] {
            interner.intern(name)?;
        }
        assert_eq!(budget.used(Resource::Memory), 3 * 225);
        assert!(matches!(interner.intern(&[b'a'; 500]), Err(NameError::Limit(_))));
        assert_eq!((interner.len(), interner.get(&[b'a'; 500])), (3, None));
        drop(interner);
        assert_eq!(budget.used(Resource::Memory), 0);
        Ok(())
    }
}
