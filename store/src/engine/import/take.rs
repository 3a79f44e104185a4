//! Taking in what the real git did since the last export or import.
//!
//! First the commits: their names are checked, what is missing of their objects is copied, jj is told
//! of them, and they become immutable, as what is imported. Then the bookmarks, in one operation: each
//! goes where its branch went, if only the branch moved. Where both did the branch's commit gets the
//! bookmark `git/NAME`, and nothing of ours moves. A process that is stopped in between leaves commits
//! without bookmarks, which the next call finds again.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use bstr::BString;
use gix::hash::ObjectId as GitId;
use gix::refs::Target;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit};
use jj_lib::backend::CommitId;
use jj_lib::commit::Commit as JjCommit;
use jj_lib::git_backend::GitBackend;
use jj_lib::op_store::RefTarget;
use jj_lib::ref_name::RefName;
use jj_lib::repo::Repo as _;
use mesafs::name::{BookmarkName, CommitOid};
use mesafs::tree::{ObjectId, Sums};
use pollster::FutureExt as _;

use super::ImportError;
use super::check::{Known, check};
use super::source::{Refs, Source, Tag};
use crate::engine::counters::Counters;
use crate::engine::draft::Draft;
use crate::engine::error::{Doing, EngineError, EngineResult};
use crate::engine::export::objects::{brought_by, send};
use crate::engine::export::{Exported, shown};
use crate::engine::history::{History, is_known};
use crate::engine::ids;
use crate::engine::objects::Objects;
use crate::engine::refs::open_git;
use crate::engine::repository::Repository;
use crate::engine::types::{Author, Rewritten};

/// How bookmarks begin that stand for branches which went another way.
const APART: &str = "git/";

/// What was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TakeReport {
    /// New ones.
    pub commits: usize,
    pub tags: usize,
    /// Bookmarks that went where their branches are; new ones, too.
    pub moved: Vec<BookmarkName>,
    /// Those that went with their branches.
    pub deleted: Vec<BookmarkName>,
    /// Those that moved here, and elsewhere there: `git/NAME` is where.
    pub apart: Vec<BookmarkName>,
    /// References that were left out, each with the reason.
    pub skipped: Vec<(BString, String)>,
}

impl TakeReport {
    /// The branches that an export has to leave alone.
    pub fn left(&self) -> BTreeSet<String> {
        let names = self.apart.iter().map(BookmarkName::as_str);
        names.flat_map(|name| [name.to_owned(), format!("{APART}{name}")]).collect()
    }
}

/// A report, and what it means for what is kept beside commits.
#[derive(Debug)]
pub struct Taken {
    pub report: TakeReport,
    /// New ones, mostly parents first.
    pub commits: Vec<CommitOid>,
    pub rewritten: Vec<Rewritten>,
}

/// What becomes of a bookmark.
enum Step {
    /// It is where the branch is, or will be at the next export.
    Same,
    /// What is blank on top of it goes along.
    Forward,
    Set,
    Apart,
}

/// What the repository has.
struct Ours<'a> {
    history: &'a History,
    sums: &'a dyn Fn(ObjectId) -> Option<Sums>,
}

impl Known for Ours<'_> {
    fn commit(&self, id: GitId) -> EngineResult<bool> {
        is_known(&self.history.repo, &jj_id(id))
    }

    fn tree(&self, id: ObjectId) -> Option<Sums> {
        (self.sums)(id)
    }
}

fn jj_id(id: GitId) -> CommitId {
    CommitId::from_bytes(id.as_slice())
}

