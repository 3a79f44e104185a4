//! Bookmarks as branches of the git repository below jj, for `git log` and the like.
//!
//! They are a copy: the truth is in jj's view. What cannot be written here (jj allows both `a` and
//! `a/b`) is left as it was and told to the log.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gix::refs::Target;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};
use jj_lib::backend::CommitId;
use jj_lib::object_id::ObjectId as _;
use jj_lib::ref_name::RefName;

use super::error::{Doing, EngineError, EngineResult};
use super::history::History;

const LOCK_PATIENCE: Duration = Duration::from_millis(500);

/// The branches of one repository, which is opened at the first look: most runs only read.
pub(super) struct Branches {
    git_dir: PathBuf,
    seen: Option<Seen>,
}

struct Seen {
    git: gix::Repository,
    /// Where each branch was put.
    known: BTreeMap<String, CommitId>,
}

impl Branches {
    pub fn new(git_dir: PathBuf) -> Self {
        Self { git_dir, seen: None }
    }

    pub fn open(git_dir: PathBuf) -> EngineResult<Self> {
        let mut branches = Self::new(git_dir);
        branches.look()?;
        Ok(branches)
    }

    /// Looks now at what the first [`Self::follow`] would look at.
    pub fn look(&mut self) -> EngineResult<()> {
        self.seen().map(drop)
    }

    fn seen(&mut self) -> EngineResult<&mut Seen> {
        match &mut self.seen {
            Some(seen) => Ok(seen),
            unseen => {
                let git = open_git(&self.git_dir)?;
                let known = branches(&git)?;
                Ok(unseen.insert(Seen { git, known }))
            }
        }
    }

    /// Puts branches where the bookmarks are; conflicted ones stay.
    pub fn follow(&mut self, history: &History) {
        let root = history.repo.loader().store().root_commit_id();
        let wanted: BTreeMap<String, CommitId> = history
            .repo
            .view()
            .local_bookmarks()
            .filter_map(|(name, target)| {
                // git has no root commit to put a branch on.
                let id = target.as_normal().filter(|id| *id != root)?;
                Some((name.as_str().to_owned(), id.clone()))
            })
            .collect();
        let Seen { git, known } = match self.seen() {
            Ok(seen) => seen,
            Err(error) => {
                tracing::warn!(%error, "cannot read the branches");
                return;
            }
        };
        let gone = known
            .keys()
            .filter(|name| history.repo.view().get_local_bookmark(RefName::new(name)).is_absent());
        edit_all(git, gone.filter_map(|name| delete(name)).collect());
        let moved = wanted.iter().filter(|(name, id)| known.get(*name) != Some(id));
        edit_all(git, moved.filter_map(|(name, id)| update(name, id)).collect());
        *known = wanted;
    }
}

fn branches(git: &gix::Repository) -> EngineResult<BTreeMap<String, CommitId>> {
    let platform = git.references().doing("reading references")?;
    let mut branches = BTreeMap::new();
    for reference in platform.local_branches().doing("reading references")?.flatten() {
        if let (Ok(name), Some(id)) =
            (std::str::from_utf8(reference.name().shorten()), reference.try_id())
        {
            branches.insert(name.to_owned(), CommitId::from_bytes(id.as_bytes()));
        }
    }
    Ok(branches)
}

/// One by one where they can't be made together, so that a bad one doesn't stop the others.
fn edit_all(git: &gix::Repository, edits: Vec<RefEdit>) {
    if edits.is_empty() || git.edit_references(edits.clone()).is_ok() {
        return;
    }
    for edit in edits {
        let name = edit.name.clone();
        if let Err(error) = git.edit_references([edit]) {
            tracing::warn!(%error, name = %name.as_bstr(), "cannot move the branch");
        }
    }
}

/// Removes the locks that a killed process left on references. Those that live are held for
/// milliseconds, so each gets [`LOCK_PATIENCE`] to go by itself.
pub(super) fn break_stale_locks(git_dir: &Path) -> EngineResult<()> {
    let mut locks: Vec<PathBuf> =
        ["HEAD.lock", "packed-refs.lock"].map(|name| git_dir.join(name)).into();
    let mut folders = vec![git_dir.join("refs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(EngineError::io(&folder))? {
            let entry = entry.map_err(EngineError::io(&folder))?;
            if entry.file_type().map_err(EngineError::io(&folder))?.is_dir() {
                folders.push(entry.path());
            } else if entry.path().extension().is_some_and(|extension| extension == "lock") {
                locks.push(entry.path());
            }
        }
    }
    locks.retain(|lock| lock.exists());
    let begun = Instant::now();
    while !locks.is_empty() && begun.elapsed() < LOCK_PATIENCE {
        std::thread::sleep(Duration::from_millis(10));
        locks.retain(|lock| lock.exists());
    }
    for lock in locks {
        match fs::remove_file(&lock) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(EngineError::io(lock)(error));
            }
            _ => tracing::warn!(lock = %lock.display(), "removed a stale lock"),
        }
    }
    Ok(())
}

/// Opens the git repository in a folder of ours.
pub(super) fn open_git(git_dir: &Path) -> EngineResult<gix::Repository> {
    gix::open_opts(git_dir, options().open_path_as_is(true)).doing("opening the git repository")
}

/// How git repositories are opened: with no configuration but their own, and a name for reflogs.
pub(super) fn options() -> gix::open::Options {
    gix::open::Options::isolated()
        .config_overrides(["committer.name=mesash", "committer.email=mesash@localhost"])
        .with(gix::sec::Trust::Full)
}

fn update(name: &str, id: &CommitId) -> Option<RefEdit> {
    let change = Change::Update {
        log: LogChange::default(),
        expected: PreviousValue::Any,
        new: Target::Object(gix::ObjectId::try_from(id.as_bytes()).ok()?),
    };
    edit(name, change)
}

fn delete(name: &str) -> Option<RefEdit> {
    edit(name, Change::Delete { expected: PreviousValue::Any, log: RefLog::AndReference })
}

fn edit(name: &str, change: Change) -> Option<RefEdit> {
    let name = format!("refs/heads/{name}").try_into().ok()?;
    Some(RefEdit { change, name, deref: false })
}
