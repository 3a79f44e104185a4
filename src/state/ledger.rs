//! What the entries of a table take beside their texts, charged to the run's budget.

use mesash_builtins::budget::{Budget, Held, LimitReached, Resource};

/// Tables up to this size are not charged.
pub const FREE_BYTES: u64 = 16 << 10;

/// The charge of one table: a variable's array, the aliases. A copy shares the table until one of the
/// two is changed; that one is charged anew then, so a copy begins without.
#[derive(Debug, Default)]
pub struct Ledger(Option<Box<Held>>);

impl Clone for Ledger {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Ledger {
    /// Notes that the table has `entries` of `each` bytes.
    ///
    /// # Errors
    /// [`LimitReached`] if the run may not hold so much.
    pub fn account(
        &mut self,
        entries: usize,
        each: usize,
        budget: &Budget,
    ) -> Result<(), LimitReached> {
        let bytes = entries.saturating_mul(each) as u64;
        let known = self.0.as_ref().map_or(FREE_BYTES, |held| held.amount());
        if bytes <= known {
            if bytes <= FREE_BYTES {
                self.0 = None;
            }
            return Ok(());
        }
        // With some room, so that a growing array is not charged at each turn.
        let wanted = bytes + bytes / 4;
        match &mut self.0 {
            Some(held) => held.grow(wanted - held.amount()),
            None => {
                self.0 = Some(Box::new(budget.hold(Resource::Memory, wanted)?));
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesash_builtins::budget::Limits;

    #[test]
    fn an_array_is_charged_as_it_grows_and_given_back() {
        let budget = Budget::new(Limits { memory_bytes: 1 << 20, ..Limits::STANDARD });
        let mut ledger = Ledger::default();
        ledger.account(100, 32, &budget).unwrap();
        assert_eq!(budget.used(Resource::Memory), 0);
        ledger.account(10_000, 32, &budget).unwrap();
        assert_eq!(budget.used(Resource::Memory), 400_000);
        ledger.account(11_000, 32, &budget).unwrap();
        assert_eq!(budget.used(Resource::Memory), 400_000);
        assert!(ledger.account(100_000, 32, &budget).is_err());
        assert!(ledger.clone().0.is_none());
        ledger.account(1, 32, &budget).unwrap();
        assert_eq!(budget.used(Resource::Memory), 0);
    }
}
