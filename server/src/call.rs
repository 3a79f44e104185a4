//! Change, bookmark and history calls.

use bstr::BString;
use mesa_protocol::{Answer, Call, ErrorBody, Reply, RootInfo, code};
use mesafs::backend::{ChangeError, Checkout, Comparison, History};
use mesafs::tree::{Dir, Root};

use crate::session::Session;

fn limit(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

impl Session {
    /// Does `call`, once for each `id`. Also answers whether anything may have changed.
    pub fn call(
        &self,
        id: u128,
        line: Option<&BString>,
        call: &Call,
    ) -> Result<(bool, Reply), ErrorBody> {
        let checkout = self.for_line(line);
        let done = || {
            let answer = self.answer(&*checkout, call)?;
            Ok(Reply::Done { answer: Box::new(answer), root: self.root()? })
        };
        if call.only_reads() {
            return Ok((false, done()?));
        }
        Ok((true, self.answers.once(id, done)?))
    }

    fn told_root(&self, root: &Root) -> RootInfo {
        self.roots.add(root, self.checkout.access())
    }

    fn compared(&self, compared: Comparison) -> Result<Answer, ErrorBody> {
        let now = self.checkout.root()?;
        let told = |dir: Dir| self.told_root(&Root { dir, ..now.clone() });
        Ok(Answer::Comparison { before: told(compared.before), after: told(compared.after) })
    }

    fn answer(&self, checkout: &dyn Checkout, call: &Call) -> Result<Answer, ErrorBody> {
        Ok(match call {
            Call::Current => {
                let (info, bookmark) = checkout.current()?;
                Answer::Current(info, bookmark)
            }
            Call::Changes { limit: max } => Answer::Changes(checkout.changes(limit(*max))?),
            Call::NewChange { base, message } => {
                Answer::Change(checkout.new_change(base, message.as_deref())?)
            }
            Call::Edit { revision } => Answer::Change(checkout.edit(revision)?),
            Call::Checkpoint { description } => {
                Answer::Checkpoint(checkout.checkpoint(description.clone())?)
            }
            Call::Bookmarks => Answer::Bookmarks(checkout.bookmarks()?),
            Call::CreateBookmark { name } => unit(checkout.create_bookmark(name))?,
            Call::MoveBookmark { name, change, backwards } => {
                unit(checkout.move_bookmark(name, change, *backwards))?
            }
            call => {
                let Some(history) = checkout.history() else {
                    return Err(ErrorBody::new(code::NOT_FOUND, "no history is kept"));
                };
                self.history(history, call)?
            }
        })
    }

    fn history(&self, history: &dyn History, call: &Call) -> Result<Answer, ErrorBody> {
        Ok(match call {
            Call::Find { revision } => Answer::Info(history.find(revision)?),
            Call::Log { revisions, limit: max } => {
                Answer::Changes(history.log(revisions, limit(*max))?)
            }
            Call::Content { revision } => Answer::Root(self.told_root(&history.content(revision)?)),
            Call::Changed { revision } => self.compared(history.changed(revision)?)?,
            Call::Status => self.compared(history.status()?)?,
            Call::Earlier { revision, limit: max } => {
                Answer::Earlier(history.earlier(revision, limit(*max))?)
            }
            Call::Describe { revision, text } => {
                Answer::Rewriting(history.describe(revision, text)?)
            }
            Call::Abandon { revisions } => Answer::Rewriting(history.abandon(revisions)?),
            Call::Squash { squash } => Answer::Rewriting(history.squash(squash)?),
            Call::Restore { revision, from, paths } => {
                Answer::Rewriting(history.restore(revision, from, paths)?)
            }
            Call::Split { revision, paths, message } => {
                let (one, two) = history.split(revision, paths, message.as_deref())?;
                Answer::Two(one, two)
            }
            Call::Rebase { revisions, moved, onto } => {
                Answer::Rewriting(history.rebase(revisions, *moved, onto)?)
            }
            Call::Duplicate { revisions, onto } => {
                Answer::ChangeIds(history.duplicate(revisions, onto)?)
            }
            Call::Merge { parents, message } => {
                Answer::Change(history.merge(parents, message.as_deref())?)
            }
            Call::Conflicts { revision } => Answer::Conflicts(history.conflicts(revision)?),
            Call::Resolve { path, pick } => unit(history.resolve(path, *pick))?,
            Call::RestoreOperation { id } => Answer::Rewriting(history.restore_operation(id)?),
            Call::Operations { limit: max } => Answer::Operations(history.operations(limit(*max))?),
            Call::Operation { id } => Answer::Operation(history.operation(id)?),
            Call::Audit { paths, limit: max } => Answer::Audit(history.audit(paths, limit(*max))?),
            call => bookmarks(history, call)?,
        })
    }
}

fn bookmarks(history: &dyn History, call: &Call) -> Result<Answer, ErrorBody> {
    Ok(match call {
        Call::CreateBookmarkAt { name, at } => unit(history.create_bookmark_at(name, at))?,
        Call::SetBookmark { name, to, expected } => {
            unit(history.set_bookmark(name, to, expected.as_ref()))?
        }
        Call::MoveBookmarkTo { name, to, backwards, expected } => {
            unit(history.move_bookmark_to(name, to, *backwards, expected.as_ref()))?
        }
        Call::AdvanceBookmarks { names } => {
            let (moved, to) = history.advance_bookmarks(names)?;
            Answer::Advanced(moved, to)
        }
        Call::RenameBookmark { name, to, expected } => {
            unit(history.rename_bookmark(name, to, expected.as_ref()))?
        }
        Call::DeleteBookmark { name, expected } => {
            unit(history.delete_bookmark(name, expected.as_ref()))?
        }
        Call::MergeBookmarks { target, source, options } => {
            Answer::Merged(history.merge_bookmarks(target, source, options)?)
        }
        _ => return Err(ErrorBody::new(code::NOT_FOUND, "no such call")),
    })
}

fn unit(done: Result<(), ChangeError>) -> Result<Answer, ErrorBody> {
    Ok(done.map(|()| Answer::Unit)?)
}
