//! Calls, answers and events.

use bstr::BString;
use bytes::Bytes;
use mesafs::backend::{
    AuditEntry, Backwards, BookmarkInfo, ChangeInfo, Checkpoint, ConflictInfo, Description,
    Earlier, MergeOptions, Merged, Moved, OperationDetails, OperationInfo, Pick, Revision,
    Rewriting, Squash,
};
use mesafs::name::{BookmarkName, ChangeId, RepoId};
use mesafs::path::RepoPath;
use mesafs::tree::{Attributes, ObjectId, Sums};
use mesafs::{Access, Pin};
use serde::{Deserialize, Serialize};

use crate::admin::{Admin, AdminAnswer};
use crate::batch::{How, Part, PartApplied, Step, Stepped};
use crate::ids::{BodyKey, DirKey, SessionId};

/// A call. All but the first two and the last are about a session: an open checkout, with the token that opened it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// The repositories that the token may read.
    Repos,
    Open {
        repo: RepoId,
        pin: Pin,
        access: Access,
    },
    /// The present tree.
    Root {
        session: SessionId,
    },
    /// What is in directories of a tree that was told of, and below them as far as there is room.
    List {
        session: SessionId,
        root: u64,
        paths: Vec<RepoPath>,
        entries_max: u32,
    },
    Read {
        session: SessionId,
        reads: Vec<ReadRange>,
    },
    Apply {
        how: How,
        /// The shell line that does it.
        #[serde(with = "opt_bytes")]
        line: Option<BString>,
        parts: Vec<Part>,
    },
    /// Does one after the other until one fails; `id` names all of them over retries.
    Steps {
        session: SessionId,
        id: u128,
        #[serde(with = "opt_bytes")]
        line: Option<BString>,
        steps: Vec<Step>,
    },
    /// Holds the files at some paths under numbers of the client's choice. Where there is none, none is
    /// held, and none told of.
    Hold {
        session: SessionId,
        files: Vec<(u64, RepoPath)>,
    },
    /// Files that are held, as they are now.
    Held {
        session: SessionId,
        handles: Vec<u64>,
    },
    /// Trees and files that are not needed any more.
    Release {
        session: SessionId,
        roots: Vec<u64>,
        handles: Vec<u64>,
    },
    /// A change, bookmark or history call; `id` names it over retries.
    Do {
        session: SessionId,
        id: u128,
        #[serde(with = "opt_bytes")]
        line: Option<BString>,
        call: Call,
    },
    /// What opens the same again; no token is needed for it any more.
    Pin {
        session: SessionId,
    },
    Sync {
        session: SessionId,
    },
    Close {
        session: SessionId,
    },
    /// What is done with the store as a whole, under a token that administers the org.
    Admin(Admin),
}

impl Request {
    /// What is asked for, in a word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Repos => "repos",
            Self::Open { .. } => "open",
            Self::Root { .. } => "root",
            Self::List { .. } => "list",
            Self::Read { .. } => "read",
            Self::Apply { .. } => "apply",
            Self::Steps { .. } => "steps",
            Self::Hold { .. } => "hold",
            Self::Held { .. } => "held",
            Self::Release { .. } => "release",
            Self::Do { .. } => "do",
            Self::Pin { .. } => "pin",
            Self::Sync { .. } => "sync",
            Self::Close { .. } => "close",
            Self::Admin(_) => "admin",
        }
    }
}

/// The answer to the call of the same kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    Repos(Vec<RepoId>),
    Opened(Opened),
    Root(RootInfo),
    Listings(Vec<Listing>),
    /// In the order of the ranges, as many as there was room for, one at least.
    Contents(Vec<Content>),
    Applied(Vec<PartApplied>),
    Stepped(Stepped),
    Held(Vec<HeldFile>),
    Done {
        answer: Box<Answer>,
        root: RootInfo,
    },
    Pin(Pin),
    /// Nothing to say.
    Ok,
    Admin(AdminAnswer),
}

/// A checkout that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub session: SessionId,
    pub access: Access,
    /// Whether [`Call`]s beyond a checkout's own are answered.
    pub history: bool,
    pub pin: Pin,
    pub root: RootInfo,
}

/// A tree, kept for the session under its number until it is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootInfo {
    pub number: u64,
    pub change: ChangeId,
    pub version: u64,
    pub opened_ns: i64,
    /// What the checkout allows at this tree.
    pub access: Access,
    pub attributes: Attributes,
    pub key: DirKey,
    pub sums: Sums,
}

/// What a directory holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    pub path: RepoPath,
    pub key: DirKey,
    pub sums: Sums,
    /// Where it is told as what has changed since another listing that was told: the key of that, and
    /// the names that are gone; `entries` are those that are new or others.
    pub since: Option<Since>,
    pub entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    pub key: DirKey,
    pub gone: Vec<Name>,
}

/// The name of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name(#[serde(with = "mesafs::wire::bstring")] pub BString);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    #[serde(with = "mesafs::wire::bstring")]
    pub name: BString,
    pub attributes: Attributes,
    pub kind: EntryKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryKind {
    Dir {
        key: DirKey,
        sums: Sums,
    },
    File {
        key: BodyKey,
        len: u64,
        conflicted: bool,
    },
    Symlink {
        #[serde(with = "mesafs::wire::bstring")]
        target: BString,
        blob: Option<ObjectId>,
    },
    Gitlink {
        commit: ObjectId,
    },
}

/// Where a body is looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    Tree { root: u64, path: RepoPath },
    Held { handle: u64 },
}

