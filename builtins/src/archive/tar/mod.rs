//! `tar`: pack files into an archive, list and unpack one.
//!
//! Nothing is unpacked outside of the folder that is unpacked into: leading `/` and `..` are taken
//! off names, a path through a symbolic link that leaves the folder is refused, and links that point
//! outside are made last, so that nothing goes through them.

mod create;
mod extract;
mod layout;
mod names;
mod options;
mod read;
mod transform;

use crate::prelude::*;
use options::{Action, OPTIONS, Options};

pub const TAR: Command = Command {
    name: "tar",
    synopsis: "tar [OPTION...] [FILE]...",
    summary: "Save many files together into a single archive, and restore them from it.",
    options: OPTIONS,
    examples: &[Example {
        about: "Pack a folder, compressed, and list what is in it.",
        script: "mkdir d; echo a > d/a; tar czf d.tgz d; tar tf d.tgz",
        prints: "d/\nd/a\n",
    }],
    order: Order::Raw,
    usage_status: 64,
    run: tar,
    ..Command::BASE
};

/// Headers and what is between them are multiples of so many bytes.
const BLOCK_BYTES: usize = 512;

/// Trouble.
const TROUBLE: ExitStatus = ExitStatus(2);

/// Ends the command: `tar: MESSAGE`, then that it ends here.
fn fatal(message: impl AsRef<[u8]>) -> CommandError {
    let text = [message.as_ref(), b"\ntar: Error is not recoverable: exiting now"].concat();
    CommandError::Fail(text, TROUBLE)
}

/// Wrong usage, with tar's own hint.
fn misuse(message: &str, status: u8) -> CommandError {
    let hint = "Try 'tar --help' or 'tar --usage' for more information.";
    CommandError::Fail(format!("{message}\n{hint}").into_bytes(), ExitStatus(status))
}

/// What the parts of one run share.
struct Run {
    options: Options,
    /// Something went wrong that did not end the run.
    failed: bool,
    /// Prefixes taken off names that were told of already.
    told_prefixes: Vec<Vec<u8>>,
    /// How wide owner and size are together in a long list.
    width: usize,
}

impl Run {
    /// Says what is wrong and goes on.
    fn complain(
        &mut self,
        ctx: &mut Context<'_>,
        message: impl AsRef<[u8]>,
    ) -> Result<(), CommandError> {
        self.failed = true;
        ctx.stdout.flush()?;
        ctx.complain_bytes(message.as_ref())
    }

    /// The name without what would lead outside, telling once of each prefix taken off.
    fn safe_name(
        &mut self,
        ctx: &mut Context<'_>,
        name: &[u8],
        what: &str,
    ) -> Result<BString, CommandError> {
        if self.options.absolute_names {
            return Ok(name.into());
        }
        let (prefix, rest) = names::split_unsafe(name);
        if !prefix.is_empty() && !self.told_prefixes.iter().any(|told| told == prefix) {
            self.told_prefixes.push(prefix.to_vec());
            let prefix = prefix.as_bstr();
            ctx.stdout.flush()?;
            ctx.complain(format!("Removing leading `{prefix}' from {what}"))?;
        }
        Ok(if rest.is_empty() { ".".into() } else { rest.into() })
    }
}

impl Run {
    /// The name after `--transform`.
    fn transformed(&self, ctx: &Context<'_>, name: BString, role: transform::Role) -> BString {
        transform::apply(&self.options.transforms, name, role, &ctx.cancel)
    }
}

fn tar(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let Some(options) = Options::read(ctx, args.operands())? else {
        return Ok(ExitStatus::SUCCESS);
    };
    let action = options.action;
    let mut run = Run { options, failed: false, told_prefixes: Vec::new(), width: 19 };
    match action {
        Action::Create => create::create(ctx, &mut run)?,
        Action::Append | Action::Update => create::append(ctx, &mut run)?,
        Action::List | Action::Extract => extract::run(ctx, &mut run)?,
    }
    if run.failed {
        ctx.stdout.flush()?;
        ctx.complain("Exiting with failure status due to previous errors")?;
        return Ok(TROUBLE);
    }
    Ok(ExitStatus::SUCCESS)
}
