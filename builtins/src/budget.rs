//! What one run may use: bytes and counts, charged by everything that grows.
//!
//! A [`Budget`] is shared by all threads of a run. Reaching a limit is an ordinary error that names
//! the limit; whether it ends the command or the run is the caller's rule. 0 never means unlimited:
//! a limit of 0 allows nothing.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What can run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resource {
    /// Bytes held by variables, expansions, the AST, pipes and commands' buffers.
    Memory,
    /// Bytes of captured stdout and stderr together.
    Output,
    /// Subshells, stages and jobs alive at one time.
    Processes,
    /// Nested function calls, sources, substitutions and evals.
    Depth,
    /// Words that one expansion may make.
    Words,
    /// Open file descriptors.
    Files,
    /// Bytes that commands put aside on the host, having no memory for them.
    Spill,
}

impl Resource {
    const COUNT: usize = 7;

    fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Output => "output",
            Self::Processes => "process",
            Self::Depth => "nesting",
            Self::Words => "expansion",
            Self::Files => "open file",
            Self::Spill => "spill",
        }
    }
}

/// A limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} limit reached ({limit})", resource.name())]
pub struct LimitReached {
    pub resource: Resource,
    pub limit: u64,
}

/// The bounds of one run, in bytes and counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub memory_bytes: u64,
    pub output_bytes: u64,
    pub processes: u64,
    pub depth: u64,
    pub words: u64,
    pub files: u64,
    pub spill_bytes: u64,
}

impl Limits {
    /// For a person at a prompt, on their own machine.
    pub const INTERACTIVE: Self = Self {
        memory_bytes: 4 << 30,
        output_bytes: 4 << 30,
        processes: 4096,
        depth: 10_000,
        words: 20_000_000,
        files: 65_536,
        spill_bytes: 256 << 30,
    };
    /// The default of `fs.bash`.
    pub const STANDARD: Self = Self {
        memory_bytes: 1 << 30,
        output_bytes: 256 << 20,
        processes: 1024,
        depth: 4000,
        words: 5_000_000,
        files: 16_384,
        spill_bytes: 8 << 30,
    };
    /// For scripts that nobody has read.
    pub const HARDENED: Self = Self {
        memory_bytes: 128 << 20,
        output_bytes: 16 << 20,
        processes: 64,
        depth: 1000,
        words: 500_000,
        files: 1024,
        spill_bytes: 1 << 30,
    };

    fn of(&self, resource: Resource) -> u64 {
        match resource {
            Resource::Memory => self.memory_bytes,
            Resource::Output => self.output_bytes,
            Resource::Processes => self.processes,
            Resource::Depth => self.depth,
            Resource::Words => self.words,
            Resource::Files => self.files,
            Resource::Spill => self.spill_bytes,
        }
    }
}

struct Inner {
    limits: Limits,
    used: [AtomicU64; Resource::COUNT],
    peak_memory: AtomicU64,
}

/// The account of one run. Cloning shares it.
#[derive(Clone)]
pub struct Budget(Arc<Inner>);

