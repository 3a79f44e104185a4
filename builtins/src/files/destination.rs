//! Where `cp`, `mv` and `ln` put things: `SOURCE DEST`, `SOURCE... DIRECTORY`, `-t`, `-T`.

use super::basename::last_name;
use crate::prelude::*;

/// The sources and where each goes.
#[derive(Debug)]
pub(super) struct Destination {
    pub pairs: Vec<(BString, BString)>,
}

/// Whether a symbolic link to a directory counts as the directory (`ln -n` says no).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkedDirs {
    Follow,
    AsFiles,
}

/// `name` in directory `dir`, as typed.
pub(super) fn inside(dir: &[u8], name: &[u8]) -> BString {
    let slash: &[u8] = if dir.ends_with(b"/") { b"" } else { b"/" };
    [dir, slash, name].concat().into()
}

impl Destination {
    /// Reads the operands by `-t` and `-T`.
    ///
    /// # Errors
    /// Wrong usage, or a target that must be a directory and is not.
    pub fn read(ctx: &Context<'_>, args: &Args, linked: LinkedDirs) -> Result<Self, CommandError> {
        let operands = args.operands();
        let Some(first) = operands.first() else { return Err(usage("missing file operand")) };
        if let Some(target) = args.value('t') {
            if args.has('T') {
                let both = "cannot combine --target-directory (-t) and --no-target-directory (-T)";
                return Err(failure(both));
            }
            return match is_dir(ctx, target, LinkedDirs::Follow) {
                Ok(()) => Ok(Self::into_dir(operands, target)),
                Err(error) => Err(failure(format!("target directory {}: {error}", quoted(target)))),
            };
        }
        let [source, target] = operands else {
            let Some((target, sources)) = operands.split_last() else {
                return Err(usage("missing file operand"));
            };
            if sources.is_empty() {
                let shown = quoted(first);
                return Err(usage(format!("missing destination file operand after {shown}")));
            }
            if args.has('T') {
                return Err(usage(format!("extra operand {}", quoted(&operands[2]))));
            }
            return match is_dir(ctx, target, LinkedDirs::Follow) {
                Ok(()) => Ok(Self::into_dir(sources, target)),
                Err(error) => Err(failure(format!("target {}: {error}", quoted(target)))),
            };
        };
        if !args.has('T') && is_dir(ctx, target, linked).is_ok() {
            return Ok(Self::into_dir(std::slice::from_ref(source), target));
        }
        Ok(Self { pairs: vec![(source.clone(), target.clone())] })
    }

    pub fn into_dir(sources: &[BString], dir: &[u8]) -> Self {
        let pair = |source: &BString| {
            let name = match last_name(source) {
                // `cp -r x/.. d` copies into `d` itself.
                b".." | b"." => BString::from(dir),
                name => inside(dir, name),
            };
            (source.clone(), name)
        };
        Self { pairs: sources.iter().map(pair).collect() }
    }
}

fn is_dir(ctx: &Context<'_>, name: &[u8], linked: LinkedDirs) -> FsResult<()> {
    let path = ctx.path(name)?;
    let stat = match linked {
        LinkedDirs::Follow => ctx.fs.metadata(&path)?,
        LinkedDirs::AsFiles => ctx.fs.symlink_metadata(&path)?,
    };
    if stat.is_directory() {
        Ok(())
    } else {
        Err(FsError::new(Errno::NotDir, mesafs::Operation::Lookup, name))
    }
}
