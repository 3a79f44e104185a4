//! Which inputs are searched: operands, standard input, and what is below directories.

use bstr::{BStr, BString, ByteSlice};

use super::color::Colors;
use super::matcher;
use super::options::{Directories, Options, Show};
use super::search::Search;
use crate::prelude::*;
use crate::regex::Regex;

/// How deep directories are followed.
const DEPTH_MAX: usize = 4096;

pub(super) fn grep(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.has('V') {
        let text = crate::args::version_text(&super::GREP);
        ctx.stdout.put(text.as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    }
    let options = Options::read(ctx, args)?;
    if args.has('u') {
        ctx.complain("warning: --unix-byte-offsets (-u) is obsolete")?;
    }
    let (regex, operands) = matcher::compile(ctx, args)?;
    if options.color
        && let Some(old) = ctx.var("GREP_COLOR").filter(|old| !old.is_empty())
    {
        let old = old.to_owned();
        let message =
            format!("warning: GREP_COLOR='{old}' is deprecated; use GREP_COLORS='mt={old}'");
        ctx.complain(message)?;
    }
    let colors = Colors::read(ctx);
    let recursive = options.directories == Directories::Recurse;
    let here = [BString::from(if recursive { "." } else { "-" })];
    let implicit = operands.is_empty();
    let operands = if implicit { &here[..] } else { operands };
    let names = options.names.unwrap_or_else(|| {
        operands.len() > 1 || (recursive && operands.iter().any(|operand| is_dir(ctx, operand)))
    });
    let mut grep = Grep {
        ctx,
        options: &options,
        regex: regex.as_ref(),
        colors: &colors,
        names,
        selected: false,
        failed: false,
        printed_any: false,
    };
    for operand in operands {
        grep.operand(operand.as_bstr(), implicit)?;
        if grep.selected && options.show == Show::Nothing {
            return Ok(ExitStatus::SUCCESS);
        }
    }
    Ok(match (grep.failed, grep.selected) {
        (true, _) => ExitStatus(2),
        (false, true) => ExitStatus::SUCCESS,
        (false, false) => ExitStatus::FAILURE,
    })
}

fn is_dir(ctx: &Context<'_>, operand: &BString) -> bool {
    let stat = ctx.path(operand).and_then(|path| ctx.fs.metadata(&path));
    operand != "-" && stat.is_ok_and(|stat| stat.is_directory())
}

struct Grep<'a, 'c> {
    ctx: &'a mut Context<'c>,
    options: &'a Options,
    regex: Option<&'a Regex>,
    colors: &'a Colors,
    names: bool,
    selected: bool,
    failed: bool,
    printed_any: bool,
}

impl Grep<'_, '_> {
    fn operand(&mut self, operand: &BStr, implicit: bool) -> Result<(), CommandError> {
        if operand == "-" {
            if !implicit && self.options.globs.skips_file(b"-", false) {
                return Ok(());
            }
            let stream = self.ctx.stdin.stream().clone();
            let label = self.options.label.clone();
            return self.search(label.as_bstr(), &stream);
        }
        let stat = self.ctx.path(operand).and_then(|path| self.ctx.fs.metadata(&path));
        let directory = stat.as_ref().is_ok_and(FsStat::is_directory);
        if directory && self.options.directories == Directories::Recurse {
            if !implicit && self.options.globs.skips_dir(operand, false) {
                return Ok(());
            }
            let prefix = if implicit { BString::default() } else { operand.to_owned() };
            return self.below(operand, prefix);
        }
        if directory && self.options.directories == Directories::Skip {
            return Ok(());
        }
        if !directory && self.options.globs.skips_file(operand, false) {
            return Ok(());
        }
        if self.options.skip_devices && stat.is_ok_and(|stat| stat.kind == FileKind::CharDevice) {
            return Ok(());
        }
        self.file(operand)
    }

    /// Everything below a directory, in the order of names; symbolic links only with -R.
    fn below(&mut self, dir: &BStr, prefix: BString) -> Result<(), CommandError> {
        let mut stack = vec![(dir.to_owned(), prefix, true, 0usize)];
        while let Some((name, prefix, directory, depth)) = stack.pop() {
            self.ctx.check()?;
            if !directory {
                self.file(name.as_bstr())?;
                if self.selected && self.options.show == Show::Nothing {
                    return Ok(());
                }
                continue;
            }
            let path = self.ctx.path(&name);
            let entries = match path.and_then(|path| self.ctx.fs.read_dir(&path)) {
                Ok(entries) => entries,
                Err(error) => {
                    self.complain(name.as_bstr(), &error)?;
                    continue;
                }
            };
            if depth >= DEPTH_MAX {
                continue;
            }
            for entry in entries.into_iter().rev() {
                let slash: &[u8] =
                    if prefix.is_empty() || prefix.ends_with(b"/") { b"" } else { b"/" };
                let child = BString::from([&prefix[..], slash, &entry.name].concat());
                if let Some(directory) = self.wanted(&child, &entry, dir)? {
                    stack.push((child.clone(), child, directory, depth + 1));
                }
            }
        }
        Ok(())
    }

    /// Whether an entry is searched, and whether it is a directory.
    fn wanted(
        &mut self,
        name: &BString,
        entry: &DirEntry,
        _dir: &BStr,
    ) -> Result<Option<bool>, CommandError> {
        let mut kind = entry.kind;
        if kind == FileKind::Symlink {
            if !self.options.follow {
                return Ok(None);
            }
            match self.ctx.path(name).and_then(|path| self.ctx.fs.metadata(&path)) {
                Ok(stat) => kind = stat.kind,
                Err(error) => {
                    self.complain(name.as_bstr(), &error)?;
                    return Ok(None);
                }
            }
            if kind == FileKind::Directory && self.is_loop(name)? {
                return Ok(None);
            }
        }
        let globs = &self.options.globs;
        match kind {
            FileKind::Directory => Ok((!globs.skips_dir(&entry.name, true)).then_some(true)),
            FileKind::File => Ok((!globs.skips_file(&entry.name, true)).then_some(false)),
            _ => Ok(None),
        }
    }

    /// Whether a link leads to a directory above itself.
    fn is_loop(&mut self, name: &BString) -> Result<bool, CommandError> {
        let real = self.ctx.path(name).and_then(|path| self.ctx.fs.canonicalize(&path));
        let parent = name.rfind_byte(b'/').map_or(BStr::new("."), |at| name[..at].as_bstr());
        let parent = self.ctx.path(parent).and_then(|path| self.ctx.fs.canonicalize(&path));
        let (Ok(real), Ok(parent)) = (real, parent) else { return Ok(false) };
        let inside = parent.as_bstr().strip_prefix(real.as_bstr().as_bytes());
        let above = inside
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || real.as_bstr() == "/");
        if above && !self.options.silent {
            self.ctx.complain(format_args!("{name}: warning: recursive directory loop"))?;
        }
        Ok(above)
    }

    fn complain(&mut self, name: &BStr, error: &FsError) -> Result<(), CommandError> {
        self.failed = true;
        if !self.options.silent {
            self.ctx.stdout.flush()?;
            let message = [name.as_bytes(), b": ", error.to_string().as_bytes()].concat();
            self.ctx.complain_bytes(&message)?;
        }
        Ok(())
    }

    fn file(&mut self, name: &BStr) -> Result<(), CommandError> {
        match self.ctx.open_stream(name, &OpenOptions::reading()) {
            Ok(stream) => self.search(name, &stream),
            Err(error) => self.complain(name, &error),
        }
    }

    fn search(
        &mut self,
        shown: &BStr,
        stream: &std::sync::Arc<dyn crate::stream::Stream>,
    ) -> Result<(), CommandError> {
        let name = self.names.then_some(shown.as_bytes());
        let before = self.printed_any;
        let search =
            Search::new(self.ctx, self.options, self.regex, self.colors, name, shown, before);
        let outcome = search.run(stream)?;
        self.printed_any = Search::separates(self.options, &outcome, before);
        self.selected |= outcome.selected;
        if let Some(error) = outcome.fault {
            self.complain(shown, &error)?;
        }
        Ok(())
    }
}
