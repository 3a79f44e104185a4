//! The git repository that is taken in: its references and the files of its objects.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice as _};
use gix::hash::ObjectId as GitId;
use gix::head::Kind as Head;
use mesafs::name::BookmarkName;

use super::ImportError;
use crate::engine::error::{Doing, EngineError, EngineResult};
use crate::engine::refs::options;

/// The names of a default bookmark that are tried where HEAD names none.
const USUAL_DEFAULTS: [&str; 2] = ["main", "master"];

pub(super) struct Source {
    git: gix::Repository,
}

/// What is taken in of a repository's references.
pub(super) struct Refs {
    pub branches: BTreeMap<BookmarkName, GitId>,
    /// Sorted by name.
    pub tags: Vec<Tag>,
    /// Not among the branches if there are none.
    pub default: BookmarkName,
    pub skipped: Vec<(BString, String)>,
}

pub(super) struct Tag {
    pub name: String,
    /// The tag object, or the commit itself.
    pub object: GitId,
    pub commit: GitId,
}

impl Source {
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let shown = path.display().to_string();
        let git = match gix::open_opts(path, options()) {
            Ok(git) => git,
            Err(gix::open::Error::NotARepository { .. }) => return Err(ImportError::NotGit(shown)),
            Err(gix::open::Error::Io(error)) => return Err(EngineError::io(path)(error).into()),
            Err(error) => {
                return Err(EngineError::data("opening the git repository")(error.into()).into());
            }
        };
        if git.object_hash() != gix::hash::Kind::Sha1 {
            let reason = format!("it uses {} object ids", git.object_hash());
            return Err(EngineError::Data { doing: "opening the git repository", reason }.into());
        }
        if git.is_shallow() {
            return Err(ImportError::Shallow(shown));
        }
        Ok(Self { git })
    }

    /// The folder of its references, and that of its objects.
    pub fn folders(&self) -> (&Path, &Path) {
        (self.git.git_dir(), self.git.objects.store_ref().path())
    }

    pub fn refs(&self) -> EngineResult<Refs> {
        let doing = "reading references";
        let mut branches = BTreeMap::new();
        let mut tags = Vec::new();
        let mut skipped = Vec::new();
        let platform = self.git.references().doing(doing)?;
        for reference in platform.local_branches().doing(doing)? {
            let Some(mut reference) = readable(reference, &mut skipped) else { continue };
            let full = reference.name().as_bstr().to_owned();
            let name = match reference.name().shorten().to_str() {
                Ok(name) => BookmarkName::new(name).map_err(|error| error.to_string()),
                Err(_) => Err("its name is not UTF-8".to_owned()),
            };
            match name.and_then(|name| Ok((name, commit_of(&mut reference)?))) {
                Ok((name, commit)) => drop(branches.insert(name, commit)),
                Err(reason) => skipped.push((full, reason)),
            }
        }
        for reference in platform.tags().doing(doing)? {
            let Some(mut reference) = readable(reference, &mut skipped) else { continue };
            let full = reference.name().as_bstr().to_owned();
            let name = reference.name().shorten().to_str().map(str::to_owned);
            let object = reference.try_id().map(gix::Id::detach);
            match (name, commit_of(&mut reference)) {
                (Ok(name), Ok(commit)) => {
                    // A symbolic tag stands for what it leads to.
                    tags.push(Tag { name, object: object.unwrap_or(commit), commit });
                }
                (Err(_), _) => skipped.push((full, "its name is not UTF-8".to_owned())),
                (_, Err(reason)) => skipped.push((full, reason)),
            }
        }
        tags.sort_by(|a, b| a.name.cmp(&b.name));
        let default = self.default_bookmark(&mut branches)?;
        Ok(Refs { branches, tags, default, skipped })
    }

    /// HEAD's branch; where HEAD is detached, one that is there too, else a usual one, else any. A
    /// detached HEAD of a repository without branches gets one.
    fn default_bookmark(
        &self,
        branches: &mut BTreeMap<BookmarkName, GitId>,
    ) -> EngineResult<BookmarkName> {
        let doing = "reading HEAD";
        let head = self.git.head().doing(doing)?;
        let (named, detached) = match &head.kind {
            Head::Symbolic(reference) => (reference.name.shorten().to_str().ok(), None),
            Head::Unborn(name) => (name.shorten().to_str().ok(), None),
            Head::Detached { target, peeled } => (None, Some(peeled.unwrap_or(*target))),
        };
        let usual = || USUAL_DEFAULTS.into_iter().filter_map(|name| BookmarkName::new(name).ok());
        let named = named.and_then(|name| BookmarkName::new(name).ok());
        let here = branches.iter().filter(|(_, id)| Some(**id) == detached);
        let found = named
            .iter()
            .cloned()
            .chain(here.map(|(name, _)| name.clone()))
            .chain(usual())
            .chain(branches.keys().cloned())
            .find(|name| branches.contains_key(name));
        if let Some(found) = found {
            return Ok(found);
        }
        let made = match named {
            Some(named) => named,
            None => BookmarkName::new("main").doing(doing)?,
        };
        if let Some(commit) = detached {
            branches.insert(made.clone(), commit);
        }
        Ok(made)
    }

    /// Copies the files of all objects, borrowed ones too.
    pub fn copy_objects(&self, to: &Path) -> EngineResult<()> {
        let own = self.git.objects.store_ref().path().to_owned();
        let current = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let borrowed = gix::odb::alternate::resolve(own.clone(), &current)
            .doing("reading the object folders")?;
        for folder in std::iter::once(own).chain(borrowed) {
            copy_packs(&folder.join("pack"), &to.join("pack"))?;
            copy_loose(&folder, to)?;
        }
        Ok(())
    }
}

