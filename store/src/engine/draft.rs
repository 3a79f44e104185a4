//! One jj transaction being made.

use std::collections::BTreeMap;
use std::sync::Arc;

use jj_lib::backend::{CommitId, Signature};
use jj_lib::commit::Commit as JjCommit;
use jj_lib::commit_builder::CommitBuilder;
use jj_lib::merged_tree::MergedTree;
use jj_lib::op_store::RefTarget;
use jj_lib::ref_name::RefName;
use jj_lib::repo::{ReadonlyRepo, RepoLoader};
use jj_lib::revset::RevsetExpression;
use jj_lib::rewrite::{RebaseOptions, RewriteRefsOptions};
use jj_lib::transaction::Transaction;
use mesafs::name::{BookmarkName, ChangeId};
use pollster::FutureExt as _;

use super::error::{Doing, EngineError, EngineResult};
use super::history::History;
use super::journal;
use super::settings;
use super::types::Author;

/// A transaction, and what it began with.
pub(super) struct Draft {
    pub tx: Transaction,
    /// As the transaction began.
    pub history: Arc<History>,
    /// Who makes it, as of now.
    pub signature: Signature,
    /// The journal's positions that this operation carries.
    pub positions: BTreeMap<ChangeId, u64>,
    /// Commits whose descendants have to follow.
    replaced: Vec<CommitId>,
}

impl Draft {
    pub fn new(history: Arc<History>, author: &Author, positions: BTreeMap<ChangeId, u64>) -> Self {
        let tx = history.repo.start_transaction();
        let signature = settings::signature(author);
        Self { tx, history, signature, positions, replaced: Vec::new() }
    }

    /// Begins anew with `author` as jj's own committer, for the helpers of jj that write commits by
    /// themselves. It loads the index again, so small calls do without.
    pub fn signed_by_jj(self) -> EngineResult<Self> {
        let loader = self.history.repo.loader();
        let loader = RepoLoader::new(
            settings::settings_of(&self.signature)?,
            Arc::clone(loader.store()),
            Arc::clone(loader.op_store()),
            Arc::clone(loader.op_heads_store()),
            Arc::clone(loader.index_store()),
            Arc::clone(loader.submodule_store()),
        );
        let operation = self.history.repo.operation();
        let repo = loader.load_at(operation).block_on().doing("loading an operation")?;
        let immutable = self.history.immutable.clone();
        let history = Arc::new(History { repo, immutable });
        Ok(Self { tx: history.repo.start_transaction(), history, ..self })
    }

    /// Notes that a helper of jj will rewrite this commit, and refuses if that, or a descendant
    /// that would have to follow, is immutable.
    pub fn will_rewrite(&mut self, commit: &JjCommit) -> EngineResult<()> {
        let history = Arc::clone(&self.history);
        history.check_mutable(commit)?;
        let below = RevsetExpression::commit(commit.id().clone()).descendants();
        let fixed = below.intersection(&history.immutable_expression());
        if let Some(id) = history.commits(&fixed)?.first() {
            let change = history.commit(id)?.change_id().reverse_hex();
            return Err(EngineError::Immutable(change));
        }
        self.replaced.push(commit.id().clone());
        Ok(())
    }

    /// Makes a commit with a change id of its own.
    pub fn new_commit(
        &mut self,
        parents: Vec<CommitId>,
        tree: MergedTree,
        message: &str,
    ) -> EngineResult<JjCommit> {
        let signature = self.signature.clone();
        self.tx
            .repo_mut()
            .new_commit(parents, tree)
            .set_description(stored_text(message))
            .set_author(signature.clone())
            .set_committer(signature)
            .write()
            .block_on()
            .doing("writing a commit")
    }

    /// An empty child of `parent`.
    pub fn new_child(&mut self, parent: &JjCommit, message: &str) -> EngineResult<JjCommit> {
        self.new_commit(vec![parent.id().clone()], parent.tree(), message)
    }

