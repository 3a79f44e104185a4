//! The plain model of one directory tree.

use std::collections::BTreeMap;

use mesafs::{Errno, RepoPath};

use crate::conformance::Probe;

/// A regular file. Handles hold it by its number, whatever becomes of its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub data: Vec<u8>,
    pub mode: u32,
    pub mtime_ns: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Dir { mode: u32, mtime_ns: i64 },
    File(usize),
    Link { target: String, mtime_ns: i64 },
}

/// What a walk does with a link at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    Follow,
    FollowForSlash,
    Stay,
}

/// The end of a walk: a path in the map, and whether the text asks for a directory.
struct Place {
    path: String,
    wants_dir: bool,
}

/// Entries by path; the base itself is `""`.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: BTreeMap<String, Node>,
    files: Vec<File>,
}

type Done = Result<(), Errno>;

fn parent_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn child_of(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") }
}

/// What a path that leads above the base answers: what lies there belongs to others, so that such a
/// step says nothing. No call has this errno within one repository.
pub const LEAVES_BASE: Errno = Errno::XDev;

/// Whether `path` is `above` or below it; everything is below the base, whose path is empty.
fn is_in(path: &str, above: &str) -> bool {
    above.is_empty()
        || path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Tree {
    pub fn new(now_ns: i64) -> Self {
        let base = Node::Dir { mode: 0o755, mtime_ns: now_ns };
        Self { nodes: BTreeMap::from([(String::new(), base)]), files: Vec::new() }
    }

    pub fn file(&self, id: usize) -> &File {
        &self.files[id]
    }

    fn walk(&self, path: &str, last_link: Last) -> Result<Place, Errno> {
        let mut here = String::new();
        let mut wants_dir = path.ends_with('/');
        let mut left: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
        left.retain(|name| !name.is_empty());
        let mut links = 0;
        while let Some(name) = left.pop() {
            match self.nodes.get(&here) {
                Some(Node::Dir { .. }) => {}
                Some(_) => return Err(Errno::NotDir),
                None => return Err(Errno::NoEnt),
            }
            match name.as_str() {
                "." => continue,
                ".." if here.is_empty() => return Err(LEAVES_BASE),
                ".." => {
                    here = parent_of(&here).to_owned();
                    continue;
                }
                _ => here = child_of(&here, &name),
            }
            let last = left.is_empty();
            let follows = match last_link {
                _ if !last => true,
                Last::Follow => true,
                Last::FollowForSlash => wants_dir,
                Last::Stay => false,
            };
            if let Some(Node::Link { target, .. }) = self.nodes.get(&here)
                && follows
            {
                links += 1;
                if links > 40 {
                    return Err(Errno::Loop);
                }
                if last {
                    wants_dir |= target.ends_with('/');
                }
                here = parent_of(&here).to_owned();
                left.extend(target.split('/').rev().filter(|n| !n.is_empty()).map(str::to_owned));
            }
        }
        Ok(Place { path: here, wants_dir })
    }

    fn existing(&self, path: &str, last_link: Last) -> Result<(String, Node), Errno> {
        let place = self.walk(path, last_link)?;
        let node = self.nodes.get(&place.path).cloned().ok_or(Errno::NoEnt)?;
        if place.wants_dir && !matches!(node, Node::Dir { .. }) {
            return Err(Errno::NotDir);
        }
        Ok((place.path, node))
    }

    fn touch_parent(&mut self, path: &str, now_ns: i64) {
        if let Some(Node::Dir { mtime_ns, .. }) = self.nodes.get_mut(parent_of(path)) {
            *mtime_ns = now_ns;
        }
    }

    fn insert(&mut self, path: &str, node: Node, now_ns: i64) {
        self.nodes.insert(path.to_owned(), node);
        self.touch_parent(path, now_ns);
    }

    fn new_file(&mut self, path: &str, file: File) -> usize {
        let now_ns = file.mtime_ns;
        self.files.push(file);
        let id = self.files.len() - 1;
        self.insert(path, Node::File(id), now_ns);
        id
    }

    /// The file at `path`, made if it is missing.
    pub fn create(&mut self, path: &str, mode: u32, now_ns: i64) -> Result<usize, Errno> {
        let place = self.walk(path, Last::Follow)?;
        match self.nodes.get(&place.path) {
            Some(Node::Dir { .. }) => Err(Errno::IsDir),
            _ if place.wants_dir => Err(Errno::IsDir),
            Some(Node::File(id)) => Ok(*id),
            Some(Node::Link { .. }) => Err(Errno::Loop),
            None => {
                Ok(self.new_file(&place.path, File { data: Vec::new(), mode, mtime_ns: now_ns }))
            }
        }
    }

    pub fn write(&mut self, path: &str, data: &[u8], now_ns: i64) -> Done {
        let id = self.create(path, 0o644, now_ns)?;
        self.files[id].data = data.to_vec();
        self.files[id].mtime_ns = now_ns;
        Ok(())
    }

    pub fn append(&mut self, path: &str, data: &[u8], now_ns: i64) -> Done {
        let id = self.create(path, 0o644, now_ns)?;
        let end = self.files[id].data.len();
        self.write_at(id, end, data, now_ns);
        Ok(())
    }

    pub fn write_at(&mut self, id: usize, offset: usize, data: &[u8], now_ns: i64) {
        if data.is_empty() {
            return;
        }
        let file = &mut self.files[id];
        let end = offset + data.len();
        if file.data.len() < end {
            file.data.resize(end, 0);
        }
        file.data[offset..end].copy_from_slice(data);
        file.mtime_ns = now_ns;
    }

    pub fn set_len(&mut self, id: usize, len: usize, now_ns: i64) {
        self.files[id].data.resize(len, 0);
        self.files[id].mtime_ns = now_ns;
    }

    pub fn mkdir(&mut self, path: &str, now_ns: i64) -> Done {
        let place = self.walk(path, Last::Stay)?;
        if self.nodes.contains_key(&place.path) {
            return Err(Errno::Exist);
        }
        self.insert(&place.path, Node::Dir { mode: 0o755, mtime_ns: now_ns }, now_ns);
        Ok(())
    }

    pub fn symlink(&mut self, target: &str, path: &str, now_ns: i64) -> Done {
        let place = self.walk(path, Last::Stay)?;
        if self.nodes.contains_key(&place.path) {
            return Err(Errno::Exist);
        }
        if place.wants_dir {
            return Err(Errno::NoEnt);
        }
        let target = target.to_owned();
        self.insert(&place.path, Node::Link { target, mtime_ns: now_ns }, now_ns);
        Ok(())
    }

    fn below(&self, path: &str) -> Vec<(String, Node)> {
        let all = self.nodes.iter().filter(|(below, _)| is_in(below, path));
        all.map(|(path, node)| (path.clone(), node.clone())).collect()
    }

    pub fn remove(&mut self, path: &str, recursive: bool, now_ns: i64) -> Done {
        let (path, node) = self.existing(path, Last::Stay)?;
        let below = self.below(&path);
        if matches!(node, Node::Dir { .. }) && !recursive && below.len() > 1 {
            return Err(Errno::NotEmpty);
        }
        below.iter().for_each(|(path, _)| drop(self.nodes.remove(path)));
        self.touch_parent(&path, now_ns);
        Ok(())
    }

    pub fn rename(&mut self, from: &str, to: &str, now_ns: i64) -> Done {
        let (from, node) = self.existing(from, Last::Stay)?;
        let to = self.walk(to, Last::Stay)?;
        let is_dir = matches!(node, Node::Dir { .. });
        if to.wants_dir && !is_dir {
            return Err(Errno::NotDir);
        }
        let to = to.path;
        if from == to {
            return Ok(());
        }
        if is_in(&to, &from) {
            return Err(Errno::Inval);
        }
        if is_in(&from, &to) {
            return Err(Errno::NotEmpty);
        }
        match self.nodes.get(&to) {
            Some(Node::Dir { .. }) if !is_dir => return Err(Errno::IsDir),
            Some(Node::Dir { .. }) if self.below(&to).len() > 1 => return Err(Errno::NotEmpty),
            Some(Node::File(_) | Node::Link { .. }) if is_dir => return Err(Errno::NotDir),
            _ => {}
        }
        self.nodes.remove(&to);
        for (path, node) in self.below(&from) {
            self.nodes.remove(&path);
            self.nodes.insert(format!("{to}{}", &path[from.len()..]), node);
        }
        self.touch_parent(&from, now_ns);
        self.touch_parent(&to, now_ns);
        Ok(())
    }

    pub fn copy(&mut self, from: &str, to: &str, now_ns: i64) -> Done {
        let (from, node) = self.existing(from, Last::FollowForSlash)?;
        let follow = if matches!(node, Node::File(_)) { Last::Follow } else { Last::Stay };
        let to = self.walk(to, follow)?;
        if to.wants_dir && !matches!(node, Node::Dir { .. }) {
            let taken = self.nodes.contains_key(&to.path);
            return Err(if taken { Errno::IsDir } else { Errno::NotDir });
        }
        let to = to.path;
        if is_in(&to, &from) {
            return Err(Errno::Inval);
        }
        match (&node, self.nodes.get(&to)) {
            (_, None) => {}
            (Node::File(from), Some(Node::File(into))) => {
                let (from, into) = (*from, *into);
                self.files[into].data = self.files[from].data.clone();
                self.files[into].mtime_ns = now_ns;
                return Ok(());
            }
            (Node::File(_), Some(Node::Dir { .. })) => return Err(Errno::IsDir),
            (_, Some(_)) => return Err(Errno::Exist),
        }
        for (path, node) in self.below(&from) {
            let node = self.copied(node, (path == from).then_some(now_ns));
            self.nodes.insert(format!("{to}{}", &path[from.len()..]), node);
        }
        self.touch_parent(&to, now_ns);
        Ok(())
    }

    /// A node of its own; only what was copied by name gets a new time.
    fn copied(&mut self, node: Node, now_ns: Option<i64>) -> Node {
        match node {
            Node::Dir { mode, mtime_ns } => {
                Node::Dir { mode, mtime_ns: now_ns.unwrap_or(mtime_ns) }
            }
            Node::Link { target, mtime_ns } => {
                Node::Link { target, mtime_ns: now_ns.unwrap_or(mtime_ns) }
            }
            Node::File(id) => {
                let file = self.files[id].clone();
                let mtime_ns = now_ns.unwrap_or(file.mtime_ns);
                self.files.push(File { mtime_ns, ..file });
                Node::File(self.files.len() - 1)
            }
        }
    }

    pub fn set_mode(&mut self, path: &str, mode: u32) -> Done {
        let (path, node) = self.existing(path, Last::Follow)?;
        match node {
            Node::File(id) => self.files[id].mode = mode,
            Node::Dir { mtime_ns, .. } => {
                self.nodes.insert(path, Node::Dir { mode, mtime_ns });
            }
            Node::Link { .. } => return Err(Errno::NotSup),
        }
        Ok(())
    }

    pub fn set_times(&mut self, path: &str, mtime_ns: i64) -> Done {
        let (path, node) = self.existing(path, Last::FollowForSlash)?;
        match node {
            Node::File(id) => self.files[id].mtime_ns = mtime_ns,
            Node::Dir { mode, .. } => drop(self.nodes.insert(path, Node::Dir { mode, mtime_ns })),
            Node::Link { target, .. } => {
                self.nodes.insert(path, Node::Link { target, mtime_ns });
            }
        }
        Ok(())
    }

    /// The file that opening `path` leads to: made if missing, or only found.
    pub fn open(&mut self, path: &str, create: bool, now_ns: i64) -> Result<usize, Errno> {
        if create {
            return self.create(path, 0o600, now_ns);
        }
        match self.existing(path, Last::Follow)?.1 {
            Node::File(id) => Ok(id),
            Node::Dir { .. } => Err(Errno::IsDir),
            Node::Link { .. } => Err(Errno::Loop),
        }
    }

    /// Compares everything below `/acme/app/BASE` with the model.
    pub fn assert_same(&self, fs: &Probe, base: &str, told: &str) {
        let root = match fs.checkout("app").root() {
            Ok(root) => root,
            Err(error) => panic!("{told}: {error}"),
        };
        let base = RepoPath::new(base).unwrap_or_else(|error| panic!("{error}"));
        let top = root.lookup(&base).unwrap_or_else(|error| panic!("{told}: {error}"));
        let mesafs::tree::Node::Dir(dir) = &top else { panic!("{told}: no directory") };
        let mut found = BTreeMap::from([(String::new(), shown(&root, &top))]);
        for entry in mesafs::tree::Walk::below(RepoPath::root(), dir.clone()) {
            let (path, node) = entry.unwrap_or_else(|error| panic!("{told}: {error}"));
            found.insert(path.to_string(), shown(&root, &node));
        }
        let expected: BTreeMap<String, String> =
            self.nodes.iter().map(|(path, node)| (path.clone(), self.shown(node))).collect();
        assert_eq!(found, expected, "{told}");
    }

    fn shown(&self, node: &Node) -> String {
        match node {
            Node::Dir { mode, mtime_ns } => format!("dir {mode:o} {mtime_ns}"),
            Node::Link { target, mtime_ns } => format!("link {target} {mtime_ns}"),
            Node::File(id) => {
                let File { data, mode, mtime_ns } = &self.files[*id];
                format!("file {mode:o} {mtime_ns} {}", String::from_utf8_lossy(data))
            }
        }
    }
}

fn shown(root: &mesafs::tree::Root, node: &mesafs::tree::Node) -> String {
    use mesafs::tree::Node;
    let (mode, mtime_ns) = (node.attributes().mode, root.mtime_ns(node));
    match node {
        Node::Dir(_) | Node::Gitlink(_) => format!("dir {mode:o} {mtime_ns}"),
        Node::Symlink(link) => format!("link {} {mtime_ns}", link.target()),
        Node::File(file) => match file.body.read_all() {
            Ok(data) => format!("file {mode:o} {mtime_ns} {}", String::from_utf8_lossy(&data)),
            Err(error) => format!("unreadable: {error}"),
        },
    }
}
