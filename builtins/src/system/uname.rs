//! `uname` and `arch`: what machine the shell says it is. Nothing of the host shows.
use crate::prelude::*;

pub const UNAME: Command = Command {
    name: "uname",
    synopsis: "uname [OPTION]...",
    summary: "Print certain system information.  With no OPTION, same as -s.",
    options: &[
        flag(
            'a',
            "all",
            "print all information, in the following order, except omit -p and -i if unknown",
        ),
        flag('s', "kernel-name", "print the kernel name"),
        flag('n', "nodename", "print the network node hostname"),
        flag('r', "kernel-release", "print the kernel release"),
        flag('v', "kernel-version", "print the kernel version"),
        flag('m', "machine", "print the machine hardware name"),
        flag('p', "processor", "print the processor type (non-portable)"),
        flag('i', "hardware-platform", "print the hardware platform (non-portable)"),
        flag('o', "operating-system", "print the operating system"),
    ],
    examples: &[Example { about: "The kernel.", script: "uname", prints: "Linux\n" }],
    run: uname,
    ..Command::BASE
};

pub const ARCH: Command = Command {
    name: "arch",
    synopsis: "arch [OPTION]...",
    summary: "Print machine architecture.",
    examples: &[Example { about: "The machine.", script: "arch", prints: "x86_64\n" }],
    run: arch,
    ..Command::BASE
};

const MACHINE: &str = "x86_64";

fn uname(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if let Some(extra) = args.operands().first() {
        return Err(usage(format!("extra operand {}", marked(extra))));
    }
    let host = ctx.identity.host.clone();
    let all = args.has('a');
    let none = args.given().is_empty();
    let mut words: Vec<BString> = Vec::new();
    let mut put = |letter: char, wanted: bool, word: BString| {
        if wanted || args.has(letter) {
            words.push(word);
        }
    };
    put('s', all || none, "Linux".into());
    put('n', all, host);
    put('r', all, concat!(env!("CARGO_PKG_VERSION"), "-mesash").into());
    put('v', all, "#1".into());
    put('m', all, MACHINE.into());
    put('p', false, "unknown".into());
    put('i', false, "unknown".into());
    put('o', all, "GNU/Linux".into());
    ctx.stdout.put(&[bstr::join(b" ", &words).as_slice(), b"\n"].concat())?;
    Ok(ExitStatus::SUCCESS)
}

fn arch(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if let Some(extra) = args.operands().first() {
        return Err(usage(format!("extra operand {}", marked(extra))));
    }
    ctx.stdout.put(MACHINE.as_bytes())?;
    ctx.stdout.put(b"\n")?;
    Ok(ExitStatus::SUCCESS)
}
