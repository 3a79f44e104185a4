//! Files that handles hold: the server follows them.
//!
//! A file of a directory that is at hand is held by this side at first, without a call: it is the file
//! of the tree that is shown. The server is told before anything of this mount's moves it, when the
//! tree has moved on, or after a while.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use mesa_protocol::{HeldFile, Reply, Request};
use mesafs::backend::OpenFile;
use mesafs::live::LiveFile;
use mesafs::op::OpenId;
use mesafs::tree::{File, Node, Root};
use mesafs::{Errno, FsError, FsResult, Operation, RepoPath};
use parking_lot::Mutex;

use crate::body::Place;
use crate::draft::Run;
use crate::session::Session;
use crate::tree::{file, nonsense};

/// A file held open, under a number of this side's.
#[derive(Debug)]
pub(crate) struct Held {
    pub handle: u64,
    session: Arc<Session>,
    /// The run that opened it, if one did.
    run: Option<Weak<Run>>,
    known: Mutex<Known>,
}

/// What is known of it, and at which tree.
#[derive(Debug)]
struct Known {
    at: (u64, u64),
    state: State,
}

#[derive(Debug)]
enum State {
    /// Only this side holds it.
    Lazy {
        path: RepoPath,
        file: File,
    },
    Told(HeldFile),
    /// It lost its name before the server could hold it.
    Private(File),
}

impl Held {
    pub fn hold(
        session: &Arc<Session>,
        run: Option<&Arc<Run>>,
        path: &RepoPath,
    ) -> FsResult<Arc<Self>> {
        let handle = session.next_handle.fetch_add(1, Ordering::Relaxed);
        session.check(Operation::Open)?;
        if let Some(file) = run.and_then(|run| run.hold(handle, path)) {
            let state = State::Lazy { path: path.clone(), file: file? };
            return Ok(Self::new(session, run, handle, Known { at: session.present_pin(), state }));
        }
        let shown = session.shown(Operation::Open)?;
        let at = (shown.pin.generation, shown.pin.number);
        let found = at_hand(&shown.root, path)?;
        let lazy = found.is_some();
        let state = match found {
            Some(file) => State::Lazy { path: path.clone(), file },
            None => State::Told(ask(session, handle, path)?),
        };
        let held = Self::new(session, run, handle, Known { at, state });
        if lazy {
            session.settle_later(&held);
        }
        Ok(held)
    }

    fn new(session: &Arc<Session>, run: Option<&Arc<Run>>, handle: u64, known: Known) -> Arc<Self> {
        let (run, known) = (run.map(Arc::downgrade), Mutex::new(known));
        let held = Arc::new(Self { handle, session: Arc::clone(session), run, known });
        session.held.lock().insert(handle, Arc::downgrade(&held));
        held
    }

    pub fn is_of(&self, run: &Arc<Run>) -> bool {
        self.run.as_ref().is_some_and(|own| std::ptr::eq(own.as_ptr(), Arc::as_ptr(run)))
    }

    /// Whether only this side holds it.
    pub fn is_lazy(&self) -> bool {
        matches!(self.known.lock().state, State::Lazy { .. })
    }

    /// It is held by this side alone from now on: as the file at `path`, or as what has no name.
    pub fn stays(&self, path: Option<RepoPath>, file: File) {
        let at = self.session.present_pin();
        let state = match path {
            Some(path) => State::Lazy { path, file },
            None => State::Private(file),
        };
        *self.known.lock() = Known { at, state };
    }

    /// The file as its run sees it before the server has heard of it.
    fn live(&self) -> Option<Arc<LiveFile>> {
        self.run.as_ref()?.upgrade()?.live(self.handle)
    }

    pub fn learn(&self, generation: u64, number: u64, file: HeldFile) {
        let mut known = self.known.lock();
        let lazy = matches!(known.state, State::Lazy { .. });
        if lazy || (generation, number) >= known.at {
            *known = Known { at: (generation, number), state: State::Told(file) };
        }
    }

    /// The server did not find it.
    pub fn part(&self) {
        let mut known = self.known.lock();
        if let State::Lazy { file, .. } = &known.state {
            known.state = State::Private(file.clone());
        }
    }