/// Bytes of a body: answered only if the place has the content that is expected there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadRange {
    pub place: Place,
    pub expected: BodyKey,
    pub offset: u64,
    pub len: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    Bytes(#[serde(with = "mesafs::wire::bytes")] Bytes),
    /// Another content is there, or the tree is not kept any more.
    Stale,
}

/// A held file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldFile {
    pub handle: u64,
    /// `None` once it has no name.
    pub path: Option<RepoPath>,
    pub attributes: Attributes,
    pub key: BodyKey,
    pub len: u64,
    pub conflicted: bool,
}

/// A change, bookmark or history call, as `mesafs` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Call {
    Current,
    Changes {
        limit: u64,
    },
    NewChange {
        base: Revision,
        message: Option<String>,
    },
    Edit {
        revision: Revision,
    },
    Checkpoint {
        description: Description,
    },
    Bookmarks,
    CreateBookmark {
        name: BookmarkName,
    },
    MoveBookmark {
        name: BookmarkName,
        change: String,
        backwards: Backwards,
    },
    Find {
        revision: Revision,
    },
    Log {
        revisions: String,
        limit: u64,
    },
    Content {
        revision: Revision,
    },
    Changed {
        revision: Revision,
    },
    Status,
    Earlier {
        revision: Revision,
        limit: u64,
    },
    Describe {
        revision: Revision,
        text: String,
    },
    Abandon {
        revisions: Vec<Revision>,
    },
    Squash {
        squash: Squash,
    },
    Restore {
        revision: Revision,
        from: Revision,
        paths: Vec<RepoPath>,
    },
    Split {
        revision: Revision,
        paths: Vec<RepoPath>,
        message: Option<String>,
    },
    Rebase {
        revisions: Vec<Revision>,
        moved: Moved,
        onto: Vec<Revision>,
    },
    Duplicate {
        revisions: Vec<Revision>,
        onto: Vec<Revision>,
    },
    Merge {
        parents: Vec<Revision>,
        message: Option<String>,
    },
    Conflicts {
        revision: Revision,
    },
    Resolve {
        path: RepoPath,
        pick: Pick,
    },
    CreateBookmarkAt {
        name: BookmarkName,
        at: Revision,
    },
    SetBookmark {
        name: BookmarkName,
        to: Revision,
        expected: Option<Revision>,
    },
    MoveBookmarkTo {
        name: BookmarkName,
        to: Revision,
        backwards: Backwards,
        expected: Option<Revision>,
    },
    AdvanceBookmarks {
        names: Vec<BookmarkName>,
    },
    RenameBookmark {
        name: BookmarkName,
        to: BookmarkName,
        expected: Option<Revision>,
    },
    DeleteBookmark {
        name: BookmarkName,
        expected: Option<Revision>,
    },
    MergeBookmarks {
        target: BookmarkName,
        source: BookmarkName,
        options: MergeOptions,
    },
    Operations {
        limit: u64,
    },
    Operation {
        id: String,
    },
    Audit {
        paths: Vec<RepoPath>,
        limit: u64,
    },
    RestoreOperation {
        id: String,
    },
}

impl Call {
    /// Whether it changes nothing, so that it may run beside others and again.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        matches!(
            self,
            Self::Current
                | Self::Changes { .. }
                | Self::Bookmarks
                | Self::Find { .. }
                | Self::Log { .. }
                | Self::Content { .. }
                | Self::Changed { .. }
                | Self::Status
                | Self::Earlier { .. }
                | Self::Conflicts { .. }
                | Self::Operations { .. }
                | Self::Operation { .. }
                | Self::Audit { .. }
        )
    }
}

/// What a [`Call`] answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    Unit,
    Current(ChangeInfo, Option<BookmarkName>),
    Changes(Vec<ChangeInfo>),
    Change(ChangeId),
    Info(ChangeInfo),
    Checkpoint(Checkpoint),
    Bookmarks(Vec<BookmarkInfo>),
    Root(RootInfo),
    Comparison { before: RootInfo, after: RootInfo },
    Earlier(Vec<Earlier>),
    Rewriting(Rewriting),
    Two(ChangeId, ChangeId),
    ChangeIds(Vec<ChangeId>),
    Conflicts(Vec<ConflictInfo>),
    Advanced(Vec<BookmarkName>, ChangeId),
    Merged(Merged),
    Operations(Vec<OperationInfo>),
    Operation(OperationDetails),
    Audit(Vec<AuditEntry>),
}

/// One message of an event stream: a length in four bytes, little-endian, and this. The client
/// answers each [`Frame::State`], once it shows it, with its number in eight bytes, little-endian.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Frame {
    /// The tree as it is now, and what may read differently than before.
    State {
        seq: u64,
        root: RootInfo,
        events: Vec<Event>,
        /// What the directories that lead to what others changed hold now, as far as this client was
        /// told of an older form.
        listings: Vec<Listing>,
    },
    /// Nothing has happened for a while.
    Alive,
    /// The token is refused from now on; the stream ends.
    Refused(String),
    /// The server goes away; the stream ends.
    Closing,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub path: RepoPath,
    pub recursive: bool,
    pub version: u64,
    pub own: bool,
}

/// `Option<BString>` as bytes.
mod opt_bytes {
    use bstr::BString;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Told(#[serde(with = "mesafs::wire::bstring")] BString);

    pub fn serialize<S: Serializer>(
        bytes: &Option<BString>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        bytes.clone().map(Told).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<BString>, D::Error> {
        Ok(Option::<Told>::deserialize(deserializer)?.map(|told| told.0))
    }
}
