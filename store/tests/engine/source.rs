//! A git repository to import, made without the git program.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use gix::objs::tree::{Entry, EntryKind};
use gix::{ObjectId as GitId, Repository as Git};
use mesa_store::engine::{ImportError, ImportReport, Repository};
use mesafs::tree::Sums;
use tempfile::TempDir;

use crate::fixture::ann;

pub struct Source {
    pub folder: TempDir,
    pub git: Git,
    pub sums: HashMap<mesafs::tree::ObjectId, Sums>,
}

pub fn source() -> Source {
    let folder = TempDir::new().unwrap();
    let options = gix::open::Options::isolated()
        .config_overrides(["user.name=Git", "user.email=git@example.com"]);
    let git = gix::ThreadSafeRepository::init_opts(
        folder.path().join("source"),
        gix::create::Kind::WithWorktree,
        gix::create::Options::default(),
        options,
    )
    .unwrap()
    .to_thread_local();
    Source { folder, git, sums: HashMap::new() }
}

impl Source {
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("source")
    }

    pub fn dir(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    pub fn tree(&self, entries: &[(&[u8], EntryKind, GitId)]) -> GitId {
        let mut entries: Vec<Entry> = entries
            .iter()
            .map(|(name, kind, oid)| Entry {
                mode: (*kind).into(),
                filename: (*name).into(),
                oid: *oid,
            })
            .collect();
        entries.sort();
        self.git.write_object(gix::objs::Tree { entries }).unwrap().detach()
    }

    pub fn file(&self, name: &[u8], text: &str) -> GitId {
        self.tree(&[(name, EntryKind::Blob, self.blob(text))])
    }

    pub fn blob(&self, text: &str) -> GitId {
        self.git.write_blob(text).unwrap().detach()
    }

    pub fn commit(&self, branch: &str, message: &str, tree: GitId, parents: &[GitId]) -> GitId {
        let reference = format!("refs/heads/{branch}");
        let commit = self.git.new_commit(message, tree, parents.iter().copied()).unwrap().id;
        let any = gix::refs::transaction::PreviousValue::Any;
        self.git.reference(reference, commit, any, "test").unwrap();
        commit
    }

    /// A commit with headers that git doesn't know.
    pub fn commit_with_headers(&self, branch: &str, tree: GitId, headers: &[(&str, String)]) {
        let signature = gix::actor::Signature {
            name: "Git".into(),
            email: "git@example.com".into(),
            time: gix::date::Time::new(1_700_000_000, 0),
        };
        let headers = headers.iter().map(|(name, text)| ((*name).into(), text.as_str().into()));
        let commit = gix::objs::Commit {
            tree,
            parents: Default::default(),
            author: signature.clone(),
            committer: signature,
            encoding: None,
            message: "odd\n".into(),
            extra_headers: headers.collect(),
        };
        let commit = self.git.write_object(commit).unwrap().detach();
        let any = gix::refs::transaction::PreviousValue::Any;
        self.git.reference(format!("refs/heads/{branch}"), commit, any, "test").unwrap();
    }

    pub fn head(&self, content: &str) {
        std::fs::write(self.path().join(".git/HEAD"), content).unwrap();
    }

    pub fn import(&mut self, source: &Path) -> Result<(Repository, ImportReport), ImportError> {
        let sums = &mut self.sums;
        Repository::import(source, &self.folder.path().join("repo"), &ann(), &mut |tree, of| {
            assert!(sums.insert(tree, of).is_none(), "a tree twice");
        })
    }

    pub fn refused(&mut self) -> Vec<(String, String)> {
        match self.import(&self.path()) {
            Err(ImportError::Names(names)) => {
                assert!(!self.dir().exists());
                let left = std::fs::read_dir(self.folder.path()).unwrap().count();
                assert_eq!(left, 1, "something was left behind");
                let pair = |name: mesa_store::engine::RefusedName| {
                    (name.path.to_string(), name.commit.to_string())
                };
                names.into_iter().map(pair).collect()
            }
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("taken in"),
        }
    }
}
