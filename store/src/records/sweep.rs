//! Dropping facts nodes and sums that nothing needs.
//!
//! A facts node is needed by a commit's root, a snapshot that is under way, an open change, or a node
//! above it. One that nothing needs is noted, and goes when it is still not needed a grace later: until
//! then whoever remembers an earlier state (a mount's undo) can read it, and nobody has to wait.

use std::collections::HashSet;

use mesafs::tree::ObjectId;
use rusqlite::{OptionalExtension, Transaction, params};

use super::{Database, Lasting, malformed};
use crate::error::StoreError;
use crate::repo::{below_node, below_root};

const NOTED: &str = "CREATE TABLE IF NOT EXISTS unused_facts (
    id BLOB PRIMARY KEY, since_ms INTEGER NOT NULL) WITHOUT ROWID";

impl Database {
    /// Drops the facts nodes that nothing has needed since `before_ms`, and notes those that nothing
    /// needs now. `used` are those of open changes. Answers how many went.
    ///
    /// # Errors
    /// [`StoreError::Database`], also where a node is damaged; nothing is dropped then.
    pub fn sweep_facts(
        &self,
        used: Vec<[u8; 32]>,
        now_ms: i64,
        before_ms: i64,
    ) -> Result<usize, StoreError> {
        self.write(Lasting::Process, |db| {
            let needed = needed(db, used)?;
            db.execute(NOTED, [])?;
            let mut note =
                db.prepare_cached("INSERT OR IGNORE INTO unused_facts VALUES (?1, ?2)")?;
            let mut clear = db.prepare_cached("DELETE FROM unused_facts WHERE id = ?1")?;
            for id in db.prepare_cached("SELECT id FROM facts")?.query_map([], |row| row.get(0))? {
                let id: [u8; 32] = id?;
                match needed.contains(&id) {
                    true => clear.execute([&id[..]])?,
                    false => note.execute(params![&id[..], now_ms])?,
                };
            }
            let old = "SELECT id FROM unused_facts WHERE since_ms <= ?1";
            let sql = format!("DELETE FROM facts WHERE id IN ({old})");
            let dropped = db.execute(&sql, [before_ms])?;
            db.execute("DELETE FROM unused_facts WHERE since_ms <= ?1", [before_ms])?;
            Ok(dropped)
        })
    }

    /// Forgets the sums of these trees, which are counted again if somebody asks for them.
    pub fn drop_sums(&self, trees: &[ObjectId]) -> Result<(), StoreError> {
        if trees.is_empty() {
            return Ok(());
        }
        self.write(Lasting::Process, |db| {
            let mut delete = db.prepare_cached("DELETE FROM sums WHERE tree = ?1")?;
            trees.iter().try_for_each(|tree| delete.execute([&tree.0[..]]).map(drop))
        })
    }
}

fn needed(db: &Transaction<'_>, used: Vec<[u8; 32]>) -> rusqlite::Result<HashSet<[u8; 32]>> {
    let mut next = used;
    let roots = "SELECT root FROM commit_facts UNION SELECT root FROM pending_facts";
    for root in db.prepare_cached(roots)?.query_map([], |row| row.get(0))? {
        next.extend(below_root(root?).ok_or_else(|| malformed("root"))?);
    }
    let mut needed = HashSet::new();
    let mut select = db.prepare_cached("SELECT node FROM facts WHERE id = ?1")?;
    while let Some(id) = next.pop() {
        if !needed.insert(id) {
            continue;
        }
        let node = select.query_row([&id[..]], |row| row.get(0)).optional()?;
        if let Some(node) = node {
            next.extend(below_node(node).ok_or_else(|| malformed("node"))?);
        }
    }
    Ok(needed)
}
