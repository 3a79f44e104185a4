//! The names of things: orgs, repositories, bookmarks, changes, commits, and directory entries.

use std::fmt;
use std::sync::Arc;

use bstr::ByteSlice;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use crate::error::Errno;
use crate::path::NAME_BYTES_MAX;

/// Orgs that would hide a directory of the namespace.
pub const RESERVED_ORGS: &[&str] = &[
    "bin", "dev", "etc", "home", "lib", "opt", "proc", "root", "run", "sbin", "sys", "tmp", "usr",
    "var",
];

/// A name that breaks its grammar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    #[error(
        "invalid {what} name '{name}': use 1 to 100 of a-z, 0-9, '.', '_' and '-', starting with a letter or digit"
    )]
    Grammar { what: &'static str, name: String },
    #[error("invalid repository name '{name}': it must not end in '.git'")]
    GitSuffix { name: String },
    #[error("invalid org name '{name}': it is reserved")]
    Reserved { name: String },
    #[error("invalid bookmark name '{name}': {reason}")]
    Bookmark { name: String, reason: String },
    #[error("invalid change id '{id}': use letters k to z")]
    ChangeId { id: String },
    #[error("invalid commit oid '{oid}': use 40 hexadecimal digits")]
    CommitOid { oid: String },
}

fn follows_grammar(name: &str) -> bool {
    let inner = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    (1..=100).contains(&name.len())
        && name.bytes().all(inner)
        && name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
}

macro_rules! text_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        /// What comes in is checked as anywhere.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    };
}

text_name! {
    /// The owner of repositories: `[a-z0-9][a-z0-9._-]{0,99}`, not one of [`RESERVED_ORGS`].
    OrgName
}
text_name! {
    /// A repository's own name: `[a-z0-9][a-z0-9._-]{0,99}`, not ending in `.git`.
    RepoName
}
text_name! {
    /// A bookmark: what git accepts below `refs/heads/`.
    BookmarkName
}
text_name! {
    /// A whole change id: 32 letters `k` to `z` (jj's reverse hexadecimal).
    ChangeId
}
text_name! {
    /// A git commit's object id: 40 lower-case hexadecimal digits.
    CommitOid
}

impl OrgName {
    /// # Errors
    /// [`NameError`] if `name` breaks the grammar or is reserved.
    pub fn new(name: &str) -> Result<Self, NameError> {
        if !follows_grammar(name) {
            return Err(NameError::Grammar { what: "org", name: name.into() });
        }
        if RESERVED_ORGS.contains(&name) {
            return Err(NameError::Reserved { name: name.into() });
        }
        Ok(Self(name.into()))
    }
}

impl RepoName {
    /// # Errors
    /// [`NameError`] if `name` breaks the grammar.
    pub fn new(name: &str) -> Result<Self, NameError> {
        if !follows_grammar(name) {
            return Err(NameError::Grammar { what: "repository", name: name.into() });
        }
        if name.ends_with(".git") {
            return Err(NameError::GitSuffix { name: name.into() });
        }
        Ok(Self(name.into()))
    }
}

impl BookmarkName {
    /// # Errors
    /// [`NameError`] if git would refuse the branch.
    pub fn new(name: &str) -> Result<Self, NameError> {
        let fail = |reason: String| Err(NameError::Bookmark { name: name.into(), reason });
        if name.starts_with('-') || name == "HEAD" || name == "@" {
            return fail("git reserves it".into());
        }
        let full = format!("refs/heads/{name}");
        match gix_validate::reference::name(full.as_bytes().as_bstr()) {
            Ok(_) => Ok(Self(name.into())),
            Err(error) => fail(error.to_string().to_lowercase()),
        }
    }
}

impl ChangeId {
    /// The number of letters of a whole change id.
    pub const LETTERS: usize = 32;

    /// The change that every history starts at, as jj names it.
    #[must_use]
    pub fn root() -> Self {
        Self("z".repeat(Self::LETTERS).into())
    }

    /// # Errors
    /// [`NameError`] unless `id` is 32 letters `k` to `z`.
    pub fn new(id: &str) -> Result<Self, NameError> {
        if id.len() == Self::LETTERS && id.bytes().all(|byte| matches!(byte, b'k'..=b'z')) {
            Ok(Self(id.into()))
        } else {
            Err(NameError::ChangeId { id: id.into() })
        }
    }
}

