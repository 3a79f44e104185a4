//! A checkout on the server, as mounts see it.

use std::any::Any;
use std::sync::Arc;

use bstr::BString;
use mesa_protocol::{Answer, Call, ErrorBody, How, Part, PartApplied, Reply, Request, code};
use mesafs::backend::{
    Backwards, BookmarkInfo, ChangeError, ChangeInfo, Checkpoint, Description, EventQueue, History,
    OpenFile, Planned, Revision,
};
use mesafs::line::PresentLine;
use mesafs::op::{Applied, Batch};
use mesafs::tree::Root;
use mesafs::{
    Access, BookmarkName, ChangeId, Checkout, FsResult, Operation, Pin, RepoId, RepoPath, Volume,
};

use crate::draft::Run;
use crate::give;
use crate::held::Held;
use crate::link::NONSENSE;
use crate::session::Session;
use crate::tree::{gone, nonsense};

/// What is told of a line at most.
const LINE_BYTES_MAX: usize = 64 << 10;

/// One mount's view of a repository on a server, as one of its runs has it.
#[derive(Debug)]
pub(crate) struct RemoteCheckout {
    pub(crate) session: Arc<Session>,
    /// What a run does before it has heard of it; `None` for the mount itself.
    run: Option<Arc<Run>>,
}

/// The line that a run is at, as it is told.
pub(crate) fn line_text(line: &PresentLine) -> Option<BString> {
    let line = line.get()?;
    let text = line.text();
    Some(text.get(..LINE_BYTES_MAX).unwrap_or(text).into())
}

impl RemoteCheckout {
    pub fn new(session: Arc<Session>) -> Self {
        Self { session, run: None }
    }

    fn line(&self) -> Option<BString> {
        self.run.as_ref()?.line()
    }

    /// Waits until the server has what this run did before.
    fn await_run(&self) -> FsResult<()> {
        self.run.as_ref().map_or(Ok(()), |run| run.settle())
    }

    /// Lands batches: each for a checkout of the same server and token.
    fn land(&self, how: How, parts: &[(&Self, Planned)]) -> FsResult<Vec<Applied>> {
        self.session.check(Operation::Write)?;
        for (checkout, _) in parts {
            checkout.await_run()?;
            checkout.session.settle()?;
        }
        let mut told = Vec::new();
        for (checkout, Planned { batch, version }) in parts {
            let batch = give::batch(&checkout.session, batch)?;
            told.push((&checkout.session, batch, *version));
        }
        let line = self.line();
        let own = self.session.present();
        let request = |session| {
            let part = |(of, batch, version): &(&Arc<Session>, _, u64)| {
                let other = of.present();
                let session = if other == own { session } else { other.0 };
                Part { session, batch: mesa_protocol::Batch::clone(batch), version: *version }
            };
            Request::Apply { how, line: line.clone(), parts: told.iter().map(part).collect() }
        };
        let (_, reply) = self.session.call_fs(Operation::Write, request)?;
        let Reply::Applied(applied) = reply else { return Err(nonsense(Operation::Write)) };
        let mut landed = Vec::new();
        for ((checkout, _), part) in parts.iter().zip(applied) {
            let PartApplied { version, replaced, root, held, listings } = part;
            let (_, generation) = checkout.session.present();
            checkout.session.show(generation, &root, listings);
            checkout.session.learn(generation, root.number, held);
            landed.push(Applied { version, replaced });
        }
        Ok(landed)
    }

    fn land_one(&self, how: How, batch: Batch) -> FsResult<Applied> {
        self.session.check(Operation::Write)?;
        if let Some(run) = &self.run
            && let Some(done) = run.apply(&self.session, &batch)
        {
            return done;
        }
        self.await_run()?;
        let version = self.session.shown(Operation::Write)?.root.version;
        let mut landed = self.land(how, &[(self, Planned { batch, version })])?;
        landed.pop().ok_or_else(|| nonsense(Operation::Write))
    }

    /// Another volume, if one call can be about both.
    fn beside<'a>(&self, other: &'a dyn Volume) -> Option<&'a Self> {
        let other = other.as_any().downcast_ref::<Self>()?;
        let shared = Arc::ptr_eq(&self.session.link, &other.session.link)
            && self.session.token.expose() == other.session.token.expose();
        shared.then_some(other)
    }

    /// Makes a change, bookmark or history call.
    pub(crate) fn ask(&self, operation: Operation, call: &Call) -> Result<Answer, ChangeError> {
        self.session.check(operation)?;
        self.await_run()?;
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| gone(operation))?;
        let id = u128::from_le_bytes(id);
        let line = self.line();
        let request = |session| Request::Do { session, id, line: line.clone(), call: call.clone() };
        let reply = self.session.call(request).map_err(|error| error.to_change(operation))?;
        let (generation, Reply::Done { answer, root }) = reply else { return Err(unasked()) };
        self.session.show(generation, &root, Vec::new());
        Ok(*answer)
    }
}

/// An answer of another kind than the call.
pub(crate) fn unasked() -> ChangeError {
    ErrorBody::new(code::FAILED, NONSENSE).to_change(Operation::Change)
}

/// Takes the answer of the kind that was asked for.
macro_rules! answer {
    ($asked:expr, $pattern:pat => $value:expr) => {
        match $asked {
            Ok($pattern) => Ok($value),
            Ok(_) => Err($crate::checkout::unasked()),
            Err(error) => Err(error),
        }
    };
}
pub(crate) use answer;

