//! Event streams: what each mount is told, and what it has shown.
//!
//! A stream has a thread that waits for the checkout's events and hands frames to the connection. The
//! queue between them is short: what a slow client does not take is joined in the checkout's own queue.
//! A writer's call is answered when every other mount of the repository has said that it shows the
//! write, or has had time enough: so reads are in order between mounts, without asking.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mesa_protocol::{Event, Frame, Hash32, RootInfo, SessionId, encode};
use mesafs::backend::RepoEvent;
use mesafs::{ChangeId, Errno};
use parking_lot::{Condvar, Mutex};
use tokio::sync::mpsc::Sender;

use crate::read::Unknown;
use crate::session::Session;

/// How long a writer waits for other mounts to show what it wrote.
const SHOWN_WAIT: Duration = Duration::from_millis(50);
/// What a stream sends when nothing happens.
const ALIVE: Duration = Duration::from_secs(10);
/// Paths that others changed whose directories are told along.
const PATHS_TOLD_MAX: usize = 64;
/// Frames that wait for a client to take them.
pub(crate) const FRAMES_MAX: usize = 16;
/// Frames that a client has taken and not shown yet; the oldest are forgotten.
const UNSHOWN_MAX: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct Streams {
    streams: Mutex<HashMap<SessionId, Stream>>,
    shown: Condvar,
}

#[derive(Debug)]
struct Stream {
    session: Arc<Session>,
    number: u64,
    frames: Sender<Vec<u8>>,
    sent: VecDeque<(u64, State)>,
    shown: Option<State>,
    /// It did not show a write in time: nobody waits for it until it has caught up.
    slow: bool,
}

impl Stream {
    /// Tells why the stream ends. One that has no room for that is cut.
    fn end(&self, last: &Frame) {
        self.session.streaming.store(false, Ordering::Release);
        self.session.touch();
        if let Ok(bytes) = encode(last) {
            let _full = self.frames.try_send(bytes);
        }
    }
}

/// Which tree of which change.
type State = (ChangeId, u64);

impl Streams {
    /// Begins a stream of a session in the place of the one before, and gives its number.
    fn begin(&self, session: &Arc<Session>, frames: &Sender<Vec<u8>>) -> u64 {
        let mut streams = self.streams.lock();
        let number = session.stream.fetch_add(1, Ordering::AcqRel) + 1;
        session.streaming.store(true, Ordering::Release);
        let (session, sent) = (Arc::clone(session), VecDeque::new());
        let frames = frames.clone();
        let stream = Stream { session, number, frames, sent, shown: None, slow: false };
        if let Some(before) = streams.insert(stream.session.id, stream) {
            before.end(&Frame::Closing);
        }
        number
    }

    fn is_present(&self, id: SessionId, number: u64) -> bool {
        self.streams.lock().get(&id).is_some_and(|stream| stream.number == number)
    }

    fn finish(&self, id: SessionId, number: u64) {
        let mut streams = self.streams.lock();
        if streams.get(&id).is_some_and(|stream| stream.number == number)
            && let Some(stream) = streams.remove(&id)
        {
            stream.session.streaming.store(false, Ordering::Release);
            stream.session.touch();
        }
        self.shown.notify_all();
    }

    pub fn end(&self, id: SessionId) {
        if let Some(stream) = self.streams.lock().remove(&id) {
            stream.end(&Frame::Closing);
        }
        self.shown.notify_all();
    }

    pub fn end_all(&self) {
        for (_, stream) in self.streams.lock().drain() {
            stream.end(&Frame::Closing);
        }
        self.shown.notify_all();
    }

    /// Ends the streams whose tokens are not good any more. Each token is looked at once.
    pub fn check_tokens(&self) {
        let mut by_token: HashMap<Hash32, Vec<Arc<Session>>> = HashMap::new();
        for stream in self.streams.lock().values() {
            let session = &stream.session;
            by_token.entry(session.token).or_default().push(Arc::clone(session));
        }
        for sessions in by_token.into_values() {
            let Some(first) = sessions.first() else { continue };
            let Err(error) = first.checkout.root() else { continue };
            if error.errno() != Errno::Acces {
                continue;
            }
            let last = ending(&error);
            for session in &sessions {
                if let Some(stream) = self.streams.lock().remove(&session.id) {
                    stream.end(&last);
                }
            }
            self.shown.notify_all();
        }
    }

    fn sent(&self, id: SessionId, seq: u64, root: &RootInfo) {
        let mut streams = self.streams.lock();
        let Some(stream) = streams.get_mut(&id) else { return };
        stream.sent.push_back((seq, (root.change.clone(), root.version)));
        if stream.sent.len() > UNSHOWN_MAX {
            stream.sent.pop_front();
        }
    }

