//! Contents that are on the server: read in blocks, small neighbours ahead.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use bytes::{Bytes, BytesMut};
use mesa_protocol as wire;
use mesa_protocol::{BodyKey, Content, EntryKind, ReadRange, Reply, Request, SessionId};
use mesafs::tree::ReadAt;
use mesafs::{Errno, FsError, FsResult, Operation, RepoPath};
use parking_lot::Mutex;

use crate::session::Session;
use crate::tree::{Listed, RootPin, gone, nonsense};

/// What is asked for and kept at once.
const BLOCK_BYTES: u64 = 256 << 10;
/// Blocks that one call asks for at most, and that it asks for ahead.
const BLOCKS_MAX: u64 = 16;
const BLOCKS_AHEAD: u64 = 4;
/// What comes along of the neighbours of a small file.
const NEIGHBOURS_MAX: usize = 512;
const NEIGHBOUR_BYTES_MAX: u64 = 4 << 20;

/// Where a content can be read.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Tree {
        pin: Arc<RootPin>,
        path: RepoPath,
    },
    /// Of the session's own files that are held, as `generation` had them.
    Held {
        handle: u64,
        generation: u64,
    },
}

/// The directory that a file was listed in, and which of its entries it is.
#[derive(Debug, Clone)]
pub(crate) struct Around {
    pub dir: RepoPath,
    pub listed: Arc<Listed>,
    pub at: usize,
}

/// A content on the server.
#[derive(Debug)]
pub(crate) struct RemoteBody {
    pub key: BodyKey,
    len: u64,
    session: Weak<Session>,
    place: Mutex<(Place, Option<Around>)>,
}

impl RemoteBody {
    pub fn new(
        session: &Arc<Session>,
        (key, len): (BodyKey, u64),
        place: Place,
        around: Option<Around>,
    ) -> Self {
        Self { key, len, session: Arc::downgrade(session), place: Mutex::new((place, around)) }
    }

    /// The same content was seen at another place, which is kept for longer.
    pub fn move_to(&self, place: Place, around: Option<Around>) {
        let before = std::mem::replace(&mut *self.place.lock(), (place, around));
        drop(before);
    }

    /// How a call names it: its session, and the place there.
    pub fn named(&self) -> Option<(Arc<Session>, SessionId, wire::Place)> {
        let session = self.session.upgrade()?;
        let (place, _) = self.place.lock().clone();
        let (generation, place) = place.told();
        let id = session.id_in(generation)?;
        Some((session, id, place))
    }

    /// Asks for the blocks from `block` to `last`, and answers the first one.
    fn fetch(&self, session: &Arc<Session>, block: u64, last: u64) -> FsResult<Bytes> {
        let last = last.max(block + BLOCKS_AHEAD - 1).min(block + BLOCKS_MAX - 1);
        let offset = block * BLOCK_BYTES;
        let len = ((last + 1) * BLOCK_BYTES).min(self.len).saturating_sub(offset);
        let (place, around) = self.place.lock().clone();
        let range = |place| ReadRange { place, expected: self.key, offset, len };
        let (generation, told) = place.told();
        let mut reads = vec![range(told)];
        if self.len <= BLOCK_BYTES
            && let (Place::Tree { pin, .. }, Some(around)) = (&place, &around)
        {
            self.add_neighbours(session, pin.number, around, &mut reads);
        }
        let mut contents = match ask(session, generation, &reads) {
            Ok(contents) => contents,
            Err(error) if error.errno() == Errno::Stale => Vec::new(),
            Err(error) => return Err(error),
        };
        if !matches!(contents.first(), Some(Content::Bytes(_))) {
            // Not there any more; the present tree may have it at the same path.
            let elsewhere = match &place {
                Place::Tree { path, .. } => Some(path.clone()),
                Place::Held { handle, .. } => session.path_of(*handle),
            };
            if let Some(path) = elsewhere {
                let (generation, root) = session.present_pin();
                reads = vec![range(wire::Place::Tree { root, path })];
                contents = ask(session, generation, &reads)?;
            }
        }
        for (range, content) in reads.iter().zip(&contents).skip(1) {
            if let Content::Bytes(bytes) = content
                && bytes.len() as u64 == range.len
            {
                session.link.blocks.put((range.expected, 0), bytes.clone(), bytes.len());
            }
        }
        let Some(Content::Bytes(bytes)) = contents.first() else {
            let stale = FsError::new(Errno::Stale, Operation::Read, "");
            return Err(stale.with_detail("the server keeps this content no more"));
        };
        self.keep(session, block, bytes)
    }

