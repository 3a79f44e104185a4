//! Publishing the repository as a plain bare git repository.

mod claim;
pub(super) mod objects;
pub(super) mod reuse;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bstr::ByteSlice as _;
use gix::hash::ObjectId as GitId;
use gix::refs::Target;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};
use jj_lib::backend::CommitId;
use jj_lib::commit::Commit as JjCommit;
use jj_lib::object_id::ObjectId as _;
use jj_lib::ref_name::RefName;
use pollster::FutureExt as _;

use super::counters::Counters;
use super::disk::{self, Layout};
use super::error::{Doing, EngineError, EngineResult};
use super::history::{History, is_known};
use super::refs::{open_git, options};
use super::repository::{Repository, build};
use claim::Claim;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportReport {
    /// Branches that were made or moved, or removed after their bookmarks.
    pub branches: usize,
    pub tags: usize,
    /// Objects that the destination did not have.
    pub objects: u64,
}

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    #[error("'{0}' exists and is not a git repository")]
    NotGit(String),
    #[error("branch '{0}' has moved in the destination: nothing was exported")]
    Diverged(String),
    #[error("branch '{0}' is checked out in the destination: nothing was exported")]
    CheckedOut(String),
    #[error("{0}")]
    Engine(#[from] EngineError),
}

/// What is published, by full name: what the reference holds, and the commit that it leads to.
type Published = BTreeMap<String, (GitId, CommitId)>;

impl Repository {
    /// Makes or updates the git repository at `dest`: branches for bookmarks, tags, HEAD at the
    /// default bookmark. An empty, undescribed change is not published, its parent is. A branch
    /// whose commit is one of ours follows the bookmark, also where a change was rewritten; one
    /// that has other commits stops the export. What is not here is left alone there.
    /// A branch that an earlier export put there goes with its bookmark, if nobody has moved it.
    ///
    /// # Errors
    /// [`ExportError`]; references are then as they were.
    pub fn export(&self, dest: &Path) -> Result<ExportReport, ExportError> {
        self.export_but(dest, &BTreeSet::new())
    }

