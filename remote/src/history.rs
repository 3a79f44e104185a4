//! What is asked of the history behind a checkout on a server.

use std::sync::Arc;

use mesa_protocol::{Answer, Call, RootInfo};
use mesafs::backend::{
    AuditEntry, Backwards, ChangeError, ChangeInfo, Comparison, ConflictInfo, Earlier, History,
    MergeOptions, Merged, Moved, OperationDetails, OperationInfo, Pick, Revision, Rewriting,
    Squash,
};
use mesafs::tree::Root;
use mesafs::{BookmarkName, ChangeId, Operation, RepoPath};

use crate::checkout::{RemoteCheckout, answer};
use crate::tree;

impl RemoteCheckout {
    fn change(&self, call: &Call) -> Result<Answer, ChangeError> {
        self.ask(Operation::Change, call)
    }

    fn bookmark(&self, call: &Call) -> Result<(), ChangeError> {
        answer!(self.ask(Operation::Bookmark, call), Answer::Unit => ())
    }

    fn rewriting(&self, call: &Call) -> Result<Rewriting, ChangeError> {
        answer!(self.change(call), Answer::Rewriting(done) => done)
    }

    fn tree(&self, info: &RootInfo) -> Root {
        let (_, generation) = self.session.present();
        let session = Arc::downgrade(&self.session);
        let pin = tree::RootPin { number: info.number, generation, present: false, session };
        tree::root(&self.session, &Arc::new(pin), info)
    }

    fn compared(&self, call: &Call) -> Result<Comparison, ChangeError> {
        let compared = |before, after| Comparison {
            before: self.tree(&before).dir,
            after: self.tree(&after).dir,
        };
        answer!(self.change(call), Answer::Comparison { before, after } => compared(before, after))
    }
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

impl History for RemoteCheckout {
    fn find(&self, revision: &Revision) -> Result<ChangeInfo, ChangeError> {
        let call = Call::Find { revision: revision.clone() };
        answer!(self.change(&call), Answer::Info(info) => info)
    }

    fn log(&self, revisions: &str, limit: usize) -> Result<Vec<ChangeInfo>, ChangeError> {
        let call = Call::Log { revisions: revisions.to_owned(), limit: limit as u64 };
        answer!(self.change(&call), Answer::Changes(changes) => changes)
    }

    fn content(&self, revision: &Revision) -> Result<Root, ChangeError> {
        let call = Call::Content { revision: revision.clone() };
        answer!(self.change(&call), Answer::Root(info) => self.tree(&info))
    }

    fn changed(&self, revision: &Revision) -> Result<Comparison, ChangeError> {
        self.compared(&Call::Changed { revision: revision.clone() })
    }

    fn status(&self) -> Result<Comparison, ChangeError> {
        self.compared(&Call::Status)
    }

    fn earlier(&self, revision: &Revision, limit: usize) -> Result<Vec<Earlier>, ChangeError> {
        let call = Call::Earlier { revision: revision.clone(), limit: limit as u64 };
        answer!(self.change(&call), Answer::Earlier(earlier) => earlier)
    }

    fn describe(&self, revision: &Revision, text: &str) -> Result<Rewriting, ChangeError> {
        self.rewriting(&Call::Describe { revision: revision.clone(), text: text.to_owned() })
    }

    fn abandon(&self, revisions: &[Revision]) -> Result<Rewriting, ChangeError> {
        self.rewriting(&Call::Abandon { revisions: revisions.to_vec() })
    }

    fn squash(&self, squash: &Squash) -> Result<Rewriting, ChangeError> {
        self.rewriting(&Call::Squash { squash: squash.clone() })
    }

    fn restore(
        &self,
        revision: &Revision,
        from: &Revision,
        paths: &[RepoPath],
    ) -> Result<Rewriting, ChangeError> {
        let (revision, from, paths) = (revision.clone(), from.clone(), paths.to_vec());
        self.rewriting(&Call::Restore { revision, from, paths })
    }

    fn split(
        &self,
        revision: &Revision,
        paths: &[RepoPath],
        message: Option<&str>,
    ) -> Result<(ChangeId, ChangeId), ChangeError> {
        let (revision, paths, message) = (revision.clone(), paths.to_vec(), owned(message));
        let call = Call::Split { revision, paths, message };
        answer!(self.change(&call), Answer::Two(one, two) => (one, two))
    }

    fn rebase(
        &self,
        revisions: &[Revision],
        moved: Moved,
        onto: &[Revision],
    ) -> Result<Rewriting, ChangeError> {
        let (revisions, onto) = (revisions.to_vec(), onto.to_vec());
        self.rewriting(&Call::Rebase { revisions, moved, onto })
    }