impl Volume for RemoteCheckout {
    fn access(&self) -> Access {
        self.session.access()
    }

    fn root(&self) -> FsResult<Root> {
        self.session.check(Operation::Lookup)?;
        if let Some(root) = self.run.as_ref().and_then(|run| run.root()) {
            return Ok(root);
        }
        Ok(self.session.shown(Operation::Lookup)?.root.clone())
    }

    fn apply(&self, batch: Batch) -> FsResult<Applied> {
        self.land_one(How::Plain, batch)
    }

    fn apply_own(&self, batch: Batch) -> FsResult<Applied> {
        self.land_one(How::Own, batch)
    }

    fn apply_together(&self, batch: Planned, others: Vec<(&dyn Volume, Planned)>) -> FsResult<()> {
        let beside: Option<Vec<(&Self, Planned)>> = others
            .iter()
            .map(|(other, batch)| Some((self.beside(*other)?, batch.clone())))
            .collect();
        let Some(beside) = beside else {
            self.apply_own(batch.batch)?;
            let mut others = others.into_iter();
            return others.try_for_each(|(other, batch)| other.apply_own(batch.batch).map(drop));
        };
        let parts: Vec<(&Self, Planned)> = std::iter::once((self, batch)).chain(beside).collect();
        self.land(How::Together, &parts).map(drop)
    }

    fn apply_with(&self, batch: Batch, other: &dyn Volume, removal: Batch) -> FsResult<()> {
        let Some(beside) = self.beside(other) else {
            self.apply(batch)?;
            other.apply(removal)?;
            return Ok(());
        };
        let planned = |checkout: &Self, batch| {
            let version = checkout.session.shown(Operation::Rename)?.root.version;
            FsResult::Ok(Planned { batch, version })
        };
        let parts = [(self, planned(self, batch)?), (beside, planned(beside, removal)?)];
        self.land(How::Move, &parts).map(drop)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn hold(&self, path: &RepoPath) -> FsResult<Arc<dyn OpenFile>> {
        let held: Arc<dyn OpenFile> = Held::hold(&self.session, self.run.as_ref(), path)?;
        Ok(held)
    }

    fn subscribe(&self) -> FsResult<Box<dyn EventQueue>> {
        self.session.subscribe()
    }

    fn sync(&self) -> FsResult<()> {
        self.await_run()?;
        self.session.call_fs(Operation::Sync, |session| Request::Sync { session }).map(drop)
    }
}

impl Checkout for RemoteCheckout {
    fn repo(&self) -> &RepoId {
        &self.session.repo
    }

    fn close(&self) -> FsResult<()> {
        self.session.close()
    }

    fn pin(&self) -> Pin {
        self.session.pin()
    }

    fn current(&self) -> Result<(ChangeInfo, Option<BookmarkName>), ChangeError> {
        let asked = self.ask(Operation::Change, &Call::Current);
        answer!(asked, Answer::Current(info, bookmark) => (info, bookmark))
    }

    fn changes(&self, limit: usize) -> Result<Vec<ChangeInfo>, ChangeError> {
        let call = Call::Changes { limit: limit as u64 };
        answer!(self.ask(Operation::Change, &call), Answer::Changes(changes) => changes)
    }

    fn new_change(&self, base: &Revision, message: Option<&str>) -> Result<ChangeId, ChangeError> {
        let call = Call::NewChange { base: base.clone(), message: message.map(str::to_owned) };
        answer!(self.ask(Operation::Change, &call), Answer::Change(change) => change)
    }

    fn edit(&self, revision: &Revision) -> Result<ChangeId, ChangeError> {
        let call = Call::Edit { revision: revision.clone() };
        answer!(self.ask(Operation::Change, &call), Answer::Change(change) => change)
    }

    fn checkpoint(&self, description: Description) -> Result<Checkpoint, ChangeError> {
        let call = Call::Checkpoint { description };
        answer!(self.ask(Operation::Change, &call), Answer::Checkpoint(saved) => saved)
    }

    fn bookmarks(&self) -> Result<Vec<BookmarkInfo>, ChangeError> {
        let asked = self.ask(Operation::Bookmark, &Call::Bookmarks);
        answer!(asked, Answer::Bookmarks(bookmarks) => bookmarks)
    }

    fn create_bookmark(&self, name: &BookmarkName) -> Result<(), ChangeError> {
        let call = Call::CreateBookmark { name: name.clone() };
        answer!(self.ask(Operation::Bookmark, &call), Answer::Unit => ())
    }

    fn move_bookmark(
        &self,
        name: &BookmarkName,
        change: &str,
        backwards: Backwards,
    ) -> Result<(), ChangeError> {
        let (name, change) = (name.clone(), change.to_owned());
        let call = Call::MoveBookmark { name, change, backwards };
        answer!(self.ask(Operation::Bookmark, &call), Answer::Unit => ())
    }

    fn for_run(&self, line: &Arc<PresentLine>) -> Option<Arc<dyn Checkout>> {
        let run = Some(Run::new(line));
        Some(Arc::new(Self { session: Arc::clone(&self.session), run }))
    }

    fn line_begins(&self) {
        if let Some(run) = &self.run {
            run.line_begins();
        }
    }

    fn line_ends(&self) -> FsResult<()> {
        self.run.as_ref().map_or(Ok(()), |run| run.line_ends())
    }

    fn history(&self) -> Option<&dyn History> {
        if self.session.history { Some(self) } else { None }
    }
}