    /// Begins a commit that takes the place of `commit`, which must be mutable.
    pub fn rewrite(&mut self, commit: &JjCommit) -> EngineResult<CommitBuilder<'_>> {
        self.history.check_mutable(commit)?;
        self.replaced.push(commit.id().clone());
        let signature = self.signature.clone();
        // What an author begins, empty and undescribed, counts from when it gets something in it.
        let begins = commit.author().name == signature.name
            && commit.author().email == signature.email
            && commit.is_discardable(self.tx.repo()).block_on().doing("reading a commit")?;
        let builder = self.tx.repo_mut().rewrite_commit(commit).set_committer(signature.clone());
        Ok(if begins { builder.set_author(signature) } else { builder })
    }

    /// A commit that is the same for git takes this one's place.
    pub fn again(&mut self, commit: &JjCommit) -> EngineResult<()> {
        self.rewrite(commit)?.write().block_on().doing("writing a commit").map(drop)
    }

    /// Takes a commit away, which must be mutable; its children move to its parents.
    pub fn abandon(&mut self, commit: &JjCommit) -> EngineResult<()> {
        self.history.check_mutable(commit)?;
        self.replaced.push(commit.id().clone());
        self.tx.repo_mut().record_abandoned_commit(commit);
        Ok(())
    }

    pub fn set_bookmark(&mut self, name: &BookmarkName, target: &CommitId) {
        let target = RefTarget::normal(target.clone());
        self.tx.repo_mut().set_local_bookmark_target(RefName::new(name.as_str()), target);
    }

    pub fn delete_bookmark(&mut self, name: &BookmarkName) {
        let name = RefName::new(name.as_str());
        self.tx.repo_mut().set_local_bookmark_target(name, RefTarget::absent());
    }

    /// Brings the descendants of all that was rewritten onto the new commits. Immutable ones stay.
    fn rebase_descendants(&mut self) -> EngineResult<()> {
        if !self.tx.repo().has_rewrites() {
            return Ok(());
        }
        let immutable = self.history.immutable_expression();
        let signature = self.signature.clone();
        let options = RebaseOptions::default();
        let repo = self.tx.repo_mut();
        let roots = std::mem::take(&mut self.replaced);
        repo.transform_descendants_with_options(
            roots,
            &immutable,
            &std::collections::HashMap::new(),
            &RewriteRefsOptions::default(),
            async |rewriter| {
                if rewriter.parents_changed() {
                    let commit = rewriter.rebase().await?;
                    commit.set_committer(signature.clone()).write().await?;
                }
                Ok(())
            },
        )
        .block_on()
        .doing("rebasing descendants")?;
        // Nothing is left to rebase; this clears what the transaction remembers.
        repo.rebase_descendants_with_options(&immutable, &options, |_, _| {})
            .block_on()
            .doing("rebasing descendants")
    }
}

impl Draft {
    /// Lands everything as one operation.
    pub fn commit(mut self, doing: &str) -> EngineResult<Arc<ReadonlyRepo>> {
        self.rebase_descendants()?;
        self.tx.set_attribute(journal::ATTRIBUTE.to_owned(), journal::format(&self.positions));
        let repo = &self.history.repo;
        let written = self.tx.write(doing).block_on().doing("writing an operation")?;
        let operation = written.operation().clone();
        let published = written.publish().block_on();
        if published.is_err() {
            // jj puts the new head there before it takes the old one away: where only the latter
            // failed the operation has landed, and taking it for a failure would make it another
            // program's, whose edits are merged with the very ones that it holds.
            let heads = repo.op_heads_store().get_op_heads().block_on();
            if heads.doing("reading the operation heads")?.contains(operation.id()) {
                let landed = repo.loader().load_at(&operation).block_on();
                return landed.doing("loading an operation");
            }
        }
        published.doing("writing an operation")
    }
}

/// A description as jj keeps it: nothing, or lines with an end.
pub(super) fn stored_text(message: &str) -> String {
    let text = message.replace('\0', "");
    match text.trim_end() {
        "" => String::new(),
        text => format!("{text}\n"),
    }
}
