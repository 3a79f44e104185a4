//! `env`: run a program in a modified environment.
use crate::prelude::*;

pub const ENV: Command = Command {
    name: "env",
    synopsis: "env [OPTION]... [-] [NAME=VALUE]... [COMMAND [ARG]...]",
    summary: "Set each NAME to VALUE in the environment and run COMMAND.\nA mere - implies -i.  If no COMMAND, print the resulting environment.",
    options: &[
        flag('i', "ignore-environment", "start with an empty environment"),
        flag('0', "null", "end each output line with NUL, not newline"),
        value('u', "unset", "NAME", "remove variable from the environment"),
        value('C', "chdir", "DIR", "change working directory to DIR"),
        value('S', "split-string", "S", "process and split S into separate arguments"),
        flag('v', "debug", "print verbose information for each processing step"),
    ],
    examples: &[Example {
        about: "A clean environment.",
        script: "env -i A=1 env",
        prints: "A=1\n",
    }],
    order: Order::First,
    usage_status: 125,
    run: env,
    ..Command::BASE
};

fn env(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.has('S') {
        let argv = split_string(args)?;
        return match Args::parse(&ENV, &argv).map_err(usage)? {
            crate::args::Parsed::Run(args) => env(ctx, &args),
            _ => Err(usage("invalid option in -S string")),
        };
    }
    let mut operands = args.operands();
    let mut clean = args.has('i');
    if let Some((first, rest)) = operands.split_first()
        && first == "-"
    {
        clean = true;
        operands = rest;
    }
    let mut env: Vec<(BString, BString)> = if clean { Vec::new() } else { ctx.env.to_vec() };
    for name in args.values('u') {
        if name.is_empty() || name.contains(&b'=') {
            let shown = marked(name);
            return Err(fail(format!("cannot unset {shown}: Invalid argument"), 125));
        }
        env.retain(|(key, _)| key != name);
    }
    while let Some((first, rest)) = operands.split_first() {
        let Some(at) = first.find_byte(b'=') else { break };
        let (name, value) = (&first[..at], &first[at + 1..]);
        match env.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = value.into(),
            None => env.push((name.into(), value.into())),
        }
        operands = rest;
    }
    let cwd = match args.value('C') {
        None => None,
        Some(_) if operands.is_empty() => {
            return Err(usage("must specify command with --chdir (-C)"));
        }
        Some(dir) => match ctx.path(dir).and_then(|path| ctx.fs.canonicalize(&path)) {
            Ok(real) => Some(real.to_vpath()),
            Err(error) => {
                let shown = quoted(dir);
                return Err(fail(format!("cannot change directory to {shown}: {error}"), 125));
            }
        },
    };
    let Some(name) = operands.first() else {
        let end: &[u8] = if args.has('0') { b"\0" } else { b"\n" };
        for (key, value) in &env {
            ctx.stdout.put(&[&key[..], b"=", value, end].concat())?;
        }
        return Ok(ExitStatus::SUCCESS);
    };
    if args.has('0') {
        return Err(usage("cannot specify --null (-0) with command"));
    }
    ctx.stdout.flush()?;
    let spawn = Spawn { env: Some(env), cwd, ..Spawn::new(operands.to_vec()) };
    match ctx.host.run(spawn) {
        Ok(status) => Ok(status),
        Err(SpawnError::NotFound) => {
            Err(fail(format!("{}: No such file or directory", marked(name)), 127))
        }
        Err(SpawnError::NotExecutable(error)) => {
            Err(fail(format!("{}: {error}", marked(name)), 126))
        }
        Err(SpawnError::Limit(limit)) => Err(limit.into()),
    }
}

fn fail(message: String, status: u8) -> CommandError {
    CommandError::Fail(message.into_bytes(), ExitStatus(status))
}

/// `-S`: the string's words, then the other arguments (GNU env, "-S/--split-string").
fn split_string(args: &Args) -> Result<Vec<BString>, CommandError> {
    let mut argv = Vec::new();
    for given in args.given() {
        match (given.opt.short, &given.value) {
            (Some('S'), Some(text)) => argv.extend(words(text)?),
            (Some(letter), Some(value)) => {
                argv.push(format!("-{letter}").into());
                argv.push(value.clone());
            }
            (Some(letter), None) => argv.push(format!("-{letter}").into()),
            (None, _) => {}
        }
    }
    argv.extend_from_slice(args.operands());
    Ok(argv)
}

fn words(text: &[u8]) -> Result<Vec<BString>, CommandError> {
    let mut words = Vec::new();
    let mut word: Option<BString> = None;
    let mut quote = None;
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match (byte, quote) {
            (b' ' | b'\t' | b'\n', None) => words.extend(word.take()),
            (b'#', None) if word.is_none() => break,
            (b'\'' | b'"', None) => {
                quote = Some(byte);
                word.get_or_insert_default();
            }
            (byte, Some(open)) if byte == open => quote = None,
            (b'\\', quote) if quote != Some(b'\'') => {
                let escaped = match bytes.next() {
                    None => {
                        return Err(fail("invalid backslash at end of string in -S".into(), 125));
                    }
                    Some(b'n') => b'\n',
                    Some(b't') => b'\t',
                    Some(b'r') => b'\r',
                    Some(b'f') => 12,
                    Some(b'v') => 11,
                    Some(b'_') if quote.is_none() => {
                        words.extend(word.take());
                        continue;
                    }
                    Some(b'_') => b' ',
                    Some(b'c') if quote.is_none() => break,
                    Some(other @ (b'\\' | b'"' | b'\'' | b'#' | b'$')) => other,
                    Some(other) => {
                        let shown = char::from(other);
                        return Err(fail(format!("invalid sequence '\\{shown}' in -S"), 125));
                    }
                };
                word.get_or_insert_default().push(escaped);
            }
            (byte, _) => word.get_or_insert_default().push(byte),
        }
    }
    if quote.is_some() {
        return Err(fail("no terminating quote in -S string".into(), 125));
    }
    words.extend(word);
    Ok(words)
}
