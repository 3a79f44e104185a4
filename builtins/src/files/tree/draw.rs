//! How entries are written: as lines with branches, as JSON, as XML.

use super::options::{Escapes, Format, Options, Sizes};
use super::walk::{Entry, Totals};
use crate::files::mode::letters;
use crate::files::owner::{group_name, kind_letter, user_name};
use crate::prelude::*;
use crate::time::{Moment, format as format_time};

/// Times up to this old show the hour, others the year.
const RECENT_S: i64 = 6 * 30 * 24 * 3600;

pub(super) struct Draw<'a> {
    options: &'a Options,
    /// For each level whether its folder was the last one.
    lasts: Vec<bool>,
    colors: Vec<(Vec<u8>, Vec<u8>)>,
    now_s: i64,
}

/// The colors that tree has when nobody says others.
const COLORS: &[(&str, &str)] = &[
    ("no", "00"),
    ("fi", "00"),
    ("di", "01;34"),
    ("ln", "01;36"),
    ("pi", "40;33"),
    ("cd", "40;33;01"),
    ("or", "40;31;01"),
    ("ex", "01;32"),
    ("*.tar", "01;31"),
    ("*.tgz", "01;31"),
    ("*.zip", "01;31"),
    ("*.gz", "01;31"),
    ("*.bz2", "01;31"),
    ("*.jpg", "01;35"),
    ("*.jpeg", "01;35"),
    ("*.gif", "01;35"),
    ("*.png", "01;35"),
];

impl<'a> Draw<'a> {
    pub fn new(ctx: &Context<'_>, options: &'a Options) -> Self {
        let text = ctx.var("TREE_COLORS").or_else(|| ctx.var("LS_COLORS"));
        let colors = match text.filter(|text| !text.is_empty()) {
            Some(text) => text
                .split(|&byte| byte == b':')
                .filter_map(|part| part.split_once_str("="))
                .map(|(name, color)| (name.to_vec(), color.to_vec()))
                .collect(),
            None => {
                COLORS.iter().map(|(n, c)| (n.as_bytes().to_vec(), c.as_bytes().to_vec())).collect()
            }
        };
        let now_s = ctx.clock.now_ns().div_euclid(1_000_000_000);
        Self { options, lasts: Vec::new(), colors, now_s }
    }

    pub fn push(&mut self, last: bool) {
        self.lasts.push(last);
    }

    pub fn pop(&mut self) {
        self.lasts.pop();
    }

    pub fn begin(&self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        let text: &[u8] = match self.options.format {
            Format::Lines => b"",
            Format::Json => b"[",
            Format::Xml => b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<tree>",
        };
        Ok(ctx.stdout.put(text)?)
    }

    pub fn end(&self, ctx: &mut Context<'_>, totals: &Totals) -> Result<(), CommandError> {
        let Totals { dirs, files, bytes } = *totals;
        let dirs_only = self.options.dirs_only;
        let mut out = String::new();
        match self.options.format {
            Format::Lines if self.options.report => {
                out.push('\n');
                if self.options.sums {
                    let unit = if self.options.sizes == Sizes::Bytes { " bytes" } else { "" };
                    out.push_str(&format!(" {}{unit} used in ", self.size(bytes)));
                }
                out.push_str(&format!("{dirs} director{}", if dirs == 1 { "y" } else { "ies" }));
                if !dirs_only {
                    out.push_str(&format!(", {files} file{}", if files == 1 { "" } else { "s" }));
                }
                out.push('\n');
            }
            Format::Lines => {}
            Format::Json => {
                if self.options.report {
                    out.push_str("\n,\n  {\"type\":\"report\"");
                    if self.options.sums {
                        out.push_str(&format!(",\"size\":{bytes}"));
                    }
                    out.push_str(&format!(",\"directories\":{dirs}"));
                    if !dirs_only {
                        out.push_str(&format!(",\"files\":{files}"));
                    }
                    out.push('}');
                }
                out.push_str("\n]\n");
            }
            Format::Xml => {
                if self.options.report {
                    out.push_str("\n  <report>\n");
                    if self.options.sums {
                        out.push_str(&format!("    <size>{bytes}</size>\n"));
                    }
                    out.push_str(&format!("    <directories>{dirs}</directories>\n"));
                    if !dirs_only {
                        out.push_str(&format!("    <files>{files}</files>\n"));
                    }
                    out.push_str("  </report>");
                }
                out.push_str("\n</tree>\n");
            }
        }
        Ok(ctx.stdout.put(out.as_bytes())?)
    }

