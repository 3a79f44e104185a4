//! The steps of a random sequence, and what each does on both sides.

use bytes::Bytes;
use mesafs::{Errno, Follow, FsResult, OpenOptions, VPath};
use proptest::prelude::*;

use super::handles::Handles;
use super::tree::Tree;
use crate::conformance::Probe;

/// One call, or an event between calls. Paths are relative to the base of the sequence.
#[derive(Debug, Clone)]
pub enum Step {
    Write(String, Vec<u8>),
    Append(String, Vec<u8>),
    Mkdir(String),
    Remove {
        path: String,
        recursive: bool,
    },
    Rename(String, String),
    Copy(String, String),
    Symlink {
        target: String,
        path: String,
    },
    SetMode(String, u32),
    SetTimes(String, i64),
    Open {
        slot: u8,
        path: String,
        create: bool,
    },
    HandleWrite {
        slot: u8,
        offset: usize,
        data: Vec<u8>,
    },
    HandleLen {
        slot: u8,
        len: usize,
    },
    Close(u8),
    /// Asks for the commit of the change.
    Snapshot,
    /// Ends everything and starts again from what is durable; handles end too.
    Restart,
}

fn path() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "c"]);
    let names = prop::collection::vec(name, 1..=4).prop_map(|names| names.join("/"));
    (names, prop::bool::weighted(0.05))
        .prop_map(|(path, slash)| if slash { format!("{path}/") } else { path })
}

fn data() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(b'a'..=b'z', 0..12)
}

fn step() -> impl Strategy<Value = Step> {
    let target = prop::sample::select(vec!["a", "b", "c/a", "b/c", ".", "./b/", "a/..", "a/../c"]);
    prop_oneof![
        6 => (path(), data()).prop_map(|(path, data)| Step::Write(path, data)),
        3 => (path(), data()).prop_map(|(path, data)| Step::Append(path, data)),
        6 => path().prop_map(Step::Mkdir),
        3 => (path(), any::<bool>()).prop_map(|(path, recursive)| Step::Remove { path, recursive }),
        6 => (path(), path()).prop_map(|(from, to)| Step::Rename(from, to)),
        6 => (path(), path()).prop_map(|(from, to)| Step::Copy(from, to)),
        2 => (target, path()).prop_map(|(target, path)| {
            Step::Symlink { target: target.to_owned(), path }
        }),
        1 => (path(), 0..=0o7777_u32).prop_map(|(path, mode)| Step::SetMode(path, mode)),
        1 => (path(), -5..1_000_i64).prop_map(|(path, time)| Step::SetTimes(path, time)),
        3 => (0..4_u8, path(), any::<bool>()).prop_map(|(slot, path, create)| {
            Step::Open { slot, path, create }
        }),
        5 => (0..4_u8, 0..20_usize, data()).prop_map(|(slot, offset, data)| {
            Step::HandleWrite { slot, offset, data }
        }),
        2 => (0..4_u8, 0..20_usize).prop_map(|(slot, len)| Step::HandleLen { slot, len }),
        1 => (0..4_u8).prop_map(Step::Close),
        1 => Just(Step::Snapshot),
        1 => Just(Step::Restart),
    ]
}

/// Sequences of up to `len_max` steps.
pub fn steps(len_max: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..=len_max)
}

impl Step {
    /// Does the step on a mount.
    pub(super) fn on_files(&self, fs: &Probe, base: &str, handles: &mut Handles) -> FsResult<()> {
        let fs = &*fs.0;
        let at = |path: &str| VPath::new(format!("/acme/app/{base}/{path}"));
        match self {
            Self::Write(path, data) => fs.write(&at(path)?, data.clone().into(), 0o644),
            Self::Append(path, data) => fs.append(&at(path)?, data.clone().into(), 0o644),
            Self::Mkdir(path) => fs.create_dir(&at(path)?, 0o755, false),
            Self::Remove { path, recursive } => fs.remove(&at(path)?, *recursive),
            Self::Rename(from, to) => fs.rename(&at(from)?, &at(to)?),
            Self::Copy(from, to) => fs.copy(&at(from)?, &at(to)?, true),
            Self::Symlink { target, path } => fs.symlink(target.as_bytes(), &at(path)?),
            Self::SetMode(path, mode) => fs.set_mode(&at(path)?, *mode, Follow::Yes),
            Self::SetTimes(path, time) => fs.set_times(&at(path)?, 0, *time, Follow::No),
            Self::Open { slot, path, create } => {
                let options = OpenOptions {
                    read: true,
                    write: true,
                    create: *create,
                    mode: 0o600,
                    ..OpenOptions::default()
                };
                let handle = fs.open(&at(path)?, &options)?;
                handles.open_real(*slot, handle);
                Ok(())
            }
            Self::HandleWrite { slot, offset, data } => match handles.real(*slot) {
                Some(handle) => handle.write_at(*offset as u64, Bytes::from(data.clone())),
                None => Ok(()),
            },
            Self::HandleLen { slot, len } => match handles.real(*slot) {
                Some(handle) => handle.set_len(*len as u64),
                None => Ok(()),
            },
            Self::Close(_) | Self::Snapshot | Self::Restart => Ok(()),
        }
    }

    /// Does the step on the model.
    pub(super) fn on_tree(
        &self,
        tree: &mut Tree,
        handles: &mut Handles,
        now_ns: i64,
    ) -> Result<(), Errno> {
        match self {
            Self::Write(path, data) => tree.write(path, data, now_ns),
            Self::Append(path, data) => tree.append(path, data, now_ns),
            Self::Mkdir(path) => tree.mkdir(path, now_ns),
            Self::Remove { path, recursive } => tree.remove(path, *recursive, now_ns),
            Self::Rename(from, to) => tree.rename(from, to, now_ns),
            Self::Copy(from, to) => tree.copy(from, to, now_ns),
            Self::Symlink { target, path } => tree.symlink(target, path, now_ns),
            Self::SetMode(path, mode) => tree.set_mode(path, *mode),
            Self::SetTimes(path, time) => tree.set_times(path, *time),
            Self::Open { slot, path, create } => {
                let file = tree.open(path, *create, now_ns)?;
                handles.open_model(*slot, file);
                Ok(())
            }
            Self::HandleWrite { slot, offset, data } => {
                if let Some(file) = handles.model(*slot) {
                    tree.write_at(file, *offset, data, now_ns);
                }
                Ok(())
            }
            Self::HandleLen { slot, len } => {
                if let Some(file) = handles.model(*slot) {
                    tree.set_len(file, *len, now_ns);
                }
                Ok(())
            }
            Self::Close(slot) => {
                handles.close(*slot);
                Ok(())
            }
            Self::Snapshot | Self::Restart => Ok(()),
        }
    }
}
