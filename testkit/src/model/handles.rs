//! The handles that a sequence has open, on both sides.

use std::collections::BTreeMap;
use std::sync::Arc;

use mesafs::Handle;

use super::tree::Tree;

/// By slot: the real handle, and the number of the model's file.
#[derive(Default)]
pub(super) struct Handles {
    real: BTreeMap<u8, Arc<dyn Handle>>,
    model: BTreeMap<u8, usize>,
}

impl Handles {
    pub fn open_real(&mut self, slot: u8, handle: Arc<dyn Handle>) {
        self.real.insert(slot, handle);
    }

    pub fn open_model(&mut self, slot: u8, file: usize) {
        self.model.insert(slot, file);
    }

    pub fn close(&mut self, slot: u8) {
        self.real.remove(&slot);
        self.model.remove(&slot);
    }

    pub fn real(&self, slot: u8) -> Option<&Arc<dyn Handle>> {
        self.real.get(&slot)
    }

    pub fn model(&self, slot: u8) -> Option<usize> {
        self.model.get(&slot).copied()
    }

    /// Compares what each handle reads.
    pub fn assert_same(&self, tree: &Tree, told: &str) {
        assert!(self.real.keys().eq(self.model.keys()), "{told}");
        for (slot, file) in &self.model {
            let Some(handle) = self.real.get(slot) else { continue };
            let read = handle.read_at(0, 1 << 20).map(|data| data.to_vec());
            assert_eq!(read.as_ref(), Ok(&tree.file(*file).data), "{told}: handle {slot}");
            let mode = handle.metadata().map(|stat| stat.mode);
            assert_eq!(mode, Ok(tree.file(*file).mode), "{told}: handle {slot}");
        }
    }
}
