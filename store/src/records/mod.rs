//! The store's database: repositories, keys, facts, sums, snapshot rows, the audit, settings (SQLite,
//! WAL).
//!
//! Never on the write path: a batch needs the journal alone. One connection under one lock, every
//! call a transaction of its own. What must survive power loss before the call returns says so
//! ([`Lasting`]); the rest is content-addressed or comes again from the journal.

mod audit;
mod facts;
mod keys;
mod repos;
mod settings;
mod snapshots;
mod sweep;

use std::path::Path;
use std::sync::Arc;

use mesafs::counters::Counters;
use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction};

use crate::error::StoreError;

pub(crate) use audit::{Auditing, Edited, Summary};
pub(crate) use keys::{KeyTable, SharedKeys};
pub(crate) use repos::RepoRow;
pub(crate) use snapshots::SnapshotRow;

/// The format that this program writes.
const FORMAT: u32 = 2;
/// How many prepared statements are kept.
const STATEMENTS_KEPT: usize = 64;
/// A log of so many pages (4 KiB) goes into the database as it is written; one that is longer than so
/// many bytes, when the store is closed.
const LOG_PAGES_MAX: u32 = 256;
const LOG_BYTES_LEFT_MAX: u64 = 256 << 10;

const SCHEMA: &str = "
CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE repos (
    uid INTEGER PRIMARY KEY AUTOINCREMENT,
    org TEXT NOT NULL, name TEXT NOT NULL, created_ms INTEGER NOT NULL, UNIQUE (org, name));
CREATE TABLE keys (
    added INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE, org TEXT NOT NULL, public BLOB NOT NULL, scope TEXT NOT NULL,
    repos TEXT, revoked INTEGER NOT NULL, created_ms INTEGER NOT NULL);
CREATE TABLE facts (id BLOB PRIMARY KEY, node BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE sums (tree BLOB PRIMARY KEY, sums BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE commit_facts (
    repo INTEGER NOT NULL, oid TEXT NOT NULL, root BLOB NOT NULL,
    PRIMARY KEY (repo, oid)) WITHOUT ROWID;
CREATE TABLE pending_facts (
    repo INTEGER NOT NULL, change TEXT NOT NULL, sequence INTEGER NOT NULL, root BLOB NOT NULL,
    PRIMARY KEY (repo, change)) WITHOUT ROWID;
CREATE TABLE snapshots (
    repo INTEGER NOT NULL, change TEXT NOT NULL, sequence INTEGER NOT NULL,
    PRIMARY KEY (repo, change)) WITHOUT ROWID;
";

/// Whether a call returns only when what it wrote survives power loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lasting {
    Process,
    Power,
}

/// The store's database.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Mutex<Connection>,
    counters: Arc<Counters>,
}

impl Database {
    /// Opens it, making it if it is missing.
    pub fn open(path: &Path, counters: Arc<Counters>) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        // What is checkpointed is rewritten and synced twice: not at each close of a run that wrote
        // one row. The next run reads the log, which `checkpoint` keeps short.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES_MAX)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        match found {
            0 => {
                let schema = format!(
                    "BEGIN; {SCHEMA} {} PRAGMA user_version = {FORMAT}; COMMIT;",
                    audit::SCHEMA
                );
                connection.execute_batch(&schema)?;
            }
            // Before there was an audit.
            1 => {
                let schema = audit::SCHEMA;
                let added = format!("BEGIN; {schema} PRAGMA user_version = {FORMAT}; COMMIT;");
                connection.execute_batch(&added)?;
            }
            FORMAT => {}
            found => {
                return Err(StoreError::Format { path: path.to_owned(), found, known: FORMAT });
            }
        }
        Ok(Self { connection: Mutex::new(connection), counters })
    }

    /// Moves the log's content into the database if the log has grown long.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        let connection = self.connection.lock();
        let log = connection.path().map(|path| format!("{path}-wal"));
        let bytes = log.and_then(|log| std::fs::metadata(log).ok()).map_or(0, |log| log.len());
        if bytes > LOG_BYTES_LEFT_MAX {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
        }
        Ok(())
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        Ok(read(&self.connection.lock())?)
    }

    fn write<T>(
        &self,
        lasting: Lasting,
        write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection.lock();
        if lasting == Lasting::Power {
            connection.pragma_update(None, "synchronous", "FULL")?;
            self.counters.add_fsyncs(1);
        }
        let transaction = connection.transaction()?;
        let written = write(&transaction);
        let done = written.and_then(|value| transaction.commit().map(|()| value));
        if lasting == Lasting::Power {
            connection.pragma_update(None, "synchronous", "NORMAL")?;
        }
        Ok(done?)
    }
}

/// A column that holds what was never written there.
fn malformed(column: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(
        0,
        rusqlite::types::Type::Blob,
        format!("malformed {column}").into(),
    )
}
