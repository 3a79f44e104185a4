//! What is done with a store as a whole: its repositories and its keys.

use mesafs::name::{BookmarkName, OrgName, RepoId, RepoName};
use serde::{Deserialize, Serialize};

/// An administrative call, about the org that comes with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdminCall {
    /// Registers the public half of an API key, in 43 characters of base64url.
    AddKey {
        public_key: String,
        /// `read`, `write` or `admin`.
        scope: String,
        /// `None` for all of the org, present and future.
        repos: Option<Vec<RepoName>>,
    },
    Keys,
    /// `id` may be a unique beginning of one.
    RevokeKey {
        id: String,
    },
    CreateRepo {
        repo: RepoId,
        author: Option<Author>,
    },
    Repos,
    DeleteRepo {
        repo: RepoId,
    },
    /// Folders are the server's: only whoever runs it may name them.
    Import {
        #[serde(with = "mesafs::wire::bstring")]
        source: bstr::BString,
        repo: RepoId,
        author: Option<Author>,
    },
    Export {
        repo: RepoId,
        #[serde(with = "mesafs::wire::bstring")]
        dest: bstr::BString,
    },
    Sync {
        repo: RepoId,
        with: Option<Folder>,
        author: Option<Author>,
    },
    /// Without `keep_s` as long as the store keeps things anyway.
    Gc {
        repo: RepoId,
        keep_s: Option<u64>,
    },
}

impl AdminCall {
    /// Whether it names a folder of the server's machine.
    #[must_use]
    pub fn names_folder(&self) -> bool {
        matches!(self, Self::Import { .. } | Self::Export { .. } | Self::Sync { .. })
    }

    /// The repository that it is about.
    #[must_use]
    pub fn repo(&self) -> Option<&RepoId> {
        match self {
            Self::AddKey { .. } | Self::Keys | Self::RevokeKey { .. } | Self::Repos => None,
            Self::CreateRepo { repo, .. }
            | Self::DeleteRepo { repo }
            | Self::Import { repo, .. }
            | Self::Export { repo, .. }
            | Self::Sync { repo, .. }
            | Self::Gc { repo, .. } => Some(repo),
        }
    }
}

/// Whose a change is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    pub name: String,
    pub email: String,
}

/// A folder of the server's machine, absolute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder(#[serde(with = "mesafs::wire::bstring")] pub bstr::BString);

/// What an [`AdminCall`] answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdminAnswer {
    Done,
    /// The key's id.
    Key(String),
    Keys(Vec<KeyTold>),
    Repos(Vec<RepoTold>),
    Imported(Imported),
    Exported(Exported),
    Synced(Synced),
    Collected(Collected),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyTold {
    pub id: String,
    pub public_key: String,
    pub scope: String,
    pub repos: Option<Vec<RepoName>>,
    pub revoked: bool,
    /// Milliseconds since the Unix epoch.
    pub created_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepoTold {
    pub id: RepoId,
    pub default_bookmark: BookmarkName,
    /// Milliseconds since the Unix epoch.
    pub created_ms: i64,
}

/// A reference that was left out, and why.
pub type Skipped = (String, String);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    pub default_bookmark: BookmarkName,
    pub commits: u64,
    pub bookmarks: u64,
    pub tags: u64,
    pub skipped: Vec<Skipped>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    pub branches: u64,
    pub tags: u64,
    pub objects: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Synced {
    pub with: Folder,
    pub commits: u64,
    pub tags: u64,
    pub moved: Vec<BookmarkName>,
    pub deleted: Vec<BookmarkName>,
    pub apart: Vec<BookmarkName>,
    pub skipped: Vec<Skipped>,
    pub exported: Exported,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collected {
    pub operations_dropped: u64,
    pub operations_kept: u64,
    pub refs_dropped: u64,
    pub objects_dropped: u64,
    pub objects_kept: u64,
    pub bytes_before: u64,
    pub bytes_after: u64,
}

/// What an administrative call is made by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admin {
    pub org: OrgName,
    pub call: AdminCall,
}
