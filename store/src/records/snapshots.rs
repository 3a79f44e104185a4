//! How far the journal is held by commits, change by change.

use std::collections::HashMap;

use mesafs::name::{ChangeId, CommitOid};
use rusqlite::params;

use super::audit::{Auditing, put_audit};
use super::facts::put_commit_facts;
use super::{Database, Lasting, malformed};
use crate::error::StoreError;
use crate::journal::RepoUid;

/// A change whose content up to a journal sequence is in its commit.
#[derive(Debug, Clone)]
pub(crate) struct SnapshotRow {
    pub change: ChangeId,
    pub sequence: u64,
    /// What is kept beside the root directory.
    pub root: Vec<u8>,
}

impl Database {
    /// Before the operation: stores which edits are in the commits, and which root facts a change's
    /// commit gets once the operation is there. What was stored before lasts from here on.
    pub fn prepare_snapshot(
        &self,
        repo: RepoUid,
        rows: &[SnapshotRow],
        auditing: Auditing<'_>,
    ) -> Result<(), StoreError> {
        self.write(Lasting::Power, |db| {
            put_audit(db, repo, auditing)?;
            let sql = "INSERT OR REPLACE INTO pending_facts VALUES (?1, ?2, ?3, ?4)";
            let mut insert = db.prepare_cached(sql)?;
            rows.iter().try_for_each(|row| {
                let sequence = row.sequence.cast_signed();
                let change = row.change.as_str();
                insert.execute(params![repo.0, change, sequence, row.root]).map(drop)
            })
        })
    }

    /// After the operation is safe: the commits' facts and the changes' positions.
    pub fn finish_snapshot(
        &self,
        repo: RepoUid,
        commits: &[(CommitOid, Vec<u8>)],
        rows: &[SnapshotRow],
    ) -> Result<(), StoreError> {
        self.write(Lasting::Power, |db| {
            put_commit_facts(db, repo, commits)?;
            let sql = "INSERT OR REPLACE INTO snapshots VALUES (?1, ?2, ?3)";
            let mut insert = db.prepare_cached(sql)?;
            let sql = "DELETE FROM pending_facts WHERE repo = ?1 AND change = ?2";
            let mut delete = db.prepare_cached(sql)?;
            rows.iter().try_for_each(|row| {
                let change = row.change.as_str();
                insert.execute(params![repo.0, change, row.sequence.cast_signed()])?;
                delete.execute(params![repo.0, change]).map(drop)
            })
        })
    }

    /// What interrupted snapshots prepared: change, sequence and root facts.
    pub fn pending_facts(
        &self,
        repo: RepoUid,
    ) -> Result<Vec<(ChangeId, u64, Vec<u8>)>, StoreError> {
        self.read(|db| {
            let sql = "SELECT change, sequence, root FROM pending_facts WHERE repo = ?1";
            let mut select = db.prepare_cached(sql)?;
            let rows = select.query_map([repo.0], |row| {
                let change = ChangeId::new(&row.get::<_, String>(0)?);
                let change = change.map_err(|_| malformed("change"))?;
                Ok((change, row.get::<_, i64>(1)?.cast_unsigned(), row.get(2)?))
            })?;
            rows.collect()
        })
    }

    /// The position of each change of a repository.
    pub fn positions(&self, repo: RepoUid) -> Result<HashMap<ChangeId, u64>, StoreError> {
        self.read(|db| {
            let sql = "SELECT change, sequence FROM snapshots WHERE repo = ?1";
            let mut select = db.prepare_cached(sql)?;
            let rows = select.query_map([repo.0], |row| {
                let change = ChangeId::new(&row.get::<_, String>(0)?);
                let change = change.map_err(|_| malformed("change"))?;
                Ok((change, row.get::<_, i64>(1)?.cast_unsigned()))
            })?;
            rows.collect()
        })
    }
}