    /// A root that is no directory, or not there at all.
    pub fn no_root(
        &self,
        ctx: &mut Context<'_>,
        name: &BString,
        another: bool,
        stat: Option<&FsStat>,
    ) -> Result<(), CommandError> {
        let mut out = Vec::new();
        match self.options.format {
            Format::Lines => {
                let metadata = stat.map(|stat| self.metadata(ctx, stat)).unwrap_or_default();
                if !metadata.is_empty() {
                    out.extend_from_slice(format!("[{metadata}]  ").as_bytes());
                }
                self.name(name, &mut out);
                out.extend_from_slice(b"  [error opening dir]\n");
            }
            Format::Json => {
                out.extend_from_slice(if another { b",\n  " } else { b"\n  " });
                out.extend_from_slice(b"{\"type\":\"file\",\"name\":");
                json(name, &mut out);
                out.extend_from_slice(b",\"error\":\"error opening dir\"}");
            }
            Format::Xml => {
                out.extend_from_slice(b"\n  <file name=\"");
                xml(name, &mut out);
                out.extend_from_slice(b"\"><error>error opening dir</error></file>");
            }
        }
        Ok(ctx.stdout.put(&out)?)
    }

    pub fn root(
        &self,
        ctx: &mut Context<'_>,
        entry: &Entry,
        another: bool,
        opens: bool,
        full: Option<usize>,
    ) -> Result<(), CommandError> {
        let mut out = Vec::new();
        match self.options.format {
            Format::Lines => {
                let metadata = self.metadata(ctx, &entry.stat);
                if !metadata.is_empty() {
                    out.extend_from_slice(format!("[{metadata}]  ").as_bytes());
                }
                self.painted(entry, &entry.name, &entry.stat, &mut out);
                if self.options.marks && !entry.name.ends_with(b"/") {
                    out.push(b'/');
                }
                self.too_many(full, &mut out);
                out.push(b'\n');
            }
            Format::Json => {
                out.extend_from_slice(if another { b",\n  " } else { b"\n  " });
                self.json_head(ctx, entry, &entry.name, &mut out);
                out.extend_from_slice(if opens { b",\"contents\":[" } else { b"" });
            }
            Format::Xml => {
                out.extend_from_slice(b"\n  ");
                self.xml_head(ctx, entry, &entry.name, &mut out);
            }
        }
        Ok(ctx.stdout.put(&out)?)
    }

    pub fn close_root(&self, ctx: &mut Context<'_>, opened: bool) -> Result<(), CommandError> {
        let text: &[u8] = match (self.options.format, opened) {
            (Format::Lines, _) => b"",
            (Format::Json, true) => b"\n  ]}",
            (Format::Json, false) => b"}",
            (Format::Xml, _) => b"\n  </directory>",
        };
        Ok(ctx.stdout.put(text)?)
    }

    pub fn close(&self, ctx: &mut Context<'_>, last: bool) -> Result<(), CommandError> {
        let indent = " ".repeat(2 * self.lasts.len() + 4);
        let text = match self.options.format {
            Format::Lines => return Ok(()),
            Format::Json => format!("\n{indent}]}}{}", if last { "" } else { "," }),
            Format::Xml => format!("\n{indent}</directory>"),
        };
        Ok(ctx.stdout.put(text.as_bytes())?)
    }

    pub fn entry(
        &self,
        ctx: &mut Context<'_>,
        entry: &Entry,
        full_name: &BString,
        last: bool,
        opens: bool,
        recursive: bool,
        full: Option<usize>,
    ) -> Result<(), CommandError> {
        let name = if self.options.full_paths { full_name } else { &entry.name };
        let mut out = Vec::new();
        let indent = " ".repeat(2 * self.lasts.len() + 4);
        match self.options.format {
            Format::Lines => self.line(ctx, entry, name, last, recursive, full, &mut out),
            Format::Json => {
                out.extend_from_slice(b"\n");
                out.extend_from_slice(indent.as_bytes());
                self.json_head(ctx, entry, name, &mut out);
                if opens {
                    out.extend_from_slice(b",\"contents\":[");
                } else {
                    out.extend_from_slice(if last { b"}" } else { b"}," });
                }
            }
            Format::Xml => {
                out.extend_from_slice(b"\n");
                out.extend_from_slice(indent.as_bytes());
                self.xml_head(ctx, entry, name, &mut out);
                if !opens {
                    let tag = tag(entry);
                    out.extend_from_slice(format!("</{tag}>").as_bytes());
                }
            }
        }
        Ok(ctx.stdout.put(&out)?)
    }

