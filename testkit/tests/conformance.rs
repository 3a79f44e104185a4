//! The backend in memory keeps the contracts.

mod memory_world;

use memory_world::Memory;

#[test]
fn memory_keeps_the_contracts() {
    testkit::conformance::run(|| Box::new(Memory::new()));
}
