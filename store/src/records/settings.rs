//! Single values: the owner epoch, the batches that were trimmed from the journal.

use rusqlite::{OptionalExtension, params};

use super::{Database, Lasting, malformed};
use crate::error::StoreError;

const EPOCH: &str = "epoch";
const BATCHES: &str = "batches";
const SEQUENCE: &str = "sequence";

impl Database {
    /// Raises the owner epoch, which fences off whoever wrote before.
    pub fn next_epoch(&self) -> Result<u64, StoreError> {
        self.write(Lasting::Process, |db| {
            let stored: Option<i64> = db
                .query_row("SELECT value FROM settings WHERE name = ?1", [EPOCH], |row| row.get(0))
                .optional()?;
            let epoch = stored.unwrap_or(0).saturating_add(1);
            db.execute("INSERT OR REPLACE INTO settings VALUES (?1, ?2)", params![EPOCH, epoch])?;
            u64::try_from(epoch).map_err(|_| malformed("epoch"))
        })
    }

    /// The batches that landed last before the journal was trimmed, as they were stored.
    pub fn batches(&self) -> Result<Vec<u8>, StoreError> {
        self.read(|db| {
            let stored = db
                .query_row("SELECT value FROM settings WHERE name = ?1", [BATCHES], |row| {
                    row.get(0)
                })
                .optional()?;
            Ok(stored.unwrap_or_default())
        })
    }

    /// Before the journal is trimmed: what it knew and must not be forgotten.
    pub fn keep_of_journal(&self, batches: &[u8], sequence: u64) -> Result<(), StoreError> {
        self.write(Lasting::Power, |db| {
            let sql = "INSERT OR REPLACE INTO settings VALUES (?1, ?2)";
            db.execute(sql, params![BATCHES, batches])?;
            db.execute(sql, params![SEQUENCE, sequence.cast_signed()]).map(drop)
        })
    }

    /// A sequence that was given already, and none after it that the journal does not know.
    pub fn sequence_floor(&self) -> Result<u64, StoreError> {
        self.read(|db| {
            let sql = "SELECT max(coalesce((SELECT max(sequence) FROM snapshots), 0),
                                  coalesce((SELECT value FROM settings WHERE name = ?1), 0))";
            db.query_row(sql, [SEQUENCE], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)
        })
    }
}
