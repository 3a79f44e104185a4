//! `mesash repo`.

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use mesa_store::SyncReport;
use mesafs::name::{BookmarkName, RepoId};
use serde_json::json;

use super::Desk;
use crate::cli::failure::{CONFLICT, FAILED, Failure};
use crate::cli::waiting::Waiting;

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Make an empty repository
    Create {
        /// The repository's name
        name: String,
    },
    /// List the repositories of the org
    List,
    /// Delete a repository with its whole history
    Delete {
        /// The repository's name
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Make a repository of a git repository on disk, with its history, branches and tags
    Import {
        /// A worktree, its .git folder, or a bare repository
        source: PathBuf,
        /// The new repository's name
        name: String,
    },
    /// Drop what no operation within retention needs, and pack the rest
    Gc {
        /// The repository's name (default: every one of the org)
        name: Option<String>,
        /// Keep operations, and the audit, of so many days (0: of now alone)
        #[arg(long, value_name = "DAYS")]
        keep: Option<u32>,
    },
    /// Bring a repository and a git repository together: what git did comes in, what was done here goes out
    Sync {
        /// The repository's name
        name: String,
        /// The folder of the git repository, made if it is missing (default: that of the last sync)
        with: Option<PathBuf>,
    },
    /// Write a repository's bookmarks and tags to a git repository, made if it is missing
    Export {
        /// The repository's name
        name: String,
        /// The folder of the bare git repository
        dest: PathBuf,
    },
}

impl Action {
    pub fn run(self, desk: &mut Desk) -> Result<(), Failure> {
        match self {
            Self::Create { name } => create(desk, &name),
            Self::List => list(desk),
            Self::Delete { name, yes } => delete(desk, &name, yes),
            Self::Import { source, name } => import(desk, &source, &name),
            Self::Gc { name, keep } => gc(desk, name.as_deref(), keep),
            Self::Sync { name, with } => sync(desk, &name, with.as_deref()),
            Self::Export { name, dest } => export(desk, &name, &dest),
        }
    }
}

fn id(desk: &Desk, name: &str) -> Result<RepoId, Failure> {
    let id = RepoId::parse(name, &desk.settings.org).map_err(Failure::usage)?;
    if id.org == desk.settings.org {
        return Ok(id);
    }
    let org = &desk.settings.org;
    Err(Failure::usage(format!("repository '{id}' is not of the org '{org}': use --org")))
}

fn create(desk: &Desk, name: &str) -> Result<(), Failure> {
    let repo = id(desk, name)?;
    desk.home.store.create_repo(&repo, &desk.home.author(&desk.settings))?;
    desk.answer(&format!("made the repository {repo}\n"), &json!({ "repo": repo.to_string() }))
}

fn list(desk: &Desk) -> Result<(), Failure> {
    let repos = desk.home.store.repos(Some(&desk.settings.org))?;
    let width = repos.iter().map(|info| info.id.to_string().len()).max().unwrap_or(0);
    let mut text = String::new();
    let mut values = Vec::new();
    for info in &repos {
        let (id, bookmark) = (info.id.to_string(), &info.default_bookmark);
        text.push_str(&format!("{id:width$}  {bookmark}\n"));
        values.push(json!({
            "repo": id,
            "default_bookmark": bookmark.as_str(),
            "created_ms": info.created_ms,
        }));
    }
    desk.answer(&text, &values.into())
}

fn delete(desk: &Desk, name: &str, yes: bool) -> Result<(), Failure> {
    let repo = id(desk, name)?;
    let known = desk.home.store.repos(Some(&repo.org))?;
    if known.iter().any(|info| info.id == repo) && !yes && !confirmed(&repo)? {
        return Err(Failure::new(FAILED, format!("{repo} was not deleted")));
    }
    desk.home.store.delete_repo(&repo)?;
    desk.answer(&format!("deleted {repo}\n"), &json!({ "repo": repo.to_string() }))
}

/// Asks at the terminal. Without one nothing is deleted.
fn confirmed(repo: &RepoId) -> Result<bool, Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        let reason = format!("to delete {repo} and its whole history, add --yes");
        return Err(Failure::usage(reason));
    }
    let _ = write!(std::io::stderr(), "Delete {repo} and its whole history? [y/N] ");
    let mut answer = String::new();
    drop(stdin.lock().read_line(&mut answer));
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn import(desk: &Desk, source: &std::path::Path, name: &str) -> Result<(), Failure> {
    let repo = id(desk, name)?;
    let author = desk.home.author(&desk.settings);
    let waiting = Waiting::begin(format!("importing {repo}"));
    let report = desk.home.store.import_repo(source, &repo, &author)?;
    drop(waiting);
    for (name, reason) in &report.skipped {
        let _ = writeln!(std::io::stderr(), "mesash: left out '{name}': {reason}");
    }
    let text = format!(
        "imported {repo}: {}, {}, {}, on bookmark {}\n",
        count(report.commits as u64, "commit"),
        count(report.bookmarks as u64, "bookmark"),
        count(report.tags as u64, "tag"),
        report.default_bookmark,
    );
    let skipped: Vec<_> = report.skipped.iter().map(|(name, _)| name.to_string()).collect();
    desk.answer(
        &text,
        &json!({
            "repo": repo.to_string(),
            "default_bookmark": report.default_bookmark.as_str(),
            "commits": report.commits,
            "bookmarks": report.bookmarks,
            "tags": report.tags,
            "skipped": skipped,
        }),
    )
}

