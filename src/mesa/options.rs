//! What a mount is asked for, and the checks of it.

use std::path::PathBuf;

use mesa_store::Author;
use mesafs::name::{BookmarkName, OrgName, RepoId};
use mesafs::token::{TTL_S_MAX, TTL_S_MIN};
use mesafs::{Access, Pin};

use super::error::MountError;

/// How long a mount's token lives if nothing else is asked for, in seconds.
pub const TTL_S_DEFAULT: u64 = 3600;

/// One repository of a mount.
///
/// With neither `bookmark` nor `change_id` the default bookmark is mounted; both at once are refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RepoConfig {
    /// `app`, or `acme/app` if `acme` is the client's org.
    pub name: String,
    /// Looked up strictly as a bookmark, never as a change id.
    pub bookmark: Option<String>,
    /// A change id or a unique prefix of one.
    pub change_id: Option<String>,
    /// Writes fail with EROFS; other repositories of the mount stay writable.
    pub read_only: bool,
}

impl RepoConfig {
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    #[must_use]
    pub fn bookmark(mut self, bookmark: impl Into<String>) -> Self {
        self.bookmark = Some(bookmark.into());
        self
    }

    #[must_use]
    pub fn change_id(mut self, change_id: impl Into<String>) -> Self {
        self.change_id = Some(change_id.into());
        self
    }

    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    fn checked(&self, org: &OrgName) -> Result<(RepoId, Pin, Access), MountError> {
        let id =
            RepoId::parse(&self.name, org).map_err(|error| MountError::invalid("repos", error))?;
        if id.org != *org {
            let reason = format!("repository '{id}' is not of the client's org '{org}'");
            return Err(MountError::invalid("repos", reason));
        }
        let pin = match (&self.bookmark, &self.change_id) {
            (None, None) => Pin::Default,
            (Some(name), None) => Pin::Bookmark(
                BookmarkName::new(name).map_err(|error| MountError::invalid("bookmark", error))?,
            ),
            (None, Some(id)) => Pin::Change(change_prefix(id)?),
            (Some(_), Some(_)) => {
                let reason = format!("repository '{id}': give a bookmark or a change, not both");
                return Err(MountError::invalid("repos", reason));
            }
        };
        let access = if self.read_only { Access::ReadOnly } else { Access::ReadWrite };
        Ok((id, pin, access))
    }
}

fn change_prefix(id: &str) -> Result<String, MountError> {
    let letters = id.bytes().all(|byte| matches!(byte, b'k'..=b'z'));
    if letters && (1..=32).contains(&id.len()) {
        return Ok(id.to_owned());
    }
    let reason = format!("invalid change id '{id}': use 1 to 32 letters k to z");
    Err(MountError::invalid("change_id", reason))
}

impl From<&str> for RepoConfig {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for RepoConfig {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

impl From<&RepoId> for RepoConfig {
    fn from(id: &RepoId) -> Self {
        Self::new(id.to_string())
    }
}

/// A cache on disk for a mount's bodies. Only remote mounts have one; it is checked for all.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiskCacheConfig {
    pub path: PathBuf,
    /// `None`: sized against the machine.
    pub max_size_bytes: Option<u64>,
}

impl DiskCacheConfig {
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), max_size_bytes: None }
    }

    #[must_use]
    pub fn max_size_bytes(mut self, bytes: u64) -> Self {
        self.max_size_bytes = Some(bytes);
        self
    }

    fn check(&self) -> Result<(), MountError> {
        let refuse = |reason: String| Err(MountError::invalid("disk_cache", reason));
        let path = self.path.display();
        if !self.path.is_absolute() {
            return refuse(format!("disk cache path '{path}' is not absolute"));
        }
        if self.path.exists() && !self.path.is_dir() {
            return refuse(format!("disk cache path '{path}' is not a directory"));
        }
        if self.max_size_bytes == Some(0) {
            return refuse("disk cache size 0: use at least 1 byte".to_owned());
        }
        Ok(())
    }
}

/// What to mount, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MountOptions {
    pub repos: Vec<RepoConfig>,
    /// How long the access token lives, in seconds: 1 to 86400. There is no refresh.
    pub ttl_s: u64,
    pub disk_cache: Option<DiskCacheConfig>,
    /// Whose the changes are; `ORG key KID8` if nobody is named.
    pub author: Option<Author>,
}

impl MountOptions {
    pub fn new<R: Into<RepoConfig>>(repos: impl IntoIterator<Item = R>) -> Self {
        Self {
            repos: repos.into_iter().map(Into::into).collect(),
            ttl_s: TTL_S_DEFAULT,
            disk_cache: None,
            author: None,
        }
    }

    /// How long the access token lives, in seconds: 1 to 86400.
    #[must_use]
    pub fn ttl(mut self, seconds: u64) -> Self {
        self.ttl_s = seconds;
        self
    }

