//! One mount's view of one repository.
//!
//! Always true: every call first checks that the store is open, the process is the one that opened
//! it, the checkout is not closed, and its token is good at this moment. Access is enforced here,
//! not only in the mount.

mod changes;
mod held;
mod history;
mod spill;
mod volume;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use mesafs::backend::Access;
use mesafs::error::{Errno, FsError, FsResult, Operation};
use mesafs::line::{Line, PresentLine};
use mesafs::live::{Origin, Queue, Touched};
use mesafs::name::CommitOid;
use mesafs::path::RepoPath;
use mesafs::token::Verified;
use parking_lot::Mutex;

use crate::cause::Cause;
use crate::core::Core;
use crate::engine::Author;
use crate::repo::{LiveChange, Marks, Opened, Ready, Repo, Standing, Writing};

/// How often a write looks again because the change under it ceased to be writable.
const ATTEMPTS: usize = 8;

/// What every call of a checkout, and of the files it holds, begins with.
#[derive(Debug)]
pub(crate) struct Guard {
    pub core: Arc<Core>,
    verified: Verified,
    /// That of the keys when the token was checked last.
    generation: AtomicU64,
    closed: AtomicBool,
}

impl Guard {
    pub fn new(core: Arc<Core>, verified: Verified, generation: u64) -> Arc<Self> {
        let (generation, closed) = (AtomicU64::new(generation), AtomicBool::new(false));
        Arc::new(Self { core, verified, generation, closed })
    }

    pub fn check(&self, operation: Operation) -> FsResult<()> {
        self.core.check(operation)?;
        if self.closed.load(Ordering::Acquire) {
            return Err(FsError::new(Errno::Io, operation, "").with_detail("the mount is closed"));
        }
        let now_s = self.core.options.clock.now_s();
        let refused = |error: mesafs::token::TokenError| error.at(operation, "");
        self.verified.grant.check_time(now_s).map_err(refused)?;
        let generation = self.core.keys.generation();
        if generation != self.generation.load(Ordering::Acquire) {
            self.core.verifier.recheck(&self.verified, now_s).map_err(refused)?;
            self.generation.store(generation, Ordering::Release);
        }
        Ok(())
    }
}

/// One mount's view of one repository, as one of its runs has it.
#[derive(Debug)]
pub(crate) struct StoreCheckout {
    state: Arc<State>,
    /// Where the run is; `None` for what no run does.
    line: Option<Arc<PresentLine>>,
    /// That of the last line that did something.
    cause: ArcSwap<Cause>,
}

impl std::ops::Deref for StoreCheckout {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

/// What the runs of a mount share of one repository.
#[derive(Debug)]
pub(crate) struct State {
    guard: Arc<Guard>,
    repo: Arc<Repo>,
    access: Access,
    author: Author,
    origin: Origin,
    /// What is open now. Exchanged under `view`.
    opened: ArcSwap<Opened>,
    view: Mutex<View>,
}

#[derive(Debug, Default)]
struct View {
    queues: Vec<Arc<Queue>>,
    /// Changes that were left while handles held files of them.
    left: Vec<Arc<LiveChange>>,
}

impl StoreCheckout {
    pub fn new(
        guard: Arc<Guard>,
        repo: Arc<Repo>,
        access: Access,
        author: Author,
        opened: Opened,
    ) -> Self {
        let origin = guard.core.origin();
        let opened = ArcSwap::from_pointee(opened);
        let state = State { guard, repo, access, author, origin, opened, view: Mutex::default() };
        Self::of(Arc::new(state), None)
    }

    fn of(state: Arc<State>, line: Option<Arc<PresentLine>>) -> Self {
        let cause = ArcSwap::new(state.cause_of(None));
        Self { state, line, cause }
    }

    /// Who does what is done through this now, and by what.
    fn cause(&self) -> Arc<Cause> {
        let line = self.line.as_ref().and_then(|line| line.get());
        let known = self.cause.load();
        if known.is_of(line.as_ref()) {
            return Arc::clone(&known);
        }
        let cause = self.cause_of(line);
        self.cause.store(Arc::clone(&cause));
        cause
    }

