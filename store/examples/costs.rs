//! What changes and bookmarks cost, beside the real jj and git on the same files; and what is left of
//! many snapshots before and after a clean-up.
//!
//! usage: costs [--snapshots N] [FILES]...   (100 and 10000)
//! Prints medians in milliseconds. jj and git are processes: what their start costs is in their figures,
//! as it is for whoever runs them. Needs git, and jj for its column.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mesa_store::{Author, Store, StoreOptions};
use mesafs::backend::{Access, Backwards, Checkout, History, Pin, Revision};
use mesafs::clock::SystemClock;
use mesafs::mount::{Files, MountParts};
use mesafs::name::{BookmarkName, OrgName, RepoId};
use mesafs::path::VPath;
use mesafs::scratch::{Quota, Scratch};
use mesafs::token::{ApiKey, Jti, KeyRepos, Scope, mint};
use mesafs::{FileSystem, Volume};

type Done<T = ()> = Result<T, Box<dyn Error>>;

const ROUNDS: usize = 9;
const FILES_IN_FOLDER: usize = 100;

fn file_name(number: usize) -> String {
    format!("d{}/e{}/f{number}", number / 10_000, number / FILES_IN_FOLDER)
}

/// A bare git repository of so many small files, by `git fast-import`, and 60 commits on them.
fn source(at: &Path, files: usize) -> Done {
    run(at, "git", &["init", "-q", "--bare", "-b", "main", "source.git"])?;
    let dir = at.join("source.git");
    let mut import = Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(&dir)
        .stdin(Stdio::piped())
        .spawn()?;
    let mut out = std::io::BufWriter::new(import.stdin.take().ok_or("no pipe")?);
    for commit in 0..60 {
        let time = 1_700_000_000 + commit;
        writeln!(
            out,
            "commit refs/heads/main\ncommitter A <a@example.org> {time} +0000\ndata 1\nx"
        )?;
        let numbers = if commit == 0 { 0..files } else { 0..1 };
        for number in numbers {
            let text = format!("{number} in {commit}\n").repeat(5);
            writeln!(out, "M 644 inline {}\ndata {}\n{text}", file_name(number), text.len())?;
        }
    }
    writeln!(out, "done")?;
    out.flush()?;
    drop(out);
    if import.wait()?.success() { Ok(()) } else { Err("git fast-import failed".into()) }
}

fn run(dir: &Path, program: &str, args: &[&str]) -> Done {
    let output = Command::new(program)
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("JJ_CONFIG", "/dev/null")
        .env("JJ_USER", "A")
        .env("JJ_EMAIL", "a@example.org")
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

/// The median of what `timed` takes, each time after `prepare`.
fn measure(
    mut prepare: impl FnMut(usize) -> Done,
    mut timed: impl FnMut(usize) -> Done,
) -> Done<f64> {
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        prepare(round)?;
        let begun = Instant::now();
        timed(round)?;
        times.push(begun.elapsed());
    }
    Ok(median(times))
}

fn done<T>(_: T) -> Done {
    Ok(())
}

struct Ours {
    store: Store,
    files: Files,
    checkout: Arc<dyn Checkout>,
}

impl Ours {
    fn open(dir: &Path, source: Option<&Path>) -> Done<Self> {
        let org = OrgName::new("acme")?;
        let repo = RepoId::parse("acme/app", &org)?;
        let author = Author { name: "A".into(), email: "a@example.org".into() };
        let key = ApiKey::from_seed(org.clone(), [7; 32]);
        let store = Store::open(dir, StoreOptions::default())?;
        if store.repos(None)?.is_empty() {
            match source {
                Some(source) => drop(store.import_repo(source, &repo, &author)?),
                None => store.create_repo(&repo, &author)?,
            }
            store.add_key(&org, key.public(), Scope::Admin, KeyRepos::All)?;
        }
        let repos = std::slice::from_ref(&repo);
        let token = mint(&key, repos, Scope::Write, 86_400, &SystemClock, Jti::random()?)?.token;
        let backend = store.backend(Some(author));
        let checkout = backend.open(&token, &repo, &Pin::Default, Access::ReadWrite)?;
        let files = Files::new(MountParts {
            org,
            checkouts: vec![Arc::clone(&checkout)],
            scratch: Arc::new(Scratch::new(Quota::default(), &SystemClock)) as Arc<dyn Volume>,
            commands: Vec::new(),
            clock: Arc::new(SystemClock),
        })?;
        Ok(Self { store, files, checkout })
    }

    fn history(&self) -> Done<&dyn History> {
        self.checkout.history().ok_or_else(|| "no history".into())
    }

