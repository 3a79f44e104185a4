//! An open checkout on the server, as this side has it: what it shows, and who is told.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{self, AtomicBool, AtomicU32, AtomicU64};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use mesa_protocol::{
    BodyKey, DirKey, ErrorBody, Event, HeldFile, Listing, Opened, Reply, Request, RootInfo,
    SessionId, claims, code,
};
use mesafs::backend::EventQueue;
use mesafs::clock::Clock;
use mesafs::token::{AccessToken, TokenError};
use mesafs::tree::{Body, Dir, Root};
use mesafs::{Access, Errno, FsError, FsResult, Operation, Pin, RepoId, RepoPath};
use parking_lot::{Condvar, Mutex};

use crate::body::{Around, Place, RemoteBody};
use crate::cache::Cache;
use crate::draft::Run;
use crate::events;
use crate::held::Held;
use crate::link::{Link, NONSENSE};
use crate::subscribers::Subscribers;
use crate::tree::{Listed, RootPin, gone, learn_listing, loaded_dir, nonsense, root};

/// Entries of directories that are kept.
const ENTRIES_MAX: usize = 400_000;
/// Directories that are kept because they were told by what has changed in them.
const DIRS_MAX: usize = 256;
/// Contents that are known by their place.
const BODIES_MAX: usize = 100_000;
/// Paths that are remembered as looked at.
const PATHS_MAX: usize = 100_000;
/// So many trees or files are let go of with one call.
const RELEASED_AT_ONCE: usize = 32;
/// How long a file that was opened is held by this side alone.
const SETTLE_AFTER: Duration = Duration::from_millis(30);
/// How long opening waits for the stream of events.
const STREAM_WAIT: Duration = Duration::from_secs(2);
/// How often a call begins anew because its session was lost.
const ATTEMPTS: u32 = 2;

/// What is shown.
#[derive(Debug)]
pub(crate) struct Shown {
    pub pin: Arc<RootPin>,
    pub root: Root,
    pub access: Access,
}

#[derive(Debug)]
pub(crate) struct Session {
    pub link: Arc<Link>,
    pub token: AccessToken,
    expires_s: i64,
    clock: Arc<dyn Clock>,
    pub repo: RepoId,
    access: Access,
    pub history: bool,
    /// The server's name for it, and how many it had before.
    present: Mutex<(SessionId, u64)>,
    opening: Mutex<()>,
    shown: ArcSwapOption<Shown>,
    showing: Mutex<()>,
    subscribers: Subscribers,
    /// How many events of others have been told.
    pub foreign: AtomicU64,
    pub held: Mutex<BTreeMap<u64, Weak<Held>>>,
    pub next_handle: AtomicU64,
    /// Files that the server does not hold yet.
    lazy: Mutex<Vec<Weak<Held>>>,
    settling: Mutex<()>,
    pub listings: Cache<DirKey, Arc<Listed>>,
    /// Directories that were told as what has changed in others.
    pub dirs: Cache<DirKey, Dir>,
    looked_at: Mutex<HashSet<RepoPath>>,
    bodies: Cache<BodyKey, (Body, Arc<RemoteBody>)>,
    released: Mutex<(Vec<u64>, Vec<u64>)>,
    pin: Mutex<Pin>,
    /// Why the token is not good any more, once the server has said so.
    refused: OnceLock<String>,
    closed: AtomicBool,
    streaming: (Mutex<bool>, Condvar),
}