    /// Where it was when it was looked at last.
    pub fn last_path(&self) -> Option<RepoPath> {
        match &self.known.lock().state {
            State::Lazy { path, .. } => Some(path.clone()),
            State::Told(told) => told.path.clone(),
            State::Private(_) => None,
        }
    }

    /// Asks the server if the tree has moved on since.
    ///
    /// # Errors
    /// Those of the call.
    pub fn refresh(&self) -> FsResult<()> {
        let present = self.session.present_pin();
        let lazy = {
            let known = self.known.lock();
            if known.at >= present || matches!(known.state, State::Private(_)) {
                return Ok(());
            }
            matches!(known.state, State::Lazy { .. })
        };
        if lazy {
            return self.session.settle();
        }
        // All of them at once: whoever reads one will read the others.
        let handles: Vec<u64> = self.session.held.lock().keys().copied().collect();
        let request = |session| Request::Held { session, handles: handles.clone() };
        let (generation, Reply::Held(files)) = self.session.call_fs(Operation::Read, request)?
        else {
            return Err(nonsense(Operation::Read));
        };
        let number = if generation == present.0 { present.1 } else { 0 };
        self.session.learn(generation, number, files);
        Ok(())
    }
}

/// The file at `path`, if everything that leads to it is at hand.
fn at_hand(root: &Root, path: &RepoPath) -> FsResult<Option<File>> {
    let fail = |errno| Err(FsError::new(errno, Operation::Open, path.as_bstr()));
    let mut node = Node::Dir(root.dir.clone());
    for name in path.names() {
        let Node::Dir(dir) = &node else { return fail(Errno::NotDir) };
        if !dir.is_loaded() {
            return Ok(None);
        }
        let Some(below) = dir.get(name)?.cloned() else { return fail(Errno::NoEnt) };
        node = below;
    }
    match node {
        Node::File(file) => Ok(Some(File::clone(&file))),
        Node::Dir(_) | Node::Gitlink(_) => fail(Errno::IsDir),
        Node::Symlink(_) => fail(Errno::Loop),
    }
}

/// Has the server hold a file.
fn ask(session: &Arc<Session>, handle: u64, path: &RepoPath) -> FsResult<HeldFile> {
    let request = |session| Request::Hold { session, files: vec![(handle, path.clone())] };
    let (_, Reply::Held(files)) = session.call_fs(Operation::Open, request)? else {
        return Err(nonsense(Operation::Open));
    };
    if let Some(file) = files.into_iter().next() {
        return Ok(file);
    }
    // Why not is told by looking.
    let errno = match session.shown(Operation::Open)?.root.lookup(path)? {
        Node::Dir(_) | Node::Gitlink(_) => Errno::IsDir,
        Node::Symlink(_) => Errno::Loop,
        Node::File(_) => Errno::NoEnt,
    };
    Err(FsError::new(errno, Operation::Open, path.as_bstr()))
}

impl OpenFile for Held {
    fn id(&self) -> OpenId {
        OpenId(self.handle)
    }

    fn file(&self) -> FsResult<File> {
        self.session.check(Operation::Read)?;
        if let Some(live) = self.live() {
            return live.file();
        }
        self.refresh()?;
        let known = self.known.lock();
        match &known.state {
            State::Lazy { file, .. } | State::Private(file) => Ok(file.clone()),
            State::Told(told) => {
                let place = Place::Held { handle: self.handle, generation: known.at.0 };
                let body = self.session.body(told.key, told.len, place, None);
                Ok(file(told.attributes, body, told.conflicted))
            }
        }
    }

    fn path(&self) -> Option<RepoPath> {
        if let Some(live) = self.live() {
            return live.path();
        }
        // What it was last is as good as an answer if there is none.
        let _asked = self.refresh();
        self.last_path()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let run = self.run.as_ref().and_then(Weak::upgrade);
        let in_turn = run.is_some_and(|run| run.let_go(self.handle));
        let told = !in_turn && matches!(self.known.get_mut().state, State::Told(_));
        self.session.let_go_of(self.handle, told);
    }
}
