//! The audit: one row for each edit that was noted, and for what it came of.

use std::collections::HashMap;

use bstr::BString;
use mesafs::backend::{AuditEntry, AuditOp, Cause, TOLD_MAX};
use mesafs::name::ChangeId;
use mesafs::path::RepoPath;
use mesafs::tree::ObjectId;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params, params_from_iter};

use super::{Database, Lasting, malformed};
use crate::audit::Audited;
use crate::engine::Edits;
use crate::error::StoreError;
use crate::journal::RepoUid;

pub(super) const SCHEMA: &str = "
CREATE TABLE audit_causes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, author TEXT NOT NULL, email TEXT NOT NULL,
    session TEXT NOT NULL, key TEXT NOT NULL, line BLOB NOT NULL);
CREATE TABLE audit (
    repo INTEGER NOT NULL, sequence INTEGER NOT NULL, at INTEGER NOT NULL, change TEXT NOT NULL,
    time_ns INTEGER NOT NULL, cause INTEGER NOT NULL, op TEXT NOT NULL, path BLOB NOT NULL,
    target BLOB, count INTEGER NOT NULL, before BLOB, after BLOB,
    PRIMARY KEY (repo, sequence, at)) WITHOUT ROWID;
CREATE INDEX audit_path ON audit (repo, path);
CREATE INDEX audit_target ON audit (repo, target) WHERE target IS NOT NULL;
CREATE INDEX audit_time ON audit (time_ns);
";

/// What an operation on a whole folder is, seen from below.
const OF_WHOLE: &str = "('remove', 'rename', 'copy', 'put')";
const COLUMNS: &str = "audit.sequence, audit.change, audit.time_ns, audit.op, audit.path,
    audit.target, audit.count, audit.before, audit.after, c.author, c.email, c.session, c.key, c.line";

/// The edits of one change that a snapshot stores.
pub(crate) type Edited<'a> = (&'a ChangeId, &'a [Audited]);

/// What a snapshot does to the audit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Auditing<'a> {
    pub edited: &'a [Edited<'a>],
    /// What is older goes.
    pub oldest_ns: i64,
}

/// What the edits of a snapshot come of, and a few of their paths.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub causes: Vec<Cause>,
    pub edits: u64,
    pub paths: Vec<RepoPath>,
}

pub(super) fn put_audit(
    db: &Transaction<'_>,
    repo: RepoUid,
    Auditing { edited, oldest_ns }: Auditing<'_>,
) -> rusqlite::Result<()> {
    if edited.iter().any(|(_, edits)| !edits.is_empty()) {
        db.prepare_cached("DELETE FROM audit WHERE time_ns < ?1")?.execute([oldest_ns])?;
    }
    let mut causes: HashMap<u64, i64> = HashMap::new();
    let sql = "INSERT OR IGNORE INTO audit VALUES
               (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    let mut insert = db.prepare_cached(sql)?;
    for (change, edits) in edited {
        for Audited { note, before, after } in *edits {
            let cause = match causes.get(&note.cause.id) {
                Some(row) => *row,
                None => {
                    let told = note.cause.told();
                    let sql = "INSERT INTO audit_causes (author, email, session, key, line)
                               VALUES (?1, ?2, ?3, ?4, ?5)";
                    let line: &[u8] = &told.line;
                    let email = told.author_email;
                    let values = params![told.author, email, told.session, told.key, line];
                    db.prepare_cached(sql)?.execute(values)?;
                    let row = db.last_insert_rowid();
                    causes.insert(note.cause.id, row);
                    row
                }
            };
            insert.execute(params![
                repo.0,
                note.sequence.cast_signed(),
                note.at.cast_signed(),
                change.as_str(),
                note.time_ns,
                cause,
                note.op.as_str(),
                note.path.as_ref(),
                note.to.as_ref().map(AsRef::<[u8]>::as_ref),
                note.count.cast_signed(),
                before.as_ref().map(|id| &id.0[..]),
                after.as_ref().map(|id| &id.0[..]),
            ])?;
        }
    }
    Ok(())
}

fn repo_path(bytes: &[u8]) -> rusqlite::Result<RepoPath> {
    RepoPath::new(bytes).map_err(|_| malformed("path"))
}

fn object(bytes: Option<Vec<u8>>) -> rusqlite::Result<Option<ObjectId>> {
    let id = |bytes: Vec<u8>| bytes.try_into().map(ObjectId).map_err(|_| malformed("object"));
    bytes.map(id).transpose()
}

fn cause(row: &Row<'_>, first: usize) -> rusqlite::Result<Cause> {
    Ok(Cause {
        author: row.get(first)?,
        author_email: row.get(first + 1)?,
        session: row.get(first + 2)?,
        key: row.get(first + 3)?,
        line: BString::from(row.get::<_, Vec<u8>>(first + 4)?),
    })
}

fn entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    let op: String = row.get(3)?;
    let op = AuditOp::ALL.into_iter().find(|known| known.as_str() == op);
    let to: Option<Vec<u8>> = row.get(5)?;
    Ok(AuditEntry {
        version: row.get::<_, i64>(0)?.cast_unsigned(),
        change: ChangeId::new(&row.get::<_, String>(1)?).map_err(|_| malformed("change"))?,
        time_ms: row.get::<_, i64>(2)?.div_euclid(1_000_000),
        op: op.ok_or_else(|| malformed("op"))?,
        path: repo_path(&row.get::<_, Vec<u8>>(4)?)?,
        to: to.map(|to| repo_path(&to)).transpose()?,
        count: row.get::<_, i64>(6)?.cast_unsigned(),
        before: object(row.get(7)?)?,
        after: object(row.get(8)?)?,
        cause: cause(row, 9)?,
    })
}

