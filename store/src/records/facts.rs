//! Facts nodes and sums: content-addressed, shared by all repositories.

use std::collections::HashSet;

use mesafs::name::CommitOid;
use mesafs::tree::{ObjectId, Sums};
use rusqlite::{OptionalExtension, params};

use super::{Database, Lasting, malformed};
use crate::error::StoreError;
use crate::journal::RepoUid;
use crate::wire::{Reader, Writer};

impl Database {
    pub fn facts(&self, id: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|db| {
            let mut select = db.prepare_cached("SELECT node FROM facts WHERE id = ?1")?;
            select.query_row([&id[..]], |row| row.get(0)).optional()
        })
    }

    pub fn sums(&self, tree: ObjectId) -> Result<Option<Sums>, StoreError> {
        self.read(|db| {
            let mut select = db.prepare_cached("SELECT sums FROM sums WHERE tree = ?1")?;
            let stored: Option<Vec<u8>> =
                select.query_row([&tree.0[..]], |row| row.get(0)).optional()?;
            let read = |bytes: Vec<u8>| Reader::new(bytes.into()).sums();
            stored.map(|bytes| read(bytes).ok_or_else(|| malformed("sums"))).transpose()
        })
    }

    /// Stores nodes of facts and sums.
    pub fn put_nodes(
        &self,
        facts: &[([u8; 32], Vec<u8>)],
        sums: &[(ObjectId, Sums)],
        lasting: Lasting,
    ) -> Result<(), StoreError> {
        if facts.is_empty() && sums.is_empty() {
            return Ok(());
        }
        self.write(lasting, |db| {
            let mut insert = db.prepare_cached("INSERT OR IGNORE INTO facts VALUES (?1, ?2)")?;
            for (id, node) in facts {
                insert.execute(params![&id[..], node])?;
            }
            put_sums(db, sums)
        })
    }

    pub fn put_sums(&self, sums: &[(ObjectId, Sums)]) -> Result<(), StoreError> {
        self.write(Lasting::Process, |db| put_sums(db, sums))
    }

    /// What is kept beside the root directory of a commit.
    pub fn commit_facts(
        &self,
        repo: RepoUid,
        commit: &CommitOid,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|db| {
            let sql = "SELECT root FROM commit_facts WHERE repo = ?1 AND oid = ?2";
            let mut select = db.prepare_cached(sql)?;
            select.query_row(params![repo.0, commit.as_str()], |row| row.get(0)).optional()
        })
    }

    /// Forgets what is kept beside commits other than these.
    pub fn keep_commit_facts(
        &self,
        repo: RepoUid,
        commits: &HashSet<CommitOid>,
    ) -> Result<(), StoreError> {
        self.write(Lasting::Process, |db| {
            let mut gone = Vec::new();
            let mut select = db.prepare_cached("SELECT oid FROM commit_facts WHERE repo = ?1")?;
            for oid in select.query_map([repo.0], |row| row.get::<_, String>(0))? {
                let oid = oid?;
                if CommitOid::new(&oid).is_ok_and(|oid| !commits.contains(&oid)) {
                    gone.push(oid);
                }
            }
            let sql = "DELETE FROM commit_facts WHERE repo = ?1 AND oid = ?2";
            let mut delete = db.prepare_cached(sql)?;
            gone.iter().try_for_each(|oid| delete.execute(params![repo.0, oid]).map(drop))
        })
    }

    pub fn put_commit_facts(
        &self,
        repo: RepoUid,
        commits: &[(CommitOid, Vec<u8>)],
    ) -> Result<(), StoreError> {
        if commits.is_empty() {
            return Ok(());
        }
        self.write(Lasting::Process, |db| put_commit_facts(db, repo, commits))
    }
}

fn put_sums(db: &rusqlite::Transaction<'_>, sums: &[(ObjectId, Sums)]) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached("INSERT OR IGNORE INTO sums VALUES (?1, ?2)")?;
    sums.iter().try_for_each(|(tree, sums)| {
        let mut bytes = Writer::default();
        bytes.sums(*sums);
        insert.execute(params![&tree.0[..], bytes.0]).map(drop)
    })
}

pub(super) fn put_commit_facts(
    db: &rusqlite::Transaction<'_>,
    repo: RepoUid,
    commits: &[(CommitOid, Vec<u8>)],
) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO commit_facts VALUES (?1, ?2, ?3)";
    let mut insert = db.prepare_cached(sql)?;
    commits.iter().try_for_each(|(commit, root)| {
        insert.execute(params![repo.0, commit.as_str(), root]).map(drop)
    })
}
