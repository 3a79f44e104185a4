//! Which files are compared: two files, a file in a folder, or two folders.

use super::formats::Formats;
use super::hunks::changes;
use super::lines::Lines;
use super::write::{Compared, Functions, Style};
use super::{Call, DIFFERENT, SAME, TROUBLE};
use crate::budget::Resource;
use crate::context::descriptor_path;
use crate::core::strftime;
use crate::prelude::*;
use crate::regex::Regex;

/// How much of a file tells whether it is binary.
const PROBE_BYTES: usize = 8000;

/// How much of the line of a function is shown.
const FUNCTION_BYTES: usize = 40;

/// One side of a comparison.
struct Side {
    name: BString,
    stat: Option<FsStat>,
    text: Bytes,
}

pub(super) fn exclusion(pattern: &BStr) -> crate::pattern::Pattern {
    crate::pattern::Pattern::new(pattern, crate::pattern::Options::default())
}

/// Compares two operands.
pub(super) fn compare(
    ctx: &mut Context<'_>,
    call: &Call<'_>,
    one: &BString,
    two: &BString,
) -> Result<u8, CommandError> {
    let kinds = [one, two].map(|name| {
        let path = ctx.path(name)?;
        // Standard input and descriptors are files without a place.
        if name == "-" || descriptor_path(path.as_bstr()).is_some() {
            return Ok(None);
        }
        ctx.fs.metadata(&path).map(Some)
    });
    let mut trouble = false;
    for (name, kind) in [one, two].into_iter().zip(&kinds) {
        if let Err(error) = kind
            && !(call.new_file && error.errno() == Errno::NoEnt)
        {
            ctx.stdout.flush()?;
            ctx.complain(format!("{name}: {error}"))?;
            trouble = true;
        }
    }
    if trouble {
        return Ok(TROUBLE);
    }
    let folder =
        |kind: &FsResult<Option<FsStat>>| matches!(kind, Ok(Some(stat)) if stat.is_directory());
    match (folder(&kinds[0]), folder(&kinds[1])) {
        (true, true) => folders(ctx, call, one, two),
        (false, true) => files(ctx, call, one, &below(two, base(one)), false),
        (true, false) => files(ctx, call, &below(one, base(two)), two, false),
        (false, false) => files(ctx, call, one, two, false),
    }
}

fn base(name: &BString) -> &BStr {
    name.rsplit_str("/").next().unwrap_or(name).as_bstr()
}

fn below(folder: &BString, name: &BStr) -> BString {
    let folder = folder.strip_suffix(b"/").unwrap_or(folder);
    [folder, b"/", name.as_bytes()].concat().into()
}

/// Two folders, name by name; with `-r` those below too.
fn folders(
    ctx: &mut Context<'_>,
    call: &Call<'_>,
    one: &BString,
    two: &BString,
) -> Result<u8, CommandError> {
    let mut status = SAME;
    // Pairs that are still to be compared, the next one last.
    let mut pending = vec![(one.clone(), two.clone())];
    let mut first_folder = true;
    while let Some((one, two)) = pending.pop() {
        let names = |ctx: &Context<'_>, folder: &BString| -> FsResult<Vec<BString>> {
            match ctx.path(folder).and_then(|path| ctx.fs.read_dir(&path)) {
                Ok(entries) => Ok(entries.into_iter().map(|entry| entry.name).collect()),
                // Of a pair one folder may be missing with -N.
                Err(error) if error.errno() == Errno::NoEnt => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        };
        let (left, right) = match (names(ctx, &one), names(ctx, &two)) {
            (Ok(left), Ok(right)) => (left, right),
            (Err(error), _) | (_, Err(error)) => {
                ctx.complain(format!("{one}: {error}"))?;
                status = TROUBLE;
                continue;
            }
        };
        let mut all: Vec<&BString> = left.iter().chain(&right).collect();
        all.sort();
        all.dedup();
        let mut deeper = Vec::new();
        for name in all {
            ctx.check()?;
            let before_start =
                call.start.as_ref().is_some_and(|start| first_folder && name < start);
            if before_start || call.excluded.iter().any(|pattern| pattern.is_match(name)) {
                continue;
            }
            let (in_one, in_two) = (left.contains(name), right.contains(name));
            let (first, second) = (below(&one, name.as_bstr()), below(&two, name.as_bstr()));
            let missing_counts = (in_one && !call.new_file) || (!in_one && !call.new_first);
            if in_one != in_two && missing_counts {
                let folder = if in_one { &one } else { &two };
                ctx.stdout.put(format!("Only in {folder}: {name}\n").as_bytes())?;
                status = status.max(DIFFERENT);
                continue;
            }
            let stat = |name: &BString| {
                let path = ctx.path(name).ok()?;
                let stat = match call.no_dereference {
                    true => ctx.fs.symlink_metadata(&path),
                    false => ctx.fs.metadata(&path),
                };
                stat.ok()
            };
            let (left, right) = (stat(&first), stat(&second));
            let folder = |stat: &Option<FsStat>| stat.as_ref().is_none_or(FsStat::is_directory);
            match (folder(&left), folder(&right)) {
                (true, true) if call.recursive => deeper.push((first, second)),
                (true, true) => {
                    let line = format!("Common subdirectories: {first} and {second}\n");
                    ctx.stdout.put(line.as_bytes())?;
                }
                (false, false) => status = status.max(files(ctx, call, &first, &second, true)?),
                _ if left.is_none() || right.is_none() => {
                    status = status.max(files(ctx, call, &first, &second, true)?);
                }
                (left, _) => {
                    let kind = |folder| if folder { "directory" } else { "regular file" };
                    let line = format!(
                        "File {first} is a {} while file {second} is a {}\n",
                        kind(left),
                        kind(!left)
                    );
                    ctx.stdout.put(line.as_bytes())?;
                    status = status.max(DIFFERENT);
                }
            }
        }
        pending.extend(deeper.into_iter().rev());
        first_folder = false;
    }
    Ok(status)
}