    fn line(
        &self,
        ctx: &Context<'_>,
        entry: &Entry,
        name: &BString,
        last: bool,
        recursive: bool,
        full: Option<usize>,
        out: &mut Vec<u8>,
    ) {
        let metadata = self.metadata(ctx, &entry.stat);
        let metadata = if metadata.is_empty() { metadata } else { format!("[{metadata}]  ") };
        if self.options.metadata_first {
            out.extend_from_slice(metadata.as_bytes());
        }
        if self.options.indent {
            let [bar, blank, branch, corner] = match self.options.ascii {
                false => ["│\u{a0}\u{a0} ", "    ", "├── ", "└── "],
                true => ["|   ", "    ", "|-- ", "`-- "],
            };
            for last in &self.lasts {
                out.extend_from_slice(if *last { blank } else { bar }.as_bytes());
            }
            out.extend_from_slice(if last { corner } else { branch }.as_bytes());
        }
        if !self.options.metadata_first {
            out.extend_from_slice(metadata.as_bytes());
        }
        self.painted(entry, name, &entry.stat, out);
        let mut marked = &entry.stat;
        if let Some(target) = &entry.target {
            out.extend_from_slice(b" -> ");
            match &entry.target_stat {
                Some(stat) => {
                    self.painted(entry, target, stat, out);
                    marked = stat;
                }
                None if self.options.color => {
                    out.extend_from_slice(b"\x1b[00m");
                    self.name(target, out);
                    out.extend_from_slice(b"\x1b[0m");
                }
                None => self.name(target, out),
            }
        }
        if self.options.marks {
            match marked.kind {
                FileKind::Directory => out.push(b'/'),
                FileKind::Pipe => out.push(b'|'),
                FileKind::File if marked.mode & 0o111 != 0 => out.push(b'*'),
                _ => {}
            }
        }
        if recursive {
            out.extend_from_slice(b"  [recursive, not followed]");
        }
        self.too_many(full, out);
        out.push(b'\n');
    }

    fn too_many(&self, full: Option<usize>, out: &mut Vec<u8>) {
        if let Some(count) = full {
            let text = format!("  [{count} entries exceeds filelimit, not opening dir]");
            out.extend_from_slice(text.as_bytes());
        }
    }

    fn size(&self, bytes: u64) -> String {
        match self.options.sizes {
            Sizes::Human(base) => {
                let letters = if base == 1000 { "kMGTPE" } else { "KMGTPE" };
                if bytes < base {
                    return format!("{bytes:>4}");
                }
                let mut value = bytes as f64;
                let mut unit = ' ';
                for letter in letters.chars() {
                    if value < base as f64 {
                        break;
                    }
                    value /= base as f64;
                    unit = letter;
                }
                if value < 10.0 {
                    format!("{value:3.1}{unit}")
                } else {
                    format!("{value:3.0}{unit}")
                }
            }
            _ => format!("{bytes:>11}"),
        }
    }

    fn time(&self, stat: &FsStat) -> Vec<u8> {
        let Some(moment) = Moment::new(stat.mtime_ns, &self.options.zone) else {
            return Vec::new();
        };
        let age = self.now_s - moment.seconds;
        let layout: &[u8] = match &self.options.time_format {
            Some(format) => format,
            None if (0..RECENT_S).contains(&age) => b"%b %e %H:%M",
            None => b"%b %e  %Y",
        };
        let mut out = Vec::new();
        format_time(layout, &moment, &mut out);
        out
    }

    /// What stands in brackets.
    fn metadata(&self, ctx: &Context<'_>, stat: &FsStat) -> String {
        let options = self.options;
        let mut parts = Vec::new();
        if options.inodes {
            parts.push(format!("{:>7}", stat.inode));
        }
        if options.devices {
            parts.push(format!("{:>3}", stat.device));
        }
        if options.modes {
            parts.push(format!("{}{}", kind_letter(stat.kind), letters(stat.mode)));
        }
        if options.users {
            parts.push(format!("{:<8}", user_name(ctx, ctx.identity.uid).to_string()));
        }
        if options.groups {
            parts.push(format!("{:<8}", group_name(ctx, ctx.identity.gid).to_string()));
        }
        if options.sizes != Sizes::No {
            parts.push(self.size(stat.size));
        }
        if options.dates {
            parts.push(self.time(stat).to_str_lossy().into_owned());
        }
        parts.join(" ")
    }

