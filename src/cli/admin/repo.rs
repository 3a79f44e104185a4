//! `mesash repo`.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use bstr::BString;
use clap::Subcommand;
use mesa_protocol::{AdminAnswer, AdminCall, Folder};
use mesafs::name::{BookmarkName, RepoId};
use serde_json::json;

use super::{Desk, store, unasked};
use crate::cli::config::plain;
use crate::cli::failure::{CONFLICT, FAILED, Failure};
use crate::cli::waiting::Waiting;

const DAY_S: u64 = 86_400;

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
    pub fn run(self, desk: &Desk) -> Result<(), Failure> {
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

/// A folder as it is named to the store: another process has another working folder.
fn named(desk: &Desk, folder: &Path) -> Result<BString, Failure> {
    if !desk.is_elsewhere() {
        return Ok(store::folder(folder));
    }
    let whole = std::path::absolute(folder);
    let failed = |error| Failure::new(FAILED, format!("{}: {}", folder.display(), plain(&error)));
    Ok(store::folder(&whole.map_err(failed)?))
}

fn create(desk: &Desk, name: &str) -> Result<(), Failure> {
    let repo = id(desk, name)?;
    desk.call(AdminCall::CreateRepo { repo: repo.clone(), author: desk.author()? })?;
    desk.answer(&format!("made the repository {repo}\n"), &json!({ "repo": repo.to_string() }))
}

fn list(desk: &Desk) -> Result<(), Failure> {
    let repos = desk.repos()?;
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
    if desk.repos()?.iter().any(|info| info.id == repo) && !yes && !confirmed(&repo)? {
        return Err(Failure::new(FAILED, format!("{repo} was not deleted")));
    }
    desk.call(AdminCall::DeleteRepo { repo: repo.clone() })?;
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
    let author = desk.author()?;
    let waiting = Waiting::begin(format!("importing {repo}"));
    let call = AdminCall::Import { source: named(desk, source)?, repo: repo.clone(), author };
    let AdminAnswer::Imported(report) = desk.call(call)? else { return Err(unasked()) };
    drop(waiting);
    for (name, reason) in &report.skipped {
        let _ = writeln!(std::io::stderr(), "mesash: left out '{name}': {reason}");
    }
    let text = format!(
        "imported {repo}: {}, {}, {}, on bookmark {}\n",
        count(report.commits, "commit"),
        count(report.bookmarks, "bookmark"),
        count(report.tags, "tag"),
        report.default_bookmark,
    );
    let skipped: Vec<_> = report.skipped.iter().map(|(name, _)| name.clone()).collect();
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
    let call = AdminCall::Export { repo: repo.clone(), dest: named(desk, dest)? };
    let AdminAnswer::Exported(report) = desk.call(call)? else { return Err(unasked()) };
    drop(waiting);
    let text = format!(
        "exported {repo} to {}: {} moved, {}, {} new\n",
        dest.display(),
        count(report.branches, "branch"),
        count(report.tags, "tag"),
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
    let author = desk.author()?;
    let waiting = Waiting::begin(format!("syncing {repo}"));
    let with = with.map(|with| named(desk, with).map(Folder)).transpose()?;
    let call = AdminCall::Sync { repo: repo.clone(), with, author };
    let AdminAnswer::Synced(taken) = desk.call(call)? else { return Err(unasked()) };
    let exported = &taken.exported;
    drop(waiting);
    for (name, reason) in &taken.skipped {
        let _ = writeln!(std::io::stderr(), "mesash: left out '{name}': {reason}");
    }
    let names = |names: &[BookmarkName]| -> Vec<String> {
        names.iter().map(BookmarkName::to_string).collect()
    };
    let mut text = format!("synced {repo} with {}\n", taken.with.0);
    let moved = !(taken.moved.is_empty() && taken.deleted.is_empty());
    if taken.commits + taken.tags > 0 || moved {
        let (commits, tags) = (taken.commits, taken.tags);
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
        let (branches, tags) = (exported.branches, exported.tags);
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
        "with": taken.with.0.to_string(),
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
    let repos = match name {
        Some(name) => vec![id(desk, name)?],
        None => desk.repos()?.into_iter().map(|info| info.id).collect(),
    };
    let keep_s = keep.map(|days| u64::from(days) * DAY_S);
    let (mut text, mut values) = (String::new(), Vec::new());
    for repo in repos {
        let waiting = Waiting::begin(format!("packing {repo}"));
        let call = AdminCall::Gc { repo: repo.clone(), keep_s };
        let AdminAnswer::Collected(report) = desk.call(call)? else { return Err(unasked()) };
        drop(waiting);
        text += &format!(
            "{repo}: {} and {} dropped, {} bytes instead of {}\n",
            count(report.operations_dropped, "operation"),
            count(report.objects_dropped, "object"),
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
