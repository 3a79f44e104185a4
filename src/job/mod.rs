//! Virtual processes: threads that run them, pids and signals, and the jobs that a shell knows.
//!
//! Nothing here starts a process of the host. A pipeline stage, a background job or a process
//! substitution is a thread with a copy of the shell; a subshell is a copy on the same thread; each
//! has a pid of its own that `kill` reaches.

pub mod process;
pub mod signal;
pub mod stack;
pub mod table;
pub mod threads;
pub mod timer;

pub use process::{Process, Processes};
pub use table::{Children, Job, JobTable};
pub use threads::Threads;
pub use timer::Timer;
