//! Where PATH look-up found commands: the table of the `hash` builtin.

use super::assoc::{COMMAND_CHAINS, OrderedMap};
use super::ledger::Ledger;
use super::text::Str;
use mesash_builtins::budget::{Budget, LimitReached};
use std::sync::Arc;

/// What is remembered of a command.
#[derive(Clone, Debug)]
pub struct HashedCommand {
    pub path: Str,
    pub hits: u32,
}

/// The table; it is only good for the PATH that it was filled under.
#[derive(Clone, Debug)]
pub struct CommandHash {
    table: Arc<Table>,
    path: Str,
}

#[derive(Clone, Debug)]
struct Table {
    commands: OrderedMap<HashedCommand>,
    ledger: Ledger,
}

/// What an entry takes, its short texts included.
const ENTRY_BYTES: usize = 2 * size_of::<(Str, HashedCommand)>();

impl Default for CommandHash {
    fn default() -> Self {
        let commands = OrderedMap::with_chains(COMMAND_CHAINS);
        let table = Table { commands, ledger: Ledger::default() };
        Self { table: Arc::new(table), path: Str::EMPTY }
    }
}

impl CommandHash {
    /// The table for this value of PATH: emptied if PATH has changed.
    pub fn under(&mut self, path: &[u8]) -> &mut Self {
        if self.path.as_bytes() != path {
            *self = Self { path: Str::new(path), ..Self::default() };
        }
        self
    }

    pub fn get(&self, name: &[u8]) -> Option<&HashedCommand> {
        self.table.commands.get(name)
    }

    /// Remembers where `name` is, with no hits yet.
    ///
    /// # Errors
    /// [`LimitReached`] if the run may not hold so many.
    pub fn set(&mut self, name: Str, path: Str, budget: &Budget) -> Result<(), LimitReached> {
        let table = Arc::make_mut(&mut self.table);
        table.ledger.account(table.commands.len() + 1, ENTRY_BYTES, budget)?;
        table.commands.insert(name, HashedCommand { path, hits: 0 });
        Ok(())
    }

    pub fn hit(&mut self, name: &[u8]) {
        if let Some(command) = Arc::make_mut(&mut self.table).commands.get_mut(name) {
            command.hits = command.hits.saturating_add(1);
        }
    }

    pub fn remove(&mut self, name: &[u8]) -> bool {
        self.get(name).is_some() && Arc::make_mut(&mut self.table).commands.remove(name).is_some()
    }

    pub fn clear(&mut self) {
        *self = Self { path: self.path.clone(), ..Self::default() };
    }

    pub fn is_empty(&self) -> bool {
        self.table.commands.is_empty()
    }

    /// In the order in which `hash` lists them.
    pub fn iter(&self) -> impl Iterator<Item = (&Str, &HashedCommand)> {
        self.table.commands.iter()
    }
}
