//! What a run's line does before the server has answered it.
//!
//! Within a line, ops whose success nobody could take for a claim are done on a copy of the shown tree
//! at once, and sent in order by a thread that takes along whatever has come since it sent the last
//! time; the line waits for the last answer when it ends. Always true: only the run itself sees the copy;
//! it is dropped as soon as everything is answered, and whatever fails drops it too, so that the run sees
//! what the server has. By a socket of this machine, where an answer takes no time, nothing is done before
//! its answer. An op that others may race for (`mkdir`, `ln`, `mv`, exclusive creation, a
//! replacement of what was read) is done by the server before it returns, after all that came before.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bstr::BString;
use mesa_protocol as wire;
use mesa_protocol::{HeldFile, Reply, Request, Step, Stepped};
use mesafs::backend::OpenFile;
use mesafs::line::PresentLine;
use mesafs::live::{Limits, LiveFile, LiveTree, OpenIds, Origin, Rules};
use mesafs::op::{Applied, Batch, IfExists, Op, Target};
use mesafs::path::RealPath;
use mesafs::tree::{File, Root};
use mesafs::{Access, FsError, FsResult, Operation, RepoPath};
use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::checkout::line_text;
use crate::give;
use crate::held::Held;
use crate::session::Session;
use crate::tree::nonsense;

/// What waits to be sent at most; who brings more waits.
const QUEUED_BYTES_MAX: usize = 32 << 20;
/// What one call takes along.
const SENT_BYTES_MAX: usize = 8 << 20;
const SENT_STEPS_MAX: usize = 4096;
/// What a step counts for beside its data.
const STEP_BYTES: usize = 64;

/// What one run has not heard of yet.
#[derive(Debug, Default)]
pub(crate) struct Run {
    state: Mutex<State>,
    answered: Condvar,
    line: Option<Arc<PresentLine>>,
}

#[derive(Debug, Default)]
struct State {
    in_line: bool,
    draft: Option<Draft>,
    /// Why the rest of the line is not done.
    failure: Option<FsError>,
}

#[derive(Debug)]
struct Draft {
    tree: Arc<LiveTree>,
    /// The run's open files, by the numbers that the server has or will have them under.
    lives: HashMap<u64, Arc<LiveFile>>,
    /// Those that the server is told of before anything moves them.
    unheld: Vec<u64>,
    queue: VecDeque<(Step, usize)>,
    /// Of the queue, and of what is under way.
    bytes: usize,
    /// How many events of others the mount had seen.
    foreign: u64,
}

/// Whether an op's success tells nobody that he was the first.
fn claims_nothing(op: &Op) -> bool {
    match op {
        Op::Create { if_exists, .. } => *if_exists != IfExists::Fail,
        Op::MakeDir { parents, .. } => *parents,
        Op::WriteAt { .. }
        | Op::Append { .. }
        | Op::Truncate { .. }
        | Op::Write { .. }
        | Op::Remove { .. }
        | Op::Copy { .. }
        | Op::SetMode { .. }
        | Op::SetTimes { .. } => true,
        Op::Replace { .. } | Op::Rename { .. } | Op::Graft { .. } | Op::Symlink { .. } => false,
    }
}

fn data_bytes(op: &Op) -> usize {
    match op {
        Op::WriteAt { data, .. } | Op::Append { data, .. } | Op::Write { data, .. } => data.len(),
        _ => 0,
    }
}

impl Run {
    pub fn new(line: &Arc<PresentLine>) -> Arc<Self> {
        Arc::new(Self { line: Some(Arc::clone(line)), ..Self::default() })
    }

    pub fn line(&self) -> Option<BString> {
        line_text(self.line.as_ref()?)
    }

    /// A line begins: from now on ops need not wait for the server.
    pub fn line_begins(&self) {
        let mut state = self.state.lock();
        (state.in_line, state.failure) = (true, None);
    }

    /// The line ends: what it did is on the server, or the answer says what is not.
    pub fn line_ends(&self) -> FsResult<()> {
        let mut state = self.wait_answered();
        state.in_line = false;
        state.failure.take().map_or(Ok(()), Err)
    }

    /// Waits until the server has all that came before.
    ///
    /// # Errors
    /// That of what the server did not do.
    pub fn settle(&self) -> FsResult<()> {
        self.wait_answered().failure.clone().map_or(Ok(()), Err)
    }

    fn wait_answered(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock();
        while state.draft.is_some() {
            self.answered.wait(&mut state);
        }
        state
    }

    /// The tree as this run sees it, if that is not what is shown to all.
    pub fn root(&self) -> Option<Root> {
        self.state.lock().draft.as_ref().map(|draft| draft.tree.root())
    }

    /// An open file as this run sees it, if that is not as the server has told it.
    pub fn live(&self, handle: u64) -> Option<Arc<LiveFile>> {
        self.state.lock().draft.as_ref()?.lives.get(&handle).cloned()
    }