impl Session {
    pub fn open(
        link: Arc<Link>,
        clock: Arc<dyn Clock>,
        token: &AccessToken,
        repo: &RepoId,
        pin: &Pin,
        access: Access,
    ) -> Result<Arc<Self>, ErrorBody> {
        let opened = ask_open(&link, token, repo, pin, access)?;
        let expires_s = claims(token.expose()).map_or(i64::MAX, |claims| claims.expires_s);
        let session = Arc::new(Self {
            link,
            token: token.clone(),
            expires_s,
            clock,
            repo: repo.clone(),
            access,
            history: opened.history,
            present: Mutex::new((opened.session, 0)),
            opening: Mutex::default(),
            shown: ArcSwapOption::empty(),
            showing: Mutex::default(),
            subscribers: Subscribers::default(),
            foreign: AtomicU64::new(0),
            held: Mutex::default(),
            next_handle: AtomicU64::new(1),
            lazy: Mutex::default(),
            settling: Mutex::default(),
            listings: Cache::new(ENTRIES_MAX),
            dirs: Cache::new(DIRS_MAX),
            looked_at: Mutex::default(),
            bodies: Cache::new(BODIES_MAX),
            released: Mutex::default(),
            pin: Mutex::new(opened.pin),
            refused: OnceLock::new(),
            closed: AtomicBool::new(false),
            streaming: (Mutex::new(false), Condvar::new()),
        });
        session.show(0, &opened.root, Vec::new());
        events::start(&session);
        let (streaming, begun) = &session.streaming;
        let mut streaming = streaming.lock();
        if !*streaming {
            // Without it the mount works, and hears of others' writes when it comes.
            begun.wait_for(&mut streaming, STREAM_WAIT);
        }
        drop(streaming);
        Ok(session)
    }

    /// Whether the mount and its token are good, as far as this side knows.
    pub fn check(&self, operation: Operation) -> FsResult<()> {
        if self.closed.load(atomic::Ordering::Acquire) {
            return Err(gone(operation));
        }
        if self.clock.now_s() >= self.expires_s {
            return Err(TokenError::Expired.at(operation, ""));
        }
        match self.refused.get() {
            Some(why) => Err(FsError::new(Errno::Acces, operation, "").with_detail(why.clone())),
            None => Ok(()),
        }
    }

    pub fn refuse(&self, why: String) {
        let _first_is_right = self.refused.set(why);
    }

    pub fn is_over(&self) -> bool {
        self.closed.load(atomic::Ordering::Acquire) || self.refused.get().is_some()
    }

    pub fn present(&self) -> (SessionId, u64) {
        *self.present.lock()
    }

    /// The server's name for it, if it still is the one of `generation`.
    pub fn id_in(&self, generation: u64) -> Option<SessionId> {
        let (id, present) = self.present();
        (present == generation).then_some(id)
    }

    /// Which tree is shown, and of which generation.
    pub fn present_pin(&self) -> (u64, u64) {
        let shown = self.shown.load();
        shown.as_ref().map_or((0, 0), |shown| (shown.pin.generation, shown.pin.number))
    }

    pub fn shown(&self, operation: Operation) -> FsResult<Arc<Shown>> {
        self.check(operation)?;
        self.shown.load_full().ok_or_else(|| gone(operation))
    }

    /// What the checkout allows now.
    pub fn access(&self) -> Access {
        self.shown.load().as_ref().map_or(self.access, |shown| shown.access)
    }

    /// Shows a tree, unless a later one is shown already. `listings` tell of directories in it.
    pub fn show(self: &Arc<Self>, generation: u64, info: &RootInfo, listings: Vec<Listing>) {
        let _turn = self.showing.lock();
        let before = self.shown.load_full();
        let order = before.as_ref().map_or(Ordering::Greater, |shown| {
            (generation, info.number).cmp(&(shown.pin.generation, shown.pin.number))
        });
        // One that was shown before is not looked at any more.
        if order == Ordering::Less {
            return;
        }
        let pin = match &before {
            Some(shown) if order == Ordering::Equal => Arc::clone(&shown.pin),
            _ => {
                let session = Arc::downgrade(self);
                Arc::new(RootPin { number: info.number, generation, present: true, session })
            }
        };
        let known = before.as_ref().map(|shown| &shown.root.dir);
        self.learn_listings(&pin, known, listings);
        let grown = order == Ordering::Equal && self.dirs.get(&info.key).is_some();
        if order == Ordering::Greater || grown {
            let root = root(self, &pin, info);
            self.shown.store(Some(Arc::new(Shown { pin, root, access: info.access })));
        }
    }

