//! Where lines go: standard output or the file being edited, and the files of `w`; and what comes
//! from elsewhere: `r`, `R` and `e`.

use std::collections::HashMap;

use mesafs::tree::Body;

use super::super::run::Mode;
use super::super::script::Script;
use crate::budget::{Held, Resource};
use crate::prelude::*;
use crate::stream::Capture;

/// A file of `w`.
enum Sink {
    Standard,
    Error,
    File(Output),
}

struct Target {
    sink: Sink,
    /// The last line lacked its newline, which comes before anything else does.
    owed: Option<u8>,
}

/// A file under `-i`: what it was, and what it becomes.
struct Edit {
    path: VPath,
    base: Body,
    text: Vec<u8>,
    held: Held,
    owed: Option<u8>,
    suffix: BString,
    name: BString,
    /// The mode of a new file, where the path is a link that the file takes the place of.
    instead_of_link: Option<u32>,
}

pub(super) struct Outputs {
    targets: Vec<Target>,
    owed: Option<u8>,
    edit: Option<Edit>,
    /// The files of `R`, each read on where it stopped; `None` if one cannot be.
    lines: HashMap<BString, Option<Input>>,
}

impl Outputs {
    pub fn open(ctx: &mut Context<'_>, script: &Script) -> Result<Self, CommandError> {
        let mut targets = Vec::new();
        for name in &script.outputs {
            let sink = match name.as_slice() {
                b"/dev/stdout" => Sink::Standard,
                b"/dev/stderr" => Sink::Error,
                _ => Sink::File(ctx.create(name).map_err(|error| {
                    let message = format!("couldn't open file {name}: {error}");
                    CommandError::Fail(message.into_bytes(), ExitStatus(4))
                })?),
            };
            targets.push(Target { sink, owed: None });
        }
        Ok(Self { targets, owed: None, edit: None, lines: HashMap::new() })
    }

    /// Text that is written as it is.
    pub fn raw(&mut self, ctx: &mut Context<'_>, text: &[u8]) -> Result<(), CommandError> {
        if let Some(edit) = &mut self.edit {
            edit.text.extend(edit.owed.take());
            edit.held.grow(text.len() as u64)?;
            edit.text.extend_from_slice(text);
            return Ok(());
        }
        if let Some(owed) = self.owed.take() {
            ctx.stdout.put(&[owed])?;
        }
        Ok(ctx.stdout.put(text)?)
    }

    /// Text that ends with a newline of its own.
    pub fn text(&mut self, ctx: &mut Context<'_>, text: &[u8]) -> Result<(), CommandError> {
        self.raw(ctx, text)
    }

    /// A line; without `newline` its delimiter is owed until something follows.
    pub fn line(
        &mut self,
        ctx: &mut Context<'_>,
        line: &[u8],
        mode: &Mode,
        newline: bool,
    ) -> Result<(), CommandError> {
        self.raw(ctx, line)?;
        if newline {
            self.raw(ctx, &[mode.delimiter])?;
        } else if let Some(edit) = &mut self.edit {
            edit.owed = Some(mode.delimiter);
        } else {
            self.owed = Some(mode.delimiter);
        }
        if mode.unbuffered && self.edit.is_none() {
            ctx.stdout.flush()?;
        }
        Ok(())
    }

    /// A line to a file of `w`.
    pub fn write(
        &mut self,
        ctx: &mut Context<'_>,
        target: usize,
        line: &[u8],
        mode: &Mode,
        newline: bool,
    ) -> Result<(), CommandError> {
        let Some(target) = self.targets.get_mut(target) else { return Ok(()) };
        let output = match &mut target.sink {
            // With `-i` too this is standard output itself.
            Sink::Standard => &mut ctx.stdout,
            Sink::Error => &mut ctx.stderr,
            Sink::File(output) => output,
        };
        if let Some(owed) = target.owed.take() {
            output.put(&[owed])?;
        }
        output.put(line)?;
        if newline {
            output.put(&[mode.delimiter])?
        } else {
            target.owed = Some(mode.delimiter)
        }
        // Whoever reads the file while the script runs finds whole lines.
        if let Sink::File(output) = &mut target.sink {
            output.flush()?;
        }
        Ok(())
    }

    pub fn flush(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        for target in &mut self.targets {
            if let Sink::File(output) = &mut target.sink {
                output.flush()?;
            }
        }
        Ok(ctx.stdout.flush()?)
    }

    /// `r`: a file that cannot be read is an empty one.
    pub fn copy_file(&mut self, ctx: &mut Context<'_>, name: &BString) -> Result<(), CommandError> {
        let opened = match name.as_slice() {
            b"/dev/stdin" => {
                let again = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
                Ok(std::mem::replace(&mut ctx.stdin, again))
            }
            _ => ctx.open(name),
        };
        // The last line gets its newline even if nothing follows.
        self.raw(ctx, b"")?;
        let Ok(mut input) = opened else { return Ok(()) };
        loop {
            match input.chunk() {
                Ok(chunk) if chunk.is_empty() => return Ok(()),
                Ok(chunk) => self.raw(ctx, &chunk)?,
                Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                Err(_) => return Ok(()),
            }
        }
    }