impl Repository {
    /// Takes in what has come to the git repository at `source`, which was exported to or imported from.
    /// `sums` answers those of trees that were looked at before, `on_tree` gets those of the others.
    ///
    /// # Errors
    /// [`ImportError`]; bookmarks are then as they were.
    pub fn take_in(
        &self,
        source: &Path,
        author: &Author,
        sums: &dyn Fn(ObjectId) -> Option<Sums>,
        on_tree: &mut dyn FnMut(ObjectId, Sums),
    ) -> Result<Taken, ImportError> {
        let source = Source::open(source)?;
        let refs = source.refs()?;
        let exported = Exported::read(source.folders().0)?;
        let history = self.history();
        let known = Ours { history: &history, sums };
        let mut report = TakeReport { skipped: refs.skipped.clone(), ..TakeReport::default() };
        let tags: Vec<&Tag> =
            refs.tags.iter().filter(|tag| !has_tag(&history, &tag.name)).collect();
        report.tags = tags.len();
        let tips = refs.branches.values().copied().chain(tags.iter().map(|tag| tag.commit));
        let tips: BTreeSet<GitId> = tips.collect();
        let mut fresh = Vec::new();
        for tip in tips {
            if !known.commit(tip)? {
                fresh.push(tip);
            }
        }
        let (mut rewritten, mut commits) = (Vec::new(), Vec::new());
        if !fresh.is_empty() || !tags.is_empty() {
            let theirs = Objects::open(source.folders().1, Arc::new(Counters::default()))?;
            let checked = check(&theirs, &fresh, &known, on_tree)?;
            report.commits = checked.commits.len();
            let new = checked.commits.iter().rev().map(|id| ids::object_id(id.as_slice()));
            let new: Vec<ObjectId> = new.collect::<EngineResult<_>>()?;
            let brought = brought_by(&theirs, &new, &[], tags.iter().map(|tag| tag.object))?;
            for id in checked.commits.iter().rev() {
                commits.push(ids::commit_oid(&jj_id(*id))?);
            }
            send(&theirs, source.folders().1, brought, &self.layout.objects())?;
            self.objects.note_pack();
            rewritten.extend(self.tell_jj(&fresh, &tags, author)?);
        }
        let doing = "sync with a git repository";
        let (steps, landed) = self.transact(doing, author, |draft| {
            follow(draft, &refs, &exported, &self.default_bookmark())
        })?;
        rewritten.extend(landed.into_iter().flat_map(|landed| landed.rewritten));
        (report.moved, report.deleted, report.apart) = steps;
        Ok(Taken { report, commits, rewritten })
    }

    /// Tells jj of commits whose objects are there, and makes them immutable.
    fn tell_jj(
        &self,
        fresh: &[GitId],
        tags: &[&Tag],
        author: &Author,
    ) -> EngineResult<Vec<Rewritten>> {
        let doing = "taking in the commits";
        let tips: Vec<CommitId> = fresh.iter().map(|id| jj_id(*id)).collect();
        self.layout.set_taking(&tips, self.counters())?;
        write_tags(&open_git(&self.layout.git())?, tags)?;
        let ((), landed) =
            self.transact("take in commits of a git repository", author, |draft| {
                let store = Arc::clone(draft.history.repo.store());
                let backend = store.backend_impl::<GitBackend>().ok_or(EngineError::Data {
                    doing,
                    reason: "the repository has another backend".into(),
                })?;
                backend.import_head_commits(&tips).doing(doing)?;
                let heads: Vec<JjCommit> = tips
                    .iter()
                    .map(|id| store.get_commit(id).doing(doing))
                    .collect::<EngineResult<_>>()?;
                let view = draft.tx.repo_mut();
                view.add_heads(&heads).block_on().doing(doing)?;
                for tag in tags {
                    let target = RefTarget::normal(jj_id(tag.commit));
                    view.set_local_tag_target(RefName::new(&tag.name), target);
                }
                Ok(())
            })?;
        self.set_imported(&tips)?;
        self.layout.set_taking(&[], self.counters())?;
        Ok(landed.map_or_else(Vec::new, |landed| landed.rewritten))
    }
}

fn has_tag(history: &History, name: &str) -> bool {
    history.repo.view().get_local_tag(RefName::new(name)).is_present()
}

/// Annotated tags are kept as references of our own git repository.
fn write_tags(git: &gix::Repository, tags: &[&Tag]) -> EngineResult<()> {
    let edit = |tag: &&Tag| {
        let change = Change::Update {
            log: LogChange::default(),
            expected: PreviousValue::Any,
            new: Target::Object(tag.object),
        };
        let name = format!("refs/tags/{}", tag.name).try_into().doing("naming a tag")?;
        Ok(RefEdit { change, name, deref: false })
    };
    let edits: Vec<RefEdit> = tags.iter().map(edit).collect::<EngineResult<_>>()?;
    git.edit_references(edits).doing("writing tags").map(drop)
}

type Steps = (Vec<BookmarkName>, Vec<BookmarkName>, Vec<BookmarkName>);