    /// As [`Self::export`], leaving some branches there as they are.
    ///
    /// # Errors
    /// As [`Self::export`].
    pub fn export_but(
        &self,
        dest: &Path,
        left: &BTreeSet<String>,
    ) -> Result<ExportReport, ExportError> {
        let is_new = match fs::read_dir(dest) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(ExportError::NotGit(dest.display().to_string()));
            }
            Err(error) => return Err(EngineError::io(dest)(error).into()),
        };
        if !is_new {
            return self.update(dest, left);
        }
        if dest.exists() {
            // Somebody made the folder for us; it is in the way of the finished one.
            fs::remove_dir(dest).map_err(EngineError::io(dest))?;
        }
        build(dest, self.counters(), |layout: &Layout| {
            gix::ThreadSafeRepository::init_opts(
                &layout.dir,
                gix::create::Kind::Bare,
                gix::create::Options::default(),
                gix::open::Options::isolated(),
            )
            .doing("making the git repository")?;
            self.update(&layout.dir, left)
        })
    }

    fn update(&self, dest: &Path, left: &BTreeSet<String>) -> Result<ExportReport, ExportError> {
        let git = open_dest(dest)?;
        let history = self.history();
        let mut published = self.published(&history)?;
        published.retain(|name, _| !left.contains(name.trim_start_matches("refs/heads/")));
        let there = Existing::read(&git, &history)?;
        let edits = edits(&published, &there)?;
        let exported = Exported::read(git.git_dir())?;
        let gone = exported.removals(&history, &published, &there)?;
        if let Some(name) = git.workdir().and(there.head.as_ref())
            && edits.contains_key(name)
        {
            let name = name.trim_start_matches("refs/heads/");
            return Err(ExportError::CheckedOut(name.to_owned()));
        }

        let targets: Vec<&(GitId, CommitId)> =
            edits.keys().filter_map(|name| published.get(name)).collect();
        let wanted: Vec<CommitId> = targets.iter().map(|(_, commit)| commit.clone()).collect();
        let tags = targets.iter().map(|(object, _)| *object);
        let objects = objects::missing(&self.objects, &history, &wanted, &there, tags)?;
        let objects_dir = git.objects.store_ref().path().to_owned();
        let count = objects::send(&self.objects, &self.layout.objects(), objects, &objects_dir)?;

        let is_branch = |name: &&String| name.starts_with("refs/heads/");
        let branches = edits.keys().filter(is_branch).count();
        let tags = edits.len() - branches;
        let report = ExportReport { branches: branches + gone.len(), tags, objects: count };
        let names = gone.iter().map(|edit| edit.name.as_bstr().to_str().unwrap_or_default());
        let names = names.chain(edits.keys().map(String::as_str));
        let claim = Claim::take(git.common_dir(), names)?;
        // First what goes: a name below one of them may come.
        git.edit_references(gone).doing("removing branches")?;
        git.edit_references(edits.into_values()).doing("moving the branches")?;
        drop(claim);
        if git.workdir().is_none() {
            let head = format!("ref: refs/heads/{}\n", self.default_bookmark());
            disk::replace_file(&git.git_dir().join("HEAD"), head.as_bytes(), self.counters())?;
        }
        let mut now = Exported::of(&published);
        let is_left = |name: &str| left.contains(name.trim_start_matches("refs/heads/"));
        now.0.extend(exported.0.into_iter().filter(|(name, _)| is_left(name)));
        now.write(git.git_dir(), self.counters())?;
        disk::sync_file_system(git.git_dir(), self.counters())?;
        Ok(report)
    }

    /// The git repository that it was synced with last.
    pub fn synced(&self) -> EngineResult<Option<PathBuf>> {
        self.layout.synced()
    }

    pub fn set_synced(&self, with: &Path) -> EngineResult<()> {
        self.layout.set_synced(with, self.counters())
    }

    fn published(&self, history: &History) -> EngineResult<Published> {
        let mut published = Published::new();
        for (name, target) in history.repo.view().local_bookmarks() {
            let Some(id) = target.as_normal() else { continue };
            if let Some(id) = shown(history, history.commit(id)?)? {
                published.insert(format!("refs/heads/{}", name.as_str()), (git_id(&id)?, id));
            }
        }
        // Annotated tags are kept as references of our own git repository.
        let own = open_git(&self.layout.git())?;
        for (name, target) in history.repo.view().local_tags() {
            let Some(id) = target.as_normal() else { continue };
            let full = format!("refs/tags/{}", name.as_str());
            let object = match own.try_find_reference(full.as_str()).doing("reading a tag")? {
                Some(mut tag) => {
                    let object = tag.try_id().map(gix::Id::detach);
                    let peeled = tag.peel_to_id().doing("reading a tag")?.detach();
                    object.filter(|_| peeled.as_slice() == id.as_bytes())
                }
                None => None,
            };
            published.insert(full, (object.map_or_else(|| git_id(id), Ok)?, id.clone()));
        }
        Ok(published)
    }
}

fn open_dest(dest: &Path) -> Result<gix::Repository, ExportError> {
    match gix::open_opts(dest, options()) {
        Ok(git) if git.object_hash() == gix::hash::Kind::Sha1 => Ok(git),
        Ok(_) | Err(gix::open::Error::NotARepository { .. }) => {
            Err(ExportError::NotGit(dest.display().to_string()))
        }
        Err(error) => Err(EngineError::data("opening the git repository")(error.into()).into()),
    }
}

/// The commit that stands for a bookmark: its own, or the first above with something in it. `None`
/// if there is only the root.
pub(super) fn shown(history: &History, mut commit: JjCommit) -> EngineResult<Option<CommitId>> {
    let repo = history.repo.as_ref();
    loop {
        if commit.id() == history.repo.loader().store().root_commit_id() {
            return Ok(None);
        }
        let blank = !history.is_immutable(commit.id())?
            && commit.is_discardable(repo).block_on().doing("reading a commit")?;
        match commit.parent_ids() {
            [parent] if blank => commit = history.commit(parent)?,
            _ => return Ok(Some(commit.id().clone())),
        }
    }
}

/// The destination's references.
struct Existing {
    /// By full name: what it holds, and where that leads to if it is a commit of ours.
    refs: BTreeMap<String, (GitId, Option<CommitId>)>,
    /// Ours that it has with all that is below them.
    pub tips: Vec<CommitId>,
    /// The branch that HEAD names.
    head: Option<String>,
}

