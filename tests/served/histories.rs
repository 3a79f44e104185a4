//! Random calls of several mounts at once, noted as they begin and end; and what they may answer.
//!
//! Files come in groups of a few, which calls never leave: each group is an object of its own, and so
//! is each bookmark. Everything that is written has a number that nothing else gets.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use mesafs::backend::{ChangeError, Revision};
use mesafs::op::{IfExists, Op, Target};
use mesafs::tree::{Node, Root};
use mesafs::{BookmarkName, Checkout, Errno, FsError, FsResult};
use testkit::linear::{Moments, Object, Ran, check_each};
use testkit::random::Random;

use crate::site::{batch, path, write};

pub const FILES: usize = 3;
const MARKS: usize = 2;
const CHANGES: usize = 4;
/// How long a client waits after a call that nobody answered.
const AWAY: Duration = Duration::from_millis(100);

/// What the files of a group hold: the numbers that were written to them. `None` is no file.
pub type Contents = [Option<Vec<u32>>; FILES];

#[derive(Debug, Clone)]
pub enum Does {
    Write(usize, u32),
    /// Makes a file that is not there.
    Make(usize, u32),
    Append(usize, u32),
    Rename(usize, usize),
    Copy(usize, usize),
    Remove(usize),
    Read(Contents),
}

/// A call on a group of files. Whether it was done; `None` if nobody knows.
#[derive(Debug, Clone)]
pub struct OnFiles {
    group: usize,
    does: Does,
    done: Option<bool>,
}

struct Group;

/// What comes of it, if it can be done.
fn effect(state: &Contents, does: &Does) -> Option<Contents> {
    let mut after = state.clone();
    match does {
        Does::Write(file, number) => after[*file] = Some(vec![*number]),
        Does::Make(file, number) => {
            if after[*file].replace(vec![*number]).is_some() {
                return None;
            }
        }
        Does::Append(file, number) => after[*file].as_mut()?.push(*number),
        Does::Rename(from, to) => after[*to] = Some(after[*from].take()?),
        Does::Copy(from, to) => after[*to] = Some(after[*from].clone()?),
        Does::Remove(file) => drop(after[*file].take()?),
        Does::Read(contents) => return (contents == state).then_some(after),
    }
    Some(after)
}

impl Object for Group {
    type State = Contents;
    type Call = OnFiles;

    fn initial(&self) -> Contents {
        Contents::default()
    }

    fn step(&self, state: &Contents, call: &OnFiles) -> Option<Contents> {
        let after = effect(state, &call.does);
        match call.done {
            Some(true) => after,
            Some(false) => after.is_none().then(|| state.clone()),
            None => Some(after.unwrap_or_else(|| state.clone())),
        }
    }
}

#[derive(Debug, Clone)]
pub enum OnMark {
    /// Whether it was where it was expected.
    Swap(usize, usize, Option<bool>),
    Read(usize),
}

/// A bookmark, on one of some changes.
struct Mark;

impl Object for Mark {
    type State = usize;
    type Call = (usize, OnMark);

    fn initial(&self) -> usize {
        0
    }

    fn step(&self, state: &usize, (_, call): &(usize, OnMark)) -> Option<usize> {
        match *call {
            OnMark::Swap(from, to, Some(true)) => (from == *state).then_some(to),
            OnMark::Swap(from, _, Some(false)) => (from != *state).then_some(*state),
            OnMark::Swap(from, to, None) => Some(if from == *state { to } else { *state }),
            OnMark::Read(at) => (at == *state).then_some(*state),
        }
    }
}

/// A look at what a mount shows, without asking the server.
#[derive(Debug)]
struct Glance {
    version: u64,
    group: usize,
    contents: Contents,
}

#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub ops: usize,
    pub groups: usize,
    pub seed: u64,
    /// Whether calls may fail without anybody knowing what came of them.
    pub faulty: bool,
}

#[derive(Debug, Default)]
struct Noted {
    files: Vec<Ran<OnFiles>>,
    marks: Vec<Ran<(usize, OnMark)>>,
    /// What was done, by its version.
    landed: BTreeMap<u64, (usize, Does)>,
    glances: Vec<Glance>,
    /// Why there was no answer, and how often.
    unanswered: BTreeMap<String, usize>,
    /// What should not come up at all.
    odd: Vec<String>,
}