impl Budget {
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let used = std::array::from_fn(|_| AtomicU64::new(0));
        Self(Arc::new(Inner { limits, used, peak_memory: AtomicU64::new(0) }))
    }

    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Takes `amount`, or nothing at all.
    ///
    /// # Errors
    /// [`LimitReached`] if the limit would be passed.
    pub fn charge(&self, resource: Resource, amount: u64) -> Result<(), LimitReached> {
        let limit = self.0.limits.of(resource);
        let used = &self.0.used[resource as usize];
        let before = used.fetch_add(amount, Ordering::Relaxed);
        let after = before.saturating_add(amount);
        if after > limit {
            used.fetch_sub(amount, Ordering::Relaxed);
            return Err(LimitReached { resource, limit });
        }
        if resource == Resource::Memory && amount >= 4096 {
            self.0.peak_memory.fetch_max(after, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Gives back what [`Budget::charge`] took.
    pub fn release(&self, resource: Resource, amount: u64) {
        self.0.used[resource as usize].fetch_sub(amount, Ordering::Relaxed);
    }

    /// Takes `amount` until the guard is dropped.
    ///
    /// # Errors
    /// [`LimitReached`] if the limit would be passed.
    pub fn hold(&self, resource: Resource, amount: u64) -> Result<Held, LimitReached> {
        self.charge(resource, amount)?;
        Ok(Held { budget: self.clone(), resource, amount })
    }

    #[must_use]
    pub fn used(&self, resource: Resource) -> u64 {
        self.0.used[resource as usize].load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("limits", &self.0.limits)
            .field("memory_used", &self.used(Resource::Memory))
            .finish_non_exhaustive()
    }
}

/// An amount taken from a budget, given back when dropped.
#[derive(Debug)]
pub struct Held {
    budget: Budget,
    resource: Resource,
    amount: u64,
}

impl Held {
    /// How much is taken.
    #[must_use]
    pub fn amount(&self) -> u64 {
        self.amount
    }

    /// Takes more under the same guard.
    ///
    /// # Errors
    /// [`LimitReached`] if the limit would be passed.
    pub fn grow(&mut self, amount: u64) -> Result<(), LimitReached> {
        self.budget.charge(self.resource, amount)?;
        self.amount += amount;
        Ok(())
    }

    /// Gives some of it back early.
    pub fn shrink(&mut self, amount: u64) {
        let amount = amount.min(self.amount);
        self.budget.release(self.resource, amount);
        self.amount -= amount;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.release(self.resource, self.amount);
    }
}

/// The charge of one thing that grows: the budget is asked only when it has doubled.
#[derive(Debug)]
pub struct Growing {
    budget: Budget,
    held: Option<Held>,
    allowed: u64,
}

impl Growing {
    /// What may be used before the budget is asked at all, in bytes.
    const FREE_BYTES: u64 = 16 << 10;

    #[must_use]
    pub fn new(budget: &Budget) -> Self {
        Self { budget: budget.clone(), held: None, allowed: Self::FREE_BYTES }
    }

    /// Notes that it takes `bytes` now.
    ///
    /// # Errors
    /// [`LimitReached`] if the run may not hold so much.
    pub fn reach(&mut self, bytes: usize) -> Result<(), LimitReached> {
        let bytes = bytes as u64;
        if bytes <= self.allowed {
            return Ok(());
        }
        let wanted = bytes.saturating_mul(2);
        match &mut self.held {
            Some(held) => held.grow(wanted - held.amount())?,
            None => self.held = Some(self.budget.hold(Resource::Memory, wanted)?),
        }
        self.allowed = wanted;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_charge_takes_nothing() {
        let limits = Limits { words: 10, ..Limits::STANDARD };
        let budget = Budget::new(limits);
        assert!(budget.charge(Resource::Words, 10).is_ok());
        let refused = LimitReached { resource: Resource::Words, limit: 10 };
        assert_eq!(budget.charge(Resource::Words, 1), Err(refused));
        budget.release(Resource::Words, 10);
        drop(budget.hold(Resource::Words, 10));
        assert_eq!(budget.used(Resource::Words), 0);
    }

    #[test]
    fn what_grows_is_charged_ahead_and_given_back() {
        let budget = Budget::new(Limits { memory_bytes: 1 << 20, ..Limits::STANDARD });
        let mut growing = Growing::new(&budget);
        assert!(growing.reach(10_000).is_ok());
        assert_eq!(budget.used(Resource::Memory), 0);
        assert!(growing.reach(100_000).is_ok() && growing.reach(190_000).is_ok());
        assert_eq!(budget.used(Resource::Memory), 200_000);
        assert!(growing.reach(600_000).is_err());
        drop(growing);
        assert_eq!(budget.used(Resource::Memory), 0);
    }
}
