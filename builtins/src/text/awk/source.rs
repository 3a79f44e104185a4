//! The text of a program, put together of arguments, files and what they `@include`.

use std::collections::HashSet;

use super::origins::Origins;
use crate::prelude::*;

#[derive(Debug, Default)]
pub(super) struct Source {
    pub text: Vec<u8>,
    pub origins: Origins,
    /// Lines in `text`.
    lines: u32,
    /// Libraries that are in it: each comes once, however often it is included.
    included: HashSet<BString>,
}

impl Source {
    /// Program text from the command line.
    pub fn argument(&mut self, ctx: &mut Context<'_>, text: &[u8]) -> Result<(), CommandError> {
        self.add(ctx, text, None)
    }

    /// `-f`
    pub fn file(&mut self, ctx: &mut Context<'_>, name: &BString) -> Result<(), CommandError> {
        let text = read(ctx, name)?;
        self.add(ctx, &text, Some(name))
    }

    /// `-i` and `@include`: the name may lack its `.awk`.
    pub fn library(&mut self, ctx: &mut Context<'_>, name: &BString) -> Result<(), CommandError> {
        let mut file = name.clone();
        let mut text = read(ctx, &file);
        if text.is_err() {
            file.extend_from_slice(b".awk");
            // What cannot be found is told by the name that was given.
            text = read(ctx, &file).or(text);
        }
        let text = text?;
        if !self.included.insert(file.clone()) {
            return Ok(());
        }
        self.add(ctx, &text, Some(&file))
    }

    fn add(
        &mut self,
        ctx: &mut Context<'_>,
        text: &[u8],
        file: Option<&BString>,
    ) -> Result<(), CommandError> {
        if !self.text.is_empty() && !self.text.ends_with(b"\n") {
            self.push(b"\n");
        }
        self.origins.enter(self.lines + 1, file, 1);
        for (local, line) in (1..).zip(text.split_inclusive(|byte| *byte == b'\n')) {
            match include_name(line) {
                Some((name, after)) => {
                    self.library(ctx, &name)?;
                    self.origins.enter(self.lines + 1, file, local);
                    self.push(after);
                    if !after.ends_with(b"\n") {
                        self.push(b"\n");
                    }
                }
                None => self.push(line),
            }
        }
        // An argument may be all of the program, and then ends where it ends.
        if file.is_some() && !self.text.ends_with(b"\n") {
            self.push(b"\n");
        }
        Ok(())
    }

    fn push(&mut self, line: &[u8]) {
        self.text.extend_from_slice(line);
        self.lines = self.lines.saturating_add(u32::from(line.ends_with(b"\n")));
    }
}

/// The file that a line names, if it begins with an `@include`, and what follows that.
fn include_name(line: &[u8]) -> Option<(BString, &[u8])> {
    let rest = line.trim().strip_prefix(b"@include")?.trim_start();
    let (name, after) = rest.strip_prefix(b"\"")?.split_once_str("\"")?;
    let after = after.trim_start();
    let ends = after.is_empty() || after.starts_with(b"#") || after.starts_with(b";");
    ends.then(|| (name.into(), after.strip_prefix(b";").unwrap_or(after)))
}

fn read(ctx: &mut Context<'_>, name: &BString) -> Result<Vec<u8>, CommandError> {
    let mut text = || -> FsResult<Bytes> {
        if name == "-" {
            return ctx.stdin.rest();
        }
        ctx.open(name)?.rest()
    };
    text().map(|text| text.to_vec()).map_err(|error| {
        let name = String::from_utf8_lossy(name);
        let message = format!("fatal: cannot open source file `{name}' for reading: {error}");
        CommandError::Fail(message.into_bytes(), ExitStatus(2))
    })
}
