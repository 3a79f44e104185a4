//! File descriptors: which stream each number leads to.

use mesash_builtins::stream::Stream;
use std::sync::Arc;

/// One descriptor.
#[derive(Clone, Debug)]
pub struct Fd {
    pub stream: Arc<dyn Stream>,
    pub readable: bool,
    pub writable: bool,
    /// Opened for the shell's own use or by a process substitution: commands don't get it.
    pub private: bool,
}

impl Fd {
    pub fn reading(stream: Arc<dyn Stream>) -> Self {
        Self { stream, readable: true, writable: false, private: false }
    }

    pub fn writing(stream: Arc<dyn Stream>) -> Self {
        Self { stream, readable: false, writable: true, private: false }
    }

    pub fn both(stream: Arc<dyn Stream>) -> Self {
        Self { stream, readable: true, writable: true, private: false }
    }
}

/// The table of descriptors; copied at no cost until one of the copies changes.
#[derive(Clone, Debug, Default)]
pub struct FdTable(Arc<Vec<Option<Fd>>>);

impl FdTable {
    pub fn get(&self, fd: u32) -> Option<&Fd> {
        self.0.get(fd as usize)?.as_ref()
    }

    /// Puts `entry` at `fd` (or closes it) and gives what was there.
    pub fn set(&mut self, fd: u32, entry: Option<Fd>) -> Option<Fd> {
        let at = fd as usize;
        if entry.is_none() && self.get(fd).is_none() {
            return None;
        }
        let table = Arc::make_mut(&mut self.0);
        if at >= table.len() {
            table.resize_with(at + 1, || None);
        }
        let old = std::mem::replace(table.get_mut(at)?, entry);
        while table.last().is_some_and(Option::is_none) {
            table.pop();
        }
        old
    }

    /// The lowest number that is free, from `from` on.
    pub fn free_from(&self, from: u32) -> u32 {
        (from..).find(|fd| self.get(*fd).is_none()).unwrap_or(u32::MAX)
    }

    /// How many descriptors are open.
    pub fn len(&self) -> usize {
        self.0.iter().flatten().count()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &Fd)> {
        let entries = self.0.iter().enumerate();
        entries.filter_map(|(fd, entry)| Some((fd as u32, entry.as_ref()?)))
    }
}
