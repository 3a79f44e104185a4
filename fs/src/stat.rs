//! What a look-up answers: the kind, mode, size and time of an entry.

use bstr::BString;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    File,
    Directory,
    Symlink,
    /// `/dev/null` and its like.
    CharDevice,
    /// One end of a pipe, seen through `/dev/fd/N`.
    Pipe,
}

impl FileKind {
    /// The file type bits of `st_mode` (POSIX `<sys/stat.h>`).
    #[must_use]
    pub const fn mode_bits(self) -> u32 {
        match self {
            Self::File => 0o100_000,
            Self::Directory => 0o040_000,
            Self::Symlink => 0o120_000,
            Self::CharDevice => 0o020_000,
            Self::Pipe => 0o010_000,
        }
    }
}

/// Metadata of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FsStat {
    pub kind: FileKind,
    /// Permission bits, `0o7777` at most.
    pub mode: u32,
    /// Bytes of a file, of a symbolic link's target, and 0 for a directory.
    pub size: u64,
    /// Nanoseconds since the Unix epoch.
    pub mtime_ns: i64,
    /// Tells entries of one mount apart. Made of the path, so it is the same by whatever link an
    /// entry is reached, and changes when the entry is renamed.
    pub inode: u64,
    /// Tells repositories (and scratch, and devices) apart.
    pub device: u64,
    /// 1 for files; for directories 2 plus the number of directories in it, where that is known.
    pub links: u64,
    /// Whether it is a file whose sides differ, and which nobody has settled.
    pub conflicted: bool,
}

impl FsStat {
    /// Of a stream that no entry stands for: a pipe, or a text that is read.
    #[must_use]
    pub const fn of_stream(kind: FileKind, size: u64) -> Self {
        Self {
            kind,
            mode: 0o600,
            size,
            mtime_ns: 0,
            inode: 0,
            device: 0,
            links: 1,
            conflicted: false,
        }
    }

    #[must_use]
    pub fn is_file(&self) -> bool {
        self.kind == FileKind::File
    }

    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.kind == FileKind::Directory
    }

    #[must_use]
    pub fn is_symbolic_link(&self) -> bool {
        self.kind == FileKind::Symlink
    }

    /// Milliseconds since the Unix epoch, rounded down.
    #[must_use]
    pub fn mtime_ms(&self) -> i64 {
        self.mtime_ns.div_euclid(1_000_000)
    }

    /// `st_mode`: the type and the permission bits.
    #[must_use]
    pub fn st_mode(&self) -> u32 {
        self.kind.mode_bits() | self.mode
    }
}

/// One name in a directory. Listings are sorted by the bytes of the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirEntry {
    pub name: BString,
    pub kind: FileKind,
}
