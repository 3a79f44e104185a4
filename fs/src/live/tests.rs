use std::sync::Arc;

use bytes::Bytes;

use super::*;
use crate::backend::EventQueue;
use crate::name::ChangeId;
use crate::op::{BatchId, IfExists, Op, Replaced, Target};
use crate::path::PATH_BYTES_MAX;
use crate::tree::{Attributes, Body, FILE_BYTES_MAX, ObjectId};

const RULES: Rules<'static> = Rules {
    limits: Limits {
        entries_max: 10_000_000,
        bytes_max: 1 << 40,
        path_bytes_max: PATH_BYTES_MAX,
        exceeded: Errno::DQuot,
    },
    merge: None,
    landed_bytes_min: 1 << 20,
};

struct Tree(Arc<LiveTree>);

fn at(path: &str) -> RepoPath {
    RepoPath::new(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn text(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn create(path: &str, if_exists: IfExists) -> Op {
    Op::Create { path: at(path), mode: 0o644, if_exists }
}

fn write(path: &str, data: &str) -> Op {
    Op::Write { path: at(path), mode: 0o644, data: text(data) }
}

fn append(path: &str, data: &str) -> Op {
    Op::Append { target: Target::Path(at(path)), data: text(data) }
}

fn mkdir(path: &str) -> Op {
    Op::MakeDir { path: at(path), mode: 0o755, parents: false }
}

fn remove(path: &str, recursive: bool) -> Op {
    Op::Remove { path: at(path), recursive }
}

fn rename(from: &str, to: &str) -> Op {
    Op::Rename { from: at(from), to: at(to), replace: true }
}

fn copy(from: &str, to: &str) -> Op {
    Op::Copy { from: at(from), to: at(to) }
}

fn link(path: &str, target: &str) -> Op {
    Op::Symlink { path: at(path), target: text(target) }
}

impl Tree {
    fn new() -> Self {
        let Ok(change) = ChangeId::new(&"k".repeat(32)) else { panic!("a change id") };
        let dir = Dir::empty(Attributes { mode: 0o755, mtime_ns: None });
        let root = Root { dir, change, version: 0, opened_ns: 1 };
        Self(Arc::new(LiveTree::new(root, OpenIds::default())))
    }

    fn with(ops: impl IntoIterator<Item = Op>) -> Self {
        let tree = Self::new();
        tree.does(ops);
        tree
    }

    fn apply(&self, ops: impl IntoIterator<Item = Op>, rules: &Rules<'_>) -> FsResult<Applied> {
        let version = self.0.version() + 1;
        let now_ns = version as i64 * 100;
        let batch = Batch { id: BatchId(1), now_ns, ops: ops.into_iter().collect() };
        self.0.apply(&batch, rules, Origin(1), |_| Ok(version))
    }

    fn does(&self, ops: impl IntoIterator<Item = Op>) {
        self.apply(ops, &RULES).unwrap_or_else(|error| panic!("{error:?}"));
    }

    fn fails(&self, op: Op) -> Errno {
        let before = self.shown();
        let told = format!("{op:?}");
        let first = create("first", IfExists::Keep);
        match self.apply([first, op], &RULES) {
            Ok(_) => panic!("{told} succeeded"),
            Err(error) => {
                assert_eq!(self.shown(), before, "{told}");
                error.errno()
            }
        }
    }

    /// Every entry, a file with its content.
    fn shown(&self) -> Vec<String> {
        let entry = |found: FsResult<(RepoPath, Node)>| match found {
            Ok((path, Node::File(file))) => {
                let body = file.body.read_all().unwrap_or_default();
                format!("{path}={}", String::from_utf8_lossy(&body))
            }
            Ok((path, Node::Symlink(link))) => format!("{path}->{}", link.target()),
            Ok((path, _)) => format!("{path}/"),
            Err(error) => error.to_string(),
        };
        self.0.root().walk().map(entry).collect()
    }

    fn attributes(&self, path: &str) -> Attributes {
        self.0.root().lookup(&at(path)).map_or_else(|error| panic!("{error}"), |n| n.attributes())
    }
}

fn read(file: &LiveFile) -> String {
    let body = file.file().and_then(|file| file.body.read_all());
    body.map_or_else(|error| error.to_string(), |body| String::from_utf8_lossy(&body).into_owned())
}

#[test]
fn ops_do_what_they_say() {
    let tree = Tree::with([
        mkdir("d"),
        write("d/f", "one"),
        append("d/f", " two"),
        link("l", "d/f"),
        Op::MakeDir { path: at("x/y/z"), mode: 0o700, parents: true },
        copy("d", "x/y/z/d"),
        append("d/f", "!"),
        rename("x/y", "w"),
        Op::WriteAt { target: Target::Path(at("w/z/d/f")), offset: 9, data: text("end") },
        copy("d/f", "w/z/d/f2"),
        Op::Truncate { target: Target::Path(at("w/z/d/f2")), len: 3 },
        remove("l", false),
    ]);
    let expected = [
        "d/",
        "d/f=one two!",
        "w/",
        "w/z/",
        "w/z/d/",
        "w/z/d/f=one two\0\0end",
        "w/z/d/f2=one",
        "x/",
    ];
    assert_eq!(tree.shown(), expected);
    tree.does([remove("w", true), remove("x", false), create("d/f", IfExists::Truncate)]);
    assert_eq!(tree.shown(), ["d/", "d/f="]);
    tree.does([Op::SetMode { path: at("d/f"), mode: 0o4755 }, write("d/f", "new")]);
    assert_eq!(tree.attributes("d/f"), Attributes { mode: 0o4755, mtime_ns: Some(300) });
    tree.does([Op::SetTimes { path: at("d/f"), mtime_ns: -5 }]);
    assert_eq!(tree.attributes("d/f").mtime_ns, Some(-5));
    assert_eq!(tree.attributes("d").mtime_ns, Some(100));
}

#[test]
fn a_batch_fails_whole_with_the_errno_that_linux_gives() {
    let tree = Tree::with([mkdir("d"), mkdir("e"), write("d/f", "x"), write("f", "y")]);
    tree.does([link("l", "f"), mkdir("d/sub")]);
    let graft = Op::Graft { path: at("s"), node: Node::Gitlink(ObjectId([1; 20])) };
    tree.does([graft]);
    for (op, errno) in [
        (create("f", IfExists::Fail), Errno::Exist),
        (create("l", IfExists::Fail), Errno::Exist),
        (create("l", IfExists::Keep), Errno::Loop),
        (create("d", IfExists::Keep), Errno::IsDir),
        (create("d", IfExists::Fail), Errno::Exist),
        (create("", IfExists::Keep), Errno::IsDir),
        (create("no/x", IfExists::Keep), Errno::NoEnt),
        (create("f/x", IfExists::Keep), Errno::NotDir),
        (create("l/x", IfExists::Keep), Errno::NotDir),
        (create("s/x", IfExists::Keep), Errno::RoFs),
        (create("d/.git", IfExists::Keep), Errno::Inval),
        (create("GIT~1", IfExists::Keep), Errno::Inval),
        (create(".jjconflict-x", IfExists::Keep), Errno::Inval),
        (write("d", ""), Errno::IsDir),
        (write("d/.git", ""), Errno::Inval),
        (append("no", "x"), Errno::NoEnt),
        (append("d", "x"), Errno::IsDir),
        (append("s", "x"), Errno::IsDir),
        (append("l", "x"), Errno::Loop),
        (mkdir("f"), Errno::Exist),
        (mkdir("l"), Errno::Exist),
        (mkdir(""), Errno::Exist),
        (mkdir("no/d"), Errno::NoEnt),
        (Op::MakeDir { path: at("f/x/y"), mode: 0, parents: true }, Errno::NotDir),
        (Op::MakeDir { path: at("f"), mode: 0, parents: true }, Errno::Exist),
        (remove("d", false), Errno::NotEmpty),
        (remove("", true), Errno::Busy),
        (remove("no", true), Errno::NoEnt),
        (remove("f/x", true), Errno::NotDir),
        (rename("no", "x"), Errno::NoEnt),
        (rename("f", "no/x"), Errno::NoEnt),
        (rename("f", "d/f/x"), Errno::NotDir),
        (rename("f", "e"), Errno::IsDir),
        (rename("e", "f"), Errno::NotDir),
        (rename("e", "d"), Errno::NotEmpty),
        (rename("d", "d/x"), Errno::Inval),
        (rename("d", "d/sub/x"), Errno::Inval),
        (rename("d/f", "d"), Errno::NotEmpty),
        (rename("d/sub", "d"), Errno::NotEmpty),
        (rename("", "x"), Errno::Busy),
        (rename("f", ".git"), Errno::Inval),
        (Op::Rename { from: at("d/f"), to: at("f"), replace: false }, Errno::Exist),
        (copy("d", "e"), Errno::Exist),
        (copy("d", "d/x"), Errno::Inval),
        (copy("f", "d"), Errno::IsDir),
        (copy("f", "f"), Errno::Inval),
        (copy("l", "f"), Errno::Exist),
        (copy("f", "l"), Errno::Loop),
        (copy("no", "x"), Errno::NoEnt),
        (copy("", "x"), Errno::Inval),
        (link("f", "x"), Errno::Exist),
        (link("new", ""), Errno::NoEnt),
        (link("new", &"x".repeat(PATH_BYTES_MAX)), Errno::NameTooLong),
        (Op::SetMode { path: at("no"), mode: 0 }, Errno::NoEnt),
        (Op::SetMode { path: at("l"), mode: 0 }, Errno::NotSup),
        (Op::SetMode { path: at("s"), mode: 0 }, Errno::RoFs),
        (Op::SetMode { path: at("f"), mode: 0o10_000 }, Errno::Inval),
        (Op::Truncate { target: Target::Path(at("f")), len: FILE_BYTES_MAX + 1 }, Errno::FBig),
        (
            Op::WriteAt { target: Target::Path(at("f")), offset: u64::MAX, data: text("x") },
            Errno::FBig,
        ),
        (Op::Append { target: Target::Open(OpenId(77)), data: text("x") }, Errno::BadF),
        (Op::Replace { path: at("no"), base: Body::empty(), data: text("") }, Errno::NoEnt),
        (Op::Replace { path: at("d"), base: Body::empty(), data: text("") }, Errno::IsDir),
    ] {
        let told = format!("{op:?}");
        assert_eq!(tree.fails(op), errno, "{told}");
    }
    // A submodule can be taken away, as git does, and an empty directory may take its place.
    tree.does([rename("e", "s"), rename("f", "f"), remove("s", false)]);
}

#[test]
fn limits_hold_by_sums() {
    let tree = Tree::with([mkdir("a"), write("a/f", "x")]);
    let mut count = 0;
    let error = loop {
        let to = format!("b{count}");
        if let Err(error) = tree.apply([copy("a", "b"), rename("b", &format!("a/{to}"))], &RULES) {
            break error;
        }
        count += 1;
    };
    assert_eq!((error.errno(), count), (Errno::DQuot, 22));
    let long = "x".repeat(250);
    let deep = |count: usize| at(&vec![long.as_str(); count].join("/"));
    let make = |count| Op::MakeDir { path: deep(count), mode: 0o755, parents: true };
    let tree = Tree::with([make(10)]);
    assert_eq!(tree.fails(Op::Copy { from: deep(1), to: deep(8).child(b"y") }), Errno::Inval);
    tree.does([Op::Rename { from: deep(1), to: at("y"), replace: true }, make(8)]);
    assert_eq!(
        tree.fails(Op::Rename { from: at("y"), to: deep(8).child(b"y"), replace: true }),
        Errno::NameTooLong
    );
    tree.does([Op::Remove { path: at("y").child(deep(9).as_bstr()), recursive: true }]);
    tree.does([Op::Rename { from: at("y"), to: deep(8).child(b"y"), replace: true }]);
    let quota = Rules { limits: Limits { bytes_max: 10, ..RULES.limits }, ..RULES };
    let tree = Tree::new();
    let fails = |op| tree.apply([op], &quota).map_err(|error| error.errno()).err();
    assert_eq!(fails(write("f", "0123456789")), None);
    assert_eq!(fails(append("f", "0")), Some(Errno::DQuot));
    let held = tree.0.hold(&at("f"));
    assert_eq!(fails(remove("f", false)), None);
    assert_eq!(fails(write("g", "0")), Some(Errno::DQuot));
    drop(held);
    assert_eq!(fails(write("g", "0")), None);
}

#[test]
fn an_open_file_is_followed_and_outlives_its_name() -> FsResult<()> {
    let tree = Tree::with([mkdir("d"), mkdir("d/e"), write("d/e/f", "one"), write("g", "two")]);
    let (held, again, other) =
        (tree.0.hold(&at("d/e/f"))?, tree.0.hold(&at("d/e/f"))?, tree.0.hold(&at("g"))?);
    assert_eq!((held.id(), held.id() == other.id()), (again.id(), false));
    tree.does([rename("d", "x"), mkdir("d"), rename("x/e/f", "h")]);
    assert_eq!(held.path(), Some(at("h")));
    tree.does([Op::Append { target: Target::Open(held.id()), data: text("!") }]);
    assert_eq!(read(&again), "one!");
    // Replaced: `g` loses its name to the file that was held at `h`.
    tree.does([rename("h", "g")]);
    assert_eq!((held.path(), other.path()), (Some(at("g")), None));
    tree.does([
        Op::Append { target: Target::Open(other.id()), data: text(" private") },
        Op::Append { target: Target::Open(held.id()), data: text("?") },
    ]);
    assert_eq!((read(&held), read(&other)), ("one!?".into(), "two private".into()));
    assert_eq!(tree.shown(), ["d/", "g=one!?", "x/", "x/e/"]);
    drop(held);
    tree.does([mkdir("d/d"), rename("g", "d/d/g"), remove("d", true)]);
    assert_eq!((read(&again), again.path()), ("one!?".into(), None));
    drop((again, other));
    assert!(!tree.0.is_held());
    // A name that only begins alike is another one.
    let tree = Tree::with([mkdir("a"), write("a/f", "1"), write("a-b", "2"), write("a0", "3")]);
    let held = [tree.0.hold(&at("a/f"))?, tree.0.hold(&at("a-b"))?, tree.0.hold(&at("a0"))?];
    tree.does([rename("a", "z")]);
    assert_eq!(
        held.each_ref().map(OpenFile::path),
        [Some(at("z/f")), Some(at("a-b")), Some(at("a0"))]
    );
    let writer = tree.0.write();
    writer.reset(Dir::empty(Attributes { mode: 0o755, mtime_ns: None }), 50);
    drop(writer);
    assert_eq!(held.each_ref().map(read), ["1", "2", "3"]);
    assert_eq!(tree.0.hold(&at("a0")).map(|_| ()).map_err(|e| e.errno()), Err(Errno::NoEnt));
    Ok(())
}

#[test]
fn replace_merges_or_keeps_both_sides() -> FsResult<()> {
    #[derive(Debug)]
    struct Joins;
    impl Merge for Joins {
        fn merge(&self, base: &Body, ours: &Body, theirs: &Body) -> FsResult<Merged> {
            let sides = [base.read_all()?, ours.read_all()?, theirs.read_all()?].concat();
            let clean = theirs.len() < 3;
            Ok(if clean { Merged::Clean(sides.into()) } else { Merged::Conflicted(sides.into()) })
        }
    }
    let rules = Rules { merge: Some(&Joins), ..RULES };
    let tree = Tree::with([write("f", "a")]);
    let base = tree.0.hold(&at("f"))?.file()?.body;
    let replace = |data: &str| Op::Replace { path: at("f"), base: base.clone(), data: text(data) };
    assert_eq!(tree.apply([replace("b")], &rules)?.replaced, [Replaced::Clean]);
    assert_eq!(tree.apply([replace("c")], &rules)?.replaced, [Replaced::Merged]);
    assert_eq!(tree.shown(), ["f=abc"]);
    assert_eq!(tree.apply([replace("abc")], &rules)?.replaced, [Replaced::Merged]);
    assert_eq!(tree.apply([replace("long")], &rules)?.replaced, [Replaced::Conflicted]);
    assert_eq!(tree.shown(), ["f=aabclong"]);
    let conflict = |path: &str| match tree.0.root().lookup(&at(path)) {
        Ok(Node::File(file)) => file.conflict.clone(),
        _ => None,
    };
    let sides = conflict("f").map(|conflict| conflict.adds.clone()).unwrap_or_default();
    let sides: Vec<_> = sides.into_iter().flatten().map(|body| body.read_all()).collect();
    assert_eq!(sides, [Ok(text("abc")), Ok(text("long"))]);
    tree.does([append("f", "!"), mkdir("d"), copy("f", "g"), rename("f", "d/f"), copy("d", "e")]);
    assert_eq!(
        ["g", "d/f", "e/f"].map(|path| conflict(path).is_some()),
        [false, true, true],
        "cp copies the text, mv and cp -r keep the conflict"
    );
    // Without a merge the later one wins.
    assert_eq!(tree.apply([write("f", "z"), replace("y")], &RULES)?.replaced, [Replaced::Clean]);
    assert_eq!(tree.shown().last().map(String::as_str), Some("g=aabclong!"));
    Ok(())
}

#[test]
fn the_ops_of_a_plan_replay_to_the_same_tree() -> FsResult<()> {
    let tree = Tree::with([mkdir("d"), write("d/f", "one"), write("gone", "x")]);
    let (held, gone) = (tree.0.hold(&at("d/f"))?, tree.0.hold(&at("gone"))?);
    let base = held.file()?.body;
    let ops = [
        remove("gone", false),
        Op::Append { target: Target::Open(gone.id()), data: text("private") },
        rename("d", "e"),
        Op::Append { target: Target::Open(held.id()), data: Bytes::from(vec![b'x'; 2 << 20]) },
        create("e/f", IfExists::Keep),
        Op::Replace { path: at("e/f"), base, data: text("two") },
        Op::MakeDir { path: at("p/q"), mode: 0o755, parents: true },
    ];
    let batch = Batch { id: BatchId(9), now_ns: 7, ops: ops.to_vec() };
    let before = tree.0.root();
    let writer = tree.0.write();
    let plan = writer.plan(&batch, &RULES)?;
    assert_eq!(plan.landed().iter().map(|data| data.op).collect::<Vec<_>>(), [2]);
    assert_eq!(plan.ops().len(), 6);
    let replayed = LiveTree::new(before, OpenIds::default());
    let replay = Batch { ops: plan.ops().to_vec(), ..batch };
    replayed.apply(&replay, &RULES, Origin(1), |_| Ok(2))?;
    writer.publish(plan, 2, Origin(1));
    drop(writer);
    let replayed = Tree(Arc::new(replayed));
    assert_eq!(replayed.shown(), tree.shown());
    assert_eq!(replayed.shown(), ["e/", "e/f=two", "p/", "p/q/"]);
    assert_eq!(replayed.attributes("p/q"), tree.attributes("p/q"));
    Ok(())
}

#[test]
fn work_does_not_grow_with_what_is_below() -> FsResult<()> {
    let visits = |count: usize| {
        let tree = Tree::with([mkdir("d"), mkdir("d/e")]);
        tree.does((0..count).map(|count| create(&format!("d/e/f{count}"), IfExists::Fail)));
        let ops = vec![copy("d", "c"), rename("c", "m"), remove("d", true), remove("m", true)];
        let plan = tree.0.write().plan(&Batch { id: BatchId(1), now_ns: 1, ops }, &RULES)?;
        Ok::<u64, FsError>(plan.nodes_visited())
    };
    assert_eq!(visits(10)?, visits(10_000)?);
    Ok(())
}

#[test]
fn events_follow_the_state() -> FsResult<()> {
    let tree = Tree::with([mkdir("d"), write("f", "x")]);
    let (queue, mut reader) = Queue::new(Origin(1));
    tree.0.attach(&queue);
    tree.does([rename("d", "e"), append("f", "y"), append("f", "z"), create("f", IfExists::Keep)]);
    let events = reader.wait(None);
    let told: Vec<_> = events.iter().map(|e| (e.path.to_string(), e.recursive, e.own)).collect();
    let expected = [("d", true), ("e", true), ("f", false)];
    assert_eq!(told, expected.map(|(path, below)| (path.to_string(), below, true)));
    tree.0.detach(&queue);
    tree.does([remove("f", false)]);
    assert_eq!(reader.wait(Some(std::time::Duration::ZERO)), []);
    Ok(())
}
