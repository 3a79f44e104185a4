//! Beside the real jj: the same operations come to the same, and both may be at it at once.

use std::path::Path;

use mesa_store::engine::{
    ChangeSnapshot, Emptied, EngineError, Moved, Repository, Resolved, RootTree,
};
use mesafs::name::ChangeId;

use crate::fixture::{Fixture, ann, fixture, name};
use crate::{fsck, run};

const JJ: [&str; 3] = ["--ignore-working-copy", "--no-pager", "--color=never"];

struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// Whether jj did it.
fn jj(dir: &Path, args: &[&str]) -> bool {
    std::process::Command::new("jj")
        .args(JJ)
        .args(args)
        .current_dir(dir)
        .env("HOME", dir)
        .env("XDG_CONFIG_HOME", dir)
        .env("JJ_CONFIG", "/dev/null")
        .env("JJ_USER", "Ann")
        .env("JJ_EMAIL", "ann@example.com")
        .output()
        .unwrap()
        .status
        .success()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), &to).unwrap();
        }
    }
}

/// Every change: its parents, its content, its bookmarks, all by change ids.
fn told(repo: &Repository) -> Vec<String> {
    let all = repo.revisions("all() ~ root()", None, &ann(), 0).unwrap();
    let commits = repo.commits(&all).unwrap();
    let mut told: Vec<String> = commits
        .iter()
        .map(|commit| {
            let parents: Vec<_> = commit
                .parents
                .iter()
                .map(|parent| repo.commit(parent).unwrap().change.to_string())
                .collect();
            let root = repo.commit_root(&commit.oid).unwrap();
            format!(
                "{} {parents:?} {root:?} {:?} {:?}",
                commit.change, commit.bookmarks, commit.description
            )
        })
        .collect();
    told.sort();
    told
}

/// A few changes on one another, with edits of the same few files.
fn grown(dice: &mut Dice) -> (Fixture, Vec<Resolved>) {
    let at = fixture();
    let mut changes = vec![at.put(&at.main(), &[("a", "1\n2\n3\n"), ("d/b", "b\n")], 1)];
    for count in 0..6 {
        let parent = at.now(&changes[dice.below(changes.len())]);
        let line = format!("{}\n", dice.below(4));
        let a = format!("1\n{line}3\n");
        let own = format!("f{count}");
        let files = [("a", a.as_str()), ("d/b", "b\n"), (own.as_str(), line.as_str())];
        changes.push(at.child(&parent, &format!("change {count}"), &files));
    }
    (at, changes)
}

