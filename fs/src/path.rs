//! Paths: as written (`VPath`), resolved (`RealPath`), and inside one repository (`RepoPath`).
//!
//! A `VPath` keeps `.`, `..` and a trailing slash, because the walk resolves them after symbolic
//! links, as a kernel does (POSIX.1-2024, 4.16 Pathname Resolution). Only [`resolve_path`] and
//! `cd -L` work on the text.

use std::fmt;
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice, ByteVec};

use crate::error::{Errno, FsError, FsResult, Operation};

/// The longest path, in bytes (`PATH_MAX` without its NUL).
pub const PATH_BYTES_MAX: usize = 4096;
/// The longest name of one entry, in bytes (`NAME_MAX`).
pub const NAME_BYTES_MAX: usize = 255;

/// An absolute path of at most [`PATH_BYTES_MAX`] bytes without NUL, not yet resolved.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VPath(BString);

impl VPath {
    /// The root of the namespace.
    #[must_use]
    pub fn root() -> Self {
        Self(BString::from("/"))
    }

    /// Checks an absolute path.
    ///
    /// # Errors
    /// ENOENT if it is empty, EINVAL if it is relative or has a NUL, ENAMETOOLONG past the bound.
    pub fn new(path: impl Into<BString>) -> FsResult<Self> {
        let path = path.into();
        let fail = |errno| Err(FsError::new(errno, Operation::Lookup, path.clone()));
        match path.first() {
            None => fail(Errno::NoEnt),
            Some(b'/') if path.contains(&0) => fail(Errno::Inval),
            Some(b'/') if path.len() > PATH_BYTES_MAX => fail(Errno::NameTooLong),
            Some(b'/') => Ok(Self(path)),
            Some(_) => fail(Errno::Inval),
        }
    }

    /// `path` as seen from this directory: itself if absolute, else appended as text.
    ///
    /// # Errors
    /// ENOENT for an empty path (POSIX), else as [`VPath::new`].
    pub fn join(&self, path: impl AsRef<[u8]>) -> FsResult<Self> {
        let path = path.as_ref();
        if path.is_empty() || path.first() == Some(&b'/') {
            return Self::new(path);
        }
        let mut joined = self.0.clone();
        if !joined.ends_with(b"/") {
            joined.push(b'/');
        }
        joined.push_str(path);
        Self::new(joined)
    }

    #[must_use]
    pub fn as_bstr(&self) -> &BStr {
        self.0.as_bstr()
    }

    /// The components, with `.` and `..` but without empty ones.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split(|&byte| byte == b'/').filter(|part| !part.is_empty())
    }

    /// Whether the text asks for a directory: a trailing `/`.
    #[must_use]
    pub fn wants_directory(&self) -> bool {
        self.0.ends_with(b"/")
    }
}

/// An absolute path without symbolic links, `.`, `..`, doubled or trailing slashes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RealPath(BString);

impl RealPath {
    #[must_use]
    pub fn root() -> Self {
        Self(BString::from("/"))
    }

    /// Builds the path of these names; the caller has resolved them.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut path = BString::default();
        for name in names {
            path.push(b'/');
            path.push_str(name);
        }
        if path.is_empty() { Self::root() } else { Self(path) }
    }

    /// The path that a walk came to; empty for the root.
    pub(crate) fn walked(path: Vec<u8>) -> Self {
        if path.is_empty() { Self::root() } else { Self(path.into()) }
    }

    #[must_use]
    pub fn as_bstr(&self) -> &BStr {
        self.0.as_bstr()
    }

    #[must_use]
    pub fn to_vpath(&self) -> VPath {
        VPath(self.0.clone())
    }
}

/// A path inside one repository: names joined by `/`, no leading slash; empty for its root. Cheap to
/// clone.
///
/// Always true: no empty, `.` or `..` component. Whether the names may be stored is the rule of
/// [`crate::name::check_entry_name`], which every op that creates one applies.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepoPath(Arc<[u8]>);

impl RepoPath {
    /// The repository's root.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// Checks a relative path.
    ///
    /// # Errors
    /// EINVAL if a component is empty, `.` or `..` or has a NUL; ENAMETOOLONG past the bounds.
    pub fn new(path: impl Into<BString>) -> FsResult<Self> {
        let path = path.into();
        let fail = |errno| Err(FsError::new(errno, Operation::Lookup, path.clone()));
        if path.len() > PATH_BYTES_MAX {
            return fail(Errno::NameTooLong);
        }
        if path.is_empty() {
            return Ok(Self::root());
        }
        for part in path.split(|&byte| byte == b'/') {
            if matches!(part, b"" | b"." | b"..") || part.contains(&0) {
                return fail(Errno::Inval);
            }
            if part.len() > NAME_BYTES_MAX {
                return fail(Errno::NameTooLong);
            }
        }
        Ok(Self(Vec::from(path).into()))
    }