    /// A client says that it shows the frame `seq`.
    pub fn acknowledge(&self, id: SessionId, number: u64, seq: u64) {
        let mut streams = self.streams.lock();
        let Some(stream) = streams.get_mut(&id).filter(|stream| stream.number == number) else {
            return;
        };
        while let Some((_, state)) = stream.sent.pop_front_if(|(sent, _)| *sent <= seq) {
            stream.shown = Some(state);
        }
        if stream.sent.is_empty() {
            stream.slow = false;
        }
        drop(streams);
        self.shown.notify_all();
    }

    /// Waits until every other mount of the session's repository shows what is in it now.
    pub fn wait_shown(&self, session: &Session) {
        let repo = session.checkout.repo();
        let others: Vec<Arc<Session>> = {
            let streams = self.streams.lock();
            let others = streams.values().filter(|other| !other.slow).map(|other| &other.session);
            let others =
                others.filter(|other| other.id != session.id && other.checkout.repo() == repo);
            others.cloned().collect()
        };
        let state = |other: Arc<Session>| {
            let root = other.checkout.root().ok()?;
            Some((other.id, (root.change, root.version)))
        };
        let mut awaited: Vec<(SessionId, State)> = others.into_iter().filter_map(state).collect();
        let until = Instant::now() + SHOWN_WAIT;
        let mut streams = self.streams.lock();
        loop {
            awaited.retain(|(id, (change, version))| {
                streams.get(id).is_some_and(|other| {
                    let shown = other.shown.as_ref();
                    !other.slow
                        && !shown.is_some_and(|(shown, at)| shown == change && at >= version)
                })
            });
            if awaited.is_empty() {
                return;
            }
            if self.shown.wait_until(&mut streams, until).timed_out() {
                break;
            }
        }
        for (id, _) in awaited {
            if let Some(other) = streams.get_mut(&id) {
                other.slow = true;
            }
        }
    }
}

/// Hands the frames of a session to `frames` until either ends. Answers the stream's number at once
/// by `begun`, for acknowledgements.
pub(crate) fn pump(
    streams: &Streams,
    session: &Arc<Session>,
    frames: &Sender<Vec<u8>>,
    begun: impl FnOnce(u64),
) {
    let number = streams.begin(session, frames);
    begun(number);
    let last = tell(streams, session, number, frames);
    streams.finish(session.id, number);
    if let Some(frame) = last
        && let Ok(bytes) = encode(&frame)
    {
        // Nobody may be there to take it.
        let _gone = frames.blocking_send(bytes);
    }
}

/// Tells events until there is no reason to go on; the last frame says why.
fn tell(
    streams: &Streams,
    session: &Session,
    number: u64,
    frames: &Sender<Vec<u8>>,
) -> Option<Frame> {
    let mut queue = match session.checkout.subscribe() {
        Ok(queue) => queue,
        Err(error) => return Some(ending(&error)),
    };
    let (mut events, mut told, mut seq) = (Vec::<Event>::new(), None, 0);
    let mut sent = Instant::now();
    loop {
        if frames.is_closed() {
            return None;
        }
        // Whoever ended it has said so.
        if !streams.is_present(session.id, number) {
            return None;
        }
        let root = match session.root() {
            Ok(root) => root,
            Err(error) => return Some(ending(&error)),
        };
        let frame = if !events.is_empty() || told != Some(root.number) {
            seq += 1;
            told = Some(root.number);
            streams.sent(session.id, seq, &root);
            let events = std::mem::take(&mut events);
            // What this session wrote, its own calls are told of.
            let of_others: Vec<_> = events
                .iter()
                .filter(|event| !event.own && !event.recursive)
                .map(|event| event.path.clone())
                .take(PATHS_TOLD_MAX)
                .collect();
            let listings = session.leading_to(root.number, &of_others, Unknown::Skip);
            Some(Frame::State { seq, root, events, listings })
        } else {
            (sent.elapsed() >= ALIVE).then_some(Frame::Alive)
        };
        if let Some(frame) = frame {
            sent = Instant::now();
            let Ok(bytes) = encode(&frame) else { return None };
            frames.blocking_send(bytes).ok()?;
        }
        events = queue.wait(Some(ALIVE)).into_iter().map(event).collect();
    }
}

fn event(event: RepoEvent) -> Event {
    let RepoEvent { path, recursive, version, own } = event;
    Event { path, recursive, version, own }
}

/// A token that is refused ends the mount; anything else may pass.
fn ending(error: &mesafs::FsError) -> Frame {
    match error.errno() {
        Errno::Acces => Frame::Refused(error.detail().unwrap_or_default().to_owned()),
        _ => Frame::Closing,
    }
}