#[test]
fn random_histories_are_jj_s() {
    let seeds = if std::env::var_os("MESASH_DEEP").is_some() { 20 } else { 2 };
    let mut done = 0;
    for seed in 1..=seeds {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ (seed * 7919));
        let (at, changes) = grown(&mut dice);
        let theirs = tempfile::TempDir::new().unwrap();
        let theirs = theirs.path().join("theirs");
        copy(&at.dir(), &theirs);
        for step in 0..12 {
            let one = changes[1 + dice.below(changes.len() - 1)].change.clone();
            let two = changes[dice.below(changes.len())].change.clone();
            let (a, b) = (one.as_str(), two.as_str());
            let resolved = |change: &ChangeId| {
                at.repo.resolve_change(change.as_str()).map(|found| found.commit)
            };
            let onto = resolved(&two);
            let (ours, theirs_did, what) = match dice.below(6) {
                0 => (
                    at.repo.abandon(std::slice::from_ref(&one), &ann()).map(drop),
                    jj(&theirs, &["abandon", "--retain-bookmarks", a]),
                    "abandon",
                ),
                kind @ (1 | 2) => {
                    let (moved, flag) = if kind == 1 {
                        (Moved::Alone, "-r")
                    } else {
                        (Moved::WithDescendants, "-s")
                    };
                    let ours = onto.and_then(|onto| {
                        at.repo.rebase(std::slice::from_ref(&one), moved, &[onto], &ann())
                    });
                    (ours.map(drop), jj(&theirs, &["rebase", flag, a, "-d", b]), "rebase")
                }
                3 if one != two => (
                    at.repo
                        .squash(
                            std::slice::from_ref(&one),
                            &two,
                            &[],
                            Some("squashed"),
                            Emptied::Abandon,
                            false,
                            &ann(),
                        )
                        .map(drop),
                    jj(&theirs, &["squash", "--from", a, "--into", b, "-m", "squashed"]),
                    "squash",
                ),
                4 => (
                    at.repo.set_bookmark(&name("mark"), &one, None).map(drop),
                    jj(&theirs, &["bookmark", "set", "-B", "-r", a, "mark"]),
                    "bookmark set",
                ),
                _ => (
                    onto.and_then(|onto| at.repo.restore(&one, &onto, &[], false, &ann()))
                        .map(drop),
                    jj(&theirs, &["restore", "--from", b, "--into", a]),
                    "restore",
                ),
            };
            let tried = format!("seed {seed} step {step}: {what} {a} {b}: {ours:?}");
            assert_eq!(ours.is_ok(), theirs_did, "{tried}");
            done += usize::from(theirs_did);
            let other = Repository::open(&theirs).unwrap();
            assert_eq!(told(&at.repo), told(&other), "{tried}");
        }
    }
    assert!(done > 10);
}

#[test]
fn jj_works_while_we_write() {
    let at = fixture();
    let base = at.put(&at.main(), &[("a", "0\n")], 1);
    let own = at.child(&base, "ours", &[("a", "0\n"), ("n", "0\n")]);
    let rounds = if std::env::var_os("MESASH_DEEP").is_some() { 100 } else { 15 };
    let dir = at.dir();
    let merged = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1..=rounds {
                // As the live change does it: what moved meanwhile is taken in, and it is done again.
                loop {
                    at.repo.refresh().unwrap();
                    let now = at.repo.resolve_change(own.change.as_str()).unwrap();
                    assert!(now.others.is_empty(), "divergent: {now:?}");
                    let text = format!("{round}\n");
                    let tree = at.tree(&[("a", "0\n"), ("n", text.as_str())]);
                    let snapshot = ChangeSnapshot {
                        beyond_git: false,
                        change: own.change.clone(),
                        base: now.commit,
                        root: RootTree { tree, conflicts: Vec::new() },
                        journal_since: 0,
                        journal_sequence: round,
                    };
                    match at.repo.snapshot(&[snapshot], &ann(), 0) {
                        Ok(_) => break,
                        Err(EngineError::ChangeMoved { .. }) => {
                            merged.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        });
        for round in 1..=rounds {
            let (text, mark) = (format!("jj {round}"), format!("mark-{round}"));
            run(
                &dir,
                "jj",
                &[&JJ[..], &["bookmark", "set", "-B", "-r", base.change.as_str(), &mark]].concat(),
            );
            if round % 5 == 0 {
                run(
                    &dir,
                    "jj",
                    &[&JJ[..], &["new", "--no-edit", "-m", &text, base.change.as_str()]].concat(),
                );
            }
        }
    });
    at.repo.refresh().unwrap();
    let now = at.repo.resolve_change(own.change.as_str()).unwrap();
    assert_eq!(at.text(&now, "n").unwrap(), format!("{rounds}\n"));
    let marks: Vec<String> =
        at.repo.bookmarks().unwrap().iter().map(|mark| mark.name.to_string()).collect();
    for round in 1..=rounds {
        assert!(marks.contains(&format!("mark-{round}")), "{marks:?}");
        if round % 5 == 0 {
            let found = format!("subject(exact:\"jj {round}\")");
            assert_eq!(at.repo.revisions(&found, None, &ann(), 0).unwrap().len(), 1);
        }
    }
    fsck(&dir.join(".jj/repo/store/git"));
}
