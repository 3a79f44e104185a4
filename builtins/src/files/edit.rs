//! `edit`: a file in the host's editor, on a private copy that is brought back.

use mesafs::op::Replaced;
use mesafs::tree::Body;

use crate::context::ComposeError;
use crate::prelude::*;

pub const EDIT: Command = Command {
    name: "edit",
    synopsis: "edit FILE...",
    summary: "Open each FILE in $VISUAL or $EDITOR of the host, on a private copy, and bring back what becomes of it.\nWhat others have done to it meanwhile is kept: the edits are merged. Only a prompt on a terminal can do this.\nThe status is 3 where a conflict is left.",
    options: &[],
    examples: &[Example {
        about: "Without a terminal there is nobody to edit.",
        script: "edit f 2>&1",
        prints: "edit: only a prompt on a terminal starts an editor\n",
    }],
    run: edit,
    ..Command::BASE
};

/// The status where a conflict is left, as the commands on changes have it.
const CONFLICT: ExitStatus = ExitStatus(3);

fn edit(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.operands().is_empty() {
        return Err(usage("missing file operand"));
    }
    let mut status = ExitStatus::SUCCESS;
    for operand in args.operands() {
        match edit_one(ctx, operand)? {
            Outcome::Done => {}
            Outcome::Conflicted => status = CONFLICT,
            Outcome::Failed(reason) => {
                ctx.complain(format_args!("cannot edit {}: {reason}", quoted(operand)))?;
                status = status.or(ExitStatus::FAILURE);
            }
        }
    }
    Ok(status)
}

enum Outcome {
    Done,
    Conflicted,
    Failed(FsError),
}

/// What a failed editor is told as.
pub(crate) fn refused(error: &ComposeError) -> CommandError {
    failure(error.to_string())
}

fn edit_one(ctx: &mut Context<'_>, operand: &BString) -> Result<Outcome, CommandError> {
    let path = match ctx.path(operand) {
        Ok(path) => path,
        Err(error) => return Ok(Outcome::Failed(error)),
    };
    let before = match ctx.fs.read_edition(&path) {
        Ok(edition) => Some(edition),
        Err(error) if error.errno() == Errno::NoEnt => None,
        Err(error) => return Ok(Outcome::Failed(error)),
    };
    let text = before.as_ref().map_or(&b""[..], |edition| &edition.content);
    let after = ctx.host.compose(operand.as_bstr(), text).map_err(|error| refused(&error))?;
    if after == text {
        return Ok(Outcome::Done);
    }
    let written = match &before {
        Some(edition) => ctx.fs.replace(&path, &edition.base, after.into()),
        None => create(ctx, &path, after),
    };
    Ok(match written {
        Ok(Replaced::Clean) => Outcome::Done,
        Ok(Replaced::Merged) => {
            let text = format!("{operand}: others have edited it meanwhile; both edits are in it");
            ctx.complain(text)?;
            Outcome::Done
        }
        Ok(Replaced::Conflicted) => {
            let text = format!("{operand}: others have edited the same lines: see 'conflicts'");
            ctx.complain(text)?;
            Outcome::Conflicted
        }
        Err(error) => Outcome::Failed(error),
    })
}

/// Makes the file; if somebody else has made it meanwhile, both are merged.
fn create(ctx: &Context<'_>, path: &VPath, text: Vec<u8>) -> FsResult<Replaced> {
    ctx.fs.create_if_missing(path, 0o666 & !ctx.umask)?;
    ctx.fs.replace(path, &Body::default(), text.into())
}
