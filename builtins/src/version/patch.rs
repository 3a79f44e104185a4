//! Differences in the formats that `changes diff` and `changes show` have.
//!
//! The patch is git's, so that `git apply` and `patch` take it. Whether a file is text is told as
//! git tells it, by a NUL near its beginning.

use bstr::ByteVec;
use mesafs::path::RepoPath;
use mesafs::tree::{Body, Node, ObjectId};
use nu_ansi_term::{Color, Style};
use serde_json::{Value, json};
use sha1::Digest;
use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use super::compare::Changed;
use super::show::Look;
use crate::prelude::*;

/// A file with a NUL among so many bytes is no text.
const TEXT_LOOKED_AT_BYTES: usize = 8000;
/// How many letters of blob ids are shown, as jj does.
const BLOB_CHARS: usize = 10;
/// How wide the bars of `--stat` are at most.
const BAR_MAX: usize = 40;

/// How differences are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// With so many lines of context.
    Git(usize),
    Stat,
    Summary,
    NameOnly,
}

pub(super) const STAT: Opt = long("stat", "show how many lines changed in each file");
pub(super) const SUMMARY: Opt = flag('s', "summary", "show a letter and the path of each file");
pub(super) const NAME_ONLY: Opt = long("name-only", "show only the paths");
pub(super) const GIT: Opt = long("git", "show a patch in git's format (the default)");
pub(super) const CONTEXT: Opt =
    value('U', "context", "NUM", "show NUM lines of context (3) in a patch");

impl Format {
    /// The one that was asked for last.
    pub fn of(args: &Args) -> Result<Self, CommandError> {
        let context = match args.value('U') {
            None => 3,
            Some(count) => count
                .to_str()
                .ok()
                .and_then(|count| count.parse().ok())
                .ok_or_else(|| usage(format!("invalid context: '{count}'")))?,
        };
        let named = args.given().iter().rev().find_map(|given| match given.opt.long {
            Some("stat") => Some(Self::Stat),
            Some("summary") => Some(Self::Summary),
            Some("name-only") => Some(Self::NameOnly),
            Some("git") => Some(Self::Git(context)),
            _ => None,
        });
        Ok(named.unwrap_or(Self::Git(context)))
    }
}

/// Writes the differences to standard output.
///
/// # Errors
/// Those of the output; EIO where a file cannot be read.
pub(super) fn put(
    ctx: &mut Context<'_>,
    look: &Look,
    changed: &[Changed],
    format: Format,
) -> Result<(), CommandError> {
    match format {
        Format::Git(context) => {
            for changed in changed {
                ctx.check()?;
                ctx.stdout.put(&patch(look, changed, context)?)?;
            }
        }
        Format::Stat => put_stat(ctx, look, changed)?,
        Format::Summary => {
            for changed in changed {
                let line = format!("{} {}\n", look.letter(changed), changed.name());
                ctx.stdout.put(line.as_bytes())?;
            }
        }
        Format::NameOnly => {
            for changed in changed {
                ctx.stdout.put(&[changed.path.as_ref(), b"\n"].concat())?;
            }
        }
    }
    Ok(())
}

/// What `--json` tells of each.
pub(super) fn changed_json(changed: &Changed) -> Value {
    let status = match changed.letter() {
        'A' => "added",
        'D' => "deleted",
        'R' => "renamed",
        _ => "modified",
    };
    json!({
        "path": changed.path.to_string(),
        "status": status,
        "from": changed.renamed.as_ref().map(|(from, _)| from.to_string()),
        "old_mode": changed.before.as_ref().map(mode),
        "new_mode": changed.after.as_ref().map(mode),
        "conflict": changed.is_conflicted(),
    })
}

/// git's mode of an entry.
fn mode(node: &Node) -> &'static str {
    match node {
        Node::File(file) if file.attributes.mode & 0o100 != 0 => "100755",
        Node::File(_) => "100644",
        Node::Symlink(_) => "120000",
        Node::Gitlink(_) => "160000",
        Node::Dir(_) => "040000",
    }
}

fn content(path: &RepoPath, node: Option<&Node>) -> Result<Bytes, CommandError> {
    let read = |body: &Body| {
        body.read_all().map_err(|error| failure(format!("cannot read '{path}': {error}")))
    };
    Ok(match node {
        Some(Node::File(file)) => read(&file.body)?,
        Some(Node::Symlink(link)) => Bytes::copy_from_slice(link.target()),
        Some(Node::Gitlink(commit)) => format!("Subproject commit {commit}\n").into(),
        Some(Node::Dir(_)) | None => Bytes::new(),
    })
}