/// Compares links as such; `None` if neither is one.
fn links(ctx: &mut Context<'_>, one: &BString, two: &BString) -> Result<Option<u8>, CommandError> {
    let sides = [one, two].map(|name| {
        let path = ctx.path(name).ok().filter(|_| name != "-")?;
        let stat = ctx.fs.symlink_metadata(&path).ok()?;
        let target = if stat.is_symbolic_link() { ctx.fs.read_link(&path).ok() } else { None };
        Some((stat, target))
    });
    let [Some((first, one_target)), Some((second, two_target))] = sides else { return Ok(None) };
    if one_target.is_none() && two_target.is_none() {
        return Ok(None);
    }
    if one_target.is_some() && two_target.is_some() {
        if one_target == two_target {
            return Ok(Some(SAME));
        }
        let line = format!("Symbolic links {one} and {two} differ\n");
        ctx.stdout.put(line.as_bytes())?;
        return Ok(Some(DIFFERENT));
    }
    let kind = |stat: &FsStat| match stat.kind {
        FileKind::Symlink => "symbolic link",
        FileKind::Directory => "directory",
        FileKind::File if stat.size == 0 => "regular empty file",
        _ => "regular file",
    };
    let line =
        format!("File {one} is a {} while file {two} is a {}\n", kind(&first), kind(&second));
    ctx.stdout.put(line.as_bytes())?;
    Ok(Some(DIFFERENT))
}

fn read(ctx: &mut Context<'_>, name: &BString) -> FsResult<Side> {
    if name == "-" {
        let text = ctx.stdin.rest()?;
        return Ok(Side { name: name.clone(), stat: None, text });
    }
    let path = ctx.path(name)?;
    let mut input = ctx.open(name)?;
    let text = input.rest()?;
    let stat = ctx.fs.metadata(&path).ok();
    Ok(Side { name: name.clone(), stat, text })
}