/// Calls that ran.
#[derive(Debug)]
pub struct History {
    plan: Plan,
    noted: Noted,
}

fn file(group: usize, file: usize) -> String {
    format!("g{group}/{}", ["a", "b", "c"][file])
}

fn mark(number: usize) -> BookmarkName {
    BookmarkName::new(&format!("mark{number}")).unwrap()
}

/// Makes the groups, the bookmarks, and the changes that those are put on.
pub fn prepare(mount: &dyn Checkout, clients: usize, groups: usize) -> Vec<String> {
    let made = |n| Op::MakeDir { path: path(&format!("g{n}")), mode: 0o755, parents: false };
    let mut ops: Vec<Op> = (0..groups).map(made).collect();
    ops.extend((0..clients).map(|client| write(&format!("own{client}"), "")));
    mount.apply(batch(1, ops)).unwrap();
    let root = Revision::Expression("root()".into());
    let changes: Vec<String> = (0..CHANGES)
        .map(|_| mount.new_change(&root, Some("a place")).unwrap().to_string())
        .collect();
    let history = mount.history().unwrap();
    for number in 0..MARKS {
        let at = Revision::Change(changes[0].clone());
        history.create_bookmark_at(&mark(number), &at).unwrap();
    }
    changes
}

/// What a group holds in a tree.
pub fn contents(root: &Root, group: usize) -> FsResult<Contents> {
    let mut contents = Contents::default();
    for (at, content) in contents.iter_mut().enumerate() {
        match root.lookup(&path(&file(group, at))) {
            Ok(Node::File(file)) => {
                let text = String::from_utf8(file.body.read_all()?.to_vec()).unwrap();
                *content = Some(text.lines().map(|line| line.parse().unwrap()).collect());
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) if error.errno() == Errno::NoEnt => {}
            Err(error) => return Err(error),
        }
    }
    Ok(contents)
}

struct Client<'a> {
    number: usize,
    mount: &'a dyn Checkout,
    changes: &'a [String],
    plan: Plan,
    moments: &'a Moments,
    numbers: &'a AtomicU32,
    random: Random,
    seen: u64,
    failed: bool,
    noted: Noted,
}

