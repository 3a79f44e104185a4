//! Who changed what: the edits that the audit has, and what operations on history did.

use mesafs::backend::{AuditEntry, AuditOp};
use mesafs::path::RepoPath;

use super::Repo;
use crate::engine::{Edits, Touched, TreeEntryKind};
use crate::error::StoreError;
use crate::records::Summary;

impl Repo {
    /// Edits, and what operations on history did at these paths, the newest first.
    pub fn audit(&self, paths: &[RepoPath], limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let edits = self.shared.records.audit(self.uid, paths, limit)?;
        if paths.is_empty() || self.shared.retention.is_zero() {
            return Ok(edits);
        }
        let full = limit > 0 && edits.len() >= limit;
        let since_ms = match edits.last() {
            Some(last) if full => last.time_ms,
            _ => self.shared.oldest_ns().div_euclid(1_000_000),
        };
        let touched = self.engine.touched(paths, since_ms)?.into_iter().map(touched);
        Ok(newest_first(edits, touched.collect(), limit))
    }

    pub fn audit_of(&self, edits: &[Edits]) -> Result<Vec<AuditEntry>, StoreError> {
        self.shared.records.audit_of(self.uid, edits)
    }

    pub fn audit_summary(&self, edits: &[Edits]) -> Result<Summary, StoreError> {
        self.shared.records.audit_summary(self.uid, edits)
    }
}

/// What an operation on history did, as the audit tells it.
fn touched(touched: Touched) -> AuditEntry {
    let object = |kind: TreeEntryKind| match kind {
        TreeEntryKind::File { blob: id, .. }
        | TreeEntryKind::Dir(id)
        | TreeEntryKind::Symlink(id)
        | TreeEntryKind::Gitlink(id) => id,
    };
    let op = match (touched.before, touched.after) {
        (None, _) => AuditOp::Put,
        (_, None) => AuditOp::Remove,
        _ => AuditOp::Write,
    };
    AuditEntry {
        version: 0,
        change: touched.change,
        time_ms: touched.time_ms,
        cause: touched.cause,
        op,
        path: touched.path,
        to: None,
        count: 1,
        before: touched.before.map(object),
        after: touched.after.map(object),
    }
}

/// Both lists as one; each stays in its order.
fn newest_first(edits: Vec<AuditEntry>, touched: Vec<AuditEntry>, limit: usize) -> Vec<AuditEntry> {
    let mut both = Vec::with_capacity(edits.len() + touched.len());
    let (mut edits, mut touched) = (edits.into_iter().peekable(), touched.into_iter().peekable());
    loop {
        let later = match (edits.peek(), touched.peek()) {
            (Some(edit), Some(other)) => other.time_ms >= edit.time_ms,
            (edit, _) => edit.is_none(),
        };
        let next = if later { touched.next() } else { edits.next() };
        both.extend(next);
        if (edits.peek().is_none() && touched.peek().is_none())
            || (limit > 0 && both.len() >= limit)
        {
            return both;
        }
    }
}
