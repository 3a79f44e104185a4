//! Opening, as `open(2)` has it.

use std::sync::Arc;

use bytes::Bytes;

use super::Shared;
use super::device::DeviceHandle;
use super::edit::RETRIES_MAX;
use super::handle::FileHandle;
use super::namespace::{Device, Fixed, FixedDir};
use super::walk::{At, Found, Last};
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::filesystem::{Handle, OpenOptions};
use crate::op::{IfExists, Op, Target};
use crate::path::VPath;
use crate::tree::Node;

impl Shared {
    /// Creates or opens, then holds; again if the file to be created went away in between.
    pub(super) fn open(
        self: &Arc<Self>,
        path: &VPath,
        options: &OpenOptions,
    ) -> FsResult<Arc<dyn Handle>> {
        let mut tries = 0;
        loop {
            match self.edit(path, Operation::Open, || self.open_once(path, options)) {
                Err(error)
                    if error.errno() == Errno::NoEnt && options.create && tries < RETRIES_MAX =>
                {
                    tries += 1;
                }
                done => return done,
            }
        }
    }

    fn open_once(
        self: &Arc<Self>,
        path: &VPath,
        options: &OpenOptions,
    ) -> FsResult<Arc<dyn Handle>> {
        let fail = |errno| Err(FsError::new(errno, Operation::Open, path.clone()));
        let exclusive = options.create && options.exclusive;
        let writes = options.write || options.append;
        let last = if exclusive { Last::Stay } else { Last::Follow };
        let found = self.walk(path, last, Operation::Open)?;
        let (volume, inside, opened_ns, node) = match &found.at {
            At::Node { volume, path, node, opened_ns } => (*volume, path, *opened_ns, Some(node)),
            At::Missing { volume, path } => (*volume, path, self.opened_ns, None),
            At::MissingFixed if options.create => return fail(Errno::RoFs),
            At::MissingFixed => return fail(Errno::NoEnt),
            At::Fixed(_) if exclusive => return fail(Errno::Exist),
            At::Fixed(fixed) => return self.open_fixed(path, *fixed, found, options),
        };
        match node {
            None if !options.create => return fail(Errno::NoEnt),
            Some(_) if exclusive => return fail(Errno::Exist),
            Some(Node::Dir(_) | Node::Gitlink(_)) if writes || options.create => {
                return fail(Errno::IsDir);
            }
            Some(Node::Dir(_) | Node::Gitlink(_)) => {
                let dir = Fixed::Dir(FixedDir::Descriptors);
                let stat = self.stat(&found);
                return Ok(Arc::new(DeviceHandle::new(dir, stat, found.real)));
            }
            Some(Node::File(_)) if found.wants_directory && !options.create => {
                return fail(Errno::NotDir);
            }
            // As Linux has it: what would be made here is no directory.
            _ if found.wants_directory => return fail(Errno::IsDir),
            _ => {}
        }
        let if_exists = match (exclusive, options.truncate) {
            (true, _) => IfExists::Fail,
            (false, true) => IfExists::Truncate,
            (false, false) => IfExists::Keep,
        };
        if node.is_none() || (options.truncate && writes) {
            let create = Op::Create { path: inside.clone(), mode: options.mode, if_exists };
            self.apply(volume, vec![create])?;
        } else if writes {
            // Changes nothing, but the volume says why if it cannot be written.
            let target = Target::Path(inside.clone());
            self.apply(volume, vec![Op::Append { target, data: Bytes::new() }])?;
        }
        let open = self.volume(volume).hold(inside)?;
        let options = OpenOptions { write: writes, ..*options };
        let shared = Arc::clone(self);
        Ok(Arc::new(FileHandle::new(shared, volume, open, options, found.real, opened_ns)))
    }

    fn open_fixed(
        &self,
        path: &VPath,
        fixed: Fixed,
        found: Found,
        options: &OpenOptions,
    ) -> FsResult<Arc<dyn Handle>> {
        let fail = |errno| Err(FsError::new(errno, Operation::Open, path.clone()));
        let writes = options.write || options.append;
        match fixed {
            Fixed::Dir(_) if writes || options.create => fail(Errno::IsDir),
            Fixed::Dir(_) => Ok(Arc::new(DeviceHandle::new(fixed, self.stat(&found), found.real))),
            _ if found.wants_directory => fail(Errno::NotDir),
            Fixed::Text(_) | Fixed::Command(_) if writes => fail(Errno::RoFs),
            // The shell opens these itself, from the streams of the command that asks.
            Fixed::Device(Device::Terminal) | Fixed::Link(_) => fail(Errno::NxIo),
            Fixed::Device(_) | Fixed::Text(_) | Fixed::Command(_) => {
                Ok(Arc::new(DeviceHandle::new(fixed, self.stat(&found), found.real)))
            }
        }
    }
}
