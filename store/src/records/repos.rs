//! Which repositories there are.

use mesafs::name::{OrgName, RepoId, RepoName};
use rusqlite::{OptionalExtension, Row, params};

use super::{Database, Lasting, malformed};
use crate::error::StoreError;
use crate::journal::RepoUid;

/// A repository's row.
#[derive(Debug, Clone)]
pub(crate) struct RepoRow {
    pub uid: RepoUid,
    pub id: RepoId,
    pub created_ms: i64,
}

fn row(row: &Row<'_>) -> rusqlite::Result<RepoRow> {
    let org = OrgName::new(&row.get::<_, String>(1)?).map_err(|_| malformed("org"))?;
    let name = RepoName::new(&row.get::<_, String>(2)?).map_err(|_| malformed("name"))?;
    let uid = RepoUid(row.get(0)?);
    Ok(RepoRow { uid, id: RepoId::new(org, name), created_ms: row.get(3)? })
}

impl Database {
    /// All repositories, sorted by name.
    pub fn repos(&self) -> Result<Vec<RepoRow>, StoreError> {
        self.read(|db| {
            let sql = "SELECT uid, org, name, created_ms FROM repos ORDER BY org, name";
            db.prepare_cached(sql)?.query_map([], row)?.collect()
        })
    }

    pub fn repo(&self, id: &RepoId) -> Result<Option<RepoRow>, StoreError> {
        self.read(|db| {
            let sql = "SELECT uid, org, name, created_ms FROM repos WHERE org = ?1 AND name = ?2";
            let names = [id.org.as_str(), id.repo.as_str()];
            db.prepare_cached(sql)?.query_row(names, row).optional()
        })
    }

    pub fn repo_by_uid(&self, uid: RepoUid) -> Result<Option<RepoRow>, StoreError> {
        self.read(|db| {
            let sql = "SELECT uid, org, name, created_ms FROM repos WHERE uid = ?1";
            db.prepare_cached(sql)?.query_row([uid.0], row).optional()
        })
    }

    pub fn add_repo(&self, id: &RepoId, created_ms: i64) -> Result<RepoUid, StoreError> {
        self.write(Lasting::Power, |db| {
            let sql = "INSERT INTO repos (org, name, created_ms) VALUES (?1, ?2, ?3)";
            db.execute(sql, params![id.org.as_str(), id.repo.as_str(), created_ms])?;
            Ok(RepoUid(db.last_insert_rowid()))
        })
    }

    /// Forgets a repository and what is kept beside its commits.
    pub fn remove_repo(&self, uid: RepoUid) -> Result<(), StoreError> {
        self.write(Lasting::Power, |db| {
            for table in ["commit_facts", "pending_facts", "snapshots", "audit"] {
                db.execute(&format!("DELETE FROM {table} WHERE repo = ?1"), [uid.0])?;
            }
            db.execute("DELETE FROM repos WHERE uid = ?1", [uid.0]).map(drop)
        })
    }
}
