//! Listings and contents.

use std::collections::{HashSet, VecDeque};

use bstr::BStr;
use bytes::Bytes;
use mesa_protocol::{
    BodyKey, Content, ENTRIES_MAX, Entry, EntryKind, ErrorBody, Listing, Name, PATHS_MAX, Place,
    READ_BYTES_MAX, ReadRange, Reply, Since, code,
};
use mesafs::tree::{Body, Dir, Node};
use mesafs::{Errno, FsError, FsResult, Operation, RepoPath};

use crate::session::Session;

/// Directories that a client is taken to know.
const LISTED_MAX: usize = 4096;
/// Entries that come along with what was changed.
const LEADING_MAX: usize = 2000;

/// What is told of a directory that the client does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    Tell,
    Skip,
}

impl Session {
    /// What is in the directories at `paths` of a tree, and then below them, the upper ones first,
    /// until there are `entries_max` entries.
    pub fn list(
        &self,
        root: u64,
        paths: &[RepoPath],
        entries_max: u32,
    ) -> Result<Reply, ErrorBody> {
        check_count(paths.len())?;
        let Some(root) = self.roots.get(root) else {
            return Err(ErrorBody::new(code::BASE_UNKNOWN, "the tree is not kept any more"));
        };
        let entries_max = (entries_max as usize).min(ENTRIES_MAX);
        let mut pending: VecDeque<(RepoPath, Dir)> = VecDeque::new();
        for path in paths {
            let Node::Dir(dir) = root.lookup(path)? else {
                return Err(FsError::new(Errno::NotDir, Operation::List, path.as_bstr()).into());
            };
            pending.push_back((path.clone(), dir));
        }
        let (mut asked, mut count) = (paths.len(), 0);
        let mut listings = Vec::new();
        while let Some((path, dir)) = pending.pop_front() {
            if asked == 0 && count >= entries_max {
                break;
            }
            asked = asked.saturating_sub(1);
            for (name, node) in dir.iter()? {
                if let Node::Dir(below) = node
                    && pending.len() < entries_max
                {
                    pending.push_back((path.child(name), below.clone()));
                }
            }
            let listing = self.listing(path, &dir)?;
            count += listing.entries.len() + 1;
            listings.push(listing);
        }
        Ok(Reply::Listings(listings))
    }

    fn listing(&self, path: RepoPath, dir: &Dir) -> FsResult<Listing> {
        let entries = dir.iter()?.map(|(name, node)| self.entry(name, node)).collect();
        self.note_listed(&path, dir);
        let (key, sums) = (self.tags.dir(dir), dir.sums());
        Ok(Listing { path, key, sums, since: None, entries })
    }

    fn note_listed(&self, path: &RepoPath, dir: &Dir) {
        let mut listed = self.listed.lock();
        if listed.len() >= LISTED_MAX && !listed.contains_key(path) {
            listed.clear();
        }
        listed.insert(path.clone(), dir.clone());
    }

    /// What has changed in a directory since `before` was told of it.
    fn listing_since(&self, path: &RepoPath, before: &Dir, dir: &Dir) -> FsResult<Listing> {
        let (mut entries, mut gone) = (Vec::new(), Vec::new());
        let (mut old, mut new) = (before.iter()?.peekable(), dir.iter()?.peekable());
        loop {
            match (old.peek(), new.peek()) {
                (None, None) => break,
                (Some((was, _)), now) if now.is_none_or(|(is, _)| was < is) => {
                    gone.extend(old.next().map(|(name, _)| Name(name.to_owned())));
                }
                (Some((was, one)), Some((is, two))) if was == is => {
                    if !one.same_identity(two) {
                        entries.push(self.entry(is, two));
                    }
                    old.next();
                    new.next();
                }
                (_, Some((is, node))) => {
                    entries.push(self.entry(is, node));
                    new.next();
                }
                _ => break,
            }
        }
        let since = Some(Since { key: self.tags.dir(before), gone });
        let (key, sums) = (self.tags.dir(dir), dir.sums());
        Ok(Listing { path: path.clone(), key, sums, since, entries })
    }