impl CommitOid {
    /// # Errors
    /// [`NameError`] unless `oid` is 40 lower-case hexadecimal digits.
    pub fn new(oid: &str) -> Result<Self, NameError> {
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if oid.len() == 40 && oid.bytes().all(hex) {
            Ok(Self(oid.into()))
        } else {
            Err(NameError::CommitOid { oid: oid.into() })
        }
    }
}

/// The full name of a repository, `org/repo`.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct RepoId {
    pub org: OrgName,
    pub repo: RepoName,
}

impl RepoId {
    #[must_use]
    pub fn new(org: OrgName, repo: RepoName) -> Self {
        Self { org, repo }
    }

    /// Reads `repo`, or `org/repo`, the bare form meaning `org`'s.
    ///
    /// # Errors
    /// [`NameError`] if either part breaks its grammar.
    pub fn parse(text: &str, org: &OrgName) -> Result<Self, NameError> {
        match text.split_once('/') {
            Some((own, repo)) => Ok(Self::new(OrgName::new(own)?, RepoName::new(repo)?)),
            None => Ok(Self::new(org.clone(), RepoName::new(text)?)),
        }
    }
}

impl fmt::Display for RepoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.org, self.repo)
    }
}

/// Whether `name` may be stored as a directory entry: UTF-8, at most [`NAME_BYTES_MAX`] bytes, and
/// what `gix-validate` accepts with HFS and NTFS protection, so that every tree can be checked out
/// by git anywhere. `at_root` refuses `.jjconflict-*`, which jj writes there itself.
///
/// # Errors
/// ENAMETOOLONG or EINVAL.
pub fn check_entry_name(name: &[u8], at_root: bool) -> Result<(), Errno> {
    if name.len() > NAME_BYTES_MAX {
        return Err(Errno::NameTooLong);
    }
    let options = gix_validate::path::component::Options {
        protect_windows: false,
        protect_hfs: true,
        protect_ntfs: true,
    };
    let plain = name.to_str().is_ok() && !name.contains(&0) && !matches!(name, b"." | b"..");
    let accepted = plain && gix_validate::path::component(name.as_bstr(), None, options).is_ok();
    if accepted && !(at_root && name.starts_with(b".jjconflict-")) {
        Ok(())
    } else {
        Err(Errno::Inval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn org_and_repo_follow_the_grammar() {
        assert!(OrgName::new("acme").is_ok());
        assert!(matches!(OrgName::new("tmp"), Err(NameError::Reserved { .. })));
        for bad in ["", "Acme", "-a", ".a", "a b", "a/b", &"a".repeat(101)] {
            assert!(OrgName::new(bad).is_err(), "{bad}");
        }
        assert!(matches!(RepoName::new("a.git"), Err(NameError::GitSuffix { .. })));
        assert!(RepoName::new(&"a".repeat(100)).is_ok());
    }

    #[test]
    fn entry_names_are_what_git_can_check_out_anywhere() {
        for good in ["a", "a b", "ü", "-x", "...", "a\nb", "con", ".gitignore"] {
            assert_eq!(check_entry_name(good.as_bytes(), true), Ok(()), "{good}");
        }
        for bad in [".git", ".GIT", "git~1", ".", "..", "", ".jjconflict-base-0"] {
            assert_eq!(check_entry_name(bad.as_bytes(), true), Err(Errno::Inval), "{bad}");
        }
        assert_eq!(check_entry_name(b".jjconflict-x", false), Ok(()));
        assert_eq!(check_entry_name(b"\xff", false), Err(Errno::Inval));
        assert_eq!(check_entry_name(&[b'a'; 256], false), Err(Errno::NameTooLong));
    }

    #[test]
    fn bookmarks_are_git_branches() {
        assert!(BookmarkName::new("feature/x").is_ok());
        for bad in ["", "a..b", "a b", "HEAD", "-x", "a.lock", "a~", "/a"] {
            assert!(BookmarkName::new(bad).is_err(), "{bad}");
        }
    }
}