    fn write(&self, number: usize, round: usize) -> Done {
        let path = VPath::new(format!("/acme/app/{}", file_name(number)))?;
        Ok(self.files.write(&path, format!("{number} {round}\n").into(), 0o644)?)
    }

    fn dirty(&self, count: usize, round: usize) -> Done {
        (0..count).try_for_each(|number| self.write(number, round))
    }
}

fn here() -> Revision {
    Revision::here()
}

fn costs(at: &Path, files: usize) -> Done<Vec<(&'static str, f64, f64, f64)>> {
    source(at, files)?;
    let ours = Ours::open(&at.join("store"), Some(&at.join("source.git")))?;
    run(at, "git", &["clone", "-q", "source.git", "git"])?;
    let git_dir = at.join("git");
    let has_jj = Command::new("jj").arg("--version").output().is_ok();
    let jj_dir = at.join("jj");
    if has_jj {
        run(at, "jj", &["git", "clone", "--colocate", "source.git", "jj"])?;
    }
    let jj = |prepare: &dyn Fn(usize) -> Done, args: &dyn Fn(usize) -> Vec<String>| -> Done<f64> {
        if !has_jj {
            return Ok(f64::NAN);
        }
        measure(prepare, |round| {
            let args = args(round);
            run(&jj_dir, "jj", &args.iter().map(String::as_str).collect::<Vec<_>>())
        })
    };
    let git = |prepare: &dyn Fn(usize) -> Done, args: &[&str]| -> Done<f64> {
        measure(prepare, |_| run(&git_dir, "git", args))
    };
    let nothing = |_: usize| -> Done { Ok(()) };
    let touch = |dir: &Path, count: usize, round: usize| -> Done {
        for number in 0..count.min(files) {
            let name = dir.join(file_name(number));
            std::fs::write(name, format!("{number} {round}\n"))?;
        }
        Ok(())
    };
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut rows = Vec::new();

    let main = Revision::Bookmark(BookmarkName::new("main")?);
    ours.write(0, 0)?;
    let own = measure(nothing, |_| done(ours.checkout.new_change(&main, None)?))?;
    let theirs = jj(&nothing, &|_| words("new main"))?;
    rows.push(("new", own, theirs, git(&nothing, &["switch", "-q", "--detach", "main"])?));
    let own = measure(nothing, |_| done(ours.checkout.edit(&main)?))?;
    let theirs = jj(&nothing, &|_| words("edit @ --ignore-immutable"))?;
    rows.push(("edit", own, theirs, git(&nothing, &["switch", "-q", "main"])?));
    let own = measure(nothing, |_| done(ours.checkout.current()?))?;
    let theirs = jj(&nothing, &|_| words("log -r @ --no-graph"))?;
    rows.push(("current", own, theirs, git(&nothing, &["rev-parse", "HEAD"])?));
    let own = measure(
        |round| ours.dirty(10, round),
        |_| {
            let compared = ours.history()?.status()?;
            let found = mesafs::tree::differences(&compared.before, &compared.after);
            found.collect::<Result<Vec<_>, _>>()?;
            Ok(())
        },
    )?;
    let theirs = jj(&|round| touch(&jj_dir, 10, round), &|_| words("status"))?;
    let gits = git(&|round| touch(&git_dir, 10, round), &["status", "--short"])?;
    rows.push(("status, 10 dirty files", own, theirs, gits));
    let mark = BookmarkName::new("mark")?;
    ours.checkout.create_bookmark(&mark)?;
    let (one, two) = (ours.checkout.current()?.0, ours.checkout.new_change(&here(), None)?);
    let own = measure(nothing, |round| {
        let to = if round % 2 == 0 { two.as_str() } else { one.change_id.as_str() };
        Ok(ours.checkout.move_bookmark(&mark, to, Backwards::Allow)?)
    })?;
    let theirs = jj(&nothing, &|round| {
        words(&format!("bookmark set -B mark -r {}", if round % 2 == 0 { "main" } else { "main-" }))
    })?;
    rows.push(("bookmark move", own, theirs, git(&nothing, &["branch", "-f", "mark", "main"])?));
    for (name, count) in [("snapshot, 1 dirty file", 1), ("snapshot, 1000 dirty files", 1000)] {
        // `current` stores what was written first.
        let own = measure(
            |round| ours.dirty(count.min(files), round + 100),
            |_| done(ours.checkout.current()?),
        )?;
        let theirs =
            jj(&|round| touch(&jj_dir, count, round + 100), &|_| words("log -r @ --no-graph"))?;
        let gits = measure(
            |round| touch(&git_dir, count, round + 100),
            |_| {
                run(
                    &git_dir,
                    "git",
                    &["-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qam", "x"],
                )
            },
        )?;
        rows.push((name, own, theirs, gits));
    }
    let own = measure(
        |round| ours.write(0, round + 300),
        |_| {
            let history = ours.history()?;
            let (from, to) =
                (history.content(&Revision::Expression("@-".into()))?, history.content(&here())?);
            mesafs::tree::differences(&from.dir, &to.dir).collect::<Result<Vec<_>, _>>()?;
            Ok(())
        },
    )?;
    let first = file_name(0);
    let theirs =
        jj(&|round| touch(&jj_dir, 1, round + 300), &|_| vec!["diff".into(), first.clone()])?;
    let gits = git(&|round| touch(&git_dir, 1, round + 300), &["diff", "--", &first])?;
    rows.push(("diff of one file", own, theirs, gits));
    let own = measure(nothing, |_| done(ours.history()?.log("::@", 50)?))?;
    let theirs = jj(&nothing, &|_| words("log -r ::@ -n 50"))?;
    rows.push(("log of 50", own, theirs, git(&nothing, &["log", "--oneline", "-n", "50"])?));
    // What `--dry-run` and `atomic` begin with; neither of the others has the like. The budget is 0.35.
    let own = measure(nothing, |_| done(ours.files.fork()?))?;
    rows.push(("throw-away fork", own, f64::NAN, f64::NAN));
    ours.checkout.close()?;
    ours.store.close()?;
    Ok(rows)
}

