//! An open store, as administrative calls have it: its own process's, and other processes'.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bstr::{BString, ByteSlice};
use mesa_protocol::{
    AdminAnswer, AdminCall, Collected, ErrorBody, Exported, Folder, Imported, KeyTold, RepoTold,
    Skipped, Synced, code,
};
use mesa_server::Administer;
use mesa_store::{ExportReport, GcReport, ImportReport, KeyInfo, Store, StoreError, SyncReport};
use mesafs::name::{OrgName, RepoId, RepoName};
use mesafs::token::{AccessToken, Grant, KeyId, KeyRepos, PublicKey, TokenError};

use crate::mesa::Author;

/// A store that is administered by calls.
#[derive(Debug)]
pub struct StoreAdmin(pub Store);

impl Administer for StoreAdmin {
    fn authorize(&self, token: &AccessToken) -> Result<Grant, TokenError> {
        self.0.verify_admin(token)
    }

    fn administer(&self, org: &OrgName, call: AdminCall) -> Result<AdminAnswer, ErrorBody> {
        administer(&self.0, org, call)
    }
}

fn refused(reason: impl std::fmt::Display) -> ErrorBody {
    ErrorBody::new(code::REFUSED, reason.to_string())
}

fn failed(error: StoreError) -> ErrorBody {
    refused(error)
}

fn path(folder: &BString) -> PathBuf {
    Path::new(OsStr::from_bytes(folder)).to_owned()
}

pub fn folder(path: &Path) -> BString {
    path.as_os_str().as_bytes().into()
}

/// Who makes something; the org where nobody is named.
fn author(org: &OrgName, named: Option<mesa_protocol::Author>) -> Author {
    match named {
        Some(mesa_protocol::Author { name, email }) => Author { name, email },
        None => Author { name: org.to_string(), email: String::new() },
    }
}

fn count(count: usize) -> u64 {
    count as u64
}

/// Does `call`, which is about `org` alone.
pub fn administer(store: &Store, org: &OrgName, call: AdminCall) -> Result<AdminAnswer, ErrorBody> {
    Ok(match call {
        AdminCall::AddKey { public_key, scope, repos } => {
            let public = PublicKey::parse(&public_key).map_err(refused)?;
            let known = store.keys(None).map_err(failed)?;
            if known.iter().any(|info| info.key.public == public && info.key.org != *org) {
                return Err(refused("the key is another org's"));
            }
            let scope = scope.parse().map_err(refused)?;
            let repos = match repos {
                None => KeyRepos::All,
                Some(names) => KeyRepos::Some(names.into_iter().collect()),
            };
            let id = store.add_key(org, &public, scope, repos).map_err(failed)?;
            AdminAnswer::Key(id.as_str().to_owned())
        }
        AdminCall::Keys => {
            let keys = store.keys(Some(org)).map_err(failed)?;
            AdminAnswer::Keys(keys.iter().map(key_told).collect())
        }
        AdminCall::RevokeKey { id } => {
            let id = key_of(store, org, &id).map_err(failed)?;
            let id = store.revoke_key(id.as_str()).map_err(failed)?;
            AdminAnswer::Key(id.as_str().to_owned())
        }
        AdminCall::CreateRepo { repo, author: named } => {
            store.create_repo(&repo, &author(org, named)).map_err(failed)?;
            AdminAnswer::Done
        }
        AdminCall::Repos => {
            let repos = store.repos(Some(org)).map_err(failed)?.into_iter();
            let told = repos.map(|info| RepoTold {
                id: info.id,
                default_bookmark: info.default_bookmark,
                created_ms: info.created_ms,
            });
            AdminAnswer::Repos(told.collect())
        }
        AdminCall::DeleteRepo { repo } => {
            store.delete_repo(&repo).map_err(failed)?;
            AdminAnswer::Done
        }
        AdminCall::Import { source, repo, author: named } => {
            let report = store.import_repo(&path(&source), &repo, &author(org, named));
            AdminAnswer::Imported(imported(report.map_err(failed)?))
        }
        AdminCall::Export { repo, dest } => AdminAnswer::Exported(exported(
            &store.export_repo(&repo, &path(&dest)).map_err(failed)?,
        )),
        AdminCall::Sync { repo, with, author: named } => {
            let with = with.map(|Folder(with)| path(&with));
            let report = store.sync_repo(&repo, with.as_deref(), &author(org, named));
            AdminAnswer::Synced(synced(report.map_err(failed)?))
        }
        AdminCall::Gc { repo, keep_s } => AdminAnswer::Collected(gc(store, &repo, keep_s)?),
    })
}

/// The org's key that `id`, or a unique beginning of one, names.
fn key_of(store: &Store, org: &OrgName, id: &str) -> Result<KeyId, StoreError> {
    let keys = store.keys(Some(org))?;
    let mut named = keys.into_iter().filter(|info| info.id.as_str().starts_with(id));
    match (named.next(), named.next()) {
        (Some(info), None) => Ok(info.id),
        (Some(info), Some(_)) if info.id.as_str() == id => Ok(info.id),
        (Some(_), Some(_)) => Err(StoreError::AmbiguousKey { key: id.into() }),
        (None, _) => Err(StoreError::NoKey { key: id.into() }),
    }
}

fn key_told(info: &KeyInfo) -> KeyTold {
    let repos: Option<Vec<RepoName>> = match &info.key.repos {
        KeyRepos::All => None,
        KeyRepos::Some(names) => Some(names.iter().cloned().collect()),
    };
    KeyTold {
        id: info.id.as_str().to_owned(),
        public_key: info.key.public.encoded(),
        scope: info.key.scope.as_str().to_owned(),
        repos,
        revoked: info.key.revoked,
        created_ms: info.created_ms,
    }
}

fn skipped(skipped: Vec<(BString, String)>) -> Vec<Skipped> {
    skipped.into_iter().map(|(name, reason)| (name.to_str_lossy().into_owned(), reason)).collect()
}

fn imported(report: ImportReport) -> Imported {
    Imported {
        default_bookmark: report.default_bookmark,
        commits: count(report.commits),
        bookmarks: count(report.bookmarks),
        tags: count(report.tags),
        skipped: skipped(report.skipped),
    }
}

fn exported(report: &ExportReport) -> Exported {
    Exported { branches: count(report.branches), tags: count(report.tags), objects: report.objects }
}

fn synced(report: SyncReport) -> Synced {
    let SyncReport { with, taken, exported: went } = report;
    Synced {
        with: Folder(folder(&with)),
        commits: count(taken.commits),
        tags: count(taken.tags),
        moved: taken.moved,
        deleted: taken.deleted,
        apart: taken.apart,
        skipped: skipped(taken.skipped),
        exported: exported(&went),
    }
}

fn gc(store: &Store, repo: &RepoId, keep_s: Option<u64>) -> Result<Collected, ErrorBody> {
    let retention = keep_s.map_or_else(|| store.retention(), Duration::from_secs);
    let report: GcReport = store.gc(repo, retention).map_err(failed)?;
    Ok(Collected {
        operations_dropped: count(report.operations_dropped),
        operations_kept: count(report.operations_kept),
        refs_dropped: count(report.refs_dropped),
        objects_dropped: count(report.objects_dropped),
        objects_kept: count(report.objects_kept),
        bytes_before: report.bytes_before,
        bytes_after: report.bytes_after,
    })
}