    fn writing<'a>(&self, cause: &'a Arc<Cause>) -> Writing<'a> {
        Writing { origin: self.origin, cause, grafts: Marks::Foreign }
    }

    fn check_access(&self, operation: Operation) -> FsResult<()> {
        match self.access {
            Access::ReadWrite => Ok(()),
            Access::ReadOnly => Err(FsError::new(Errno::RoFs, operation, "")),
        }
    }

    /// What is open, ready to be written.
    fn writable(&self, operation: Operation) -> FsResult<Arc<Opened>> {
        self.check_access(operation)?;
        for _ in 0..ATTEMPTS {
            let opened = self.opened.load_full();
            let place = opened.live.place();
            let fail =
                |errno, detail: String| Err(FsError::new(errno, operation, "").with_detail(detail));
            match place.standing {
                Standing::Mutable => return Ok(opened),
                Standing::Shared(name) => {
                    let told = |error: crate::StoreError| error.to_fs(operation);
                    let ready = self.repo.make_shared_child(&opened.live, &self.cause());
                    if ready.map_err(told)? == Ready::Moved {
                        self.switch_to(self.repo.open_bookmark(&name).map_err(told)?);
                    }
                }
                Standing::Immutable => {
                    let change = place.change;
                    let hint = format!(
                        "change '{change}' is immutable: start a new one with 'changes new {change}'"
                    );
                    return fail(Errno::RoFs, hint);
                }
                Standing::Divergent(others) => {
                    let others = others.iter().map(CommitOid::to_string);
                    let ids: Vec<String> =
                        std::iter::once(place.commit.to_string()).chain(others).collect();
                    let hint =
                        format!("change '{}' is divergent: {}", place.change, ids.join(", "));
                    return fail(Errno::Busy, hint);
                }
                Standing::Abandoned if opened.live.is_dirty() => {
                    let flushed = self.repo.flush(&opened.live);
                    flushed.map_err(|error| error.to_fs(operation))?;
                }
                Standing::Abandoned => {
                    let left = place.change;
                    let parent = self.repo.open_surviving(&opened);
                    let parent = parent.map_err(|error| error.to_fs(operation))?;
                    let hint =
                        format!("change '{left}' was abandoned: now on '{}'", parent.live.change());
                    self.switch_to(parent);
                    return fail(Errno::Stale, hint);
                }
            }
        }
        Err(FsError::new(Errno::Busy, operation, ""))
    }

    /// Shows another change from now on, and tells subscribers.
    fn switch_to(&self, opened: Opened) {
        let mut view = self.view.lock();
        let opened = Arc::new(opened);
        let old = self.opened.swap(Arc::clone(&opened));
        let everything = [Touched { path: RepoPath::root(), recursive: true }];
        view.queues.retain(|queue| !queue.is_abandoned());
        for queue in &view.queues {
            old.live.tree.detach(queue);
            opened.live.tree.attach(queue);
            queue.push(&everything, opened.live.tree.version(), Some(self.origin));
        }
        view.left.push(Arc::clone(&old.live));
        let left = std::mem::take(&mut view.left);
        let (held, free): (Vec<_>, Vec<_>) = left.into_iter().partition(|live| live.tree.is_held());
        view.left = held;
        drop(view);
        free.iter().for_each(|live| self.leave(live));
    }
}

impl State {
    fn core(&self) -> &Arc<Core> {
        &self.guard.core
    }

    fn cause_of(&self, line: Option<Arc<Line>>) -> Arc<Cause> {
        let grant = &self.guard.verified.grant;
        let (session, key) = (grant.jti.as_str().to_owned(), grant.key.as_str().to_owned());
        Cause::new(self.author.clone(), session, key, line)
    }

    /// Lets a change go that this checkout had open.
    fn leave(&self, live: &Arc<LiveChange>) {
        self.repo.release(live);
        if self.access == Access::ReadWrite
            && let Err(error) = self.repo.abandon_left(live)
        {
            tracing::warn!(%error, repo = %self.repo.id, "an empty change stays");
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if !self.guard.closed.load(Ordering::Acquire)
            && self.core().check(Operation::Mount).is_ok()
            && let Err(error) = self.shut()
        {
            tracing::error!(%error, repo = %self.repo.id, "a mount was not closed well");
        }
    }
}
