//! What the engine itself puts on disk: the folder's layout, and the few facts beside jj's.
//!
//! `.jj/mesa/` holds `default-bookmark` (a name) and `immutable` (tips of what was imported, one
//! commit oid a line). Both are replaced whole, and survive power loss once written.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use jj_lib::backend::CommitId;
use jj_lib::object_id::ObjectId as _;
use mesafs::name::BookmarkName;

use super::counters::Counters;
use super::error::{Doing, EngineError, EngineResult};

/// Where things are in a repository's folder.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub dir: PathBuf,
}

impl Layout {
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    pub fn jj_repo(&self) -> PathBuf {
        self.dir.join(".jj/repo")
    }

    pub fn git(&self) -> PathBuf {
        self.dir.join(".jj/repo/store/git")
    }

    pub fn objects(&self) -> PathBuf {
        self.git().join("objects")
    }

    fn own(&self) -> PathBuf {
        self.dir.join(".jj/mesa")
    }

    pub fn make_own(&self) -> EngineResult<()> {
        fs::create_dir_all(self.own()).map_err(EngineError::io(self.own()))
    }

    pub fn default_bookmark(&self) -> EngineResult<BookmarkName> {
        let path = self.own().join("default-bookmark");
        let text = fs::read_to_string(&path).map_err(EngineError::io(&path))?;
        BookmarkName::new(text.trim_end_matches('\n')).doing("reading the default bookmark")
    }

    /// Also points git's HEAD at the branch of that name.
    pub fn set_default_bookmark(
        &self,
        name: &BookmarkName,
        counters: &Counters,
    ) -> EngineResult<()> {
        let path = self.own().join("default-bookmark");
        replace_file(&path, format!("{name}\n").as_bytes(), counters)?;
        self.set_head(name, counters)
    }

    pub fn set_head(&self, name: &BookmarkName, counters: &Counters) -> EngineResult<()> {
        let head = format!("ref: refs/heads/{name}\n");
        replace_file(&self.git().join("HEAD"), head.as_bytes(), counters)
    }

    pub fn immutable(&self) -> EngineResult<Vec<CommitId>> {
        let path = self.own().join("immutable");
        let text = fs::read_to_string(&path).map_err(EngineError::io(&path))?;
        let parse = |line: &str| {
            CommitId::try_from_hex(line).ok_or_else(|| EngineError::Data {
                doing: "reading the immutable commits",
                reason: format!("'{line}' is not a commit oid"),
            })
        };
        text.lines().map(parse).collect()
    }

    /// Tips that are being taken in: immutable as soon as jj knows them.
    pub fn taking(&self) -> EngineResult<Vec<CommitId>> {
        match fs::read_to_string(self.own().join("taking")) {
            // A line that cannot be read was not written whole, and nothing was taken in then.
            Ok(text) => Ok(text.lines().filter_map(CommitId::try_from_hex).collect()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(EngineError::io(self.own().join("taking"))(error)),
        }
    }

    pub fn set_taking(&self, tips: &[CommitId], counters: &Counters) -> EngineResult<()> {
        let text: String = tips.iter().map(|tip| tip.hex() + "\n").collect();
        replace_file(&self.own().join("taking"), text.as_bytes(), counters)
    }

    /// Where the repository was synced with last.
    pub fn synced(&self) -> EngineResult<Option<PathBuf>> {
        use std::os::unix::ffi::OsStringExt as _;
        let path = self.own().join("synced");
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(PathBuf::from(std::ffi::OsString::from_vec(bytes)))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(EngineError::io(path)(error)),
        }
    }

    pub fn set_synced(&self, with: &Path, counters: &Counters) -> EngineResult<()> {
        use std::os::unix::ffi::OsStrExt as _;
        replace_file(&self.own().join("synced"), with.as_os_str().as_bytes(), counters)
    }

    pub fn set_immutable(&self, tips: &[CommitId], counters: &Counters) -> EngineResult<()> {
        let text: String = tips.iter().map(|tip| tip.hex() + "\n").collect();
        replace_file(&self.own().join("immutable"), text.as_bytes(), counters)
    }
}

/// Puts a file in the place of `path`, so that either the old or the new content is there after
/// whatever happens.
pub(super) fn replace_file(path: &Path, content: &[u8], counters: &Counters) -> EngineResult<()> {
    let folder = folder_of(path);
    let mut file = tempfile::Builder::new()
        .prefix(".tmp-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(folder)
        .map_err(EngineError::io(folder))?;
    file.write_all(content).map_err(EngineError::io(path))?;
    file.as_file().sync_all().map_err(EngineError::io(path))?;
    counters.fsync();
    file.persist(path).map_err(|error| EngineError::io(path)(error.error))?;
    sync_dir(folder, counters)
}

/// Makes the names of a folder survive power loss.
pub(super) fn sync_dir(folder: &Path, counters: &Counters) -> EngineResult<()> {
    File::open(folder).and_then(|dir| dir.sync_all()).map_err(EngineError::io(folder))?;
    counters.fsync();
    Ok(())
}

/// Makes everything on the file system of `folder` survive power loss.
pub(super) fn sync_file_system(folder: &Path, counters: &Counters) -> EngineResult<()> {
    let dir = File::open(folder).map_err(EngineError::io(folder))?;
    rustix::fs::syncfs(&dir).map_err(|errno| EngineError::io(folder)(errno.into()))?;
    counters.fsync();
    Ok(())
}

/// Moves a finished folder to its final name, which must be free.
pub(super) fn rename_into_place(from: &Path, to: &Path, counters: &Counters) -> EngineResult<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    let moved = match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // A file system without the flag: nearly as good, as one process owns a store.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) if !to.exists() => {
            fs::rename(from, to)
        }
        moved => moved.map_err(Into::into),
    };
    moved.map_err(EngineError::io(to))?;
    sync_dir(folder_of(to), counters)
}

/// The folder that holds `path`; of a bare name it is the present one.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => path,
    }
}