    /// Holds a file of what only this run sees; `None` where there is no such thing.
    pub fn hold(&self, handle: u64, path: &RepoPath) -> Option<FsResult<File>> {
        let mut state = self.state.lock();
        let draft = state.draft.as_mut()?;
        let live = match draft.tree.hold(path) {
            Ok(live) => Arc::new(live),
            Err(error) => return Some(Err(error)),
        };
        let file = live.file();
        draft.lives.insert(handle, live);
        draft.unheld.push(handle);
        Some(file)
    }

    /// Lets an open file go in its turn; whether that was done.
    pub fn let_go(&self, handle: u64) -> bool {
        let mut state = self.state.lock();
        let Some(draft) = state.draft.as_mut() else { return false };
        let Some(live) = draft.lives.remove(&handle) else { return false };
        match draft.unheld.iter().position(|unheld| *unheld == handle) {
            Some(at) => drop(draft.unheld.swap_remove(at)),
            None => draft.push(Step::Release { handle }, STEP_BYTES),
        }
        drop(state);
        drop(live);
        true
    }

    /// Does a batch on what this run sees, to be sent; `None` where the server has to be asked.
    pub fn apply(
        self: &Arc<Self>,
        session: &Arc<Session>,
        batch: &Batch,
    ) -> Option<FsResult<Applied>> {
        if batch.ops.is_empty() || !batch.ops.iter().all(claims_nothing) {
            return None;
        }
        // Let go of after the state is: what they do when they are dropped takes it.
        let mut own = Vec::new();
        if !self.may_draft(session, &mut own) {
            return None;
        }
        let mut state = self.state.lock();
        while state.draft.as_ref().is_some_and(|draft| draft.bytes > QUEUED_BYTES_MAX) {
            self.answered.wait(&mut state);
        }
        if let Some(failure) = &state.failure {
            return Some(Err(failure.clone()));
        }
        let begins = state.draft.is_none();
        if begins {
            match Draft::begin(session, &own) {
                Ok(draft) => state.draft = Some(draft),
                Err(error) => return Some(Err(error)),
            }
        }
        let done = state.draft.as_mut()?.apply(session, batch);
        if begins && !matches!(done, Some(Ok(_))) {
            state.draft = None;
            self.answered.notify_all();
        } else if begins {
            let (run, session) = (Arc::clone(self), Arc::clone(session));
            session.link.clone().spawn_blocking(move || send(&run, &session));
        }
        done
    }

    /// Whether ops of this run can be done before the server has them. Gathers the run's open files for
    /// a draft that begins.
    fn may_draft(self: &Arc<Self>, session: &Arc<Session>, own: &mut Vec<Arc<Held>>) -> bool {
        {
            let state = self.state.lock();
            if !state.in_line {
                return false;
            }
            if state.draft.is_some() || state.failure.is_some() {
                return true;
            }
        }
        // What a run says of itself while it runs is true where that costs nothing.
        if !session.link.far || session.access() != Access::ReadWrite {
            return false;
        }
        let (mine, others_lazy) = session.open_files(self);
        *own = mine;
        // Files that others hold by their path alone have to be held before something moves.
        if others_lazy && session.settle().is_err() {
            return false;
        }
        own.iter().all(|held| held.refresh().is_ok())
    }
}

impl Draft {
    fn begin(session: &Arc<Session>, own: &[Arc<Held>]) -> FsResult<Self> {
        let shown = session.shown(Operation::Write)?;
        let tree = Arc::new(LiveTree::new(shown.root.clone(), OpenIds::default()));
        let (mut lives, mut unheld) = (HashMap::new(), Vec::new());
        for held in own {
            let Some(path) = held.last_path() else { continue };
            let Ok(live) = tree.hold(&path) else { continue };
            lives.insert(held.handle, Arc::new(live));
            if held.is_lazy() {
                unheld.push(held.handle);
            }
        }
        let foreign = session.foreign.load(Ordering::Acquire);
        Ok(Self { tree, lives, unheld, queue: VecDeque::new(), bytes: 0, foreign })
    }

    fn push(&mut self, step: Step, bytes: usize) {
        self.bytes += bytes;
        self.queue.push_back((step, bytes));
    }

    /// `None` if it names a file that is not known here.
    fn apply(&mut self, session: &Arc<Session>, batch: &Batch) -> Option<FsResult<Applied>> {
        let mut local = batch.clone();
        for op in &mut local.ops {
            if let Op::WriteAt { target, .. }
            | Op::Append { target, .. }
            | Op::Truncate { target, .. } = op
                && let Target::Open(id) = target
            {
                *target = Target::Open(self.lives.get(&id.0)?.id());
            }
        }
        // Where they are before this moves them.
        let holds: Vec<Step> = self
            .unheld
            .iter()
            .filter_map(|handle| {
                let path = self.lives.get(handle)?.path()?;
                Some(Step::Hold { handle: *handle, path })
            })
            .collect();
        let told = match give::batch(session, batch) {
            Ok(told) => told,
            Err(error) => return Some(Err(error)),
        };
        let rules = Rules { limits: Limits::default(), merge: None, landed_bytes_min: usize::MAX };
        let next = self.tree.version() + 1;
        let applied = match self.tree.apply(&local, &rules, Origin(0), |_| Ok(next)) {
            Ok(applied) => applied,
            Err(error) => return Some(Err(error)),
        };
        self.unheld.clear();
        for hold in holds {
            self.push(hold, STEP_BYTES);
        }
        let bytes = batch.ops.iter().map(|op| STEP_BYTES + data_bytes(op)).sum();
        self.push(Step::Batch(told), bytes);
        Some(Ok(applied))
    }

