//! Calls of every kind, to be garbled.

use bytes::Bytes;
use mesa_protocol::{
    Batch, Body, BodyKey, Call, How, Item, Node, Op, Part, Piece, Place, ReadRange, Request,
    SessionId, Target, TreeNode,
};
use mesafs::backend::{
    Backwards, Description, MergeOptions, MergeStrategy, Moved, Pick, Revision, Squash,
};
use mesafs::op::IfExists;
use mesafs::tree::{Attributes, ObjectId};
use mesafs::{Access, BookmarkName, Pin, RepoId, RepoPath};

/// What the calls are about: an open session, a tree that it was told of, and its repository.
#[derive(Debug, Clone)]
pub struct About {
    pub session: SessionId,
    pub root: u64,
    pub repo: RepoId,
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap_or_else(|_| RepoPath::root())
}

/// Calls that are all well formed.
pub fn requests(about: &About) -> Vec<Request> {
    let About { session, root, repo } = about.clone();
    let place = Place::Tree { root, path: path("log") };
    let expected = BodyKey::Fresh { server: 1, tag: 1 };
    let attributes = Attributes { mode: 0o755, mtime_ns: Some(5) };
    let mut requests = vec![
        Request::Repos,
        Request::Open { repo: repo.clone(), pin: Pin::Default, access: Access::ReadWrite },
        Request::Open { repo, pin: Pin::Change("k".into()), access: Access::ReadOnly },
        Request::Root { session },
        Request::List { session, root, paths: vec![path(""), path("d")], entries_max: 100 },
        Request::Read {
            session,
            reads: vec![
                ReadRange { place: place.clone(), expected, offset: 0, len: 10 },
                ReadRange { place: Place::Held { handle: 1 }, expected, offset: 1, len: u64::MAX },
            ],
        },
        Request::Hold { session, files: vec![(1, path("log")), (2, path("d/f"))] },
        Request::Held { session, handles: vec![1, 2, u64::MAX] },
        Request::Release { session, roots: vec![9], handles: vec![9] },
        Request::Pin { session },
        Request::Sync { session },
        Request::Close { session: SessionId(9) },
    ];
    let apply = |how, count: usize| {
        let batch = Batch { id: 7, now_ns: 1, ops: ops(session, root, attributes) };
        let parts = vec![Part { session, batch, version: 1 }; count];
        Request::Apply { how, line: Some("ls".into()), parts }
    };
    requests.extend([apply(How::Plain, 1), apply(How::Own, 1)]);
    requests.extend([apply(How::Together, 2), apply(How::Move, 2)]);
    requests.extend(ops(session, root, attributes).into_iter().map(|op| {
        let part = Part { session, batch: Batch { id: 8, now_ns: 1, ops: vec![op] }, version: 1 };
        Request::Apply { how: How::Plain, line: None, parts: vec![part] }
    }));
    requests.extend(calls().into_iter().map(|call| Request::Do {
        session,
        id: 3,
        line: Some("x".into()),
        call,
    }));
    requests
}

