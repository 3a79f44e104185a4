//! What is listed: operands, directories, and those below them.

use std::cmp::Ordering;
use std::collections::HashSet;

use jiff::tz::TimeZone;

use super::color::Colors;
use super::columns::lay_out;
use super::long::{size, time};
use super::name::{columns, written};
use super::options::{FollowLinks, Format, Hidden, Indicator, Options, Sort};
use crate::core::strftime::zone;
use crate::files::mode::letters;
use crate::files::owner::{blocks, group_name, kind_letter, user_name};
use crate::natural::compare as compare_versions;
use crate::prelude::*;

/// An entry to be listed.
#[derive(Debug, Clone)]
struct Entry {
    name: BString,
    /// The name that leads to it, as typed.
    path: BString,
    stat: FsStat,
    /// Of a symbolic link: its text, and what it leads to.
    link: Option<BString>,
    target: Option<FsStat>,
}

struct Listing<'a, 'c> {
    ctx: &'a mut Context<'c>,
    options: &'a Options,
    colors: Colors,
    zone: TimeZone,
    now_ns: i64,
    status: ExitStatus,
    any: bool,
}

pub(super) fn ls(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let options = Options::read(ctx, args)?;
    let colors = Colors::read(ctx);
    let zone = zone(ctx.var("TZ").map(|zone| zone.as_bytes()));
    let now_ns = ctx.clock.now_ns();
    let mut listing = Listing {
        ctx,
        options: &options,
        colors,
        zone,
        now_ns,
        status: ExitStatus::SUCCESS,
        any: false,
    };
    let here = [BString::from(".")];
    let implicit = args.operands().is_empty();
    let operands = if implicit { &here[..] } else { args.operands() };
    let (mut files, mut dirs) = (Vec::new(), Vec::new());
    for operand in operands {
        match listing.operand(operand) {
            Ok(entry) if !options.directory && entry.stat.is_directory() => dirs.push(entry),
            Ok(entry) => files.push(entry),
            Err(error) => {
                let shown = quoted(operand);
                listing.ctx.complain(format_args!("cannot access {shown}: {error}"))?;
                listing.status = ExitStatus(2);
            }
        }
    }
    listing.sort(&mut files);
    listing.sort(&mut dirs);
    let headings = options.recursive || operands.len() > 1;
    if !files.is_empty() {
        listing.print(&files, false)?;
        listing.any = true;
    }
    for dir in dirs {
        listing.tree(dir.path, headings)?;
    }
    Ok(listing.status)
}

impl Listing<'_, '_> {
    fn operand(&self, operand: &BString) -> FsResult<Entry> {
        let path = self.ctx.path(operand)?;
        let stat = match self.options.follow {
            FollowLinks::Always | FollowLinks::CommandLine => match self.ctx.metadata(&path) {
                Err(error) if self.options.follow == FollowLinks::CommandLine => {
                    if error.errno() == Errno::NoEnt {
                        self.ctx.symlink_metadata(&path)?
                    } else {
                        return Err(error);
                    }
                }
                other => other?,
            },
            FollowLinks::CommandLineDirs => match self.ctx.metadata(&path) {
                Ok(stat) if stat.is_directory() => stat,
                _ => self.ctx.symlink_metadata(&path)?,
            },
            FollowLinks::Never => self.ctx.symlink_metadata(&path)?,
        };
        Ok(self.entry(operand.clone(), operand.clone(), stat))
    }

    fn entry(&self, name: BString, path: BString, stat: FsStat) -> Entry {
        let (mut link, mut target) = (None, None);
        if stat.is_symbolic_link()
            && self.wants_targets()
            && let Ok(vpath) = self.ctx.path(&path)
        {
            link = self.ctx.read_link(&vpath).ok();
            target = self.ctx.metadata(&vpath).ok();
        }
        Entry { name, path, stat, link, target }
    }

    fn wants_targets(&self) -> bool {
        self.options.format == Format::Long || self.options.color || self.options.dirs_first
    }