impl Client<'_> {
    fn run(mut self, goes_on: &(dyn Fn(usize) -> bool + Sync)) -> Noted {
        let mut count = 0;
        while goes_on(count) {
            count += 1;
            // A server that is away is not asked without end.
            if self.failed {
                std::thread::sleep(AWAY);
                self.failed = false;
            }
            match self.random.below(100) {
                0..3 => self.swap(),
                3..6 => self.look_at_mark(),
                6..18 => self.read(),
                18..30 => self.glance(),
                _ => self.write(),
            }
        }
        self.noted
    }

    /// Whether a failure may come, and says nothing of what came of the call.
    fn passes(&mut self, error: &FsError) -> bool {
        let passing = matches!(error.errno(), Errno::Io | Errno::Stale | Errno::Again);
        self.failed |= passing;
        *self.noted.unanswered.entry(error.to_string()).or_default() += 1;
        self.plan.faulty && passing
    }

    fn odd(&mut self, text: String) {
        self.noted.odd.push(format!("client {}: {text}", self.number));
    }

    /// Notes that a version was seen, which no earlier one may follow.
    fn see(&mut self, version: u64) {
        if version < self.seen {
            self.odd(format!("version {version} after {}", self.seen));
        }
        self.seen = version;
    }

    fn write(&mut self) {
        let group = self.random.at(self.plan.groups);
        let at = self.random.at(FILES);
        let other = (at + 1 + self.random.at(FILES - 1)) % FILES;
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let does = match self.random.below(10) {
            0..2 => Does::Write(at, number),
            2..4 => Does::Make(at, number),
            4..6 => Does::Append(at, number),
            6..8 => Does::Rename(at, other),
            8 => Does::Copy(at, other),
            _ => Does::Remove(at),
        };
        let ops = ops(group, &does);
        let id = self.random.id();
        let began = self.moments.now();
        let applied = self.mount.apply(batch(id, ops));
        let ended = self.moments.now();
        let done = match applied {
            Ok(applied) => {
                let landed = (group, does.clone());
                let twice = self.noted.landed.insert(applied.version, landed);
                if twice.is_some() && !self.plan.faulty {
                    self.odd(format!("version {} is two batches'", applied.version));
                }
                self.seen = self.seen.max(applied.version);
                Some(true)
            }
            Err(error) if matches!(error.errno(), Errno::NoEnt | Errno::Exist) => Some(false),
            Err(error) if self.passes(&error) => None,
            Err(error) => return self.odd(format!("{does:?}: {error}")),
        };
        let ended = done.map(|_| ended);
        let call = OnFiles { group, does, done };
        self.noted.files.push(Ran { client: self.number, call, began, ended });
    }

    /// What a write of its own shows of a group: all that was answered before it began.
    fn read(&mut self) {
        let group = self.random.at(self.plan.groups);
        let own = Target::Path(path(&format!("own{}", self.number)));
        let ops = vec![Op::Append { target: own, data: Bytes::from_static(b".") }];
        let id = self.random.id();
        let began = self.moments.now();
        let read = || contents(&self.mount.root()?, group);
        let found = self.mount.apply(batch(id, ops)).and_then(|_| read());
        match found {
            Ok(found) => {
                let ended = Some(self.moments.now());
                let call = OnFiles { group, does: Does::Read(found), done: Some(true) };
                self.noted.files.push(Ran { client: self.number, call, began, ended });
            }
            Err(error) if self.passes(&error) => {}
            Err(error) => self.odd(format!("reading: {error}")),
        }
    }

    fn glance(&mut self) {
        let group = self.random.at(self.plan.groups);
        let found = self.mount.root().and_then(|root| Ok((root.version, contents(&root, group)?)));
        match found {
            Ok((version, contents)) => {
                self.see(version);
                self.noted.glances.push(Glance { version, group, contents });
            }
            Err(error) if self.passes(&error) => {}
            Err(error) => self.odd(format!("looking: {error}")),
        }
    }

    fn swap(&mut self) {
        let (number, from, to) =
            (self.random.at(MARKS), self.random.at(CHANGES), self.random.at(CHANGES));
        let change = |at: usize| Revision::Change(self.changes[at].clone());
        let history = self.mount.history().unwrap();
        let began = self.moments.now();
        let swapped = history.set_bookmark(&mark(number), &change(to), Some(&change(from)));
        let ended = self.moments.now();
        let done = match swapped {
            Ok(()) => Some(true),
            Err(ChangeError::BookmarkRaced(_)) => Some(false),
            Err(ChangeError::Fs(error)) if self.passes(&error) => None,
            Err(error) => return self.odd(format!("moving a bookmark: {error}")),
        };
        let (ended, call) = (done.map(|_| ended), (number, OnMark::Swap(from, to, done)));
        self.noted.marks.push(Ran { client: self.number, call, began, ended });
    }

    fn look_at_mark(&mut self) {
        let number = self.random.at(MARKS);
        let began = self.moments.now();
        let found = self.mount.bookmarks();
        let ended = Some(self.moments.now());
        let at = match found {
            Ok(found) => {
                let info = found.into_iter().find(|info| info.name == mark(number));
                let target = info.and_then(|info| info.target).map(|target| target.to_string());
                self.changes.iter().position(|change| Some(change) == target.as_ref())
            }
            Err(ChangeError::Fs(error)) if self.passes(&error) => return,
            Err(error) => return self.odd(format!("bookmarks: {error}")),
        };
        match at {
            Some(at) => {
                let call = (number, OnMark::Read(at));
                self.noted.marks.push(Ran { client: self.number, call, began, ended });
            }
            None => self.odd(format!("bookmark {number} is nowhere")),
        }
    }
}

fn ops(group: usize, does: &Does) -> Vec<Op> {
    let at = |number: usize| path(&file(group, number));
    let line = |number: &u32| Bytes::from(format!("{number}\n"));
    let append =
        |file: usize, number| Op::Append { target: Target::Path(at(file)), data: line(number) };
    match does {
        Does::Write(to, number) => vec![write(&file(group, *to), line(number))],
        Does::Make(file, number) => vec![
            Op::Create { path: at(*file), mode: 0o644, if_exists: IfExists::Fail },
            append(*file, number),
        ],
        Does::Append(file, number) => vec![append(*file, number)],
        Does::Rename(from, to) => {
            vec![Op::Rename { from: at(*from), to: at(*to), replace: true }]
        }
        Does::Copy(from, to) => vec![Op::Copy { from: at(*from), to: at(*to) }],
        Does::Remove(file) => vec![Op::Remove { path: at(*file), recursive: false }],
        Does::Read(_) => Vec::new(),
    }
}

