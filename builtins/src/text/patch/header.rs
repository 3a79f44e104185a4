//! Finds the next patch in its text, and what its header says.

use bstr::{BString, ByteSlice};
use bytes::Bytes;

use super::Kind;
use super::names::unquoted;
use super::source::{Mark, Source};

/// A name in a header, as written, and the time behind it.
#[derive(Debug, Clone, Default)]
pub(super) struct Side {
    /// `None` if there was none, or `/dev/null`.
    pub name: Option<BString>,
    pub is_null: bool,
    /// What stood behind the name, with the tab.
    pub stamp: BString,
}

/// What git's extended header says.
#[derive(Debug, Clone, Default)]
pub(super) struct Git {
    pub old_mode: Option<u32>,
    pub new_mode: Option<u32>,
    pub creates: bool,
    pub deletes: bool,
    /// Renamed or copied.
    pub rename: bool,
    pub copy: bool,
}

/// How much a side says that there is no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Absent {
    #[default]
    No,
    /// It has no lines.
    Empty,
    /// It is `/dev/null`, or of the time 0.
    Missing,
}

/// One patch: its header, and where its hunks start.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub kind: Kind,
    pub old: Side,
    pub new: Side,
    pub index: Option<BString>,
    pub git: Option<Git>,
    pub absent: [Absent; 2],
    /// Where the text before the hunks begins.
    pub start: Mark,
    pub hunks: Mark,
    pub hunk_line: usize,
    pub indent: usize,
    pub strip_return: bool,
}

/// Goes to the next patch; `None` if only text is left. Whether it is `named` on the command line
/// which file to patch: a difference without names needs that, or an `Index:` line.
pub(super) fn next(source: &mut Source, only: Option<Kind>, named: bool) -> Option<Header> {
    let start = source.mark();
    let mut scan = Scan { only, named, ..Scan::default() };
    loop {
        let at = source.mark();
        let line_number = source.line_number();
        let Some(raw) = source.next_raw() else {
            if scan.git.is_some() {
                return Some(scan.header(Kind::Bare, start, at, line_number, 0));
            }
            // A script that only deletes has no text that ends with a dot.
            let ed =
                scan.ed_command.filter(|(_, letter, _)| *letter == b'd' || scan.wants(Kind::Ed));
            return ed.filter(|_| scan.may_be(Kind::Ed)).map(|(mark, _, line)| {
                source.go(mark);
                scan.header(Kind::Ed, start, mark, line, 0)
            });
        };
        let indent = raw.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let line = raw.slice(indent..);
        if let Some(kind) = scan.line(&line, indent, source, (at, line_number)) {
            let (mark, number) = match kind {
                Kind::Bare | Kind::Unified => (at, line_number),
                _ => scan.command.map_or((at, line_number), |(mark, _, number)| (mark, number)),
            };
            source.go(mark);
            return Some(scan.header(kind, start, mark, number, indent));
        }
    }
}

#[derive(Debug, Default)]
struct Scan {
    only: Option<Kind>,
    named: bool,
    old: Side,
    new: Side,
    /// `*** name`, which is the old side of a context diff.
    stars: Option<Side>,
    index: Option<BString>,
    git: Option<Git>,
    strip_return: bool,
    absent: [Absent; 2],
    /// A line that a normal diff's lines, or a context diff's, follow.
    command: Option<(Mark, Kind, usize)>,
    ed_command: Option<(Mark, u8, usize)>,
}

impl Scan {
    fn may_be(&self, kind: Kind) -> bool {
        let nameless = matches!(kind, Kind::Normal | Kind::Ed);
        let known = self.named || self.index.is_some() || self.old.name.is_some();
        self.only.is_none_or(|only| only == kind) && (known || !nameless)
    }

    fn wants(&self, kind: Kind) -> bool {
        self.only == Some(kind)
    }