    /// A directory and, with -R, everything below it.
    fn tree(&mut self, dir: BString, headings: bool) -> Result<(), CommandError> {
        let mut stack = vec![(dir, true)];
        let mut seen = HashSet::new();
        while let Some((dir, top)) = stack.pop() {
            self.ctx.check()?;
            let entries = match self.read(&dir)? {
                Ok(entries) => entries,
                Err(error) => {
                    self.ctx.stdout.flush()?;
                    let shown = quoted(&dir);
                    let opening = error.errno() != Errno::NoEnt || top;
                    let what = if opening { "cannot open directory" } else { "cannot access" };
                    self.ctx.complain(format_args!("{what} {shown}: {error}"))?;
                    self.status =
                        if top { ExitStatus(2) } else { self.status.or(ExitStatus::FAILURE) };
                    continue;
                }
            };
            if self.any {
                self.ctx.stdout.put(b"\n")?;
            }
            self.any = true;
            if headings {
                let shown = written(&dir, self.options.quoting, self.options.hide_control);
                self.ctx.stdout.put(&[&shown[..], b":\n"].concat())?;
            }
            self.print(&entries, true)?;
            if !self.options.recursive {
                continue;
            }
            for entry in entries.into_iter().rev() {
                let dots = entry.name == "." || entry.name == "..";
                if !entry.stat.is_directory() || dots {
                    continue;
                }
                let through_link = self.options.follow == FollowLinks::Always;
                if through_link && !seen.insert((entry.stat.device, entry.stat.inode)) {
                    let shown = quoted(&entry.path);
                    let message = format!("{shown}: not listing already-listed directory");
                    self.ctx.complain(message)?;
                    self.status = ExitStatus(2);
                    continue;
                }
                stack.push((entry.path, false));
            }
        }
        Ok(())
    }

    fn read(&mut self, dir: &BString) -> Result<FsResult<Vec<Entry>>, CommandError> {
        let read = self.ctx.path(dir).and_then(|path| {
            let found = self.ctx.fs.read_dir_stats(&path)?;
            Ok((path, found))
        });
        let (path, found) = match read {
            Ok(read) => read,
            Err(error) => return Ok(Err(error)),
        };
        let mut entries = Vec::with_capacity(found.len() + 2);
        let inside = |name: &[u8]| {
            let slash: &[u8] = if dir.ends_with(b"/") { b"" } else { b"/" };
            BString::from([&dir[..], slash, name].concat())
        };
        if self.options.hidden == Hidden::All {
            for name in [".", ".."] {
                if let Ok(stat) = path.join(name).and_then(|path| self.ctx.metadata(&path)) {
                    entries.push(self.entry(name.into(), inside(name.as_bytes()), stat));
                }
            }
        }
        for (name, stat) in found {
            if self.is_hidden(&name) {
                continue;
            }
            let child = inside(&name);
            let stat = if stat.is_symbolic_link() && self.options.follow == FollowLinks::Always {
                match self.ctx.path(&child).and_then(|path| self.ctx.metadata(&path)) {
                    Ok(stat) => stat,
                    Err(error) => {
                        let shown = quoted(&child);
                        self.ctx.complain(format_args!("cannot access {shown}: {error}"))?;
                        self.status = self.status.or(ExitStatus::FAILURE);
                        stat
                    }
                }
            } else {
                stat
            };
            entries.push(self.entry(name, child, stat));
        }
        self.sort(&mut entries);
        Ok(Ok(entries))
    }

    fn is_hidden(&self, name: &BString) -> bool {
        let options = self.options;
        let dotted = name.starts_with(b".");
        if options.ignore.iter().any(|pattern| {
            pattern.is_match(name)
                && (!dotted || pattern.literal().is_some() || options.hidden != Hidden::Ignored)
        }) {
            return true;
        }
        if options.ignore_backups && name.ends_with(b"~") {
            return true;
        }
        if options.hidden != Hidden::Ignored {
            return false;
        }
        dotted || options.hide.iter().any(|pattern| pattern.is_match(name))
    }