fn blob(node: Option<&Node>, content: &[u8]) -> String {
    let stored = match node {
        None => return "0".repeat(BLOB_CHARS),
        Some(Node::File(file)) => file.body.stored(),
        Some(Node::Symlink(link)) => link.stored(),
        Some(Node::Gitlink(commit)) => Some(*commit),
        Some(Node::Dir(_)) => None,
    };
    let id = stored.unwrap_or_else(|| {
        let mut hash = sha1::Sha1::new();
        hash.update(format!("blob {}\0", content.len()));
        hash.update(content);
        ObjectId(hash.finalize().into())
    });
    id.to_string().get(..BLOB_CHARS).unwrap_or_default().to_owned()
}

fn is_binary(content: &[u8]) -> bool {
    content.get(..TEXT_LOOKED_AT_BYTES).unwrap_or(content).contains(&0)
}

/// A name as git writes it: quoted like a C string where it has something in it that would be
/// misread.
fn quoted_name(prefix: &str, path: &RepoPath) -> Vec<u8> {
    let name = [prefix.as_bytes(), path.as_ref()].concat();
    let odd = |byte: &u8| byte.is_ascii_control() || matches!(byte, b'"' | b'\\');
    if !name.iter().any(odd) {
        return name;
    }
    let mut quoted = vec![b'"'];
    for byte in name {
        match byte {
            b'"' | b'\\' => quoted.extend([b'\\', byte]),
            b'\n' => quoted.extend(b"\\n"),
            b'\t' => quoted.extend(b"\\t"),
            control if control.is_ascii_control() => {
                quoted.extend(format!("\\{control:03o}").bytes());
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push(b'"');
    quoted
}

fn patch(look: &Look, changed: &Changed, context: usize) -> Result<Vec<u8>, CommandError> {
    let (before, after) = (changed.before.as_ref(), changed.after.as_ref());
    // A kind that became another is one that went and one that came.
    if let (Some(one), Some(two)) = (before, after)
        && one.kind() != two.kind()
    {
        let gone = Changed { after: None, ..changed.clone() };
        let came = Changed { before: None, ..changed.clone() };
        return Ok([patch(look, &gone, context)?, patch(look, &came, context)?].concat());
    }
    let from = changed.renamed.as_ref().map_or(&changed.path, |(from, _)| from);
    let (old, new) = (content(from, before)?, content(&changed.path, after)?);
    let mut head = Vec::new();
    let (a, b) = (quoted_name("a/", from), quoted_name("b/", &changed.path));
    head.push([b"diff --git ", &a[..], b" ", &b[..]].concat());
    match (before.map(mode), after.map(mode)) {
        (Some(old), None) => head.push(format!("deleted file mode {old}").into()),
        (None, Some(new)) => head.push(format!("new file mode {new}").into()),
        (Some(old), Some(new)) if old != new => {
            head.push(format!("old mode {old}").into());
            head.push(format!("new mode {new}").into());
        }
        _ => {}
    }
    if let Some((from, alike)) = &changed.renamed {
        head.push(format!("similarity index {alike}%").into());
        head.push([b"rename from ", &quoted_name("", from)[..]].concat());
        head.push([b"rename to ", &quoted_name("", &changed.path)[..]].concat());
    }
    let differs = old != new;
    if differs || before.is_none() || after.is_none() {
        let same_mode = before.map(mode).filter(|mode| after.map(self::mode) == Some(mode));
        let mode = same_mode.map_or(String::new(), |mode| format!(" {mode}"));
        head.push(format!("index {}..{}{mode}", blob(before, &old), blob(after, &new)).into());
    }
    let null = |node: Option<&Node>, name: &[u8]| match node {
        Some(_) => name.to_vec(),
        None => b"/dev/null".to_vec(),
    };
    let (a, b) = (null(before, &a), null(after, &b));
    let binary = is_binary(&old) || is_binary(&new);
    if differs && binary {
        head.push([b"Binary files ", &a[..], b" and ", &b[..], b" differ"].concat());
    } else if differs {
        head.push([b"--- ", &a[..]].concat());
        head.push([b"+++ ", &b[..]].concat());
    }
    let mut out = Vec::new();
    for line in head {
        look.put(&mut out, Style::new().bold(), &line);
        out.push(b'\n');
    }
    if differs && !binary {
        hunks(look, &mut out, &old, &new, context);
    }
    Ok(out)
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

fn hunks(look: &Look, out: &mut Vec<u8>, old: &[u8], new: &[u8], context: usize) {
    let (old, new) = (lines(old), lines(new));
    let ops = capture_diff_slices(Algorithm::Myers, &old, &new);
    for group in group_diff_ops(ops, context) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let was = first.old_range().start..last.old_range().end;
        let is = first.new_range().start..last.new_range().end;
        let head = format!("@@ -{} +{} @@", ranged(&was), ranged(&is));
        look.put(out, Color::Cyan.into(), head.as_bytes());
        out.push(b'\n');
        for op in &group {
            let mut put =
                |range: std::ops::Range<usize>, side: &[&[u8]], mark: u8, style: Style| {
                    for line in side.get(range).unwrap_or_default() {
                        let text = line.strip_suffix(b"\n").unwrap_or(line);
                        look.put(out, style, &[&[mark], text].concat());
                        out.push(b'\n');
                        if text.len() == line.len() {
                            out.push_str("\\ No newline at end of file\n");
                        }
                    }
                };
            if matches!(op, DiffOp::Equal { .. }) {
                put(op.old_range(), &old, b' ', Style::new());
            } else {
                put(op.old_range(), &old, b'-', Color::Red.into());
                put(op.new_range(), &new, b'+', Color::Green.into());
            }
        }
    }
}

/// Lines count from 1; an empty range stands after the line that it names.
fn ranged(range: &std::ops::Range<usize>) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        len => format!("{},{len}", range.start + 1),
    }
}

/// What `--stat` counts of one file.
enum Counted {
    Lines { added: usize, removed: usize },
    Binary,
}

fn count(changed: &Changed) -> Result<Counted, CommandError> {
    let from = changed.renamed.as_ref().map_or(&changed.path, |(from, _)| from);
    let old = content(from, changed.before.as_ref())?;
    let new = content(&changed.path, changed.after.as_ref())?;
    if is_binary(&old) || is_binary(&new) {
        return Ok(Counted::Binary);
    }
    let (mut added, mut removed) = (0, 0);
    for op in capture_diff_slices(Algorithm::Myers, &lines(&old), &lines(&new)) {
        if !matches!(op, DiffOp::Equal { .. }) {
            removed += op.old_range().len();
            added += op.new_range().len();
        }
    }
    Ok(Counted::Lines { added, removed })
}

fn put_stat(ctx: &mut Context<'_>, look: &Look, changed: &[Changed]) -> Result<(), CommandError> {
    let mut rows = Vec::new();
    let (mut insertions, mut deletions, mut most) = (0, 0, 0);
    for changed in changed {
        ctx.check()?;
        let counted = count(changed)?;
        if let Counted::Lines { added, removed } = counted {
            (insertions, deletions) = (insertions + added, deletions + removed);
            most = most.max(added + removed);
        }
        rows.push((changed.name(), counted));
    }
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let digits = most.to_string().len();
    let scaled = |count: usize| match most > BAR_MAX && count > 0 {
        true => (count * BAR_MAX / most).max(1),
        false => count,
    };
    for (name, counted) in rows {
        let line = match counted {
            Counted::Binary => format!("{name:width$} | (binary)\n"),
            Counted::Lines { added, removed } => {
                let plus = look.paint(Color::Green.into(), &"+".repeat(scaled(added)));
                let minus = look.paint(Color::Red.into(), &"-".repeat(scaled(removed)));
                let bar = format!("{plus}{minus}");
                let space = if bar.is_empty() { "" } else { " " };
                format!("{name:width$} | {:>digits$}{space}{bar}\n", added + removed)
            }
        };
        ctx.stdout.put(line.as_bytes())?;
    }
    let counted = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let (files, more) = (counted(changed.len(), "file"), counted(insertions, "insertion"));
    let fewer = counted(deletions, "deletion");
    ctx.stdout.put(format!("{files} changed, {more}(+), {fewer}(-)\n").as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_count_from_one_and_name_the_line_before_nothing() {
        assert_eq!([ranged(&(0..0)), ranged(&(2..3)), ranged(&(0..4))], ["0,0", "3", "1,4"]);
    }
}
