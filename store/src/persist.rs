//! What the live trees and snapshots need of persistence: four small contracts.
//!
//! Here each has one implementation: the journal, the engine's objects, its operation heads, and
//! the database. A cluster puts others behind them, and jj-lib's own stores over the same.

use std::collections::{HashMap, HashSet};
use std::fmt;

use bstr::BString;
use bytes::Bytes;
use mesafs::backend::AuditEntry;
use mesafs::error::FsResult;
use mesafs::name::{ChangeId, CommitOid};
use mesafs::path::RepoPath;
use mesafs::tree::{ObjectId, Sums};

use crate::engine::{
    self, Author, ChangeSnapshot, Edits, EngineResult, ObjectWriter, Repository, RootTree,
    Transacted, TreeEntry,
};
use crate::error::StoreError;
use crate::journal::{ChangeKey, Journal, PartRef, RepoUid, Written};
use crate::records::{Auditing, Database, Lasting, SnapshotRow, Summary};

/// The durable order of everything that lands. Appends are fenced: only the store's owner can.
pub(crate) trait Log: Send + Sync + fmt::Debug {
    /// Lands one record, whole or not at all.
    fn append(&self, parts: &[PartRef<'_>]) -> FsResult<Written>;
    /// The sequence of the last record.
    fn last(&self) -> u64;
    /// The lowest sequence that is still needed.
    fn floor(&self, passed: &dyn Fn(&ChangeKey) -> u64) -> u64;
}

/// The immutable objects of one repository.
pub(crate) trait Objects: Send + Sync + fmt::Debug {
    fn tree(&self, tree: ObjectId) -> EngineResult<Vec<TreeEntry>>;
    fn blob_size(&self, blob: ObjectId) -> EngineResult<u64>;
    fn read(&self, blob: ObjectId, offset: u64, len: usize) -> EngineResult<Bytes>;
    fn symlink_target(&self, blob: ObjectId) -> EngineResult<BString>;
    fn sums(
        &self,
        tree: ObjectId,
        known: &mut dyn FnMut(ObjectId) -> Option<Sums>,
        found: &mut dyn FnMut(ObjectId, Sums),
    ) -> EngineResult<Sums>;
}

/// The head of one repository's operations: it is exchanged for the next one, never overwritten.
pub(crate) trait Heads: Send + Sync + fmt::Debug {
    fn writer(&self) -> ObjectWriter;
    fn commit_root(&self, commit: &CommitOid) -> EngineResult<RootTree>;
    fn snapshot(
        &self,
        changes: &[ChangeSnapshot],
        committer: &Author,
        floor: u64,
    ) -> EngineResult<Transacted>;
    fn journal_positions(&self) -> EngineResult<HashMap<ChangeId, u64>>;
    /// Makes everything that was written so far survive power loss.
    fn sync(&self) -> EngineResult<()>;
}

/// What git cannot hold, and how far the journal is held by commits.
pub(crate) trait Records: Send + Sync + fmt::Debug {
    fn facts(&self, id: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError>;
    fn sums(&self, tree: ObjectId) -> Result<Option<Sums>, StoreError>;
    fn put_sums(&self, sums: &[(ObjectId, Sums)]) -> Result<(), StoreError>;
    fn commit_facts(
        &self,
        repo: RepoUid,
        commit: &CommitOid,
    ) -> Result<Option<Vec<u8>>, StoreError>;
    fn put_commit_facts(
        &self,
        repo: RepoUid,
        commits: &[(CommitOid, Vec<u8>)],
    ) -> Result<(), StoreError>;
    /// Stores nodes of facts and sums. Nothing may be marked as stored before.
    fn put_nodes(
        &self,
        facts: &[([u8; 32], Vec<u8>)],
        sums: &[(ObjectId, Sums)],
        lasting: Lasting,
    ) -> Result<(), StoreError>;
    fn prepare_snapshot(
        &self,
        repo: RepoUid,
        rows: &[SnapshotRow],
        auditing: Auditing<'_>,
    ) -> Result<(), StoreError>;
    /// Forgets what is kept beside commits other than these.
    fn keep_commit_facts(
        &self,
        repo: RepoUid,
        commits: &HashSet<CommitOid>,
    ) -> Result<(), StoreError>;
    /// Forgets the sums of trees that are gone. Whoever has one still counts it again.
    fn drop_sums(&self, trees: &[ObjectId]) -> Result<(), StoreError>;
    fn audit_summary(&self, repo: RepoUid, edits: &[Edits]) -> Result<Summary, StoreError>;
    fn audit_of(&self, repo: RepoUid, edits: &[Edits]) -> Result<Vec<AuditEntry>, StoreError>;
    fn audit(
        &self,
        repo: RepoUid,
        paths: &[RepoPath],
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError>;
    fn finish_snapshot(
        &self,
        repo: RepoUid,
        commits: &[(CommitOid, Vec<u8>)],
        rows: &[SnapshotRow],
    ) -> Result<(), StoreError>;
    fn pending_facts(&self, repo: RepoUid) -> Result<Vec<(ChangeId, u64, Vec<u8>)>, StoreError>;
    fn positions(&self, repo: RepoUid) -> Result<HashMap<ChangeId, u64>, StoreError>;
}

impl Log for Journal {
    fn append(&self, parts: &[PartRef<'_>]) -> FsResult<Written> {
        self.append(parts)
    }

    fn last(&self) -> u64 {
        self.last()
    }

    fn floor(&self, passed: &dyn Fn(&ChangeKey) -> u64) -> u64 {
        self.floor(passed)
    }
}

impl Objects for engine::Objects {
    fn tree(&self, tree: ObjectId) -> EngineResult<Vec<TreeEntry>> {
        self.tree(tree)
    }

    fn blob_size(&self, blob: ObjectId) -> EngineResult<u64> {
        self.blob_size(blob)
    }

    fn read(&self, blob: ObjectId, offset: u64, len: usize) -> EngineResult<Bytes> {
        self.read(blob, offset, len)
    }

    fn symlink_target(&self, blob: ObjectId) -> EngineResult<BString> {
        self.symlink_target(blob)
    }

    fn sums(
        &self,
        tree: ObjectId,
        known: &mut dyn FnMut(ObjectId) -> Option<Sums>,
        found: &mut dyn FnMut(ObjectId, Sums),
    ) -> EngineResult<Sums> {
        self.sums(tree, known, found)
    }
}

impl Heads for Repository {
    fn writer(&self) -> ObjectWriter {
        self.writer()
    }

    fn commit_root(&self, commit: &CommitOid) -> EngineResult<RootTree> {
        self.commit_root(commit)
    }

    fn snapshot(
        &self,
        changes: &[ChangeSnapshot],
        committer: &Author,
        floor: u64,
    ) -> EngineResult<Transacted> {
        self.snapshot(changes, committer, floor)
    }

    fn journal_positions(&self) -> EngineResult<HashMap<ChangeId, u64>> {
        self.journal_positions()
    }

    fn sync(&self) -> EngineResult<()> {
        self.sync()
    }
}

impl Records for Database {
    fn facts(&self, id: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        self.facts(id)
    }

    fn sums(&self, tree: ObjectId) -> Result<Option<Sums>, StoreError> {
        self.sums(tree)
    }

    fn put_sums(&self, sums: &[(ObjectId, Sums)]) -> Result<(), StoreError> {
        self.put_sums(sums)
    }

    fn commit_facts(
        &self,
        repo: RepoUid,
        commit: &CommitOid,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.commit_facts(repo, commit)
    }

    fn put_commit_facts(
        &self,
        repo: RepoUid,
        commits: &[(CommitOid, Vec<u8>)],
    ) -> Result<(), StoreError> {
        self.put_commit_facts(repo, commits)
    }

    fn put_nodes(
        &self,
        facts: &[([u8; 32], Vec<u8>)],
        sums: &[(ObjectId, Sums)],
        lasting: Lasting,
    ) -> Result<(), StoreError> {
        self.put_nodes(facts, sums, lasting)
    }

    fn prepare_snapshot(
        &self,
        repo: RepoUid,
        rows: &[SnapshotRow],
        auditing: Auditing<'_>,
    ) -> Result<(), StoreError> {
        self.prepare_snapshot(repo, rows, auditing)
    }

    fn keep_commit_facts(
        &self,
        repo: RepoUid,
        commits: &HashSet<CommitOid>,
    ) -> Result<(), StoreError> {
        self.keep_commit_facts(repo, commits)
    }

    fn drop_sums(&self, trees: &[ObjectId]) -> Result<(), StoreError> {
        self.drop_sums(trees)
    }

    fn audit_summary(&self, repo: RepoUid, edits: &[Edits]) -> Result<Summary, StoreError> {
        self.audit_summary(repo, edits)
    }

    fn audit_of(&self, repo: RepoUid, edits: &[Edits]) -> Result<Vec<AuditEntry>, StoreError> {
        self.audit_of(repo, edits)
    }

    fn audit(
        &self,
        repo: RepoUid,
        paths: &[RepoPath],
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.audit(repo, paths, limit)
    }

    fn finish_snapshot(
        &self,
        repo: RepoUid,
        commits: &[(CommitOid, Vec<u8>)],
        rows: &[SnapshotRow],
    ) -> Result<(), StoreError> {
        self.finish_snapshot(repo, commits, rows)
    }

    fn pending_facts(&self, repo: RepoUid) -> Result<Vec<(ChangeId, u64, Vec<u8>)>, StoreError> {
        self.pending_facts(repo)
    }

    fn positions(&self, repo: RepoUid) -> Result<HashMap<ChangeId, u64>, StoreError> {
        self.positions(repo)
    }
}