    /// Keeps the whole blocks of `bytes`, which begin at `block`.
    fn keep(&self, session: &Session, block: u64, bytes: &Bytes) -> FsResult<Bytes> {
        let mut first = None;
        let (mut at, mut from) = (block, 0_usize);
        while from < bytes.len() {
            let whole = BLOCK_BYTES.min(self.len.saturating_sub(at * BLOCK_BYTES));
            let whole = usize::try_from(whole).unwrap_or(usize::MAX);
            if whole == 0 || bytes.len() - from < whole {
                break;
            }
            // A copy, so that one kept block does not keep all that came with it.
            let piece = Bytes::copy_from_slice(&bytes.slice(from..from + whole));
            session.link.blocks.put((self.key, at), piece.clone(), whole);
            first.get_or_insert(piece);
            from += whole;
            at += 1;
        }
        first.ok_or_else(|| nonsense(Operation::Read))
    }

    /// Small files behind this one in its directory that are not at hand: more of them with each miss.
    fn add_neighbours(
        &self,
        session: &Session,
        root: u64,
        around: &Around,
        reads: &mut Vec<ReadRange>,
    ) {
        let misses = around.listed.misses.fetch_add(1, Ordering::Relaxed);
        if misses == 0 {
            return;
        }
        let count = NEIGHBOURS_MAX.min(8_usize.saturating_mul(1 << misses.min(6)));
        let mut room = NEIGHBOUR_BYTES_MAX;
        for entry in around.listed.entries.iter().skip(around.at + 1) {
            let EntryKind::File { key, len, .. } = entry.kind else { continue };
            let wanted = len > 0 && len <= BLOCK_BYTES.min(room);
            if !wanted || session.link.blocks.get(&(key, 0)).is_some() {
                continue;
            }
            room -= len;
            let place = wire::Place::Tree { root, path: around.dir.child(&entry.name) };
            reads.push(ReadRange { place, expected: key, offset: 0, len });
            if reads.len() > count {
                return;
            }
        }
    }
}

impl Place {
    /// Which session it belongs to, and how that names it.
    fn told(&self) -> (u64, wire::Place) {
        match self {
            Self::Tree { pin, path } => {
                (pin.generation, wire::Place::Tree { root: pin.number, path: path.clone() })
            }
            Self::Held { handle, generation } => {
                (*generation, wire::Place::Held { handle: *handle })
            }
        }
    }
}

fn ask(session: &Arc<Session>, generation: u64, reads: &[ReadRange]) -> FsResult<Vec<Content>> {
    let request = |session| Request::Read { session, reads: reads.to_vec() };
    match session.call_in(generation, Operation::Read, request)? {
        Reply::Contents(contents) => Ok(contents),
        _ => Err(nonsense(Operation::Read)),
    }
}

impl ReadAt for RemoteBody {
    fn read_at(&self, offset: u64, len: usize) -> FsResult<Bytes> {
        let session = self.session.upgrade().ok_or_else(|| gone(Operation::Read))?;
        let end = offset.saturating_add(len as u64).min(self.len);
        let last = end.saturating_sub(1) / BLOCK_BYTES;
        let mut at = offset;
        let mut joined = BytesMut::new();
        while at < end {
            let block = at / BLOCK_BYTES;
            let bytes = match session.link.blocks.get(&(self.key, block)) {
                Some(bytes) => bytes,
                None => self.fetch(&session, block, last)?,
            };
            let from = usize::try_from(at % BLOCK_BYTES).unwrap_or(usize::MAX);
            let left = usize::try_from(end - at).unwrap_or(usize::MAX);
            let to = from.saturating_add(left).min(bytes.len());
            if from >= to {
                return Err(nonsense(Operation::Read));
            }
            let piece = bytes.slice(from..to);
            at += piece.len() as u64;
            if joined.is_empty() && at >= end {
                return Ok(piece);
            }
            joined.extend_from_slice(&piece);
        }
        Ok(joined.freeze())
    }
}