    /// Keeps what was told of directories, the deeper ones before those that they are in.
    fn learn_listings(
        self: &Arc<Self>,
        pin: &Arc<RootPin>,
        known: Option<&Dir>,
        mut listings: Vec<Listing>,
    ) {
        listings.sort_by_key(|listing| std::cmp::Reverse(listing.path.names().count()));
        for listing in listings {
            match &listing.since {
                None => drop(self.keep(listing)),
                Some(since) => {
                    let base = self.dirs.get(&since.key);
                    let base = base.or_else(|| loaded_dir(known?, &listing.path, &since.key));
                    // Where it is not known it is asked for whole when it is looked at.
                    if let Some(base) = base {
                        learn_listing(self, pin, &base, listing);
                    }
                }
            }
        }
    }

    /// Tells subscribers, in order, of what they can see already.
    pub fn tell(&self, events: Vec<Event>) {
        if events.iter().any(|event| !event.own) {
            self.foreign.fetch_add(1, atomic::Ordering::AcqRel);
        }
        let shown = self.shown.load();
        self.subscribers.tell(events, shown.as_ref().map(|shown| &shown.root.change));
    }

    /// Tells that anything may have changed.
    pub fn tell_everything(&self) {
        let version = self.shown.load().as_ref().map_or(0, |shown| shown.root.version);
        self.tell(vec![Event { path: RepoPath::root(), recursive: true, version, own: false }]);
    }

    pub fn stream_begins(&self) {
        let (streaming, begun) = &self.streaming;
        *streaming.lock() = true;
        begun.notify_all();
    }

    pub fn subscribe(&self) -> FsResult<Box<dyn EventQueue>> {
        self.subscribers.add(|| Ok(self.shown(Operation::Subscribe)?.root.clone()))
    }

    /// Makes a call in the present session, or the one that comes after it where it was lost.
    pub fn call(
        self: &Arc<Self>,
        request: impl Fn(SessionId) -> Request,
    ) -> Result<(u64, Reply), ErrorBody> {
        let mut attempt = 0;
        loop {
            let (id, generation) = self.present();
            let request = request(id);
            match self.link.call_noting(&self.token, &request) {
                // A batch is known again by its id, another call only in the session that it was made in.
                Err((error, true))
                    if matches!(&request, Request::Do { call, .. } if !call.only_reads())
                        && matches!(&*error.code, code::NO_SESSION | code::UNREACHABLE) =>
                {
                    let text = "the server went away before it answered: it may be done or not";
                    return Err(ErrorBody::new(code::UNKNOWN, text));
                }
                Err((error, _)) if error.code == code::NO_SESSION && attempt < ATTEMPTS => {
                    self.reopen(generation)?;
                    attempt += 1;
                }
                Err((error, _)) => return Err(self.refused_by(error)),
                Ok(reply) => return Ok((generation, reply)),
            }
        }
    }

    /// Makes a call on files.
    pub fn call_fs(
        self: &Arc<Self>,
        operation: Operation,
        request: impl Fn(SessionId) -> Request,
    ) -> FsResult<(u64, Reply)> {
        self.check(operation)?;
        self.call(request).map_err(|error| error.to_fs(operation))
    }

    /// Makes a call that means only the session of `generation`; ESTALE if that is lost.
    pub fn call_in(
        self: &Arc<Self>,
        generation: u64,
        operation: Operation,
        request: impl Fn(SessionId) -> Request,
    ) -> FsResult<Reply> {
        self.check(operation)?;
        let stale = || FsError::new(Errno::Stale, operation, "");
        let id = self.id_in(generation).ok_or_else(stale)?;
        match self.link.call(&self.token, &request(id)) {
            Err(error) if error.code == code::NO_SESSION => {
                self.reopen(generation).map_err(|error| error.to_fs(operation))?;
                Err(stale())
            }
            Err(error) => Err(self.refused_by(error).to_fs(operation)),
            Ok(reply) => Ok(reply),
        }
    }

    fn refused_by(&self, error: ErrorBody) -> ErrorBody {
        if error.code == code::UNAUTHORIZED {
            self.refuse(error.message.to_string());
        }
        error
    }

