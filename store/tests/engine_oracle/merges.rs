//! Random three-way merges: ours, the real jj's, and git's.

use mesa_store::engine::Resolved;

use crate::fixture::{Fixture, ann, fixture};
use crate::run;

/// How many merges are tried; more where time is no object.
fn cases() -> u64 {
    let told = std::env::var("MESASH_MERGE_CASES").ok();
    told.and_then(|cases| cases.parse().ok()).unwrap_or(40)
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn line(&mut self) -> String {
        format!("{}\n", ["alpha", "beta", "gamma", "delta", "", "}"][self.below(6) as usize])
    }
}

type Files = Vec<(String, Vec<String>)>;

fn begun(dice: &mut Dice) -> Files {
    let names = ["a", "b", "d/c", "d/e"];
    let count = dice.below(9);
    let lines = |dice: &mut Dice| (0..count + dice.below(5)).map(|_| dice.line()).collect();
    names.iter().map(|name| ((*name).to_owned(), lines(dice))).collect()
}

/// A few edits: lines that go, come or change, files that go or come.
fn edited(dice: &mut Dice, files: &Files) -> Files {
    let mut files = files.clone();
    for _ in 0..=dice.below(3) {
        let at = dice.below(files.len() as u64 + 1) as usize;
        let several = files.len() > 1;
        let Some((_, lines)) = files.get_mut(at) else {
            let line = dice.line();
            files.retain(|(name, _)| name != "new");
            files.push(("new".into(), vec![line]));
            continue;
        };
        let line = dice.below(lines.len() as u64 + 1) as usize;
        match dice.below(8) {
            0 if several => drop(files.remove(at)),
            1 | 2 => lines.insert(line, dice.line()),
            3 if line < lines.len() => drop(lines.remove(line)),
            _ if line < lines.len() => lines[line] = dice.line(),
            _ => lines.push(dice.line()),
        }
    }
    files
}

fn told(files: &Files) -> Vec<(&str, String)> {
    files.iter().map(|(name, lines)| (name.as_str(), lines.concat())).collect()
}

fn child(at: &Fixture, parent: &Resolved, files: &Files) -> Resolved {
    let told = told(files);
    let files: Vec<(&str, &str)> = told.iter().map(|(name, text)| (*name, text.as_str())).collect();
    at.child(parent, "", &files)
}

/// git's tree and the paths where it found a conflict; nothing is looked for under another name.
fn git_merge(at: &Fixture, left: &str, right: &str) -> (String, Vec<String>) {
    let dir = at.dir().join(".jj/repo/store/git");
    let args = ["-c", "merge.renames=false", "merge-tree", "--write-tree", "--name-only"];
    let output = std::process::Command::new("git")
        .args(args)
        .args(["--no-messages", left, right])
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let mut lines = said.lines().map(str::to_owned);
    let tree = lines.next().unwrap();
    (tree, lines.filter(|line| !line.is_empty()).collect())
}

#[test]
fn merges_are_jj_s_and_git_s() {
    let at = fixture();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut clean, mut conflicted, mut agreed) = (0, 0, 0);
    for case in 0..cases() {
        let files = begun(&mut dice);
        let base = child(&at, &at.main(), &files);
        let left = child(&at, &base, &edited(&mut dice, &files));
        let right = child(&at, &base, &edited(&mut dice, &files));
        let parents = [left.commit.clone(), right.commit.clone()];
        let (ours, _) = at.repo.new_merge(&parents, "ours", &ann()).unwrap();
        let ours = at.repo.commit_root(&ours.commit).unwrap();

        let text = format!("jj {case}");
        let (one, two) = (left.change.as_str(), right.change.as_str());
        let jj = ["--ignore-working-copy", "--no-pager", "--color=never"];
        run(&at.dir(), "jj", &[&jj[..], &["new", "--no-edit", "-m", &text, one, two]].concat());
        at.repo.refresh().unwrap();
        let revset = format!("subject(exact:\"{text}\")");
        let found = at.repo.revisions(&revset, None, &ann(), 0).unwrap();
        let theirs = at.repo.commit_root(&found[0]).unwrap();
        assert_eq!(ours, theirs, "case {case}");

        let (tree, paths) = git_merge(&at, left.commit.as_str(), right.commit.as_str());
        if ours.conflicts.is_empty() {
            clean += 1;
            if paths.is_empty() {
                assert_eq!(ours.tree.to_string(), tree, "case {case}");
                agreed += 1;
            }
        } else {
            conflicted += 1;
            // What both sides made anew git merges by line, as if an empty file had been there: of
            // such a path it may settle what jj leaves open. Of a path with a base it never does.
            let own = ours.conflicts.iter().map(|conflict| conflict.path.to_string());
            for path in own.filter(|path| files.iter().any(|(name, _)| name == path)) {
                assert!(paths.contains(&path), "case {case}: git merged {path}");
            }
        }
    }
    println!("{clean} clean ({agreed} for git too), {conflicted} conflicted");
    assert!(clean > 0 && conflicted > 0 && agreed > 0);
    crate::fsck(&at.dir().join(".jj/repo/store/git"));
}