/// Has each mount make calls at once with the others, as long as `goes_on` says of how many it made.
pub fn run(
    plan: Plan,
    mounts: &[Arc<dyn Checkout>],
    changes: &[String],
    goes_on: &(dyn Fn(usize) -> bool + Sync),
) -> History {
    let (moments, numbers) = (Moments::default(), AtomicU32::new(1));
    let whole: Mutex<Noted> = Mutex::default();
    std::thread::scope(|scope| {
        for (number, mount) in mounts.iter().enumerate() {
            let random = Random::new(plan.seed.wrapping_mul(1_000_003) + number as u64);
            let client = Client {
                number,
                mount: &**mount,
                changes,
                plan,
                moments: &moments,
                numbers: &numbers,
                random,
                seen: 0,
                failed: false,
                noted: Noted::default(),
            };
            let whole = &whole;
            scope.spawn(move || {
                let noted = client.run(goes_on);
                whole.lock().unwrap().add(noted, plan.faulty);
            });
        }
    });
    History { plan, noted: whole.into_inner().unwrap() }
}

impl Noted {
    fn add(&mut self, other: Self, faulty: bool) {
        self.files.extend(other.files);
        self.marks.extend(other.marks);
        self.glances.extend(other.glances);
        self.odd.extend(other.odd);
        for (why, count) in other.unanswered {
            *self.unanswered.entry(why).or_default() += count;
        }
        for (version, landed) in other.landed {
            if self.landed.insert(version, landed).is_some() && !faulty {
                self.odd.push(format!("version {version} is two mounts'"));
            }
        }
    }
}

impl History {
    /// Notes what is there in the end, when nobody writes any more.
    pub fn end(&mut self, mount: &dyn Checkout) {
        let root = mount.root().unwrap();
        for group in 0..self.plan.groups {
            let does = Does::Read(contents(&root, group).unwrap());
            let call = OnFiles { group, does, done: Some(true) };
            let (began, ended) = (u64::MAX - 1, Some(u64::MAX));
            self.noted.files.push(Ran { client: usize::MAX, call, began, ended });
        }
    }

    /// How many calls it has, and of how many nobody knows what came of them.
    pub fn counts(&self) -> (usize, usize) {
        let unknown = self.noted.files.iter().filter(|ran| ran.ended.is_none()).count()
            + self.noted.marks.iter().filter(|ran| ran.ended.is_none()).count();
        (self.noted.files.len() + self.noted.marks.len(), unknown)
    }

    /// Why calls were not answered, and how many.
    pub fn unanswered(&self) -> &BTreeMap<String, usize> {
        &self.noted.unanswered
    }

    /// Whether it could have come about by one call after the other, each seen by those that began
    /// after it was answered; and whether each mount showed what there was at some version, and never
    /// an earlier one than before.
    ///
    /// # Errors
    /// What could not.
    pub fn check(self) -> Result<(), String> {
        let Noted { files, marks, landed, mut glances, odd, .. } = self.noted;
        check_each(files, |call: &OnFiles| call.group, |_| Group).map_err(|found| found.text)?;
        check_each(marks, |call: &(usize, OnMark)| call.0, |_| Mark).map_err(|found| found.text)?;
        if let Some(first) = odd.first() {
            return Err(format!("{} odd, the first: {first}", odd.len()));
        }
        if self.plan.faulty {
            return Ok(());
        }
        let mut state = vec![Contents::default(); self.plan.groups];
        let mut landed = landed.into_iter().peekable();
        glances.sort_by_key(|glance| glance.version);
        for glance in glances {
            while let Some((version, (group, does))) =
                landed.next_if(|(version, _)| *version <= glance.version)
            {
                let told = format!("version {version}, group {group}: {does:?} in {state:?}");
                state[group] = effect(&state[group], &does).ok_or(told)?;
            }
            if state[glance.group] != glance.contents {
                return Err(format!("{glance:?}, and it was {:?}", state[glance.group]));
            }
        }
        Ok(())
    }
}
