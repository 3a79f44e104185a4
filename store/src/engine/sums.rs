//! What directories hold below them, computed once for every tree that enters the store.

use mesafs::tree::{ObjectId, Sums};

use super::error::EngineResult;
use super::objects::Objects;

impl Objects {
    /// The sums of a tree, and through `found` those of every tree below that `known` doesn't know.
    /// Iterative; each distinct tree once.
    ///
    /// # Errors
    /// `Data` if an object is missing or damaged.
    pub fn sums(
        &self,
        tree: ObjectId,
        known: &mut dyn FnMut(ObjectId) -> Option<Sums>,
        found: &mut dyn FnMut(ObjectId, Sums),
    ) -> EngineResult<Sums> {
        todo!()
    }
}
