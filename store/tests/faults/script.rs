//! The script that is stopped everywhere, and what a tree looks like.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;

use bytes::Bytes;
use mesafs::FsResult;
use mesafs::op::{Batch, BatchId, IfExists, Op, Target};
use mesafs::path::RepoPath;
use mesafs::tree::{Node, Root};

/// After these the store's threads are made to sync and to snapshot.
pub const TICKS: [u32; 2] = [70, 140];
/// When the script starts: seconds since the Unix epoch.
pub const NOW_S: i64 = 1_700_000_000;
fn at(text: String) -> RepoPath {
    // The script's names are plain.
    RepoPath::new(text).unwrap_or_else(|_| RepoPath::root())
}

/// What a step writes.
pub enum Step {
    App(Batch),
    /// To `app` and to `lib`, as a line under `atomic` does: both or neither.
    Both(Batch, Batch),
}

/// Step `n`, the same in every run.
pub fn step(n: u32) -> Step {
    if n % 20 != 19 {
        return Step::App(batch(n));
    }
    let number = Bytes::from(format!("{n}\n"));
    let numbers = at("numbers".into());
    let ops = vec![
        Op::Create { path: numbers.clone(), mode: 0o644, if_exists: IfExists::Keep },
        Op::Append { target: Target::Path(numbers), data: number.clone() },
        Op::MakeDir { path: at(format!("d{n}")), mode: 0o755, parents: false },
        Op::Write { path: at(format!("d{n}/f")), mode: 0o600, data: number.repeat(9_000).into() },
    ];
    let other = Batch { id: BatchId(u128::from(n) + 1_000_000), ..batch(n) };
    Step::Both(batch(n), Batch { ops, ..other })
}

fn batch(n: u32) -> Batch {
    let file = |k: u32| at(format!("d{}/f{}", k % 3, k % 11));
    let text = |len: usize| {
        let line = format!("step {n}\n");
        Bytes::from(line.repeat(len / line.len() + 1))
    };
    let write = |path, len| Op::Write { path, mode: 0o644, data: text(len) };
    let ops = match n {
        0..3 => vec![Op::MakeDir { path: at(format!("d{n}")), mode: 0o755, parents: false }],
        _ => match n % 10 {
            0 => vec![write(file(n), 60_000)],
            2 => vec![write(file(n), 10), write(file(n + 1), 10)],
            3 => vec![Op::MakeDir { path: at(format!("d0/e{n}")), mode: 0o700, parents: false }],
            4 => vec![Op::Copy { from: at("d0".into()), to: at(format!("c{n}")) }],
            5 => vec![Op::Rename {
                from: at(format!("c{}", n - 1)),
                to: at(format!("r{n}")),
                replace: false,
            }],
            6 if n > 11 => vec![Op::Remove { path: at(format!("r{}", n - 11)), recursive: true }],
            6 => vec![write(at("log".into()), 20)],
            1 => vec![Op::Append { target: Target::Path(at("log".into())), data: text(20) }],
            7 => vec![Op::SetMode { path: at("d1".into()), mode: 0o700 + n % 8 }],
            8 => vec![Op::Symlink {
                path: at(format!("d2/l{n}")),
                target: Bytes::from_static(b"../log"),
            }],
            _ => vec![Op::Create {
                path: at("log".into()),
                mode: 0o644,
                if_exists: IfExists::Truncate,
            }],
        },
    };
    let now_ns = NOW_S * 1_000_000_000 + i64::from(n);
    Batch { id: BatchId(u128::from(n) + 1), now_ns, ops }
}

/// Every entry of the trees of `app` and `lib` on a line of its own.
///
/// # Errors
/// EIO if something cannot be read.
pub fn digest(app: &Root, lib: &Root) -> FsResult<Vec<String>> {
    let mut lines = Vec::new();
    for (repo, root) in [("app", app), ("lib", lib)] {
        tell(repo, root, &mut lines)?;
    }
    Ok(lines)
}

fn tell(repo: &str, root: &Root, lines: &mut Vec<String>) -> FsResult<()> {
    for entry in root.walk() {
        let (path, node) = entry?;
        let attributes = node.attributes();
        let content = match &node {
            Node::Dir(_) | Node::Gitlink(_) => "dir".to_owned(),
            Node::Symlink(link) => format!("-> {}", link.target()),
            Node::File(file) => {
                let mut hasher = DefaultHasher::new();
                hasher.write(&file.body.read_all()?);
                format!("{} bytes {:016x}", file.body.len(), hasher.finish())
            }
        };
        let mtime = attributes.mtime_ns.map_or_else(|| "-".to_owned(), |ns| ns.to_string());
        lines.push(format!("{repo}/{path} {:o} {mtime} {content}", attributes.mode));
    }
    Ok(())
}
