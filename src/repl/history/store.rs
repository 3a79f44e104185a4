//! The history's database: one table, shared by all sessions of a user.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, params};

use super::{Entry, Place};

/// How long a session waits for another that writes.
const BUSY: Duration = Duration::from_millis(250);

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS lines (
        id INTEGER PRIMARY KEY,
        time_ms INTEGER NOT NULL,
        session TEXT NOT NULL,
        text TEXT NOT NULL,
        cwd TEXT NOT NULL,
        repo TEXT NOT NULL,
        change TEXT NOT NULL,
        status INTEGER,
        duration_ms INTEGER
    );
    CREATE INDEX IF NOT EXISTS lines_text ON lines (text);";

/// An open database.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    session: String,
    /// The last row that was read.
    seen: i64,
    lines_max: usize,
}

impl Store {
    /// Opens the database, made readable for its owner alone.
    ///
    /// # Errors
    /// Those of the database.
    pub fn open(path: &Path, lines_max: usize) -> rusqlite::Result<Self> {
        if let Some(parent) = path.parent() {
            // What fails here fails below too.
            drop(fs::create_dir_all(parent));
        }
        drop(fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path));
        let db = Connection::open(path)?;
        db.busy_timeout(BUSY)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "NORMAL")?;
        db.execute_batch(SCHEMA)?;
        let mut random = [0; 8];
        // Without it two sessions of one process might be taken for one.
        let _ = getrandom::fill(&mut random);
        let session = format!("{}-{:016x}", std::process::id(), u64::from_ne_bytes(random));
        Ok(Self { db, session, seen: 0, lines_max })
    }

    /// The lines that there are, oldest first; those beyond the maximum are dropped for good.
    ///
    /// # Errors
    /// Those of the database.
    pub fn load(&mut self) -> rusqlite::Result<Vec<Entry>> {
        let limit = i64::try_from(self.lines_max).unwrap_or(i64::MAX);
        self.db.execute(
            "DELETE FROM lines WHERE id <= (SELECT id FROM lines ORDER BY id DESC LIMIT 1 OFFSET ?)",
            [limit],
        )?;
        self.fresh()
    }

    /// Whether nothing was ever added.
    pub fn is_new(&self) -> bool {
        let count = self.db.query_row("SELECT count(*) FROM lines", [], |row| row.get::<_, i64>(0));
        count.is_ok_and(|count| count == 0)
    }

    /// Adds lines that are from no session, as one.
    ///
    /// # Errors
    /// Those of the database; nothing is added then.
    pub fn import(&mut self, lines: &[String]) -> rusqlite::Result<()> {
        let all = self.db.transaction()?;
        for line in lines {
            all.execute(
                "INSERT INTO lines (time_ms, session, text, cwd, repo, change) VALUES (?, '', ?, '', '', '')",
                params![now_ms(), line],
            )?;
        }
        all.commit()
    }

    /// What other sessions have added since the last call.
    ///
    /// # Errors
    /// Those of the database.
    pub fn fresh(&mut self) -> rusqlite::Result<Vec<Entry>> {
        let mut query = self.db.prepare_cached(
            "SELECT id, text, cwd, repo, change, status FROM lines
             WHERE id > ? AND session <> ? ORDER BY id",
        )?;
        let rows = query.query_map(params![self.seen, self.session], |row| {
            let place = Place { cwd: row.get(2)?, repo: row.get(3)?, change: row.get(4)? };
            let entry = Entry { text: row.get(1)?, place, status: row.get(5)?, own: false };
            Ok((row.get::<_, i64>(0)?, entry))
        })?;
        let mut entries = Vec::new();
        for row in rows {
            let (id, entry) = row?;
            self.seen = self.seen.max(id);
            entries.push(entry);
        }
        Ok(entries)
    }

    /// Adds a line; its row.
    ///
    /// # Errors
    /// Those of the database.
    pub fn add(&mut self, text: &str, place: &Place) -> rusqlite::Result<i64> {
        self.db.execute(
            "INSERT INTO lines (time_ms, session, text, cwd, repo, change) VALUES (?, ?, ?, ?, ?, ?)",
            params![now_ms(), self.session, text, place.cwd, place.repo, place.change],
        )?;
        Ok(self.db.last_insert_rowid())
    }

    /// Notes how the line of a row ended.
    ///
    /// # Errors
    /// Those of the database.
    pub fn end(&mut self, row: i64, status: u8, took: Duration) -> rusqlite::Result<()> {
        let took_ms = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
        let update = "UPDATE lines SET status = ?, duration_ms = ? WHERE id = ?";
        self.db.execute(update, params![status, took_ms, row]).map(drop)
    }

    /// Removes all lines of this text.
    ///
    /// # Errors
    /// Those of the database.
    pub fn erase(&mut self, text: &str) -> rusqlite::Result<()> {
        self.db.execute("DELETE FROM lines WHERE text = ?", [text]).map(drop)
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
