//! The live tree does what a plain model does.

mod memory_world;

use memory_world::Memory;
use proptest::prelude::*;
use proptest::test_runner::Config;
use testkit::model::{check, steps};

proptest! {
    #![proptest_config(Config { cases: Config::default().cases.max(2000), failure_persistence: None, ..Config::default() })]

    /// Any sequence of calls answers and leaves behind what the model says.
    #[test]
    fn memory_is_what_the_model_is(steps in steps(40)) {
        check(&mut Memory::new(), "m", &steps);
    }
}