/// So many renames of one path are followed back.
const RENAMES_MAX: usize = 100;

/// Where what is at a path was earlier: another path, up to an edit.
struct Earlier {
    path: RepoPath,
    until: (i64, i64),
}

/// The names that what is at `path` had before, by renames of it or of a folder above it.
fn earlier(db: &Connection, repo: RepoUid, path: &RepoPath) -> rusqlite::Result<Vec<Earlier>> {
    let mut found: Vec<Earlier> = Vec::new();
    while found.len() < RENAMES_MAX {
        let (now, until) = match found.last() {
            Some(last) => (&last.path, last.until),
            None => (path, (i64::MAX, i64::MAX)),
        };
        let now: &[u8] = now.as_ref();
        let mut values: Vec<Value> = [repo.0, until.0, until.1].map(Value::Integer).into();
        values.push(Value::Blob(now.to_vec()));
        values.extend(folders_above(now).map(|folder| Value::Blob(folder.to_vec())));
        let targets: Vec<String> = (4..=values.len()).map(|at| format!("?{at}")).collect();
        let sql = format!(
            "SELECT sequence, at, path, target FROM audit
             WHERE repo = ?1 AND (sequence, at) < (?2, ?3) AND op = 'rename' AND target IN ({})
             ORDER BY sequence DESC, at DESC LIMIT 1",
            targets.join(", ")
        );
        let rename = db.prepare(&sql)?.query_row(params_from_iter(values), |row| {
            let (from, to): (Vec<u8>, Vec<u8>) = (row.get(2)?, row.get(3)?);
            Ok(((row.get(0)?, row.get(1)?), from, to))
        });
        let Some((until, from, to)) = rename.optional()? else { break };
        let rest = now.get(to.len()..).unwrap_or_default();
        found.push(Earlier { path: repo_path(&[&from[..], rest].concat())?, until });
    }
    Ok(found)
}

fn folders_above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    slashes.filter_map(|(at, _)| path.get(..at))
}

/// The condition for one path, with its values.
fn condition(path: &RepoPath, values: &mut Vec<Value>) -> Option<String> {
    if path.is_root() {
        return None;
    }
    let mut value = |bytes: Vec<u8>| {
        values.push(Value::Blob(bytes));
        format!("?{}", values.len())
    };
    let bytes: &[u8] = path.as_ref();
    let exact = value(bytes.to_vec());
    // Every name below begins with the path and '/', which '0' follows.
    let (from, to) = (value([bytes, b"/"].concat()), value([bytes, b"0"].concat()));
    let mut above = Vec::new();
    for folder in folders_above(bytes) {
        above.push(value(folder.to_vec()));
    }
    let above = above.join(", ");
    let of = |column: &str| {
        format!(
            "audit.{column} = {exact} OR (audit.{column} > {from} AND audit.{column} < {to})
             OR (audit.{column} IN ({above}) AND audit.op IN {OF_WHOLE})"
        )
    };
    Some(format!("{} OR {}", of("path"), of("target")))
}