fn ops(session: SessionId, root: u64, attributes: Attributes) -> Vec<Op> {
    let data = Bytes::from_static(b"x");
    let log = || path("log");
    let known = Piece::Known {
        session,
        place: Place::Tree { root, path: log() },
        expected: BodyKey::Fresh { server: 1, tag: 1 },
        offset: 0,
        len: 1,
    };
    let body = Body(vec![Piece::Bytes(data.clone()), Piece::Zeros(1), known]);
    let item = |at: &str, node| Item { path: path(at), attributes, node };
    let plain = Body(vec![Piece::Bytes(data.clone())]);
    vec![
        Op::MakeDir { path: path("d"), mode: 0o755, parents: true },
        Op::Create { path: log(), mode: 0o644, if_exists: IfExists::Keep },
        Op::Write { path: path("d/f"), mode: 0o644, data: data.clone() },
        Op::WriteAt { target: Target::Path(log()), offset: 3, data: data.clone() },
        Op::Append { target: Target::Held(1), data: data.clone() },
        Op::Truncate { target: Target::Path(log()), len: 9 },
        Op::Replace { path: log(), base: body, data: data.clone() },
        Op::Rename { from: path("d/f"), to: path("g"), replace: true },
        Op::Copy { from: path("d"), to: path("e") },
        Op::Remove { path: path("e"), recursive: true },
        Op::Graft {
            path: path("h"),
            node: Node(vec![
                item("", TreeNode::Dir),
                item("f", TreeNode::File(plain)),
                item("l", TreeNode::Symlink("f".into())),
                item("c", TreeNode::Gitlink(ObjectId([1; 20]))),
                item("k", TreeNode::Known { session, root, path: path("") }),
            ]),
        },
        Op::SetMode { path: log(), mode: 0o600 },
        Op::SetTimes { path: log(), mtime_ns: -1 },
        Op::Symlink { path: path("s"), target: data },
    ]
}

fn calls() -> Vec<Call> {
    let here = Revision::here;
    let name = || BookmarkName::new("main").ok();
    let mut calls = vec![
        Call::Current,
        Call::Changes { limit: 3 },
        Call::NewChange { base: here(), message: Some("m".into()) },
        Call::Edit { revision: Revision::Change("k".into()) },
        Call::Checkpoint { description: Description::Set("d".into()) },
        Call::Bookmarks,
        Call::Find { revision: here() },
        Call::Log { revisions: "all()".into(), limit: 2 },
        Call::Content { revision: Revision::Expression("@-".into()) },
        Call::Changed { revision: here() },
        Call::Status,
        Call::Earlier { revision: here(), limit: 2 },
        Call::Describe { revision: here(), text: "t".into() },
        Call::Abandon { revisions: vec![here()] },
        Call::Squash {
            squash: Squash {
                from: vec![here()],
                into: Revision::Expression("@-".into()),
                paths: vec![path("log")],
                message: None,
                keep_emptied: false,
            },
        },
        Call::Restore { revision: here(), from: here(), paths: vec![path("log")] },
        Call::Split { revision: here(), paths: vec![path("log")], message: None },
        Call::Rebase { revisions: vec![here()], moved: Moved::Branch, onto: vec![here()] },
        Call::Duplicate { revisions: vec![here()], onto: Vec::new() },
        Call::Merge { parents: vec![here(), here()], message: None },
        Call::Conflicts { revision: here() },
        Call::Resolve { path: path("log"), pick: Pick::Ours },
        Call::Operations { limit: 1 },
        Call::Operation { id: "0".into() },
        Call::Audit { paths: vec![path("log")], limit: 2 },
        Call::RestoreOperation { id: "0".into() },
    ];
    if let (Some(main), Some(other)) = (name(), BookmarkName::new("other").ok()) {
        let expected = Some(here());
        calls.extend([
            Call::CreateBookmark { name: other.clone() },
            Call::MoveBookmark {
                name: main.clone(),
                change: "k".into(),
                backwards: Backwards::Allow,
            },
            Call::CreateBookmarkAt { name: other.clone(), at: here() },
            Call::SetBookmark { name: other.clone(), to: here(), expected: expected.clone() },
            Call::MoveBookmarkTo {
                name: main.clone(),
                to: here(),
                backwards: Backwards::Refuse,
                expected: None,
            },
            Call::AdvanceBookmarks { names: vec![main.clone()] },
            Call::RenameBookmark { name: other.clone(), to: main.clone(), expected: None },
            Call::DeleteBookmark { name: other.clone(), expected },
            Call::MergeBookmarks {
                target: main,
                source: other,
                options: MergeOptions {
                    strategy: MergeStrategy::MergeCommit,
                    message: Some("m".into()),
                    delete_source: true,
                    expected: None,
                },
            },
        ]);
    }
    calls
}
