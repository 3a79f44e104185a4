//! Random sequences of file system calls, checked against a plain model.
//!
//! The model (`tree::Tree`) knows nothing of sharing, journals or laziness: paths in a map, files
//! by number, copies made entry by entry. [`check`] runs steps on a [`World`] and on the model and
//! panics where they differ: in what a call answers, or in what is there afterwards. It uses two
//! mounts in turn, and may restart the world and ask for snapshots in between.

mod handles;
mod steps;
mod tree;

use mesafs::{Errno, FsResult};

use crate::conformance::{Probe, World};
use handles::Handles;
pub use steps::{Step, steps};
use tree::{LEAVES_BASE, Tree};

/// Runs `steps` in the new directory `/acme/app/BASE`.
///
/// # Panics
/// If the world and the model differ; the message names the step.
pub fn check(world: &mut dyn World, base: &str, steps: &[Step]) {
    let clock = world.clock();
    let mut mounts = [Probe(world.mount()), Probe(world.mount())];
    mounts[0].mkdir(base);
    let mut tree = Tree::new(now_ns(&*clock));
    let mut handles = Handles::default();
    for (count, step) in steps.iter().enumerate() {
        clock.advance_ns(1_000);
        let told = format!("step {count} in {base}: {step:?}");
        match step {
            Step::Snapshot => {
                let current = mounts[0].checkout("app").current();
                assert!(current.is_ok(), "{told}: {current:?}");
            }
            Step::Restart => {
                handles = Handles::default();
                if world.restart() {
                    mounts = [Probe(world.mount()), Probe(world.mount())];
                }
                tree.assert_same(&mounts[0], base, &told);
            }
            step => {
                let expected = step.on_tree(&mut tree, &mut handles, now_ns(&*clock));
                if expected != Err(LEAVES_BASE) {
                    let done = step.on_files(&mounts[count % 2], base, &mut handles);
                    assert_eq!(errno_of(done), expected, "{told}");
                }
            }
        }
        handles.assert_same(&tree, &told);
    }
    for mount in &mounts {
        tree.assert_same(mount, base, "at the end");
    }
    if world.restart() {
        tree.assert_same(&Probe(world.mount()), base, "after a restart");
    }
}

fn now_ns(clock: &dyn mesafs::clock::Clock) -> i64 {
    clock.now_ns()
}

fn errno_of(done: FsResult<()>) -> Result<(), Errno> {
    done.map_err(|error| error.errno())
}