    fn header(
        &self,
        kind: Kind,
        start: Mark,
        hunks: Mark,
        hunk_line: usize,
        indent: usize,
    ) -> Header {
        let old = match (&self.stars, kind) {
            (Some(side), Kind::Context) => side.clone(),
            _ => self.old.clone(),
        };
        let mut absent = self.absent;
        for (absent, side) in absent.iter_mut().zip([&old, &self.new]) {
            let epoch = side.is_null || side.stamp.starts_with(b"\t1970-01-01 00:00:00");
            if *absent == Absent::Empty && epoch {
                *absent = Absent::Missing;
            }
        }
        if let Some(git) = &self.git {
            if git.creates {
                absent[0] = Absent::Missing;
            }
            if git.deletes {
                absent[1] = Absent::Missing;
            }
        }
        Header {
            kind,
            old,
            new: self.new.clone(),
            index: self.index.clone(),
            git: self.git.clone(),
            absent,
            start,
            hunks,
            hunk_line,
            indent,
            strip_return: self.strip_return,
        }
    }

    /// Looks at one line; the kind of the patch if its hunks start here.
    fn line(
        &mut self,
        line: &Bytes,
        indent: usize,
        source: &Source,
        at: (Mark, usize),
    ) -> Option<Kind> {
        let before = self.command.take();
        if let Some(names) = line.strip_prefix(b"diff --git ") {
            if self.git.is_some() {
                return Some(Kind::Bare);
            }
            (self.old, self.new) = git_names(names);
            self.git = Some(Git::default());
            return None;
        }
        if self.git.is_some() && self.git_line(line) {
            return None;
        }
        if let Some(name) = line.strip_prefix(b"Index:") {
            let name = name.trim_ascii_start();
            self.index = side(name).name;
            return None;
        }
        if let Some(rest) = line.strip_prefix(b"*** ") {
            if let Some((mark, Kind::Context, number)) = before
                && self.may_be(Kind::Context)
            {
                self.command = Some((mark, Kind::Context, number));
                self.absent = context_absent(rest, source);
                return Some(Kind::Context);
            }
            self.stars = Some(side(rest));
            self.strip_return = line.ends_with(b"\r\n");
            return None;
        }
        if let Some(rest) = line.strip_prefix(b"--- ") {
            let side = side(rest);
            self.strip_return = line.ends_with(b"\r\n");
            // The second line of a context diff's header, the first of a unified one's.
            if self.stars.is_some() && !next_is_plus(source) {
                self.new = side;
            } else {
                self.old = side;
            }
            return None;
        }
        if let Some(rest) = line.strip_prefix(b"+++ ") {
            self.new = side(rest);
            self.strip_return = line.ends_with(b"\r\n");
            return None;
        }
        if line.starts_with(b"@@ -") && self.may_be(Kind::Unified) {
            let ranges = super::hunk::unified_ranges(line)?;
            let empty = |len| if len == 0 { Absent::Empty } else { Absent::No };
            self.absent = [empty(ranges.old.1), empty(ranges.new.1)];
            return Some(Kind::Unified);
        }
        if line.starts_with(b"********") {
            self.command = Some((at.0, Kind::Context, at.1));
            return None;
        }
        if let Some((mark, Kind::Normal, number)) = before
            && (line.starts_with(b"< ") || line.starts_with(b"> "))
            && self.may_be(Kind::Normal)
        {
            self.command = Some((mark, Kind::Normal, number));
            return Some(Kind::Normal);
        }
        if super::hunk::normal_command(line).is_some() {
            self.command = Some((at.0, Kind::Normal, at.1));
            return None;
        }
        if self.ed_command.is_none()
            && indent == 0
            && let Some(letter) = super::edit::command_letter(line)
        {
            self.ed_command = Some((at.0, letter, at.1));
        }
        if self.may_be(Kind::Ed)
            && line.trim_ascii_end() == b"."
            && let Some((mark, _, number)) = self.ed_command
        {
            self.command = Some((mark, Kind::Ed, number));
            return Some(Kind::Ed);
        }
        None
    }

