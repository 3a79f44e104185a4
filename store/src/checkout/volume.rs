//! Reading and writing through a checkout.

use std::any::Any;
use std::sync::Arc;

use mesafs::backend::{Access, EventQueue, OpenFile, Planned, Volume};
use mesafs::error::{Errno, FsResult, Operation};
use mesafs::live::Queue;
use mesafs::op::{Applied, Batch, Op, Target};
use mesafs::path::RepoPath;
use mesafs::tree::Root;

use super::held::HeldFile;
use super::{ATTEMPTS, StoreCheckout};
use crate::repo::{LiveChange, Marks, Part, Standing, Writing, land_together};

impl StoreCheckout {
    /// The change that a batch is for: that of the file which it names by handle, else `open`.
    fn live_for(&self, batch: &Batch, open: &Arc<LiveChange>) -> Arc<LiveChange> {
        let held = batch.ops.iter().find_map(|op| match op {
            Op::WriteAt { target: Target::Open(id), .. }
            | Op::Append { target: Target::Open(id), .. }
            | Op::Truncate { target: Target::Open(id), .. } => Some(*id),
            _ => None,
        });
        if let Some(id) = held.filter(|id| !open.tree.holds(*id)) {
            let view = self.view.lock();
            if let Some(left) = view.left.iter().find(|live| live.tree.holds(id)) {
                return Arc::clone(left);
            }
        }
        Arc::clone(open)
    }

    fn land_from(&self, batch: Batch, grafts: Marks) -> FsResult<Applied> {
        self.guard.check(Operation::Write)?;
        if let Some(applied) = self.core().recent.get(batch.id) {
            return Ok(applied);
        }
        // Nothing to do: only a question whether something could be done.
        if batch.ops.is_empty() && matches!(self.opened.load().live.standing(), Standing::Shared(_))
        {
            self.check_access(Operation::Write)?;
            let version = self.opened.load().live.tree.version();
            return Ok(Applied { version, replaced: Vec::new() });
        }
        let mut attempt = 0;
        let cause = self.cause();
        loop {
            let opened = self.writable(Operation::Write)?;
            let live = self.live_for(&batch, &opened.live);
            match self.repo.land(&live, &batch, Writing { grafts, ..self.writing(&cause) }) {
                Err(error) if attempt < ATTEMPTS && Self::is_stale(&live, error.errno()) => {
                    attempt += 1;
                }
                Err(error) => return Err(error),
                Ok(applied) => {
                    self.core().recent.add(batch.id, applied.version, &applied.replaced);
                    self.core().wrote(&self.repo, &live);
                    return Ok(applied);
                }
            }
        }
    }

    /// Whether a failure only says that the change ceased to be writable meanwhile.
    fn is_stale(live: &LiveChange, errno: Errno) -> bool {
        errno == Errno::Stale && live.standing() != Standing::Mutable
    }
}

impl Volume for StoreCheckout {
    fn access(&self) -> Access {
        match self.opened.load().live.standing() {
            Standing::Immutable => Access::ReadOnly,
            _ => self.access,
        }
    }

    fn root(&self) -> FsResult<Root> {
        self.guard.check(Operation::Lookup)?;
        let opened = self.opened.load();
        let root = opened.live.tree.root();
        Ok(Root { opened_ns: opened.opened_ns, change: opened.live.change(), ..root })
    }

    fn apply(&self, batch: Batch) -> FsResult<Applied> {
        self.land_from(batch, Marks::Foreign)
    }

    fn apply_own(&self, batch: Batch) -> FsResult<Applied> {
        self.land_from(batch, Marks::Own)
    }

    fn apply_together(&self, batch: Planned, others: Vec<(&dyn Volume, Planned)>) -> FsResult<()> {
        let mut checkouts = vec![(self, batch)];
        for (other, batch) in &others {
            let ours = other.as_any().downcast_ref::<Self>();
            match ours.filter(|other| Arc::ptr_eq(self.core(), other.core())) {
                Some(ours) => checkouts.push((ours, batch.clone())),
                None => {
                    let (_, batch) = checkouts.swap_remove(0);
                    self.apply_own(batch.batch)?;
                    return others
                        .into_iter()
                        .try_for_each(|(other, batch)| other.apply_own(batch.batch).map(drop));
                }
            }
        }
        let mut parts = Vec::new();
        for (checkout, Planned { batch, version }) in checkouts {
            checkout.guard.check(Operation::Write)?;
            let live = Arc::clone(&checkout.writable(Operation::Write)?.live);
            parts.push((checkout, Part { repo: &checkout.repo, live, batch, version }));
        }
        let (checkouts, mut parts): (Vec<&Self>, Vec<Part<'_>>) = parts.into_iter().unzip();
        let cause = self.cause();
        let by = Writing { grafts: Marks::Own, ..self.writing(&cause) };
        let version = land_together(&mut parts, by)?;
        for part in &parts {
            self.core().recent.add(part.batch.id, version, &[]);
            let owner = checkouts.iter().find(|checkout| checkout.repo.uid == part.repo.uid);
            if let Some(checkout) = owner {
                self.core().wrote(&checkout.repo, &part.live);
            }
        }
        Ok(())
    }

    fn apply_with(&self, batch: Batch, other: &dyn Volume, removal: Batch) -> FsResult<()> {
        let ours = other.as_any().downcast_ref::<Self>();
        let ours = ours.filter(|other| Arc::ptr_eq(self.core(), other.core()));
        let Some(other_checkout) = ours else {
            self.apply(batch)?;
            other.apply(removal)?;
            return Ok(());
        };
        self.guard.check(Operation::Rename)?;
        other_checkout.guard.check(Operation::Rename)?;
        let live = Arc::clone(&self.writable(Operation::Rename)?.live);
        let other_live = Arc::clone(&other_checkout.writable(Operation::Rename)?.live);
        if Arc::ptr_eq(&live, &other_live) {
            self.apply(batch)?;
            other_checkout.apply(removal)?;
            return Ok(());
        }
        let there = (&*other_live, &removal);
        let cause = self.cause();
        let by = self.writing(&cause);
        let landed = self.repo.land_both((&live, &batch), &other_checkout.repo, there, by);
        let version = landed?;
        for (checkout, batch, live) in
            [(self, &batch, &live), (other_checkout, &removal, &other_live)]
        {
            self.core().recent.add(batch.id, version, &[]);
            self.core().wrote(&checkout.repo, live);
        }
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn hold(&self, path: &RepoPath) -> FsResult<Arc<dyn OpenFile>> {
        self.guard.check(Operation::Open)?;
        // Under the view, so that a switch sees that the change is held.
        let _view = self.view.lock();
        let file = self.opened.load().live.tree.hold(path)?;
        Ok(Arc::new(HeldFile { file, guard: Arc::clone(&self.guard) }))
    }

    fn subscribe(&self) -> FsResult<Box<dyn EventQueue>> {
        self.guard.check(Operation::Subscribe)?;
        let (queue, reader) = Queue::new(self.origin);
        let mut view = self.view.lock();
        self.opened.load().live.tree.attach(&queue);
        view.queues.push(queue);
        Ok(Box::new(reader))
    }

    fn sync(&self) -> FsResult<()> {
        self.guard.check(Operation::Sync)?;
        self.core().journal.sync()
    }
}
