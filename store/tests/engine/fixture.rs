//! A repository in a folder of its own, and short ways to put things into it.

use std::path::PathBuf;

use mesa_store::engine::{
    Author, ChangeSnapshot, Durability, Repository, Resolved, RootTree, TreeEntry, TreeEntryKind,
};
use mesafs::name::BookmarkName;
use mesafs::tree::ObjectId;
use tempfile::TempDir;

pub struct Fixture {
    pub repo: Repository,
    pub folder: TempDir,
}

pub fn name(text: &str) -> BookmarkName {
    BookmarkName::new(text).unwrap()
}

pub fn ann() -> Author {
    Author { name: "Ann".into(), email: "ann@example.com".into() }
}

pub fn fixture() -> Fixture {
    let folder = TempDir::new().unwrap();
    let repo = Repository::create(&folder.path().join("repo"), &ann(), &name("main")).unwrap();
    Fixture { repo, folder }
}

impl Fixture {
    pub fn dir(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    pub fn reopened(self) -> Self {
        drop(self.repo);
        let repo = Repository::open(&self.folder.path().join("repo")).unwrap();
        Self { repo, folder: self.folder }
    }

    pub fn main(&self) -> Resolved {
        self.repo.resolve_bookmark(&name("main")).unwrap()
    }

    /// A tree of files, `a/b` making a folder; one level is enough.
    pub fn tree(&self, files: &[(&str, &str)]) -> ObjectId {
        let mut writer = self.repo.writer();
        let mut root = Vec::new();
        let mut folders: Vec<(String, Vec<TreeEntry>)> = Vec::new();
        for (path, content) in files {
            let blob = writer.blob(content.len() as u64, &mut content.as_bytes()).unwrap();
            let kind = TreeEntryKind::File { blob, executable: false };
            match path.split_once('/') {
                None => root.push(TreeEntry { name: (*path).into(), kind }),
                Some((folder, file)) => {
                    let entry = TreeEntry { name: file.into(), kind };
                    match folders.iter_mut().find(|(name, _)| name == folder) {
                        Some((_, entries)) => entries.push(entry),
                        None => folders.push((folder.into(), vec![entry])),
                    }
                }
            }
        }
        for (folder, entries) in folders {
            let kind = TreeEntryKind::Dir(writer.tree(&entries).unwrap());
            root.push(TreeEntry { name: folder.into(), kind });
        }
        let tree = writer.tree(&root).unwrap();
        writer.finish(Durability::Process).unwrap();
        tree
    }

    pub fn put(&self, change: &Resolved, files: &[(&str, &str)], sequence: u64) -> Resolved {
        let snapshot = ChangeSnapshot {
            beyond_git: false,
            change: change.change.clone(),
            base: change.commit.clone(),
            root: RootTree { tree: self.tree(files), conflicts: Vec::new() },
            journal_since: 0,
            journal_sequence: sequence,
        };
        self.repo.snapshot(&[snapshot], &ann(), 0).unwrap();
        self.repo.resolve_change(change.change.as_str()).unwrap()
    }

    /// A child of `parent` with this content.
    pub fn child(&self, parent: &Resolved, message: &str, files: &[(&str, &str)]) -> Resolved {
        let (child, _) = self.repo.new_change(&parent.commit, message, &ann()).unwrap();
        self.put(&child, files, 1)
    }

    /// The change as it is now.
    pub fn now(&self, change: &Resolved) -> Resolved {
        self.repo.resolve_change(change.change.as_str()).unwrap()
    }

    /// Descriptions from a change down, on one line.
    pub fn log(&self, change: &Resolved) -> String {
        let log = self.repo.log(&self.now(change).commit, 0).unwrap();
        let texts: Vec<_> =
            log.iter().map(|commit| commit.description.replace('\n', " ")).collect();
        texts.join("/")
    }

    pub fn text(&self, change: &Resolved, file: &str) -> Option<String> {
        let tree = self.repo.commit_root(&change.commit).unwrap().tree;
        let objects = self.repo.objects();
        let entries = objects.tree(tree).unwrap();
        let entry = entries.into_iter().find(|entry| entry.name == file)?;
        let TreeEntryKind::File { blob, .. } = entry.kind else { return None };
        let size = usize::try_from(objects.blob_size(blob).unwrap()).unwrap();
        Some(String::from_utf8(objects.read(blob, 0, size).unwrap().into()).unwrap())
    }
}