impl Existing {
    fn read(git: &gix::Repository, history: &History) -> EngineResult<Self> {
        let doing = "reading the destination's references";
        let mut refs = BTreeMap::new();
        let mut tips = BTreeSet::new();
        for reference in git.references().doing(doing)?.all().doing(doing)? {
            let Ok(mut reference) = reference else { continue };
            let Ok(name) = reference.name().as_bstr().to_str().map(str::to_owned) else { continue };
            let Some(object) = reference.try_id().map(gix::Id::detach) else { continue };
            let peeled = reference.peel_to_id().doing(doing)?.detach();
            let commit = CommitId::from_bytes(peeled.as_slice());
            let known = is_known(&history.repo, &commit)?.then_some(commit);
            tips.extend(known.clone());
            refs.insert(name, (object, known));
        }
        let head = git.head_name().doing(doing)?;
        let head = head.and_then(|name| name.as_bstr().to_str().map(str::to_owned).ok());
        Ok(Self { refs, tips: tips.into_iter().collect(), head })
    }
}

/// The branches that the last export left in a destination, and what they held: a file in its git
/// folder, a line for each.
pub(super) struct Exported(pub BTreeMap<String, GitId>);

impl Exported {
    const FILE: &str = "mesash-exported";

    fn of(published: &Published) -> Self {
        let branches = published.iter().filter(|(name, _)| name.starts_with("refs/heads/"));
        Self(branches.map(|(name, (object, _))| (name.clone(), *object)).collect())
    }

    pub fn read(git_dir: &Path) -> EngineResult<Self> {
        let path = git_dir.join(Self::FILE);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text.map_err(EngineError::io(&path))?,
        };
        // A line that cannot be read only keeps its branch.
        let parse = |line: &str| {
            let (id, name) = line.split_once(' ')?;
            Some((name.to_owned(), GitId::from_hex(id.as_bytes()).ok()?))
        };
        Ok(Self(text.lines().filter_map(parse).collect()))
    }

    fn write(&self, git_dir: &Path, counters: &Counters) -> EngineResult<()> {
        let text: String = self.0.iter().map(|(name, id)| format!("{id} {name}\n")).collect();
        disk::replace_file(&git_dir.join(Self::FILE), text.as_bytes(), counters)
    }

    /// What goes: branches whose bookmarks are gone, and which nobody has moved there.
    fn removals(
        &self,
        history: &History,
        published: &Published,
        there: &Existing,
    ) -> EngineResult<Vec<RefEdit>> {
        let mut removals = Vec::new();
        for (full, id) in &self.0 {
            let Some(name) = full.strip_prefix("refs/heads/") else { continue };
            let is_there = history.repo.view().get_local_bookmark(RefName::new(name)).is_present();
            let now = there.refs.get(full).map(|(now, _)| now);
            let is_head = there.head.as_ref() == Some(full);
            if is_there || is_head || published.contains_key(full) || now != Some(id) {
                continue;
            }
            let expected = PreviousValue::MustExistAndMatch(Target::Object(*id));
            let change = Change::Delete { expected, log: RefLog::AndReference };
            let named = full.as_str().try_into().doing("naming a branch")?;
            removals.push(RefEdit { change, name: named, deref: false });
        }
        Ok(removals)
    }
}

/// How references have to move, each only from where it was seen.
fn edits(
    published: &Published,
    there: &Existing,
) -> Result<BTreeMap<String, RefEdit>, ExportError> {
    let mut edits = BTreeMap::new();
    for (name, (object, _)) in published {
        let expected = match there.refs.get(name) {
            None => PreviousValue::MustNotExist,
            Some((now, _)) if now == object => continue,
            Some((now, Some(_))) => PreviousValue::MustExistAndMatch(Target::Object(*now)),
            // A tag is what it was when it was first published.
            Some(_) if name.starts_with("refs/tags/") => continue,
            Some((_, None)) => {
                let name = name.trim_start_matches("refs/heads/");
                return Err(ExportError::Diverged(name.to_owned()));
            }
        };
        let change =
            Change::Update { log: LogChange::default(), expected, new: Target::Object(*object) };
        let full = name.as_str().try_into().doing("naming a branch")?;
        edits.insert(name.clone(), RefEdit { change, name: full, deref: false });
    }
    Ok(edits)
}

fn git_id(id: &CommitId) -> EngineResult<GitId> {
    GitId::try_from(id.as_bytes()).doing("reading a commit id")
}