    /// Opens again what the server lost: that of `generation`. Files that are held are held again
    /// where they were, and everything may read differently.
    pub fn reopen(self: &Arc<Self>, generation: u64) -> Result<(), ErrorBody> {
        let _turn = self.opening.lock();
        if self.present().1 != generation || self.is_over() {
            return Ok(());
        }
        let pin = self.pin.lock().clone();
        let opened = ask_open(&self.link, &self.token, &self.repo, &pin, self.access);
        let opened = opened.map_err(|error| self.refused_by(error))?;
        let generation = generation + 1;
        *self.present.lock() = (opened.session, generation);
        self.show(generation, &opened.root, Vec::new());
        let held: Vec<Arc<Held>> = self.held.lock().values().filter_map(Weak::upgrade).collect();
        let files: Vec<(u64, RepoPath)> =
            held.iter().filter_map(|held| Some((held.handle, held.last_path()?))).collect();
        let request = Request::Hold { session: opened.session, files };
        // One whose file is gone keeps what this side knows of it.
        if let Ok(Reply::Held(files)) = self.link.call(&self.token, &request) {
            self.learn(generation, opened.root.number, files);
        }
        self.tell_everything();
        Ok(())
    }

    /// Notes what the server says of held files, as they were at the tree `number` or later.
    pub fn learn(&self, generation: u64, number: u64, files: Vec<HeldFile>) {
        for file in files {
            let held = self.held.lock().get(&file.handle).and_then(Weak::upgrade);
            if let Some(held) = held {
                held.learn(generation, number, file);
            }
        }
    }

    /// Has the server hold what only this side holds yet, before anything may move it.
    ///
    /// # Errors
    /// Those of the call; nothing is lost then.
    pub fn settle(self: &Arc<Self>) -> FsResult<()> {
        // Whoever comes while the server is asked waits for its answer.
        let _turn = self.settling.lock();
        let lazy = std::mem::take(&mut *self.lazy.lock());
        let lazy: Vec<Arc<Held>> = lazy.iter().filter_map(Weak::upgrade).collect();
        if lazy.is_empty() {
            return Ok(());
        }
        let files: Vec<(u64, RepoPath)> =
            lazy.iter().filter_map(|held| Some((held.handle, held.last_path()?))).collect();
        let before = self.present_pin();
        let request = |session| Request::Hold { session, files: files.clone() };
        let answer = match self.call_fs(Operation::Open, request) {
            Ok((generation, Reply::Held(files))) => Ok((generation, files)),
            Ok(_) => Err(nonsense(Operation::Open)),
            Err(error) => Err(error),
        };
        match answer {
            Ok((generation, files)) => {
                // A number of a session that was lost meanwhile says nothing of this one's.
                let number = if generation == before.0 { before.1 } else { 0 };
                self.learn(generation, number, files);
                // What was gone when the server looked has no name any more.
                lazy.iter().for_each(|held| held.part());
                Ok(())
            }
            Err(error) => {
                self.lazy.lock().extend(lazy.iter().map(Arc::downgrade));
                Err(error)
            }
        }
    }

    /// Has the server hold a file before long. Most are read and closed before.
    pub fn settle_later(self: &Arc<Self>, held: &Arc<Held>) {
        let mut lazy = self.lazy.lock();
        lazy.push(Arc::downgrade(held));
        if lazy.len() > 1 {
            return;
        }
        drop(lazy);
        let session = Arc::downgrade(self);
        self.link.spawn(async move {
            tokio::time::sleep(SETTLE_AFTER).await;
            let settled = tokio::task::spawn_blocking(move || {
                let Some(session) = session.upgrade() else { return };
                // Whoever reads or writes it next is told why not.
                let _later = session.settle();
            });
            let _ended = settled.await;
        });
    }

    /// The open files of a run, and whether others have some that only this side holds.
    pub fn open_files(&self, run: &Arc<Run>) -> (Vec<Arc<Held>>, bool) {
        let all: Vec<Arc<Held>> = self.held.lock().values().filter_map(Weak::upgrade).collect();
        let (own, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|held| held.is_of(run));
        let lazy = others.iter().any(|held| held.is_lazy());
        (own, lazy)
    }

    pub fn open_file(&self, handle: u64) -> Option<Arc<Held>> {
        self.held.lock().get(&handle).and_then(Weak::upgrade)
    }

    /// Keeps what a directory holds for who looks it up.
    pub fn keep(&self, listing: Listing) -> Arc<Listed> {
        let weight = listing.entries.len() + 1;
        let listed = Listed { entries: listing.entries, misses: AtomicU32::new(0) };
        let listed = Arc::new(listed);
        self.listings.put(listing.key, Arc::clone(&listed), weight);
        listed
    }