fn files(
    ctx: &mut Context<'_>,
    call: &Call<'_>,
    one: &BString,
    two: &BString,
    in_folders: bool,
) -> Result<u8, CommandError> {
    if call.no_dereference
        && let Some(status) = links(ctx, one, two)?
    {
        return Ok(status);
    }
    let mut sides = Vec::with_capacity(2);
    for (name, absent_is_empty) in [(one, call.new_first), (two, call.new_file)] {
        match read(ctx, name) {
            Ok(side) => sides.push(side),
            Err(error) if error.errno() == Errno::NoEnt && absent_is_empty => {
                sides.push(Side { name: name.clone(), stat: None, text: Bytes::new() });
            }
            Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
            Err(error) => {
                ctx.stdout.flush()?;
                ctx.complain(format!("{name}: {error}"))?;
                return Ok(TROUBLE);
            }
        }
    }
    let [one, two] = match <[Side; 2]>::try_from(sides) {
        Ok(sides) => sides,
        Err(_) => return Ok(TROUBLE),
    };
    let _held = ctx.budget.hold(Resource::Memory, 2 * (one.text.len() + two.text.len()) as u64)?;
    let binary = |side: &Side| {
        let probe = side.text.get(..PROBE_BYTES).unwrap_or(&side.text);
        !call.rules.text && memchr::memchr(0, probe).is_some()
    };
    if one.text != two.text && (binary(&one) || binary(&two)) {
        let verb = if call.brief { "Files" } else { "Binary files" };
        let line = format!("{verb} {} and {} differ\n", one.name, two.name);
        ctx.stdout.put(line.as_bytes())?;
        return Ok(DIFFERENT);
    }
    let (left, right) = (Lines::new(&one.text), Lines::new(&two.text));
    let cancel = ctx.cancel.clone();
    // A pattern that takes too long matches nothing.
    let matches = |regex: &Regex, line: &[u8]| regex.is_match(line, &cancel).unwrap_or(false);
    let ignored = |line: &[u8]| call.ignored.as_ref().is_some_and(|regex| matches(regex, line));
    let changes = if one.text == two.text {
        Vec::new()
    } else {
        changes(&left, &right, &call.rules, &ignored)
    };
    let differs = changes.iter().any(|change| !change.overlooked);
    if !differs {
        if call.report_same {
            let line = format!("Files {} and {} are identical\n", one.name, two.name);
            ctx.stdout.put(line.as_bytes())?;
        }
        // Two columns show what is the same too.
        let formatted = call.formats.as_ref().is_some_and(Formats::shows_same);
        let shows_all =
            matches!(call.style, Style::SideBySide { .. }) || call.define.is_some() || formatted;
        if !shows_all || call.brief {
            return Ok(SAME);
        }
    } else if call.brief {
        let line = format!("Files {} and {} differ\n", one.name, two.name);
        ctx.stdout.put(line.as_bytes())?;
        return Ok(DIFFERENT);
    }
    if in_folders {
        let line = [b"diff".as_slice(), &call.options, b" ", &one.name, b" ", &two.name, b"\n"];
        ctx.stdout.put(&line.concat())?;
    }
    let now_ns = ctx.clock.now_ns();
    let names = [(&one, 0), (&two, 1)].map(|(side, at)| heading(call, side, at, now_ns));
    let function = |first: usize| {
        let regex = call.function.as_ref()?;
        let mut before = left.lines.get(..first)?.iter().rev();
        let line = before.find(|line| matches(regex, line))?.trim_ascii_start();
        Some(line.get(..FUNCTION_BYTES).unwrap_or(line).trim_ascii_end().to_vec())
    };
    let compared = Compared {
        one: &left,
        two: &right,
        changes: &changes,
        names,
        looks: call.looks,
        functions: call.function.as_ref().map(|_| &function as Functions<'_>),
        define: call.define.as_ref().map(|name| name.as_slice()),
        formats: call.formats.as_ref(),
    };
    ctx.stdout.put(&compared.write(call.style))?;
    Ok(if differs { DIFFERENT } else { SAME })
}

/// The name and time of a side, or its label.
fn heading(call: &Call<'_>, side: &Side, at: usize, now_ns: i64) -> Vec<u8> {
    if let Some(label) = call.labels.get(at) {
        return label.to_vec();
    }
    let absent = side.stat.is_none() && side.name != "-";
    let time_ns = match &side.stat {
        Some(stat) => stat.mtime_ns,
        None if absent => 0,
        None => now_ns,
    };
    let seconds = time_ns.div_euclid(1_000_000_000);
    let stamp = match call.style {
        Style::Context(_) if !call.local_times => {
            strftime::strftime(b"%a %b %e %H:%M:%S %Y", seconds, &call.zone)
        }
        _ => {
            let mut stamp = strftime::strftime(b"%Y-%m-%d %H:%M:%S", seconds, &call.zone);
            stamp.extend_from_slice(
                format!(".{:09} ", time_ns.rem_euclid(1_000_000_000)).as_bytes(),
            );
            stamp.extend(strftime::strftime(b"%z", seconds, &call.zone));
            stamp
        }
    };
    [side.name.as_slice(), b"\t", &stamp].concat()
}
