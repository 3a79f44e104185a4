//! The threads that carry async calls: the library's own, started when needed, bounded, joined by
//! nobody (they end when the mount is dropped and the queue is empty).

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use crate::error::{Errno, FsError, FsResult, Operation};

/// How many calls of one mount run at the same time.
const THREADS_MAX: usize = 8;

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
    closed: bool,
}

#[derive(Default)]
struct Inner {
    queue: Mutex<Queue>,
    wake: Condvar,
}

/// A bounded pool of threads.
pub(super) struct Pool(Arc<Inner>);

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("threads", &self.0.queue.lock().threads).finish()
    }
}

impl Pool {
    pub fn new() -> Self {
        Self(Arc::default())
    }

    /// Runs `call` on a thread of the pool. Dropping the future lets the call run to its end.
    pub async fn run<T: Send + 'static>(
        &self,
        operation: Operation,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> FsResult<T> {
        let (answer, answered) = oneshot::channel();
        self.submit(operation, Box::new(move || drop(answer.send(call()))))?;
        let lost = |_| FsError::new(Errno::Io, operation, "").with_detail("the call was lost");
        answered.await.map_err(lost)
    }

    fn submit(&self, operation: Operation, job: Job) -> FsResult<()> {
        let mut queue = self.0.queue.lock();
        queue.jobs.push_back(job);
        // A thread that was woken counts as idle until it runs: it takes one job, not two.
        if queue.idle >= queue.jobs.len() {
            self.0.wake.notify_one();
            return Ok(());
        }
        if queue.threads < THREADS_MAX {
            let inner = Arc::clone(&self.0);
            let named = thread::Builder::new().name("mesa-call".into());
            match named.spawn(move || inner.serve()) {
                Ok(_) => queue.threads += 1,
                // A thread that runs already will come to it.
                Err(_) if queue.threads > 0 => {}
                Err(error) => {
                    queue.jobs.pop_back();
                    let failed = FsError::new(Errno::Again, operation, "");
                    return Err(failed.with_detail(error.to_string()));
                }
            }
        }
        Ok(())
    }
}

impl Inner {
    fn serve(&self) {
        let mut queue = self.queue.lock();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                drop(queue);
                // A panic costs this call: its answer is dropped, which its future reports.
                drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)));
                queue = self.queue.lock();
            } else if queue.closed {
                queue.threads -= 1;
                return;
            } else {
                queue.idle += 1;
                self.wake.wait(&mut queue);
                queue.idle -= 1;
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.0.queue.lock().closed = true;
        self.0.wake.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_call_that_waits_holds_up_no_other() {
        const PATIENCE: Duration = Duration::from_secs(20);
        let pool = Pool::new();
        let (done, answers) = mpsc::channel();
        let submit = |job: Job| pool.submit(Operation::Read, job).is_ok();
        for round in 0..50 {
            let (release, released) = mpsc::channel::<()>();
            let done = done.clone();
            assert!(submit(Box::new(move || assert!(released.recv_timeout(PATIENCE).is_err()))));
            assert!(submit(Box::new(move || assert!(done.send(round).is_ok()))));
            assert_eq!(answers.recv_timeout(PATIENCE), Ok(round));
            drop(release);
        }
    }
}