    /// Where a file that is held was last.
    pub fn path_of(&self, handle: u64) -> Option<RepoPath> {
        let held = self.held.lock().get(&handle).and_then(Weak::upgrade);
        held?.last_path()
    }

    /// The content that is told by its key.
    pub fn body(
        self: &Arc<Self>,
        key: BodyKey,
        len: u64,
        place: Place,
        around: Option<Around>,
    ) -> Body {
        if let Some((body, remote)) = self.bodies.get(&key) {
            if matches!(place, Place::Tree { .. }) {
                remote.move_to(place, around);
            }
            return body;
        }
        let remote = Arc::new(RemoteBody::new(self, (key, len), place, around));
        let body = Body::from_reader(Arc::clone(&remote) as _, 0, len);
        if let BodyKey::Blob(blob) = key {
            body.mark_stored(blob);
        }
        self.bodies.put(key, (body.clone(), remote), 1);
        body
    }

    /// Whether nobody has looked at a path before.
    pub fn looks_first_at(&self, path: &RepoPath) -> bool {
        let mut looked_at = self.looked_at.lock();
        if looked_at.len() >= PATHS_MAX {
            looked_at.clear();
        }
        looked_at.insert(path.clone())
    }

    /// A tree is of no use any more.
    pub fn let_go(self: &Arc<Self>, pin: &RootPin) {
        if self.id_in(pin.generation).is_some() {
            self.released.lock().0.push(pin.number);
            self.release();
        }
    }

    /// A file is held no more; `told`: the server holds it.
    pub fn let_go_of(self: &Arc<Self>, handle: u64, told: bool) {
        self.held.lock().remove(&handle);
        if !told {
            return;
        }
        self.released.lock().1.push(handle);
        self.release();
    }

    fn release(self: &Arc<Self>) {
        let mut released = self.released.lock();
        if released.0.len() < RELEASED_AT_ONCE && released.1.len() < RELEASED_AT_ONCE {
            return;
        }
        let (roots, handles) = std::mem::take(&mut *released);
        drop(released);
        if self.is_over() {
            return;
        }
        let session = Arc::downgrade(self);
        self.link.spawn_blocking(move || {
            let Some(session) = session.upgrade() else { return };
            let (id, _) = session.present();
            let request = Request::Release { session: id, roots, handles };
            // What stays is let go of when the session ends.
            let _late = session.link.call(&session.token, &request);
        });
    }

    /// What opens the same again.
    pub fn pin(&self) -> Pin {
        if !self.closed.load(atomic::Ordering::Acquire) {
            let (id, _) = self.present();
            let asked = self.link.call(&self.token, &Request::Pin { session: id });
            if let Ok(Reply::Pin(pin)) = asked {
                self.pin.lock().clone_from(&pin);
                return pin;
            }
        }
        self.pin.lock().clone()
    }

    pub fn close(&self) -> FsResult<()> {
        if self.closed.swap(true, atomic::Ordering::AcqRel) {
            return Err(gone(Operation::Mount));
        }
        self.subscribers.close();
        let (id, _) = self.present();
        let closed = self.link.call(&self.token, &Request::Close { session: id });
        match closed {
            Err(error) if error.code != code::NO_SESSION => Err(error.to_fs(Operation::Mount)),
            _ => Ok(()),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.subscribers.close();
        if !*self.closed.get_mut() {
            let (link, token) = (Arc::clone(&self.link), self.token.clone());
            let id = self.present.get_mut().0;
            self.link.spawn_blocking(move || {
                // The server closes it by itself if this does not come.
                let _late = link.call(&token, &Request::Close { session: id });
            });
        }
    }
}

fn ask_open(
    link: &Link,
    token: &AccessToken,
    repo: &RepoId,
    pin: &Pin,
    access: Access,
) -> Result<Opened, ErrorBody> {
    let request = Request::Open { repo: repo.clone(), pin: pin.clone(), access };
    match link.call(token, &request)? {
        Reply::Opened(opened) => Ok(opened),
        _ => Err(ErrorBody::new(code::FAILED, NONSENSE)),
    }
}