    fn sort(&self, entries: &mut [Entry]) {
        let options = self.options;
        let by = |a: &Entry, b: &Entry| -> Ordering {
            let order = match options.sort {
                Sort::Nothing | Sort::Name => Ordering::Equal,
                Sort::Size => b.stat.size.cmp(&a.stat.size),
                Sort::Time => b.stat.mtime_ns.cmp(&a.stat.mtime_ns),
                Sort::Version => compare_versions(&a.name, &b.name),
                Sort::Extension => extension(&a.name).cmp(extension(&b.name)),
                Sort::Width => {
                    let width = |entry: &Entry| {
                        columns(&written(&entry.name, options.quoting, options.hide_control))
                    };
                    width(a).cmp(&width(b))
                }
            };
            order.then_with(|| a.name.cmp(&b.name))
        };
        if options.sort != Sort::Nothing {
            entries.sort_by(|a, b| if options.reverse { by(b, a) } else { by(a, b) });
        }
        if options.dirs_first && options.sort != Sort::Nothing {
            let is_dir =
                |entry: &Entry| entry.target.as_ref().unwrap_or(&entry.stat).is_directory();
            entries.sort_by_key(|entry| !is_dir(entry));
        }
    }

    fn print(&mut self, entries: &[Entry], total: bool) -> Result<(), CommandError> {
        let options = self.options;
        let mut out = Vec::new();
        if total && (options.format == Format::Long || options.blocks) {
            let sum: u64 = entries.iter().map(|entry| blocks(&entry.stat) * 512).sum();
            out.extend_from_slice(format!("total {}", size(sum, options.block_units)).as_bytes());
            out.push(options.line_end);
        }
        match options.format {
            Format::Long => self.long(entries, &mut out)?,
            Format::Single => {
                let (inode, block) = self.front_widths(entries);
                for entry in entries {
                    self.front(entry, inode, block, &mut out);
                    self.name(entry, &mut out);
                    out.push(options.line_end);
                    if out.len() > 32 << 10 {
                        self.ctx.stdout.put(&out)?;
                        out.clear();
                    }
                }
            }
            _ => {
                let (inode, block) = if options.format == Format::Commas {
                    (0, 0)
                } else {
                    self.front_widths(entries)
                };
                let mut cells = Vec::with_capacity(entries.len());
                for entry in entries {
                    let mut text = Vec::new();
                    self.front(entry, inode, block, &mut text);
                    let shown = written(&entry.name, options.quoting, options.hide_control);
                    let indicator = usize::from(self.indicator(&entry.stat).is_some());
                    let width = columns(&text) + columns(&shown) + indicator;
                    self.name(entry, &mut text);
                    cells.push((text, width));
                }
                lay_out(&cells, options, &mut out);
            }
        }
        self.ctx.stdout.put(&out)?;
        Ok(())
    }

    fn front_widths(&self, entries: &[Entry]) -> (usize, usize) {
        let inode = entries.iter().map(|entry| entry.stat.inode.to_string().len()).max();
        let block = entries.iter().map(|entry| self.block_text(entry).len()).max();
        (inode.unwrap_or(0), block.unwrap_or(0))
    }

    fn block_text(&self, entry: &Entry) -> String {
        size(blocks(&entry.stat) * 512, self.options.block_units)
    }

    /// The inode and the blocks, where asked for.
    fn front(&self, entry: &Entry, inode: usize, block: usize, out: &mut Vec<u8>) {
        if self.options.inode {
            out.extend_from_slice(format!("{:inode$} ", entry.stat.inode).as_bytes());
        }
        if self.options.blocks {
            out.extend_from_slice(format!("{:>block$} ", self.block_text(entry)).as_bytes());
        }
        if self.options.context && self.options.format != Format::Long {
            out.extend_from_slice(b"? ");
        }
    }

    fn indicator(&self, stat: &FsStat) -> Option<u8> {
        let style = self.options.indicator;
        match (stat.kind, style) {
            (_, Indicator::Nothing) => None,
            (FileKind::Directory, _) => Some(b'/'),
            (_, Indicator::Slash) => None,
            (FileKind::Symlink, _) => Some(b'@'),
            (FileKind::Pipe, _) => Some(b'|'),
            (FileKind::File, Indicator::Classify) if stat.conflicted => Some(b'!'),
            (FileKind::File, Indicator::Classify) if stat.mode & 0o111 != 0 => Some(b'*'),
            _ => None,
        }
    }

