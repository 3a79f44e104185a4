//! Taking in a git repository from disk, whole.

mod check;
mod source;
mod take;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bstr::BString;
use gix::hash::ObjectId as GitId;
use jj_lib::backend::CommitId;
use jj_lib::commit::Commit as JjCommit;
use jj_lib::git_backend::GitBackend;
use jj_lib::op_store::RefTarget;
use jj_lib::ref_name::RefName;
use jj_lib::repo::{ReadonlyRepo, Repo as _};
use mesafs::name::{BookmarkName, CommitOid};
use mesafs::tree::{ObjectId, Sums};
use pollster::FutureExt as _;

use self::source::Source;
pub use self::take::{TakeReport, Taken};
use super::counters::Counters;
use super::disk::Layout;
use super::draft::Draft;
use super::error::{Doing, EngineError, EngineResult};
use super::history::History;
use super::objects::Objects;
use super::refs::Branches;
use super::repository::{Repository, build, init_jj};
use super::types::Author;

/// What an import brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReport {
    pub default_bookmark: BookmarkName,
    pub bookmarks: usize,
    pub tags: usize,
    pub commits: usize,
    pub trees: usize,
    /// References that were left out, each with the reason.
    pub skipped: Vec<(BString, String)>,
}

/// A name that the file system would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedName {
    pub path: BString,
    /// A commit that has it.
    pub commit: CommitOid,
}

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    #[error("'{0}' is not a git repository")]
    NotGit(String),
    #[error("'{0}' is a shallow clone: fetch its whole history first")]
    Shallow(String),
    /// At most 100 of them are listed.
    #[error("{}", super::import::list_refused(.0))]
    Names(Vec<RefusedName>),
    #[error("{0}")]
    Engine(#[from] EngineError),
}

pub(super) fn list_refused(names: &[RefusedName]) -> String {
    let mut text = String::from("names that cannot be stored:");
    for name in names {
        text.push_str(&format!("\n  '{}' in commit {}", name.path, name.commit));
    }
    text
}

impl Repository {
    /// Makes the repository `dir`, which must not exist, of the git repository at `source` (a
    /// worktree, its `.git`, or a bare repository). Objects are copied as they are; branches
    /// become bookmarks; the default bookmark is HEAD's branch. `on_tree` gets the sums of every
    /// distinct tree. Either all succeeds or `dir` isn't made.
    ///
    /// # Errors
    /// [`ImportError`].
    pub fn import(
        source: &Path,
        dir: &Path,
        author: &Author,
        on_tree: &mut dyn FnMut(ObjectId, Sums),
    ) -> Result<(Self, ImportReport), ImportError> {
        let source = Source::open(source)?;
        let report =
            build(dir, &Counters::default(), |layout| fill(&source, layout, author, on_tree))?;
        Ok((Self::open(dir)?, report))
    }
}

fn fill(
    source: &Source,
    layout: &Layout,
    author: &Author,
    on_tree: &mut dyn FnMut(ObjectId, Sums),
) -> Result<ImportReport, ImportError> {
    let refs = source.refs()?;
    let repo = init_jj(layout)?;
    source.copy_objects(&layout.objects())?;
    let objects = Objects::open(&layout.objects(), Arc::new(Counters::default()))?;
    let tips: Vec<GitId> =
        refs.branches.values().copied().chain(refs.tags.iter().map(|tag| tag.commit)).collect();
    let checked = check::check(&objects, &tips, &check::Nothing, on_tree)?;
    source::write_packed_tags(&layout.git(), &refs.tags)?;

    let counters = Counters::default();
    layout.make_own()?;
    let repo = adopt(repo, &refs, &tips, author, layout, &counters)?;
    layout.set_default_bookmark(&refs.default, &counters)?;
    Branches::open(layout.git())?.follow(&History::new(repo, &[], None)?);
    Ok(ImportReport {
        default_bookmark: refs.default.clone(),
        bookmarks: refs.branches.len().max(1),
        tags: refs.tags.len(),
        commits: checked.commits.len(),
        trees: checked.trees,
        skipped: refs.skipped,
    })
}

/// Tells jj of the commits, and puts its bookmarks and tags on them.
fn adopt(
    repo: Arc<ReadonlyRepo>,
    refs: &source::Refs,
    tips: &[GitId],
    author: &Author,
    layout: &Layout,
    counters: &Counters,
) -> EngineResult<Arc<ReadonlyRepo>> {
    let doing = "taking in the commits";
    let jj_id = |id: &GitId| CommitId::from_bytes(id.as_slice());
    let ids: Vec<CommitId> = tips.iter().map(jj_id).collect();
    let backend = repo
        .store()
        .backend_impl::<GitBackend>()
        .ok_or(EngineError::Data { doing, reason: "the repository has another backend".into() })?;
    backend.import_head_commits(&ids).doing(doing)?;
    let heads: Vec<JjCommit> = ids
        .iter()
        .map(|id| repo.store().get_commit(id).doing(doing))
        .collect::<EngineResult<_>>()?;

    let history = Arc::new(History::new(repo, &[], None)?);
    let root = history.repo.store().root_commit();
    let mut draft = Draft::new(history, author, BTreeMap::new());
    let view = draft.tx.repo_mut();
    view.add_heads(&heads).block_on().doing(doing)?;
    for tag in &refs.tags {
        let target = RefTarget::normal(jj_id(&tag.commit));
        view.set_local_tag_target(RefName::new(&tag.name), target);
    }
    for (name, id) in &refs.branches {
        draft.set_bookmark(name, &jj_id(id));
    }
    if !refs.branches.contains_key(&refs.default) {
        let child = draft.new_child(&root, "")?;
        draft.set_bookmark(&refs.default, child.id());
    }
    let repo = draft.commit("import a git repository")?;
    let immutable =
        repo.index().heads(&mut ids.iter()).block_on().doing("finding the immutable commits")?;
    layout.set_immutable(&immutable, counters)?;
    Ok(repo)
}