/// Brings the bookmarks to where their branches are.
fn follow(
    draft: &mut Draft,
    refs: &Refs,
    exported: &Exported,
    default: &BookmarkName,
) -> EngineResult<Steps> {
    let (mut moved, mut deleted, mut apart) = Steps::default();
    let history = Arc::clone(&draft.history);
    let mut carried = BTreeSet::new();
    for (name, theirs) in &refs.branches {
        let theirs = jj_id(*theirs);
        let base = exported.0.get(&format!("refs/heads/{name}")).map(|id| jj_id(*id));
        let standing_in = BookmarkName::new(&format!("{APART}{name}")).ok();
        match step(&history, name, base.as_ref(), &theirs)? {
            Step::Same => {}
            Step::Forward => {
                carry_blank(draft, &history, name, &theirs, &mut carried)?;
                moved.push(name.clone());
            }
            Step::Set => {
                draft.set_bookmark(name, &theirs);
                moved.push(name.clone());
            }
            Step::Apart => {
                if let Some(standing_in) = &standing_in {
                    draft.set_bookmark(standing_in, &theirs);
                }
                apart.push(name.clone());
                continue;
            }
        }
        // It is merged, or they came back.
        if let Some(standing_in) = standing_in.filter(|name| target(&history, name).is_some()) {
            draft.delete_bookmark(&standing_in);
        }
    }
    for (full, base) in &exported.0 {
        let name = full.strip_prefix("refs/heads/").and_then(|name| BookmarkName::new(name).ok());
        let gone = name.filter(|name| !refs.branches.contains_key(name) && name != default);
        let Some(name) = gone else { continue };
        let Some(ours) = target(&history, &name) else { continue };
        if shown(&history, history.commit(&ours)?)? == Some(jj_id(*base)) {
            draft.delete_bookmark(&name);
            deleted.push(name);
        }
    }
    Ok((moved, deleted, apart))
}

fn target(history: &History, name: &BookmarkName) -> Option<CommitId> {
    history.repo.view().get_local_bookmark(RefName::new(name.as_str())).as_normal().cloned()
}

fn step(
    history: &History,
    name: &BookmarkName,
    base: Option<&CommitId>,
    theirs: &CommitId,
) -> EngineResult<Step> {
    let ours = history.repo.view().get_local_bookmark(RefName::new(name.as_str()));
    if base == Some(theirs) {
        return Ok(Step::Same);
    }
    if ours.is_absent() {
        return Ok(Step::Set);
    }
    let Some(ours) = ours.as_normal() else { return Ok(Step::Apart) };
    let shown = shown(history, history.commit(ours)?)?;
    let Some(shown) = shown else { return Ok(Step::Forward) };
    if history.is_ancestor(theirs, &shown)? {
        return Ok(Step::Same);
    }
    // An earlier commit of one of our changes is what an export put there.
    let fixed = history.is_immutable(theirs)?;
    if !fixed {
        let change = history.commit(theirs)?;
        if !history.visible(change.change_id())?.contains(theirs) {
            return Ok(Step::Same);
        }
    }
    if history.is_ancestor(&shown, theirs)? {
        return Ok(Step::Forward);
    }
    Ok(match base {
        Some(base) if *base == shown => Step::Set,
        _ if fixed => Step::Apart,
        _ => Step::Same,
    })
}

/// Moves a bookmark to `theirs`; where it is on something blank, that goes onto `theirs` with it.
fn carry_blank(
    draft: &mut Draft,
    history: &History,
    name: &BookmarkName,
    theirs: &CommitId,
    carried: &mut BTreeSet<CommitId>,
) -> EngineResult<()> {
    let Some(ours) = target(history, name) else { return Ok(()) };
    let mut lowest = None;
    let mut commit = history.commit(&ours)?;
    let stop = shown(history, commit.clone())?;
    let root = history.repo.store().root_commit_id().clone();
    while Some(commit.id()) != stop.as_ref() && *commit.id() != root {
        let parent = commit.parent_ids().first().cloned().unwrap_or_else(|| root.clone());
        lowest = Some(commit);
        commit = history.commit(&parent)?;
    }
    // What was built on it keeps it.
    let below = |lowest: &JjCommit| history.is_ancestor(lowest.id(), theirs);
    let Some(lowest) = lowest.filter(|lowest| !below(lowest).unwrap_or(true)) else {
        draft.set_bookmark(name, theirs);
        return Ok(());
    };
    if !carried.insert(lowest.id().clone()) {
        return Ok(());
    }
    let onto = history.commit(theirs)?;
    let builder = draft.rewrite(&lowest)?.set_parents(vec![theirs.clone()]).set_tree(onto.tree());
    builder.write().block_on().doing("writing a commit").map(drop)
}