    fn name(&mut self, entry: &Entry, out: &mut Vec<u8>) {
        let shown = written(&entry.name, self.options.quoting, self.options.hide_control);
        if self.options.color {
            let color = self.colors.of(&entry.name, &entry.stat, entry.target.as_ref());
            let color = color.map(<[u8]>::to_vec);
            self.colors.paint(color, &shown, out);
        } else {
            out.extend_from_slice(&shown);
        }
        let arrow = self.options.format == Format::Long && entry.link.is_some();
        if !arrow {
            out.extend(self.indicator(&entry.stat));
            if entry.stat.conflicted && self.options.format == Format::Long {
                out.extend_from_slice(b" (conflict)");
            }
            return;
        }
        out.extend_from_slice(b" -> ");
        let link = entry.link.as_ref().map_or(&b""[..], |link| link);
        let shown = written(link, self.options.quoting, self.options.hide_control);
        if self.options.color {
            let color = entry.target.as_ref().and_then(|stat| self.colors.of(link, stat, None));
            let color = color.map(<[u8]>::to_vec);
            self.colors.paint(color, &shown, out);
        } else {
            out.extend_from_slice(&shown);
        }
        if let Some(target) = &entry.target {
            out.extend(self.indicator(target));
        }
    }

    fn long(&mut self, entries: &[Entry], out: &mut Vec<u8>) -> Result<(), CommandError> {
        let options = self.options;
        let (inode, block) = self.front_widths(entries);
        let (uid, gid) = (self.ctx.identity.uid, self.ctx.identity.gid);
        let (user, group) = if options.numeric {
            (uid.to_string().into(), gid.to_string().into())
        } else {
            (user_name(self.ctx, uid), group_name(self.ctx, gid))
        };
        let links =
            entries.iter().map(|entry| entry.stat.links.to_string().len()).max().unwrap_or(0);
        let sizes: Vec<String> = entries
            .iter()
            .map(|entry| {
                if entry.stat.kind == FileKind::CharDevice {
                    "0, 0".into()
                } else {
                    size(entry.stat.size, options.sizes)
                }
            })
            .collect();
        let wide = sizes.iter().map(String::len).max().unwrap_or(0);
        let times: Vec<Vec<u8>> = entries
            .iter()
            .map(|entry| time(entry.stat.mtime_ns, self.now_ns, &options.time_style, &self.zone))
            .collect();
        let longest = times.iter().map(|time| columns(time)).max().unwrap_or(0);
        let pads = !matches!(options.time_style, super::options::TimeStyle::Formats(..));
        for ((entry, size), time) in entries.iter().zip(&sizes).zip(&times) {
            self.front(entry, inode, block, out);
            let stat = &entry.stat;
            out.extend_from_slice(
                format!("{}{} {:>links$} ", kind_letter(stat.kind), letters(stat.mode), stat.links)
                    .as_bytes(),
            );
            if options.owner {
                out.extend_from_slice(&[&user[..], b" "].concat());
            }
            if options.group {
                out.extend_from_slice(&[&group[..], b" "].concat());
            }
            if options.author {
                out.extend_from_slice(&[&user[..], b" "].concat());
            }
            if options.context {
                out.extend_from_slice(b"? ");
            }
            out.extend_from_slice(format!("{size:>wide$} ").as_bytes());
            out.extend_from_slice(time);
            if pads {
                out.extend(std::iter::repeat_n(b' ', longest.saturating_sub(columns(time))));
            }
            out.push(b' ');
            self.name(entry, out);
            out.push(options.line_end);
            if out.len() > 32 << 10 {
                self.ctx.stdout.put(out)?;
                out.clear();
            }
        }
        Ok(())
    }
}

/// From the last full stop on; empty without one.
fn extension(name: &[u8]) -> &[u8] {
    name.rfind_byte(b'.').map_or(b"", |at| &name[at..])
}