    fn duplicate(
        &self,
        revisions: &[Revision],
        onto: &[Revision],
    ) -> Result<Vec<ChangeId>, ChangeError> {
        let call = Call::Duplicate { revisions: revisions.to_vec(), onto: onto.to_vec() };
        answer!(self.change(&call), Answer::ChangeIds(ids) => ids)
    }

    fn merge(&self, parents: &[Revision], message: Option<&str>) -> Result<ChangeId, ChangeError> {
        let call = Call::Merge { parents: parents.to_vec(), message: owned(message) };
        answer!(self.change(&call), Answer::Change(change) => change)
    }

    fn conflicts(&self, revision: &Revision) -> Result<Vec<ConflictInfo>, ChangeError> {
        let call = Call::Conflicts { revision: revision.clone() };
        answer!(self.change(&call), Answer::Conflicts(conflicts) => conflicts)
    }

    fn resolve(&self, path: &RepoPath, pick: Pick) -> Result<(), ChangeError> {
        let call = Call::Resolve { path: path.clone(), pick };
        answer!(self.change(&call), Answer::Unit => ())
    }

    fn create_bookmark_at(&self, name: &BookmarkName, at: &Revision) -> Result<(), ChangeError> {
        self.bookmark(&Call::CreateBookmarkAt { name: name.clone(), at: at.clone() })
    }

    fn set_bookmark(
        &self,
        name: &BookmarkName,
        to: &Revision,
        expected: Option<&Revision>,
    ) -> Result<(), ChangeError> {
        let (name, to, expected) = (name.clone(), to.clone(), expected.cloned());
        self.bookmark(&Call::SetBookmark { name, to, expected })
    }

    fn move_bookmark_to(
        &self,
        name: &BookmarkName,
        to: &Revision,
        backwards: Backwards,
        expected: Option<&Revision>,
    ) -> Result<(), ChangeError> {
        let (name, to, expected) = (name.clone(), to.clone(), expected.cloned());
        self.bookmark(&Call::MoveBookmarkTo { name, to, backwards, expected })
    }

    fn advance_bookmarks(
        &self,
        names: &[BookmarkName],
    ) -> Result<(Vec<BookmarkName>, ChangeId), ChangeError> {
        let asked =
            self.ask(Operation::Bookmark, &Call::AdvanceBookmarks { names: names.to_vec() });
        answer!(asked, Answer::Advanced(moved, to) => (moved, to))
    }

    fn rename_bookmark(
        &self,
        name: &BookmarkName,
        to: &BookmarkName,
        expected: Option<&Revision>,
    ) -> Result<(), ChangeError> {
        let (name, to, expected) = (name.clone(), to.clone(), expected.cloned());
        self.bookmark(&Call::RenameBookmark { name, to, expected })
    }

    fn delete_bookmark(
        &self,
        name: &BookmarkName,
        expected: Option<&Revision>,
    ) -> Result<(), ChangeError> {
        self.bookmark(&Call::DeleteBookmark { name: name.clone(), expected: expected.cloned() })
    }

    fn merge_bookmarks(
        &self,
        target: &BookmarkName,
        source: &BookmarkName,
        options: &MergeOptions,
    ) -> Result<Merged, ChangeError> {
        let (target, source, options) = (target.clone(), source.clone(), options.clone());
        let asked =
            self.ask(Operation::Bookmark, &Call::MergeBookmarks { target, source, options });
        answer!(asked, Answer::Merged(merged) => merged)
    }

    fn operations(&self, limit: usize) -> Result<Vec<OperationInfo>, ChangeError> {
        let call = Call::Operations { limit: limit as u64 };
        answer!(self.change(&call), Answer::Operations(operations) => operations)
    }

    fn operation(&self, id: &str) -> Result<OperationDetails, ChangeError> {
        let call = Call::Operation { id: id.to_owned() };
        answer!(self.change(&call), Answer::Operation(details) => details)
    }

    fn audit(&self, paths: &[RepoPath], limit: usize) -> Result<Vec<AuditEntry>, ChangeError> {
        let call = Call::Audit { paths: paths.to_vec(), limit: limit as u64 };
        answer!(self.change(&call), Answer::Audit(entries) => entries)
    }

    fn restore_operation(&self, id: &str) -> Result<Rewriting, ChangeError> {
        self.rewriting(&Call::RestoreOperation { id: id.to_owned() })
    }
}
