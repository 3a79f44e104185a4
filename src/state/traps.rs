//! The table of traps.

use super::signal::Event;
use super::text::Str;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a trap does. An empty command ignores the signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trap {
    pub command: Str,
    /// Set in a parent shell and not yet touched here: listed by `trap -p`, but never run.
    pub inherited: bool,
    /// Ignored from the start: the script can't change that.
    pub fixed: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Traps(Arc<BTreeMap<Event, Trap>>);

impl Traps {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The trap that is listed for `event`, run or not.
    pub fn get(&self, event: Event) -> Option<&Trap> {
        self.0.get(&event)
    }

    /// The command to run for `event`; empty to ignore it.
    pub fn active(&self, event: Event) -> Option<&Str> {
        if self.0.is_empty() {
            return None;
        }
        let trap = self.0.get(&event)?;
        let ignored = trap.command.is_empty();
        (ignored || !trap.inherited).then_some(&trap.command)
    }

    pub fn set(&mut self, event: Event, command: Str) {
        self.forget_inherited();
        let trap = Trap { command, inherited: false, fixed: false };
        Arc::make_mut(&mut self.0).insert(event, trap);
    }

    /// Ignores a signal for good: so it was when the shell began.
    pub fn fix(&mut self, event: Event) {
        let trap = Trap { command: Str::EMPTY, inherited: false, fixed: true };
        Arc::make_mut(&mut self.0).insert(event, trap);
    }

    pub fn remove(&mut self, event: Event) -> Option<Trap> {
        self.forget_inherited();
        if self.0.contains_key(&event) { Arc::make_mut(&mut self.0).remove(&event) } else { None }
    }

    /// A subshell lists its parent's traps until it sets one itself.
    fn forget_inherited(&mut self) {
        if self.0.values().any(|trap| trap.inherited && !trap.command.is_empty()) {
            let traps = Arc::make_mut(&mut self.0);
            traps.retain(|_, trap| !trap.inherited || trap.command.is_empty());
        }
    }

    /// In a subshell: traps stay listed but don't run, except those that `keep` says are inherited
    /// (DEBUG and RETURN under functrace, ERR under errtrace); ignored signals stay ignored.
    pub fn enter_subshell(&mut self, keep: impl Fn(Event) -> bool) {
        let changes = |event: Event, trap: &Trap| !trap.inherited && !keep(event);
        if self.0.iter().any(|(event, trap)| changes(*event, trap)) {
            for (event, trap) in Arc::make_mut(&mut self.0) {
                trap.inherited |= changes(*event, trap);
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (Event, &Trap)> {
        self.0.iter().map(|(event, trap)| (*event, trap))
    }
}
