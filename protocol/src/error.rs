//! Failures as they are told: a stable code, the errno and the path where there are such, a text for
//! a person, and what a client needs to have the same failure that an embedded store gives.

use std::borrow::Cow;

use bstr::BString;
use mesafs::backend::{ChangeError, OpenError};
use mesafs::token::TokenError;
use mesafs::{Errno, FsError, Operation};
use serde::{Deserialize, Serialize};

/// A failure on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// Never changes its meaning: an errno's symbol, or a word.
    pub code: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub errno: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operation: Option<Operation>,
    /// In JSON a text where it is one, else its bytes as numbers.
    #[serde(skip_serializing_if = "Vec::is_empty", default, with = "text_or_bytes")]
    pub path: BString,
    /// For a person.
    pub message: Box<str>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<Box<str>>,
    /// The names in the failure, in the order of its text.
    #[serde(skip_serializing_if = "<[String]>::is_empty", default)]
    pub args: Box<[String]>,
}

/// The codes that are no errno's symbol.
pub mod code {
    pub const UNAUTHORIZED: &str = "unauthorized";
    pub const NO_SESSION: &str = "no_session";
    pub const MALFORMED: &str = "malformed";
    pub const NOT_FOUND: &str = "not_found";
    pub const TOO_LARGE: &str = "too_large";
    pub const BUSY: &str = "busy";
    pub const FAILED: &str = "failed";
    pub const CLOSING: &str = "closing";
    /// What a store as a whole was asked, and cannot do; the message says why.
    pub const REFUSED: &str = "refused";
    /// Never told: a client's own, where no answer came.
    pub const UNREACHABLE: &str = "unreachable";
    /// Never told: a client's own, where the answer was lost together with the session that knew of it.
    pub const UNKNOWN: &str = "unknown";
    pub const BASE_UNKNOWN: &str = "base_unknown";
}

impl ErrorBody {
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<Box<str>>) -> Self {
        Self {
            code: Cow::Borrowed(code),
            errno: None,
            operation: None,
            path: BString::default(),
            message: message.into(),
            hint: None,
            args: Box::default(),
        }
    }

    fn with(mut self, args: impl IntoIterator<Item = String>) -> Self {
        self.args = args.into_iter().collect();
        self
    }

    fn arg(&self, at: usize) -> String {
        self.args.get(at).cloned().unwrap_or_default()
    }

    /// The HTTP status that goes with it.
    #[must_use]
    pub fn status(&self) -> u16 {
        match &*self.code {
            code::UNAUTHORIZED => 401,
            code::NO_SESSION | code::BASE_UNKNOWN => 410,
            code::MALFORMED => 400,
            code::NOT_FOUND | "no_repo" => 404,
            code::TOO_LARGE => 413,
            code::BUSY => 429,
            code::FAILED => 500,
            code::CLOSING => 503,
            "EACCES" => 403,
            "EIO" | "ENOSPC" => 500,
            _ => 409,
        }
    }

    /// As a call on files has it.
    #[must_use]
    pub fn to_fs(&self, operation: Operation) -> FsError {
        let operation = self.operation.unwrap_or(operation);
        let known = |code| Errno::ALL.iter().copied().find(|errno| errno.code() == code);
        if let Some(errno) = self.errno.and_then(known) {
            let error = FsError::new(errno, operation, self.path.clone());
            return match &self.hint {
                Some(detail) => error.with_detail(detail.to_string()),
                None => error,
            };
        }
        let errno = match &*self.code {
            code::UNAUTHORIZED => Errno::Acces,
            code::TOO_LARGE => Errno::FBig,
            code::BUSY => Errno::Again,
            code::NO_SESSION | code::BASE_UNKNOWN => Errno::Stale,
            _ => Errno::Io,
        };
        FsError::new(errno, operation, self.path.clone()).with_detail(self.message.to_string())
    }

    /// As opening a repository has it.
    #[must_use]
    pub fn to_open(&self) -> OpenError {
        let repo = self.arg(0);
        match &*self.code {
            "no_repo" => OpenError::NoRepo { repo },
            "no_bookmark" => OpenError::NoBookmark { repo, bookmark: self.arg(1) },
            "no_change" => OpenError::NoChange { repo, change: self.arg(1) },
            "ambiguous" => OpenError::Ambiguous {
                repo,
                prefix: self.arg(1),
                candidates: self.args.iter().skip(2).cloned().collect(),
            },
            code::UNAUTHORIZED => OpenError::Unauthorized(token_error(&self.message)),
            _ => OpenError::Store(self.message.to_string()),
        }
    }

    /// As a change or bookmark call has it.
    #[must_use]
    pub fn to_change(&self, operation: Operation) -> ChangeError {
        let rest = |from: usize| self.args.iter().skip(from).cloned().collect::<Vec<_>>();
        let first = self.arg(0);
        match &*self.code {
            "change_no_bookmark" => ChangeError::NoBookmark(first),
            "bookmark_exists" => ChangeError::BookmarkExists(first),
            "bookmark_conflicted" => ChangeError::BookmarkConflicted(first),
            "change_no_change" => ChangeError::NoChange(first),
            "change_ambiguous" => ChangeError::Ambiguous { prefix: first, candidates: rest(1) },
            "not_on_bookmark" => ChangeError::NotOnBookmark,
            "bookmark_raced" => ChangeError::BookmarkRaced(first),
            "move_refused" => {
                let direction = if self.arg(1) == "backwards" { "backwards" } else { "sideways" };
                ChangeError::MoveRefused { name: first, direction }
            }
            "immutable" => ChangeError::Immutable(first),
            "revision" => ChangeError::Revision { text: first, reason: self.arg(1) },
            "divergent" => ChangeError::Divergent { change: first, commits: rest(1) },
            "change_raced" => ChangeError::ChangeRaced(first),
            "cycle" => ChangeError::Cycle(first),
            "default_bookmark" => ChangeError::DefaultBookmark(first),
            "no_operation" => ChangeError::NoOperation(first),
            "no_conflict" => ChangeError::NoConflict(first),
            "markers_left" => ChangeError::MarkersLeft(first),
            _ => ChangeError::Fs(self.to_fs(operation)),
        }
    }
}