/// Open time, size, operations before and after a clean-up.
fn snapshots(at: &Path, count: usize) -> Done<String> {
    let dir = at.join("many");
    let ours = Ours::open(&dir, None)?;
    for folder in 0..1000 / FILES_IN_FOLDER {
        let folder = VPath::new(format!("/acme/app/d0/e{folder}"))?;
        ours.files.create_dir(&folder, 0o755, true)?;
    }
    let begun = Instant::now();
    for round in 0..count {
        ours.write(round % 1000, round)?;
        ours.checkout.current()?;
    }
    let each = begun.elapsed().as_secs_f64() * 1000.0 / count.max(1) as f64;
    ours.checkout.close()?;
    ours.store.close()?;
    drop(ours);
    let mut text = format!("{count} snapshots, {each:.2} ms each\n");
    let opened = |text: &mut String, when: &str| -> Done {
        let begun = Instant::now();
        let ours = Ours::open(&dir, None)?;
        let took = begun.elapsed().as_secs_f64() * 1000.0;
        let heads = ours.history()?.log("heads(all())", 0)?.len();
        writeln!(text, "{when}: opened in {took:.1} ms, {heads} heads")?;
        ours.checkout.close()?;
        Ok(ours.store.close()?)
    };
    opened(&mut text, "before gc")?;
    let ours = Ours::open(&dir, None)?;
    let begun = Instant::now();
    let report = ours.store.gc(ours.checkout.repo(), Duration::ZERO)?;
    let took = begun.elapsed().as_secs_f64();
    writeln!(
        text,
        "gc in {took:.1} s: {} operations and {} objects dropped, {} references; {} bytes instead of {}",
        report.operations_dropped,
        report.objects_dropped,
        report.refs_dropped,
        report.bytes_after,
        report.bytes_before,
    )?;
    ours.checkout.close()?;
    ours.store.close()?;
    drop(ours);
    opened(&mut text, "after gc")?;
    Ok(text)
}

fn main() -> Done {
    let mut args = std::env::args().skip(1);
    let (mut sizes, mut many) = (Vec::new(), 0);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--snapshots" => many = args.next().ok_or("how many snapshots?")?.parse()?,
            size => sizes.push(size.parse()?),
        }
    }
    if sizes.is_empty() && many == 0 {
        sizes = vec![100, 10_000];
    }
    let mut out = std::io::stdout().lock();
    for files in sizes {
        let at = tempfile::TempDir::new()?;
        writeln!(out, "\n{files} files{:>24}{:>10}{:>10}", "mesash", "jj", "git")?;
        for (name, own, jj, git) in costs(at.path(), files)? {
            let other = |ms: f64| if ms.is_nan() { "-".to_owned() } else { format!("{ms:.2}") };
            writeln!(out, "{name:30}{own:8.3}{:>10}{:>10}", other(jj), other(git))?;
        }
    }
    if many > 0 {
        let at = tempfile::TempDir::new()?;
        write!(out, "\n{}", snapshots(at.path(), many)?)?;
    }
    Ok(())
}
