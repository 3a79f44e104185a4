//! Why a file system call failed: an errno, the operation and the path.
//!
//! `Display` is the reason alone, in the words of `strerror(3)`, with a detail in parentheses where
//! there is more to say. Whoever prints it adds the command and the operand as typed.

use std::borrow::Cow;
use std::fmt;

use bstr::{BStr, BString, ByteSlice};
use serde::{Deserialize, Serialize};

pub type FsResult<T> = Result<T, FsError>;

macro_rules! errnos {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $symbol:literal, $text:literal;)*) => {
        /// The error numbers that mesash reports, with Linux's values and glibc's texts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Errno { $($(#[$doc])* $name,)* }

        impl Errno {
            /// Every error number that can be reported.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The number that Linux uses on x86-64.
            #[must_use]
            pub const fn code(self) -> i32 {
                match self { $(Self::$name => $code,)* }
            }

            /// The symbol, for example `ENOENT`.
            #[must_use]
            pub const fn symbol(self) -> &'static str {
                match self { $(Self::$name => $symbol,)* }
            }

            /// What `strerror(3)` says.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

errnos! {
    Perm = 1, "EPERM", "Operation not permitted";
    NoEnt = 2, "ENOENT", "No such file or directory";
    Srch = 3, "ESRCH", "No such process";
    Intr = 4, "EINTR", "Interrupted system call";
    Io = 5, "EIO", "Input/output error";
    NxIo = 6, "ENXIO", "No such device or address";
    BadF = 9, "EBADF", "Bad file descriptor";
    Again = 11, "EAGAIN", "Resource temporarily unavailable";
    NoMem = 12, "ENOMEM", "Cannot allocate memory";
    Acces = 13, "EACCES", "Permission denied";
    Busy = 16, "EBUSY", "Device or resource busy";
    Exist = 17, "EEXIST", "File exists";
    XDev = 18, "EXDEV", "Invalid cross-device link";
    NotDir = 20, "ENOTDIR", "Not a directory";
    IsDir = 21, "EISDIR", "Is a directory";
    Inval = 22, "EINVAL", "Invalid argument";
    NFile = 23, "ENFILE", "Too many open files in system";
    MFile = 24, "EMFILE", "Too many open files";
    NoTty = 25, "ENOTTY", "Inappropriate ioctl for device";
    FBig = 27, "EFBIG", "File too large";
    NoSpc = 28, "ENOSPC", "No space left on device";
    SPipe = 29, "ESPIPE", "Illegal seek";
    RoFs = 30, "EROFS", "Read-only file system";
    MLink = 31, "EMLINK", "Too many links";
    Pipe = 32, "EPIPE", "Broken pipe";
    NameTooLong = 36, "ENAMETOOLONG", "File name too long";
    NotEmpty = 39, "ENOTEMPTY", "Directory not empty";
    Loop = 40, "ELOOP", "Too many levels of symbolic links";
    Overflow = 75, "EOVERFLOW", "Value too large for defined data type";
    NotSup = 95, "ENOTSUP", "Operation not supported";
    TimedOut = 110, "ETIMEDOUT", "Connection timed out";
    Stale = 116, "ESTALE", "Stale file handle";
    DQuot = 122, "EDQUOT", "Disk quota exceeded";
    Canceled = 125, "ECANCELED", "Operation canceled";
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// What was being done when a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Operation {
    Append,
    Bookmark,
    Change,
    Copy,
    Create,
    List,
    Lookup,
    MakeDir,
    Mount,
    Open,
    Read,
    ReadLink,
    Remove,
    Rename,
    Replace,
    Seek,
    SetMode,
    SetTimes,
    Subscribe,
    Symlink,
    Sync,
    Truncate,
    Write,
}

/// A failed file system call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FsError(Box<Parts>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    errno: Errno,
    operation: Operation,
    path: BString,
    detail: Option<Cow<'static, str>>,
}

impl FsError {
    /// A failure of `operation` on `path`.
    #[must_use]
    pub fn new(errno: Errno, operation: Operation, path: impl Into<BString>) -> Self {
        Self(Box::new(Parts { errno, operation, path: path.into(), detail: None }))
    }

    /// Adds what a person needs to know beyond the errno, shown in parentheses.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// The same failure, told of another path: the one that the caller knows it by.
    #[must_use]
    pub fn at(mut self, path: impl Into<BString>) -> Self {
        self.0.path = path.into();
        self
    }

    #[must_use]
    pub fn errno(&self) -> Errno {
        self.0.errno
    }

    #[must_use]
    pub fn operation(&self) -> Operation {
        self.0.operation
    }

    /// The path that failed, empty where there is none.
    #[must_use]
    pub fn path(&self) -> &BStr {
        self.0.path.as_bstr()
    }

    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }
}

impl fmt::Display for FsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.detail {
            Some(detail) => write!(f, "{} ({detail})", self.0.errno),
            None => fmt::Display::fmt(&self.0.errno, f),
        }
    }
}

impl std::error::Error for FsError {}

impl From<FsError> for std::io::Error {
    fn from(error: FsError) -> Self {
        Self::from_raw_os_error(error.errno().code())
    }
}