/// A refusal that was told: those that a client acts on are themselves again.
fn token_error(message: &str) -> TokenError {
    [TokenError::Expired, TokenError::NotYetValid, TokenError::UnknownKey, TokenError::KeyRevoked]
        .into_iter()
        .find(|error| error.to_string() == message)
        .unwrap_or_else(|| TokenError::Told(message.to_owned()))
}

impl From<&FsError> for ErrorBody {
    fn from(error: &FsError) -> Self {
        Self {
            code: Cow::Borrowed(error.errno().symbol()),
            errno: Some(error.errno().code()),
            operation: Some(error.operation()),
            path: error.path().to_owned(),
            message: error.to_string().into(),
            hint: error.detail().map(Box::from),
            args: Box::default(),
        }
    }
}

impl From<FsError> for ErrorBody {
    fn from(error: FsError) -> Self {
        Self::from(&error)
    }
}

impl From<OpenError> for ErrorBody {
    fn from(error: OpenError) -> Self {
        let message = error.to_string();
        match error {
            OpenError::NoRepo { repo } => Self::new("no_repo", message).with([repo]),
            OpenError::NoBookmark { repo, bookmark } => {
                Self::new("no_bookmark", message).with([repo, bookmark])
            }
            OpenError::NoChange { repo, change } => {
                Self::new("no_change", message).with([repo, change])
            }
            OpenError::Ambiguous { repo, prefix, candidates } => {
                Self::new("ambiguous", message).with([repo, prefix].into_iter().chain(candidates))
            }
            OpenError::Unauthorized(_) => Self::new(code::UNAUTHORIZED, message),
            _ => Self::new(code::FAILED, message),
        }
    }
}

impl From<ChangeError> for ErrorBody {
    fn from(error: ChangeError) -> Self {
        let message = error.to_string();
        let told = |code, args: Vec<String>| Self::new(code, message.clone()).with(args);
        match error {
            ChangeError::Fs(error) => error.into(),
            ChangeError::NoBookmark(name) => told("change_no_bookmark", vec![name]),
            ChangeError::BookmarkExists(name) => told("bookmark_exists", vec![name]),
            ChangeError::BookmarkConflicted(name) => told("bookmark_conflicted", vec![name]),
            ChangeError::NoChange(id) => told("change_no_change", vec![id]),
            ChangeError::Ambiguous { prefix, candidates } => {
                told("change_ambiguous", [prefix].into_iter().chain(candidates).collect())
            }
            ChangeError::NotOnBookmark => told("not_on_bookmark", Vec::new()),
            ChangeError::BookmarkRaced(name) => told("bookmark_raced", vec![name]),
            ChangeError::MoveRefused { name, direction } => {
                told("move_refused", vec![name, direction.to_owned()])
            }
            ChangeError::Immutable(id) => told("immutable", vec![id]),
            ChangeError::Revision { text, reason } => told("revision", vec![text, reason]),
            ChangeError::Divergent { change, commits } => {
                told("divergent", [change].into_iter().chain(commits).collect())
            }
            ChangeError::ChangeRaced(id) => told("change_raced", vec![id]),
            ChangeError::Cycle(id) => told("cycle", vec![id]),
            ChangeError::DefaultBookmark(name) => told("default_bookmark", vec![name]),
            ChangeError::NoOperation(id) => told("no_operation", vec![id]),
            ChangeError::NoConflict(path) => told("no_conflict", vec![path]),
            ChangeError::MarkersLeft(path) => told("markers_left", vec![path]),
            _ => Self {
                errno: Some(Errno::Inval.code()),
                hint: Some(message.clone().into()),
                ..Self::new("EINVAL", message)
            },
        }
    }
}

mod text_or_bytes {
    use bstr::{BString, ByteSlice};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &BString, serializer: S) -> Result<S::Ok, S::Error> {
        match bytes.to_str() {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.serialize_bytes(bytes),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BString, D::Error> {
        mesafs::wire::read_bytes(deserializer).map(BString::from)
    }
}