impl Database {
    /// The edits at, below or of all above these paths, under the names that they had before they were
    /// renamed, too; the newest first; `limit` 0 means all.
    pub fn audit(
        &self,
        repo: RepoUid,
        paths: &[RepoPath],
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let mut values = vec![Value::Integer(repo.0)];
        let conditions: Option<Vec<String>> =
            paths.iter().map(|path| condition(path, &mut values)).collect();
        let mut renamed = Vec::new();
        for path in paths {
            for Earlier { path, until } in self.read(|db| earlier(db, repo, path))? {
                let Some(condition) = condition(&path, &mut values) else { continue };
                values.extend([until.0, until.1].map(Value::Integer));
                let (sequence, at) = (values.len() - 1, values.len());
                renamed.push(format!(
                    "((audit.sequence, audit.at) <= (?{sequence}, ?{at}) AND ({condition}))"
                ));
            }
        }
        let conditions = conditions.map(|mut conditions| {
            conditions.append(&mut renamed);
            conditions
        });
        // The root stands for everything.
        let conditions = conditions.filter(|conditions| !conditions.is_empty());
        let conditions = conditions.map(|conditions| format!("AND ({})", conditions.join(" OR ")));
        let limit = if limit == 0 { -1 } else { i64::try_from(limit).unwrap_or(-1) };
        values.push(Value::Integer(limit));
        let sql = format!(
            "SELECT {COLUMNS} FROM audit JOIN audit_causes c ON c.id = audit.cause
             WHERE audit.repo = ?1 {} ORDER BY audit.sequence DESC, audit.at DESC LIMIT ?{}",
            conditions.unwrap_or_default(),
            values.len()
        );
        self.read(|db| {
            let mut select = db.prepare(&sql)?;
            let rows = select.query_map(params_from_iter(values), entry)?;
            rows.collect()
        })
    }

    /// The edits that a snapshot stored, the newest first.
    pub fn audit_of(&self, repo: RepoUid, edits: &[Edits]) -> Result<Vec<AuditEntry>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM audit JOIN audit_causes c ON c.id = audit.cause
             WHERE audit.repo = ?1 AND audit.sequence > ?2 AND audit.sequence <= ?3
               AND audit.change = ?4 ORDER BY audit.sequence DESC, audit.at DESC"
        );
        self.read(|db| {
            let mut found = Vec::new();
            for (change, after, last) in edits {
                let mut select = db.prepare_cached(&sql)?;
                let (after, last) = (after.cast_signed(), last.cast_signed());
                let values = params![repo.0, after, last, change.as_str()];
                for row in select.query_map(values, entry)? {
                    found.push(row?);
                }
            }
            Ok(found)
        })
    }

    /// What a list of operations says of a snapshot's edits.
    pub fn audit_summary(&self, repo: RepoUid, edits: &[Edits]) -> Result<Summary, StoreError> {
        let these = "FROM audit WHERE audit.repo = ?1 AND audit.sequence > ?2
             AND audit.sequence <= ?3 AND audit.change = ?4";
        let causes = format!(
            "SELECT author, email, session, key, line FROM audit_causes WHERE id IN
             (SELECT DISTINCT cause {these}) ORDER BY id DESC LIMIT {TOLD_MAX}"
        );
        let paths = format!("SELECT DISTINCT coalesce(target, path) {these} LIMIT {TOLD_MAX}");
        let count = format!("SELECT coalesce(sum(count), 0) {these}");
        self.read(|db| {
            let mut summary = Summary::default();
            for (change, after, last) in edits {
                let (after, last) = (after.cast_signed(), last.cast_signed());
                let values = params![repo.0, after, last, change.as_str()];
                let edits: i64 = db.prepare_cached(&count)?.query_row(values, |row| row.get(0))?;
                summary.edits += edits.cast_unsigned();
                let mut select = db.prepare_cached(&causes)?;
                for row in select.query_map(values, |row| cause(row, 0))? {
                    summary.causes.push(row?);
                }
                let mut select = db.prepare_cached(&paths)?;
                for row in select.query_map(values, |row| row.get::<_, Vec<u8>>(0))? {
                    summary.paths.push(repo_path(&row?)?);
                }
            }
            summary.causes.truncate(TOLD_MAX);
            summary.paths.truncate(TOLD_MAX);
            Ok(summary)
        })
    }

    /// Drops what was noted before `time_ns`. Answers how many edits.
    pub fn prune_audit(&self, time_ns: i64) -> Result<usize, StoreError> {
        self.write(Lasting::Process, |db| {
            let dropped = db.execute("DELETE FROM audit WHERE time_ns < ?1", [time_ns])?;
            if dropped > 0 {
                let sql = "DELETE FROM audit_causes WHERE id NOT IN (SELECT cause FROM audit)";
                db.execute(sql, [])?;
            }
            Ok(dropped)
        })
    }
}
