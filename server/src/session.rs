//! An open checkout, and what it was told of.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use bstr::BString;
use mesa_protocol::{
    BodyKey, ErrorBody, Hash32, HeldFile, Opened, Reply, RootInfo, SessionId, code,
};
use mesafs::backend::{Checkout, OpenFile};
use mesafs::line::{Line, PresentLine};
use mesafs::tree::{Body, Dir};
use mesafs::{FsResult, RepoPath};
use parking_lot::Mutex;

use crate::answers::Answers;
use crate::roots::{Roots, Tags};

/// So many files one session may hold.
const HANDLES_MAX: usize = 10_000;
/// So many contents of held files can be read when they are not the present ones any more.
const TOLD_MAX: usize = 256;

#[derive(Debug)]
pub(crate) struct Session {
    pub id: SessionId,
    /// Of the token that opened it.
    pub token: Hash32,
    /// The key that signed this, as far as it is counted by.
    pub key: String,
    pub checkout: Arc<dyn Checkout>,
    pub tags: Arc<Tags>,
    pub roots: Roots,
    /// Directories as the client was told of them last.
    pub listed: Mutex<HashMap<RepoPath, Dir>>,
    pub answers: Answers,
    handles: Mutex<BTreeMap<u64, Arc<dyn OpenFile>>>,
    /// Contents of held files that were told lately, and that they may not have any more.
    told: Mutex<VecDeque<(BodyKey, Body)>>,
    line: Mutex<Option<(BString, Arc<dyn Checkout>)>>,
    used: Mutex<Instant>,
    /// Which of its streams is the present one; 0 is none.
    pub stream: AtomicU64,
    pub streaming: AtomicBool,
}

impl Session {
    pub fn new(
        id: SessionId,
        (token, key): (Hash32, String),
        checkout: Arc<dyn Checkout>,
        tags: Arc<Tags>,
    ) -> Self {
        Self {
            id,
            token,
            key,
            checkout,
            roots: Roots::new(Arc::clone(&tags)),
            listed: Mutex::default(),
            tags,
            answers: Answers::default(),
            handles: Mutex::default(),
            told: Mutex::default(),
            line: Mutex::default(),
            used: Mutex::new(Instant::now()),
            stream: AtomicU64::new(0),
            streaming: AtomicBool::new(false),
        }
    }

    pub fn opened(&self) -> Result<Opened, ErrorBody> {
        Ok(Opened {
            session: self.id,
            access: self.checkout.access(),
            history: self.checkout.history().is_some(),
            pin: self.checkout.pin(),
            root: self.root()?,
        })
    }

    /// The present tree; fails where the token does.
    pub fn root(&self) -> FsResult<RootInfo> {
        self.roots.present(|| Ok((self.checkout.root()?, self.checkout.access())))
    }

    /// The checkout as the shell line `line` has it. What one line does comes under one mark.
    pub fn for_line(&self, line: Option<&BString>) -> Arc<dyn Checkout> {
        let Some(text) = line else { return Arc::clone(&self.checkout) };
        let mut last = self.line.lock();
        if let Some((_, checkout)) = last.as_ref().filter(|(last, _)| last == text) {
            return Arc::clone(checkout);
        }
        let present = Arc::new(PresentLine::default());
        let own = text.clone();
        present.set(Line::new(move || own.clone()));
        let Some(checkout) = self.checkout.for_run(&present) else {
            return Arc::clone(&self.checkout);
        };
        *last = Some((text.clone(), Arc::clone(&checkout)));
        checkout
    }

    /// Holds the files at these paths, where there are such.
    pub fn hold(&self, files: &[(u64, RepoPath)]) -> Result<Reply, ErrorBody> {
        if self.handles.lock().len().saturating_add(files.len()) > HANDLES_MAX {
            return Err(ErrorBody::new(code::BUSY, "too many open files"));
        }
        self.checkout.root()?;
        let mut told = Vec::new();
        for (handle, path) in files {
            // Called anew after its answer was lost, it finds them held.
            let known = self.handles.lock().get(handle).cloned();
            let Ok(file) = known.map_or_else(|| self.checkout.hold(path), Ok) else { continue };
            let Ok(held) = self.told(*handle, &*file) else { continue };
            self.handles.lock().insert(*handle, file);
            told.push(held);
        }
        Ok(Reply::Held(told))
    }

    pub fn handle(&self, handle: u64) -> Result<Arc<dyn OpenFile>, ErrorBody> {
        let known = self.handles.lock().get(&handle).cloned();
        known.ok_or_else(|| ErrorBody::new(code::BASE_UNKNOWN, "no such file is held"))
    }

    /// The files of `handles` as they are now, without those that are not held or cannot be read.
    pub fn held(&self, handles: impl IntoIterator<Item = u64>) -> Vec<HeldFile> {
        let known = |handle| self.told(handle, &*self.handle(handle).ok()?).ok();
        handles.into_iter().filter_map(known).collect()
    }

    /// The files that ops name, and those without a name, which may be the same under another number:
    /// no tree shows what becomes of them.
    pub fn held_after(&self, named: &[u64]) -> Vec<HeldFile> {
        if named.is_empty() {
            return Vec::new();
        }
        let all: Vec<(u64, Arc<dyn OpenFile>)> =
            self.handles.lock().iter().map(|(handle, file)| (*handle, Arc::clone(file))).collect();
        let wanted =
            all.iter().filter(|(handle, file)| named.contains(handle) || file.path().is_none());
        self.held(wanted.map(|(handle, _)| *handle))
    }

    /// All that are held.
    pub fn held_all(&self) -> Vec<HeldFile> {
        let handles: Vec<u64> = self.handles.lock().keys().copied().collect();
        self.held(handles)
    }

    fn told(&self, handle: u64, file: &dyn OpenFile) -> Result<HeldFile, ErrorBody> {
        let now = file.file()?;
        let key = self.tags.body(&now.body);
        let mut told = self.told.lock();
        if told.back().is_none_or(|(last, _)| *last != key) {
            told.push_back((key, now.body.clone()));
            if told.len() > TOLD_MAX {
                told.pop_front();
            }
        }
        drop(told);
        Ok(HeldFile {
            handle,
            path: file.path(),
            attributes: now.attributes,
            key,
            len: now.body.len(),
            conflicted: now.conflict.is_some(),
        })
    }

    /// A content of a held file that was told of lately.
    pub fn told_lately(&self, key: BodyKey) -> Option<Body> {
        let told = self.told.lock();
        told.iter().rev().find(|(told, _)| *told == key).map(|(_, body)| body.clone())
    }

    pub fn release(&self, handles: &[u64]) {
        let mut held = self.handles.lock();
        let gone: Vec<_> = handles.iter().filter_map(|handle| held.remove(handle)).collect();
        drop(held);
        drop(gone);
    }

    pub fn touch(&self) {
        *self.used.lock() = Instant::now();
    }

    /// Whether no one has used it since `since`, nor listens.
    pub fn is_idle(&self, since: Instant) -> bool {
        !self.streaming.load(Ordering::Acquire) && *self.used.lock() < since
    }

    pub fn close(&self) -> FsResult<()> {
        self.handles.lock().clear();
        self.told.lock().clear();
        *self.line.lock() = None;
        self.checkout.close()
    }

    /// Closes it where nobody is left who could be told of a failure.
    pub fn abandon(&self) {
        if let Err(error) = self.close() {
            tracing::warn!(%error, session = ?self.id, "a session was not closed well");
        }
    }
}
