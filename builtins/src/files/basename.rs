//! `basename`: strip directory and suffix from file names.
use crate::prelude::*;

pub const BASENAME: Command = Command {
    name: "basename",
    synopsis: "basename NAME [SUFFIX]\nbasename OPTION... NAME...",
    summary: "Print NAME with any leading directory components removed.\nIf specified, also remove a trailing SUFFIX.",
    options: &[
        flag('a', "multiple", "support multiple arguments and treat each as a NAME"),
        value('s', "suffix", "SUFFIX", "remove a trailing SUFFIX; implies -a"),
        flag('z', "zero", "end each output line with NUL, not newline"),
    ],
    examples: &[Example {
        about: "Strip a suffix too.",
        script: "basename include/stdio.h .h",
        prints: "stdio\n",
    }],
    order: Order::First,
    run: basename,
    ..Command::BASE
};

fn basename(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let names = args.operands();
    let multiple = args.has('a') || args.has('s');
    if names.is_empty() {
        return Err(usage("missing operand"));
    }
    if !multiple && let Some(extra) = names.get(2) {
        return Err(usage(format!("extra operand {}", marked(extra))));
    }
    let (names, suffix) = match names {
        [name, suffix] if !multiple => (std::slice::from_ref(name), Some(suffix.as_bstr())),
        names => (names, args.value('s')),
    };
    for name in names {
        let mut base = last_name(name);
        if let Some(stem) = suffix.and_then(|suffix| base.strip_suffix(suffix.as_bytes()))
            && !stem.is_empty()
        {
            base = stem;
        }
        ctx.stdout.put(base)?;
        ctx.stdout.put(if args.has('z') { b"\0" } else { b"\n" })?;
    }
    Ok(ExitStatus::SUCCESS)
}

/// The last component, without trailing slashes; `/` for nothing but slashes.
pub(super) fn last_name(name: &[u8]) -> &[u8] {
    let trimmed = name.trim_end_with(|letter| letter == '/');
    match trimmed.rfind_byte(b'/') {
        _ if trimmed.is_empty() => &name[..name.len().min(1)],
        Some(at) => &trimmed[at + 1..],
        None => trimmed,
    }
}