fn readable<'a>(
    reference: Result<gix::Reference<'a>, Box<dyn std::error::Error + Send + Sync>>,
    skipped: &mut Vec<(BString, String)>,
) -> Option<gix::Reference<'a>> {
    match reference {
        Ok(reference) => Some(reference),
        Err(error) => {
            skipped.push(("?".into(), error.to_string()));
            None
        }
    }
}

fn commit_of(reference: &mut gix::Reference<'_>) -> Result<GitId, String> {
    reference.peel_to_commit().map(|commit| commit.id).map_err(|error| match error {
        gix::reference::peel::to_kind::Error::PeelObject(_) => {
            "it does not lead to a commit".to_owned()
        }
        error => error.to_string(),
    })
}

/// Packs first, so that no index is without its pack.
fn copy_packs(from: &Path, to: &Path) -> EngineResult<()> {
    let names = names_in(from)?;
    let packs: BTreeSet<&OsStr> = names
        .iter()
        .map(Path::new)
        .filter(|name| name.extension().is_some_and(|extension| extension == "idx"))
        .filter_map(Path::file_stem)
        .collect();
    for extension in ["pack", "idx"] {
        for pack in &packs {
            let name = Path::new(pack).with_extension(extension);
            copy(&from.join(&name), &to.join(&name))?;
        }
    }
    Ok(())
}

fn copy_loose(from: &Path, to: &Path) -> EngineResult<()> {
    let is_hex = |name: &OsStr, len: usize| {
        name.len() == len && name.as_encoded_bytes().iter().all(u8::is_ascii_hexdigit)
    };
    for folder in names_in(from)?.iter().filter(|name| is_hex(name, 2)) {
        let (from, to) = (from.join(folder), to.join(folder));
        let objects = names_in(&from)?;
        if !objects.is_empty() {
            fs::create_dir_all(&to).map_err(EngineError::io(&to))?;
        }
        for object in objects.iter().filter(|name| is_hex(name, 38)) {
            copy(&from.join(object), &to.join(object))?;
        }
    }
    Ok(())
}

/// A folder that isn't there has no names.
fn names_in(folder: &Path) -> EngineResult<Vec<std::ffi::OsString>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(EngineError::io(folder)(error)),
    };
    entries
        .map(|entry| entry.map(|entry| entry.file_name()).map_err(EngineError::io(folder)))
        .collect()
}

/// Objects are named for their content, so one that is there is the same.
fn copy(from: &Path, to: &Path) -> EngineResult<()> {
    if !to.exists() {
        fs::copy(from, to).map_err(EngineError::io(from))?;
    }
    Ok(())
}

/// Keeps tags with their objects as references of the new repository.
pub(super) fn write_packed_tags(git_dir: &Path, tags: &[Tag]) -> EngineResult<()> {
    if tags.is_empty() {
        return Ok(());
    }
    let mut text = String::from("# pack-refs with: peeled fully-peeled sorted \n");
    for tag in tags {
        text.push_str(&format!("{} refs/tags/{}\n", tag.object, tag.name));
        if tag.object != tag.commit {
            text.push_str(&format!("^{}\n", tag.commit));
        }
    }
    let path = git_dir.join("packed-refs");
    fs::write(&path, text).map_err(EngineError::io(path))
}
