//! The parts of the namespace that no volume holds: `/`, orgs, `/dev`, `/bin`, `/etc`, `/proc`.
//!
//! All of it is read-only. Scratch memory and repositories are attached at fixed points below it.

use bstr::{BString, ByteSlice};

use crate::name::RepoId;
use crate::stat::FileKind;

/// Something that no volume holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fixed {
    Dir(FixedDir),
    Device(Device),
    /// A file with this content, executable if it stands for a command.
    Text(&'static str),
    /// The command with this index in the mount's list.
    Command(usize),
    Link(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FixedDir {
    Root,
    /// The org of the mount.
    Org,
    Bin,
    Dev,
    Etc,
    Home,
    Proc,
    ProcSelf,
    /// Descriptors belong to a command, so this directory is seen empty from here.
    Descriptors,
    Usr,
    Var,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Device {
    Null,
    Zero,
    Full,
    Random,
    /// Stands for a stream of the calling command, which the shell opens itself.
    Terminal,
}

/// What a name in a fixed directory leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Child {
    Fixed(Fixed),
    /// A directory of scratch memory.
    Scratch,
    /// The repository with this index in the mount.
    Repo(usize),
}

/// The scratch directories, as paths inside the scratch volume.
pub(super) const SCRATCH_POINTS: &[&str] = &["tmp", "var/tmp", "home/mesa"];

const PASSWD: &str = "mesa:x:1000:1000:mesa:/home/mesa:/bin/mesash\n";
const GROUP: &str = "mesa:x:1000:\n";

/// The names of one mount that decide what the fixed directories show.
#[derive(Debug)]
pub(super) struct Namespace {
    pub org: String,
    /// Sorted by name.
    pub repos: Vec<RepoId>,
    /// Sorted.
    pub commands: Vec<String>,
}

impl Namespace {
    pub fn child(&self, dir: FixedDir, name: &[u8]) -> Option<Child> {
        use Child::{Fixed as F, Scratch};
        use Fixed::{Dir, Text};
        let name = name.to_str().ok()?;
        Some(match (dir, name) {
            (FixedDir::Root, "bin") => F(Dir(FixedDir::Bin)),
            (FixedDir::Root, "dev") => F(Dir(FixedDir::Dev)),
            (FixedDir::Root, "etc") => F(Dir(FixedDir::Etc)),
            (FixedDir::Root, "home") => F(Dir(FixedDir::Home)),
            (FixedDir::Root, "proc") => F(Dir(FixedDir::Proc)),
            (FixedDir::Root, "tmp") => Scratch,
            (FixedDir::Root, "usr") => F(Dir(FixedDir::Usr)),
            (FixedDir::Root, "var") => F(Dir(FixedDir::Var)),
            (FixedDir::Root, name) if name == self.org => F(Dir(FixedDir::Org)),
            (FixedDir::Org, name) => {
                Child::Repo(self.repos.iter().position(|repo| repo.repo.as_str() == name)?)
            }
            (FixedDir::Bin, name) => {
                let at = self.commands.binary_search_by(|known| known.as_str().cmp(name)).ok()?;
                F(Fixed::Command(at))
            }
            (FixedDir::Dev, name) => F(device(name)?),
            (FixedDir::Etc, "passwd") => F(Text(PASSWD)),
            (FixedDir::Etc, "group") => F(Text(GROUP)),
            (FixedDir::Home, "mesa") | (FixedDir::Var, "tmp") => Scratch,
            (FixedDir::Proc, "self") => F(Dir(FixedDir::ProcSelf)),
            (FixedDir::ProcSelf, "fd") => F(Dir(FixedDir::Descriptors)),
            (FixedDir::Usr, "bin") => F(Dir(FixedDir::Bin)),
            _ => return None,
        })
    }

    /// The names that a listing of `dir` shows, sorted. `/` lists orgs; the rest of it is there
    /// when asked for by name.
    pub fn list(&self, dir: FixedDir) -> Vec<BString> {
        let names: &[&str] = match dir {
            FixedDir::Root => return vec![self.org.as_str().into()],
            FixedDir::Org => {
                return self.repos.iter().map(|repo| repo.repo.as_str().into()).collect();
            }
            FixedDir::Bin => {
                return self.commands.iter().map(|name| name.as_str().into()).collect();
            }
            FixedDir::Dev => &[
                "fd", "full", "null", "random", "stderr", "stdin", "stdout", "tty", "urandom",
                "zero",
            ],
            FixedDir::Etc => &["group", "passwd"],
            FixedDir::Home => &["mesa"],
            FixedDir::Proc => &["self"],
            FixedDir::ProcSelf => &["fd"],
            FixedDir::Descriptors => &[],
            FixedDir::Usr => &["bin"],
            FixedDir::Var => &["tmp"],
        };
        names.iter().map(|&name| name.into()).collect()
    }
}

fn device(name: &str) -> Option<Fixed> {
    Some(match name {
        "null" => Fixed::Device(Device::Null),
        "zero" => Fixed::Device(Device::Zero),
        "full" => Fixed::Device(Device::Full),
        "random" | "urandom" => Fixed::Device(Device::Random),
        "tty" => Fixed::Device(Device::Terminal),
        "stdin" => Fixed::Link("/proc/self/fd/0"),
        "stdout" => Fixed::Link("/proc/self/fd/1"),
        "stderr" => Fixed::Link("/proc/self/fd/2"),
        "fd" => Fixed::Link("/proc/self/fd"),
        _ => return None,
    })
}

impl Fixed {
    pub fn kind(self) -> FileKind {
        match self {
            Self::Dir(_) => FileKind::Directory,
            Self::Device(_) => FileKind::CharDevice,
            Self::Text(_) | Self::Command(_) => FileKind::File,
            Self::Link(_) => FileKind::Symlink,
        }
    }

    pub fn mode(self) -> u32 {
        match self {
            Self::Dir(_) | Self::Command(_) => 0o755,
            Self::Device(_) => 0o666,
            Self::Text(_) => 0o644,
            Self::Link(_) => 0o777,
        }
    }

    pub fn size(self) -> u64 {
        match self {
            Self::Text(text) | Self::Link(text) => text.len() as u64,
            _ => 0,
        }
    }
}