    fn painted(&self, entry: &Entry, name: &[u8], stat: &FsStat, out: &mut Vec<u8>) {
        if !self.options.color {
            return self.name(name, out);
        }
        let of = |key: &[u8]| self.colors.iter().rev().find(|(name, _)| name == key);
        let orphan = entry.target.is_some() && entry.target_stat.is_none();
        let key: &[u8] = match stat.kind {
            FileKind::Symlink if orphan && of(b"or").is_some() => b"or",
            FileKind::Symlink => b"ln",
            FileKind::Directory => b"di",
            FileKind::Pipe => b"pi",
            FileKind::CharDevice => b"cd",
            FileKind::File if stat.mode & 0o111 != 0 => b"ex",
            FileKind::File => b"fi",
        };
        let suffix = self
            .colors
            .iter()
            .find(|(key, _)| key.strip_prefix(b"*").is_some_and(|suffix| name.ends_with(suffix)));
        let color = match key {
            b"fi" => suffix.or_else(|| of(key)),
            key => of(key),
        };
        match color.or_else(|| of(b"no")) {
            Some((_, color)) => {
                out.extend_from_slice(&[b"\x1b[", color.as_slice(), b"m"].concat());
                self.name(name, out);
                out.extend_from_slice(b"\x1b[0m");
            }
            None => self.name(name, out),
        }
    }

    fn name(&self, name: &[u8], out: &mut Vec<u8>) {
        if self.options.quotes {
            out.push(b'"');
        }
        for (start, end, letter) in name.char_indices() {
            let bytes = name.get(start..end).unwrap_or_default();
            let invalid = letter == '\u{fffd}' && bytes != "\u{fffd}".as_bytes();
            let hidden = letter.is_control() || invalid;
            match self.options.escapes {
                Escapes::Question if hidden => out.push(b'?'),
                Escapes::Octal if hidden => {
                    bytes
                        .iter()
                        .for_each(|b| out.extend_from_slice(format!("\\{b:03o}").as_bytes()));
                }
                Escapes::Octal if letter == '\\' => out.extend_from_slice(b"\\\\"),
                Escapes::Octal if letter == '"' && self.options.quotes => {
                    out.extend_from_slice(b"\\\"")
                }
                _ => out.extend_from_slice(bytes),
            }
        }
        if self.options.quotes {
            out.push(b'"');
        }
    }

    /// The members that JSON and XML share.
    fn members(&self, ctx: &Context<'_>, stat: &FsStat) -> Vec<(&'static str, String, bool)> {
        let options = self.options;
        let mut members = Vec::new();
        if options.inodes {
            members.push(("inode", stat.inode.to_string(), false));
        }
        if options.devices {
            members.push(("dev", stat.device.to_string(), false));
        }
        if options.modes {
            members.push(("mode", format!("{:04o}", stat.mode), true));
            members.push((
                "prot",
                format!("{}{}", kind_letter(stat.kind), letters(stat.mode)),
                true,
            ));
        }
        if options.users {
            members.push(("user", user_name(ctx, ctx.identity.uid).to_string(), true));
        }
        if options.groups {
            members.push(("group", group_name(ctx, ctx.identity.gid).to_string(), true));
        }
        if options.sizes != Sizes::No {
            let text = match options.sizes {
                Sizes::Human(_) => self.size(stat.size).trim().to_owned(),
                _ => stat.size.to_string(),
            };
            members.push(("size", text, matches!(options.sizes, Sizes::Human(_))));
        }
        if options.dates {
            members.push(("time", self.time(stat).to_str_lossy().into_owned(), true));
        }
        members
    }

    /// An object without its last brace.
    fn json_head(&self, ctx: &Context<'_>, entry: &Entry, name: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{{\"type\":\"{}\",\"name\":", tag(entry)).as_bytes());
        json(name, out);
        if let Some(target) = &entry.target {
            out.extend_from_slice(b",\"target\":");
            json(target, out);
        }
        for (key, value, text) in self.members(ctx, &entry.stat) {
            let quote = if text { "\"" } else { "" };
            out.extend_from_slice(format!(",\"{key}\":{quote}{value}{quote}").as_bytes());
        }
    }

    fn xml_head(&self, ctx: &Context<'_>, entry: &Entry, name: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(format!("<{} name=\"", tag(entry)).as_bytes());
        xml(name, out);
        out.push(b'"');
        if let Some(target) = &entry.target {
            out.extend_from_slice(b" target=\"");
            xml(target, out);
            out.push(b'"');
        }
        for (key, value, _) in self.members(ctx, &entry.stat) {
            out.extend_from_slice(format!(" {key}=\"{value}\"").as_bytes());
        }
        out.push(b'>');
    }
}

fn tag(entry: &Entry) -> &'static str {
    match entry.stat.kind {
        FileKind::Directory => "directory",
        FileKind::Symlink => "link",
        FileKind::File => "file",
        FileKind::CharDevice => "char",
        FileKind::Pipe => "fifo",
    }
}

fn json(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\r' => out.extend_from_slice(b"\\r"),
            8 => out.extend_from_slice(b"\\b"),
            12 => out.extend_from_slice(b"\\f"),
            0..32 | 127 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            byte => out.push(byte),
        }
    }
    out.push(b'"');
}

fn xml(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            byte => out.push(byte),
        }
    }
}