    /// The directories that lead to `paths`, as far as the client does not know them as they are: what
    /// it looks at next. What it was never told of is told if it is small, and `unknown` allows it.
    pub fn leading_to(&self, root: u64, paths: &[RepoPath], unknown: Unknown) -> Vec<Listing> {
        let Some(root) = self.roots.get(root) else { return Vec::new() };
        let (mut listings, mut room) = (Vec::new(), LEADING_MAX);
        let mut seen = HashSet::new();
        for path in paths {
            let (mut at, mut dir) = (RepoPath::root(), root.dir.clone());
            for name in path.names() {
                if seen.insert(at.clone()) {
                    let known = self.listed.lock().get(&at).cloned();
                    let listing = match known {
                        Some(known) if known.same_identity(&dir) => None,
                        Some(known) => self.listing_since(&at, &known, &dir).ok(),
                        None if unknown == Unknown::Skip => None,
                        None if dir.len().map_or(true, |len| len > room) => None,
                        None => self.listing(at.clone(), &dir).ok(),
                    };
                    if let Some(listing) = listing {
                        let count = listing.entries.len()
                            + listing.since.as_ref().map_or(0, |since| since.gone.len());
                        let Some(left) = room.checked_sub(count) else { break };
                        room = left;
                        self.note_listed(&at, &dir);
                        listings.push(listing);
                    }
                }
                let Ok(Some(Node::Dir(below))) = dir.get(name).map(|node| node.cloned()) else {
                    break;
                };
                at = at.child(name);
                dir = below;
            }
        }
        listings
    }

    fn entry(&self, name: &BStr, node: &Node) -> Entry {
        let kind = match node {
            Node::Dir(dir) => EntryKind::Dir { key: self.tags.dir(dir), sums: dir.sums() },
            Node::File(file) => EntryKind::File {
                key: self.tags.body(&file.body),
                len: file.body.len(),
                conflicted: file.conflict.is_some(),
            },
            Node::Symlink(link) => {
                EntryKind::Symlink { target: link.target().to_owned(), blob: link.stored() }
            }
            Node::Gitlink(commit) => EntryKind::Gitlink { commit: *commit },
        };
        Entry { name: name.to_owned(), attributes: node.attributes(), kind }
    }

    /// The ranges in order, until [`READ_BYTES_MAX`] bytes are read.
    pub fn read(&self, reads: &[ReadRange]) -> Result<Reply, ErrorBody> {
        check_count(reads.len())?;
        // Refused under a token that is, also where nothing is looked up.
        self.checkout.root()?;
        let mut room = READ_BYTES_MAX;
        let mut contents = Vec::new();
        for range in reads {
            let content = match self.body_at(&range.place, range.expected)? {
                Some(body) => {
                    let len = range.len.min(room);
                    let len = usize::try_from(len).unwrap_or(0);
                    let bytes: Bytes = body.read_at(range.offset, len)?;
                    room -= bytes.len() as u64;
                    Content::Bytes(bytes)
                }
                None => Content::Stale,
            };
            contents.push(content);
            if room == 0 {
                break;
            }
        }
        Ok(Reply::Contents(contents))
    }

    /// The content of the file at a place, if it is what is expected there.
    pub fn body_at(&self, place: &Place, expected: BodyKey) -> Result<Option<Body>, ErrorBody> {
        let found = self.find(place)?.filter(|body| self.tags.is(body, expected));
        Ok(found.or_else(|| self.told_lately(expected)))
    }

    fn find(&self, place: &Place) -> Result<Option<Body>, ErrorBody> {
        match place {
            Place::Held { handle } => match self.handle(*handle) {
                Ok(held) => Ok(Some(held.file()?.body)),
                Err(_) => Ok(None),
            },
            Place::Tree { root, path } => {
                let Some(root) = self.roots.get(*root) else { return Ok(None) };
                match root.lookup(path) {
                    Ok(Node::File(file)) => Ok(Some(file.body.clone())),
                    Ok(_) => Ok(None),
                    Err(error) if matches!(error.errno(), Errno::NoEnt | Errno::NotDir) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }
}

fn check_count(count: usize) -> Result<(), ErrorBody> {
    if count == 0 || count > PATHS_MAX {
        return Err(ErrorBody::new(code::MALFORMED, "no paths, or too many"));
    }
    Ok(())
}
