//! Bookmarks as branches of the git repository below jj, for `git log` and the like.
//!
//! They are a copy: the truth is in jj's view. What cannot be written here (jj allows both `a` and
//! `a/b`) is left as it was and told to the log.

use std::collections::BTreeMap;
use std::path::Path;

use gix::refs::Target;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};
use jj_lib::backend::CommitId;
use jj_lib::object_id::ObjectId as _;
use jj_lib::ref_name::RefName;

use super::error::{Doing, EngineResult};
use super::history::History;

/// The branches of one repository.
pub(super) struct Branches {
    git: gix::Repository,
    /// Where each branch was put; `None` until the first look.
    known: Option<BTreeMap<String, CommitId>>,
}

impl Branches {
    pub fn open(git_dir: &Path) -> EngineResult<Self> {
        Ok(Self { git: open_git(git_dir)?, known: None })
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
        let known = match self.known.take().map_or_else(|| self.branches(), Ok) {
            Ok(known) => known,
            Err(error) => {
                tracing::warn!(%error, "cannot read the branches");
                return;
            }
        };
        let gone = known
            .keys()
            .filter(|name| history.repo.view().get_local_bookmark(RefName::new(name)).is_absent());
        self.edit(gone.filter_map(|name| delete(name)).collect());
        let moved = wanted.iter().filter(|(name, id)| known.get(*name) != Some(id));
        self.edit(moved.filter_map(|(name, id)| update(name, id)).collect());
        self.known = Some(wanted);
    }

    fn branches(&self) -> EngineResult<BTreeMap<String, CommitId>> {
        let platform = self.git.references().doing("reading references")?;
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
    fn edit(&self, edits: Vec<RefEdit>) {
        if edits.is_empty() || self.git.edit_references(edits.clone()).is_ok() {
            return;
        }
        for edit in edits {
            let name = edit.name.clone();
            if let Err(error) = self.git.edit_references([edit]) {
                tracing::warn!(%error, name = %name.as_bstr(), "cannot move the branch");
            }
        }
    }
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