    /// `R`: the next line of a file, without its newline.
    pub fn read_line(
        &mut self,
        ctx: &mut Context<'_>,
        name: &BString,
    ) -> Result<Option<Bytes>, CommandError> {
        if !self.lines.contains_key(name) {
            self.lines.insert(name.clone(), ctx.open(name).ok());
        }
        let Some(Some(input)) = self.lines.get_mut(name) else { return Ok(None) };
        match input.line(b'\n') {
            Ok(line) => Ok(line.map(|line| match line.last() {
                Some(b'\n') => line.slice(..line.len() - 1),
                _ => line,
            })),
            Err(error) if error.errno() == Errno::Canceled => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    /// `e`: what a command prints.
    pub fn run(
        &mut self,
        ctx: &mut Context<'_>,
        command: &BString,
    ) -> Result<Vec<u8>, CommandError> {
        ctx.stdout.flush()?;
        let capture = Capture::new(ctx.budget.clone());
        let argv = vec!["sh".into(), "-c".into(), command.clone()];
        let spawn = Spawn {
            stdout: Some(capture.stream()),
            cancel: Some(ctx.cancel.clone()),
            ..Spawn::new(argv)
        };
        match ctx.host.run(spawn) {
            Ok(_) => Ok(capture.take()),
            Err(_) => Err(failure("error running a command")),
        }
    }

    /// Begins to edit a file in place.
    ///
    /// # Errors
    /// The complaint, without the command's name.
    pub fn begin_edit(
        &mut self,
        ctx: &mut Context<'_>,
        name: &BString,
        suffix: &BString,
        follow_links: bool,
    ) -> Result<Input, (String, u8)> {
        let cannot = |error: &dyn std::fmt::Display| (format!("can't read {name}: {error}"), 2);
        let path = ctx.path(name).map_err(|error| cannot(&error))?;
        let stat = ctx.fs.metadata(&path).map_err(|error| cannot(&error))?;
        if !stat.is_file() {
            return Err((format!("couldn't edit {name}: not a regular file"), 4));
        }
        let mut name = name.clone();
        let mut path = path;
        let mut instead_of_link = None;
        let link = ctx.fs.symlink_metadata(&path).map_err(|error| cannot(&error))?;
        if link.kind == mesafs::FileKind::Symlink {
            if follow_links {
                path = ctx.fs.canonicalize(&path).map_err(|error| cannot(&error))?.to_vpath();
                name = path.as_bstr().to_owned();
            } else {
                instead_of_link = Some(stat.mode);
            }
        }
        let edition = ctx.fs.read_edition(&path).map_err(|error| cannot(&error))?;
        let input = ctx.open(&name).map_err(|error| cannot(&error))?;
        let held = ctx.budget.hold(Resource::Memory, 0).map_err(|error| (error.to_string(), 4))?;
        self.edit = Some(Edit {
            path,
            base: edition.base,
            text: Vec::new(),
            held,
            owed: None,
            suffix: suffix.clone(),
            name,
            instead_of_link,
        });
        Ok(input)
    }

    /// Puts the edited file in place: in one call, so that an edit that somebody made meanwhile is
    /// merged and not lost.
    pub fn commit(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        let Some(edit) = self.edit.take() else { return Ok(()) };
        let failed = |error: FsError| {
            let message = format!("couldn't edit {}: {error}", edit.name);
            CommandError::Fail(message.into_bytes(), ExitStatus(4))
        };
        if !edit.suffix.is_empty() {
            let backup = backup_name(&edit.name, &edit.suffix);
            let unnamed = |error: FsError| {
                let message = format!("cannot rename {}: {error}", edit.name);
                CommandError::Fail(message.into_bytes(), ExitStatus(4))
            };
            let backup = ctx.path(&backup).map_err(unnamed)?;
            match edit.instead_of_link {
                Some(_) => ctx.fs.rename(&edit.path, &backup).map_err(unnamed)?,
                None => ctx.fs.copy(&edit.path, &backup, false).map_err(unnamed)?,
            }
        }
        if let Some(mode) = edit.instead_of_link {
            // Whoever looks meanwhile finds the link or the new file.
            let aside = BString::from([edit.name.as_slice(), b".sed~"].concat());
            let aside = ctx.path(&aside).map_err(failed)?;
            ctx.fs.write(&aside, edit.text.into(), mode).map_err(failed)?;
            return ctx.fs.rename(&aside, &edit.path).map_err(failed);
        }
        ctx.fs.replace(&edit.path, &edit.base, edit.text.into()).map_err(failed)?;
        Ok(())
    }
}

/// The name of the copy: the suffix behind, or in it a `*` for the file's own name.
fn backup_name(name: &BString, suffix: &BString) -> BString {
    if !suffix.contains(&b'*') {
        return [name.as_slice(), suffix].concat().into();
    }
    let (folder, base) = match name.rfind_byte(b'/') {
        Some(slash) => name.split_at(slash + 1),
        None => (&b""[..], name.as_slice()),
    };
    let backup = suffix.replace("*", base);
    if backup.contains(&b'/') { backup.into() } else { [folder, &backup].concat().into() }
}