    /// The path of these names, which a walk has already checked.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self(bstr::join("/", names).into())
    }

    /// The path that a walk came to.
    pub(crate) fn walked(path: Vec<u8>) -> Self {
        Self(path.into())
    }

    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn as_bstr(&self) -> &BStr {
        self.0.as_bstr()
    }

    pub fn names(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split(|&byte| byte == b'/').filter(|part| !part.is_empty())
    }

    /// The parent and the last name; `None` for the root.
    #[must_use]
    pub fn split_last(&self) -> Option<(RepoPath, &[u8])> {
        if self.0.is_empty() {
            return None;
        }
        match self.0.rfind_byte(b'/') {
            Some(at) => Some((Self(self.0[..at].into()), &self.0[at + 1..])),
            None => Some((Self::root(), &self.0[..])),
        }
    }

    /// This path with one more name, which the caller has checked.
    #[must_use]
    pub fn child(&self, name: &[u8]) -> Self {
        let mut path = Vec::with_capacity(self.0.len() + 1 + name.len());
        path.extend_from_slice(&self.0);
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(name);
        Self(path.into())
    }

    /// What is left of this path below `ancestor` (empty if they are equal), if it is below.
    #[must_use]
    pub fn below(&self, ancestor: &RepoPath) -> Option<&BStr> {
        let rest = self.0.strip_prefix(&ancestor.0[..])?;
        match rest.first() {
            None => Some(rest.as_bstr()),
            Some(b'/') if !ancestor.0.is_empty() => Some(rest[1..].as_bstr()),
            Some(_) if ancestor.0.is_empty() => Some(rest.as_bstr()),
            Some(_) => None,
        }
    }

    /// This path with its prefix `from` exchanged for `to`, if it is at or below `from`.
    #[must_use]
    pub fn rebased(&self, from: &RepoPath, to: &RepoPath) -> Option<Self> {
        let rest = self.below(from)?;
        Some(if rest.is_empty() { to.clone() } else { to.child(rest) })
    }
}

/// Joins `path` to `base` and normalises the text: no `.`, no `..` (which stops at `/`), no
/// doubled or trailing slash. Touches no file system and follows no symbolic link.
///
/// # Errors
/// As [`VPath::new`], and EINVAL if `base` is relative.
pub fn resolve_path(base: impl AsRef<[u8]>, path: impl AsRef<[u8]>) -> FsResult<VPath> {
    let (base, path) = (base.as_ref(), path.as_ref());
    let joined = if path.is_empty() { VPath::new(base)? } else { VPath::new(base)?.join(path)? };
    let mut names: Vec<&[u8]> = Vec::new();
    for part in joined.components() {
        match part {
            b"." => {}
            b".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    Ok(RealPath::from_names(names).to_vpath())
}

macro_rules! path_fmt {
    ($($type:ident),*) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.0.as_bstr(), f)
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self.0.as_bstr(), f)
            }
        }
        impl AsRef<[u8]> for $type {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        impl From<$type> for BString {
            fn from(path: $type) -> Self {
                Self::from(&path.0[..])
            }
        }
    )*};
}
path_fmt!(VPath, RealPath, RepoPath);

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(base: &str, path: &str) -> String {
        resolve_path(base, path).map_or_else(|error| error.to_string(), |path| path.to_string())
    }

    #[test]
    fn resolve_path_normalises_the_text() {
        assert_eq!(resolved("/a/b", "../c/./d//"), "/a/c/d");
        assert_eq!(resolved("/a", "../../.."), "/");
        assert_eq!(resolved("/a", "/x/y/.."), "/x");
        assert_eq!(resolved("/a/", ""), "/a");
        assert_eq!(resolved("a", "b"), "Invalid argument");
    }

    #[test]
    fn a_path_is_below_itself_and_its_ancestors_only() -> FsResult<()> {
        let at = |text: &str| RepoPath::new(text);
        assert_eq!(at("a/b")?.below(&at("a")?).map(|rest| rest.to_string()).as_deref(), Some("b"));
        assert_eq!(at("a/b")?.below(&at("")?).map(|rest| rest.to_string()).as_deref(), Some("a/b"));
        assert_eq!(at("ab")?.below(&at("a")?), None);
        assert_eq!(at("a/b")?.rebased(&at("a")?, &at("x/y")?), Some(at("x/y/b")?));
        assert_eq!(at("a")?.rebased(&at("a")?, &at("x")?), Some(at("x")?));
        Ok(())
    }

    #[test]
    fn a_vpath_keeps_what_the_walk_needs() -> FsResult<()> {
        let path = VPath::new("/a/./b/../c/")?;
        assert!(path.wants_directory());
        assert_eq!(path.components().count(), 5);
        assert_eq!(VPath::new("x").map_err(|error| error.errno()), Err(Errno::Inval));
        assert_eq!(VPath::new("").map_err(|error| error.errno()), Err(Errno::NoEnt));
        assert_eq!(VPath::new("/a\0").map_err(|error| error.errno()), Err(Errno::Inval));
        let long = format!("/{}", "a".repeat(PATH_BYTES_MAX));
        assert_eq!(VPath::new(long).map_err(|error| error.errno()), Err(Errno::NameTooLong));
        Ok(())
    }
}