fn export(desk: &Desk, name: &str, dest: &std::path::Path) -> Result<(), Failure> {
    let repo = id(desk, name)?;
    let waiting = Waiting::begin(format!("exporting {repo}"));
    let report = desk.home.store.export_repo(&repo, dest)?;
    drop(waiting);
    let text = format!(
        "exported {repo} to {}: {} moved, {}, {} new\n",
        dest.display(),
        count(report.branches as u64, "branch"),
        count(report.tags as u64, "tag"),
        count(report.objects, "object"),
    );
    desk.answer(
        &text,
        &json!({
            "repo": repo.to_string(),
            "branches": report.branches,
            "tags": report.tags,
            "objects": report.objects,
        }),
    )
}

fn sync(desk: &Desk, name: &str, with: Option<&std::path::Path>) -> Result<(), Failure> {
    let repo = id(desk, name)?;
    let author = desk.home.author(&desk.settings);
    let waiting = Waiting::begin(format!("syncing {repo}"));
    let SyncReport { with, taken, exported } = desk.home.store.sync_repo(&repo, with, &author)?;
    drop(waiting);
    for (name, reason) in &taken.skipped {
        let _ = writeln!(std::io::stderr(), "mesash: left out '{name}': {reason}");
    }
    let names = |names: &[BookmarkName]| -> Vec<String> {
        names.iter().map(BookmarkName::to_string).collect()
    };
    let mut text = format!("synced {repo} with {}\n", with.display());
    if taken.commits + taken.tags + taken.moved.len() + taken.deleted.len() > 0 {
        let (commits, tags) = (taken.commits as u64, taken.tags as u64);
        text += &format!("came: {}, {}", count(commits, "commit"), count(tags, "tag"));
        if !taken.moved.is_empty() {
            text += &format!("; moved here: {}", names(&taken.moved).join(", "));
        }
        if !taken.deleted.is_empty() {
            text += &format!("; deleted here: {}", names(&taken.deleted).join(", "));
        }
        text.push('\n');
    }
    if exported.branches + exported.tags > 0 {
        let (branches, tags) = (exported.branches as u64, exported.tags as u64);
        let objects = count(exported.objects, "object");
        text +=
            &format!("went: {}, {}, {objects}\n", count(branches, "branch"), count(tags, "tag"));
    }
    for name in &taken.apart {
        text += &format!(
            "'{name}' went two ways: git's is 'git/{name}' here; bring it in with 'bookmarks merge {name} git/{name}' and sync again\n"
        );
    }
    let value = json!({
        "repo": repo.to_string(),
        "with": with.display().to_string(),
        "commits": taken.commits,
        "tags": taken.tags,
        "moved": names(&taken.moved),
        "deleted": names(&taken.deleted),
        "apart": names(&taken.apart),
        "exported": {
            "branches": exported.branches,
            "tags": exported.tags,
            "objects": exported.objects,
        },
    });
    desk.answer(&text, &value)?;
    match taken.apart.is_empty() {
        true => Ok(()),
        false => Err(Failure::silent(CONFLICT)),
    }
}

fn gc(desk: &Desk, name: Option<&str>, keep: Option<u32>) -> Result<(), Failure> {
    let store = &desk.home.store;
    let repos = match name {
        Some(name) => vec![id(desk, name)?],
        None => store.repos(Some(&desk.settings.org))?.into_iter().map(|info| info.id).collect(),
    };
    let days = |days| Duration::from_secs(u64::from(days) * 86_400);
    let retention = keep.map_or_else(|| store.retention(), days);
    let (mut text, mut values) = (String::new(), Vec::new());
    for repo in repos {
        let waiting = Waiting::begin(format!("packing {repo}"));
        let report = store.gc(&repo, retention)?;
        drop(waiting);
        text += &format!(
            "{repo}: {} and {} dropped, {} bytes instead of {}\n",
            count(report.operations_dropped as u64, "operation"),
            count(report.objects_dropped as u64, "object"),
            report.bytes_after,
            report.bytes_before,
        );
        values.push(json!({
            "repo": repo.to_string(),
            "operations_dropped": report.operations_dropped,
            "operations_kept": report.operations_kept,
            "refs_dropped": report.refs_dropped,
            "objects_dropped": report.objects_dropped,
            "objects_kept": report.objects_kept,
            "bytes_before": report.bytes_before,
            "bytes_after": report.bytes_after,
        }));
    }
    desk.answer(&text, &values.into())
}

fn count(count: u64, noun: &str) -> String {
    match (count, noun) {
        (1, noun) => format!("1 {noun}"),
        (count, "branch") => format!("{count} branches"),
        (count, noun) => format!("{count} {noun}s"),
    }
}