    /// Takes a line of git's extended header.
    fn git_line(&mut self, line: &Bytes) -> bool {
        let Some(git) = &mut self.git else { return false };
        let mode = |text: &[u8]| u32::from_str_radix(text.trim_ascii().to_str().ok()?, 8).ok();
        let word = |prefix: &[u8]| line.strip_prefix(prefix);
        if let Some(text) = word(b"old mode ") {
            git.old_mode = mode(text);
        } else if let Some(text) = word(b"new mode ") {
            git.new_mode = mode(text);
        } else if let Some(text) = word(b"new file mode ") {
            git.new_mode = mode(text);
            git.creates = true;
        } else if let Some(text) = word(b"deleted file mode ") {
            git.old_mode = mode(text);
            git.deletes = true;
        } else if word(b"rename from ").is_some() || word(b"rename to ").is_some() {
            git.rename = true;
        } else if word(b"copy from ").is_some() || word(b"copy to ").is_some() {
            git.copy = true;
        } else if let Some(text) = word(b"index ") {
            let mode = text.trim_ascii().rsplit_str(" ").next().and_then(mode);
            if text.trim_ascii().contains(&b' ') {
                git.old_mode = git.old_mode.or(mode);
            }
        } else if word(b"similarity index ").is_none() && word(b"dissimilarity index ").is_none() {
            return false;
        }
        true
    }
}

fn next_is_plus(source: &Source) -> bool {
    source.peek_raw().is_some_and(|line| line.trim_ascii_start().starts_with(b"+++ "))
}

/// Whether the sides of a context diff's first hunk have no lines: `*** 0 ****`, `--- 0 ----`.
fn context_absent(range: &[u8], source: &Source) -> [Absent; 2] {
    let none = |text: &[u8]| {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if text.get(..digits) == Some(b"0") { Absent::Empty } else { Absent::No }
    };
    let mut ahead = Source::new(&source.rest());
    let mut new = Absent::No;
    while let Some(line) = ahead.next_raw() {
        if let Some(range) = line.trim_ascii_start().strip_prefix(b"--- ") {
            new = none(range);
            break;
        }
        if line.starts_with(b"***") {
            break;
        }
    }
    [none(range), new]
}

/// The names behind `diff --git`.
fn git_names(text: &[u8]) -> (Side, Side) {
    let text = text.trim_ascii_end();
    let named = |name: BString| Side { name: Some(name), ..Side::default() };
    if let Some((old, rest)) = unquoted(text) {
        let rest = rest.trim_ascii_start();
        let new = unquoted(rest).map_or_else(|| rest.into(), |(name, _)| name);
        return (named(old), named(new));
    }
    // Names may have blanks; both are the same but for the first part, unless there is a rename,
    // which names them again.
    let halves = text.find_iter(b" ").find_map(|at| {
        let (old, new) = (text.get(..at)?, text.get(at + 1..)?);
        let tail =
            |name: &[u8]| name.find_byte(b'/').and_then(|at| name.get(at..)).map(<[u8]>::to_vec);
        (tail(old).is_some() && tail(old) == tail(new)).then_some((old, new))
    });
    let halves = halves.or_else(|| {
        let at = text.find_byte(b' ')?;
        Some((text.get(..at)?, text.get(at + 1..)?))
    });
    match halves {
        Some((old, new)) => (named(old.into()), named(new.into())),
        None => (Side::default(), Side::default()),
    }
}

/// A name and the time behind it. A name may have blanks if a tab ends it.
fn side(text: &[u8]) -> Side {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let (name, stamp) = match unquoted(text) {
        Some((name, rest)) => (name, rest.into()),
        None => {
            let end = text.find_byte(b'\t').or_else(|| text.find_byte(b' ')).unwrap_or(text.len());
            let (name, stamp) = text.split_at(end);
            (name.into(), BString::from(stamp))
        }
    };
    let is_null = name == "/dev/null";
    Side { name: (!is_null && !name.is_empty()).then_some(name), is_null, stamp }
}