    #[must_use]
    pub fn disk_cache(mut self, cache: DiskCacheConfig) -> Self {
        self.disk_cache = Some(cache);
        self
    }

    /// Whose the changes made through the mount are.
    #[must_use]
    pub fn author(mut self, name: impl Into<String>, email: impl Into<String>) -> Self {
        self.author = Some(Author { name: name.into(), email: email.into() });
        self
    }

    /// Checks all but what only the backend knows.
    ///
    /// # Errors
    /// [`MountError::InvalidOptions`].
    pub fn check(&self, org: &OrgName) -> Result<(), MountError> {
        self.checked(org).map(drop)
    }

    pub(super) fn checked(&self, org: &OrgName) -> Result<Vec<(RepoId, Pin, Access)>, MountError> {
        if self.repos.is_empty() {
            return Err(MountError::invalid("repos", "no repositories: name at least one"));
        }
        if !(TTL_S_MIN..=TTL_S_MAX).contains(&self.ttl_s) {
            let reason =
                format!("invalid ttl {}: use {TTL_S_MIN} to {TTL_S_MAX} seconds", self.ttl_s);
            return Err(MountError::invalid("ttl", reason));
        }
        if let Some(cache) = &self.disk_cache {
            cache.check()?;
        }
        if let Some(author) = &self.author {
            check_author(author)?;
        }
        let mut repos: Vec<(RepoId, Pin, Access)> = Vec::with_capacity(self.repos.len());
        for config in &self.repos {
            let repo = config.checked(org)?;
            if repos.iter().any(|(id, ..)| *id == repo.0) {
                let reason = format!("repository '{}' is named twice", repo.0);
                return Err(MountError::invalid("repos", reason));
            }
            repos.push(repo);
        }
        Ok(repos)
    }
}

/// What a git commit can hold in its author line.
fn check_author(author: &Author) -> Result<(), MountError> {
    let plain = |text: &str| !text.contains(['<', '>', '\n', '\0']);
    if author.name.trim().is_empty() || !plain(&author.name) || !plain(&author.email) {
        let reason = "invalid author: use a name and an email address without '<', '>' or newlines";
        return Err(MountError::invalid("author", reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(options: MountOptions) -> (&'static str, String) {
        match options.checked(&OrgName::new("acme").unwrap()) {
            Err(MountError::InvalidOptions { option, reason }) => (option, reason),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_wrong_option_is_named_with_what_is_allowed() {
        let app = || MountOptions::new(["app"]);
        let table = [
            (MountOptions::new([""; 0]), "repos", "no repositories: name at least one"),
            (
                MountOptions::new(["app", "acme/app"]),
                "repos",
                "repository 'acme/app' is named twice",
            ),
            (app().ttl(0), "ttl", "invalid ttl 0: use 1 to 86400 seconds"),
            (app().ttl(86_401), "ttl", "invalid ttl 86401: use 1 to 86400 seconds"),
            (
                MountOptions::new([RepoConfig::new("app").bookmark("main").change_id("k")]),
                "repos",
                "repository 'acme/app': give a bookmark or a change, not both",
            ),
            (
                MountOptions::new(["other/app"]),
                "repos",
                "repository 'other/app' is not of the client's org 'acme'",
            ),
            (
                MountOptions::new(["App"]),
                "repos",
                "invalid repository name 'App': use 1 to 100 of a-z, 0-9, '.', '_' and '-', starting with a letter or digit",
            ),
            (
                MountOptions::new([RepoConfig::new("app").change_id("xyza")]),
                "change_id",
                "invalid change id 'xyza': use 1 to 32 letters k to z",
            ),
            (
                app().disk_cache(DiskCacheConfig::new("cache")),
                "disk_cache",
                "disk cache path 'cache' is not absolute",
            ),
            (
                app().disk_cache(DiskCacheConfig::new("/tmp").max_size_bytes(0)),
                "disk_cache",
                "disk cache size 0: use at least 1 byte",
            ),
            (
                app().author("A\nB", "a@b"),
                "author",
                "invalid author: use a name and an email address without '<', '>' or newlines",
            ),
        ];
        for (options, option, reason) in table {
            assert_eq!(refused(options), (option, reason.to_owned()));
        }
        let bookmark = refused(MountOptions::new([RepoConfig::new("app").bookmark("a..b")]));
        assert_eq!(bookmark.0, "bookmark");
    }

    #[test]
    fn a_mount_can_mix_both_kinds() {
        let options = MountOptions::new([
            RepoConfig::new("app").bookmark("dev"),
            RepoConfig::new("acme/docs").read_only(true),
        ]);
        let checked = options.ttl(86_400).checked(&OrgName::new("acme").unwrap()).unwrap();
        let modes: Vec<_> =
            checked.iter().map(|(id, _, access)| (id.repo.as_str(), *access)).collect();
        assert_eq!(modes, [("app", Access::ReadWrite), ("docs", Access::ReadOnly)]);
    }
}