    /// What is sent next.
    fn take(&mut self) -> (Vec<Step>, usize) {
        let (mut steps, mut sum) = (Vec::new(), 0_usize);
        while let Some((step, bytes)) = self
            .queue
            .pop_front_if(|(_, bytes)| sum == 0 || sum.saturating_add(*bytes) <= SENT_BYTES_MAX)
        {
            sum += bytes;
            steps.push(step);
            if steps.len() >= SENT_STEPS_MAX {
                break;
            }
        }
        (steps, sum)
    }
}

/// Ends the draft of a sender that cannot.
struct Sender<'a> {
    run: &'a Arc<Run>,
    session: &'a Arc<Session>,
}

impl Drop for Sender<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            fail(self.run, self.session, nonsense(Operation::Write));
        }
    }
}

/// Sends what a run does, until the server has all of it.
fn send(run: &Arc<Run>, session: &Arc<Session>) {
    let _sender = Sender { run, session };
    loop {
        let (steps, bytes) = {
            let mut state = run.state.lock();
            let Some(draft) = state.draft.as_mut() else { return };
            draft.take()
        };
        if steps.is_empty() {
            if end(run, session) {
                return;
            }
            continue;
        }
        let asked = ask(run, session, &steps);
        match asked {
            Ok(()) => {
                let mut state = run.state.lock();
                if let Some(draft) = state.draft.as_mut() {
                    draft.bytes = draft.bytes.saturating_sub(bytes);
                }
                run.answered.notify_all();
            }
            Err(error) => return fail(run, session, error),
        }
    }
}

fn ask(run: &Run, session: &Arc<Session>, steps: &[Step]) -> FsResult<()> {
    let operation = Operation::Write;
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|_| nonsense(operation))?;
    let id = u128::from_le_bytes(id);
    let line = run.line();
    let request =
        |session| Request::Steps { session, id, line: line.clone(), steps: steps.to_vec() };
    let asked = session.call_fs(operation, request);
    let (generation, reply) = asked.map_err(|error| at(session, steps.first(), error))?;
    let Reply::Stepped(Stepped { done, failed, root, held, listings }) = reply else {
        return Err(nonsense(operation));
    };
    session.show(generation, &root, listings);
    let held: Vec<HeldFile> = held;
    session.learn(generation, root.number, held);
    match failed {
        None => Ok(()),
        Some(error) => {
            let step = steps.get(usize::try_from(done).unwrap_or(usize::MAX));
            Err(at(session, step, error.to_fs(operation)))
        }
    }
}

/// A failure with the whole path of what was to be done.
fn at(session: &Session, step: Option<&Step>, error: FsError) -> FsError {
    let op = match step {
        Some(Step::Batch(batch)) => batch.ops.first(),
        _ => None,
    };
    let path = op.and_then(|op| match op.target() {
        wire::Target::Path(path) => Some(path.clone()),
        wire::Target::Held(handle) => session.path_of(handle),
    });
    let Some(path) = path else { return error };
    let names = [session.repo.org.as_str().as_bytes(), session.repo.repo.as_str().as_bytes()];
    error.at(RealPath::from_names(names.into_iter().chain(path.names())).to_vpath())
}

/// Ends a draft of which the server has everything; false if more has come.
fn end(run: &Arc<Run>, session: &Arc<Session>) -> bool {
    let mut kept = Vec::new();
    let mut state = run.state.lock();
    let Some(draft) = state.draft.take_if(|draft| draft.queue.is_empty()) else {
        return state.draft.is_none();
    };
    for handle in &draft.unheld {
        let Some(held) = session.open_file(*handle) else { continue };
        let live = draft.lives.get(handle);
        if let Some((live, file)) = live.and_then(|live| Some((live, live.file().ok()?))) {
            held.stays(live.path(), file);
            session.settle_later(&held);
        }
        kept.push(held);
    }
    run.answered.notify_all();
    drop(state);
    // What others did meanwhile can be seen only now.
    if session.foreign.load(Ordering::Acquire) != draft.foreign {
        session.tell_everything();
    }
    true
}

/// Drops a draft: the run sees what the server has.
fn fail(run: &Arc<Run>, session: &Arc<Session>, error: FsError) {
    let mut kept = Vec::new();
    let mut state = run.state.lock();
    let draft = state.draft.take();
    state.failure.get_or_insert(error);
    for (handle, live) in draft.iter().flat_map(|draft| &draft.lives) {
        let Some(held) = session.open_file(*handle) else { continue };
        // One that the server does not hold has no name there.
        if let Ok(file) = live.file()
            && held.is_lazy()
        {
            held.stays(None, file);
        }
        kept.push(held);
    }
    run.answered.notify_all();
    drop(state);
    drop(draft);
    drop(kept);
}
