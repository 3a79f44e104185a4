//! `uniq`: report or omit repeated lines.
use super::operands::with_input;
use crate::prelude::*;

pub const UNIQ: Command = Command {
    name: "uniq",
    synopsis: "uniq [OPTION]... [INPUT [OUTPUT]]",
    summary: "Filter adjacent matching lines from INPUT (or standard input),\nwriting to OUTPUT (or standard output).",
    options: &[
        flag('c', "count", "prefix lines by the number of occurrences"),
        flag('d', "repeated", "only print duplicate lines, one for each group"),
        short('D', "print all duplicate lines"),
        long("all-repeated", "like -D, but allow separating groups with an empty line; METHOD={none(default),prepend,separate}")
            .takes(Takes::Optional("METHOD")),
        value('f', "skip-fields", "N", "avoid comparing the first N fields"),
        long("group", "show all items, separating groups with an empty line; METHOD={separate(default),prepend,append,both}")
            .takes(Takes::Optional("METHOD")),
        flag('i', "ignore-case", "ignore differences in case when comparing"),
        value('s', "skip-chars", "N", "avoid comparing the first N characters"),
        flag('u', "unique", "only print unique lines"),
        flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
        value('w', "check-chars", "N", "compare no more than N characters in lines"),
    ],
    examples: &[Example {
        about: "Count runs.",
        script: "printf 'a\\na\\nb\\n' | uniq -c",
        prints: "      2 a\n      1 b\n",
    }],
    order: Order::Raw,
    run: uniq,
    ..Command::BASE
};

/// How groups are set apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Apart {
    No,
    Separate,
    Prepend,
    Append,
    Both,
}

#[derive(Debug, Clone, Copy)]
struct Rules {
    count: bool,
    repeated: bool,
    unique: bool,
    /// Every line of a group, not the first alone.
    all: Option<Apart>,
    group: Option<Apart>,
    ignore_case: bool,
    skip_fields: usize,
    skip_chars: usize,
    check_chars: usize,
    delimiter: u8,
}

/// `-N` and `+N` of old: fields and characters to skip.
fn modern(argv: &[BString]) -> Vec<BString> {
    let number = |sign: &[u8], arg: &BString| {
        let digits = arg.strip_prefix(sign)?;
        (!digits.is_empty() && digits.iter().all(u8::is_ascii_digit)).then(|| digits.to_vec())
    };
    let dashes = argv.iter().position(|arg| arg == "--").unwrap_or(argv.len());
    let (options, rest) = argv.split_at(dashes);
    let mut modern = Vec::with_capacity(argv.len());
    for (at, arg) in options.iter().enumerate() {
        let taken = at.checked_sub(1).and_then(|before| options.get(before));
        // The value of the option before it is none.
        let value = taken.is_some_and(|before| matches!(before.as_bytes(), b"-f" | b"-s" | b"-w"));
        let (fields, letters) = (number(b"-", arg), number(b"+", arg));
        match (fields, letters) {
            (Some(digits), _) if !value => modern.push([b"-f".to_vec(), digits].concat().into()),
            (_, Some(digits)) if !value => modern.push([b"-s".to_vec(), digits].concat().into()),
            _ => modern.push(arg.clone()),
        }
    }
    modern.extend_from_slice(rest);
    modern
}

fn uniq(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let argv = modern(args.operands());
    let Some(args) = super::operands::parse(ctx, &UNIQ, &argv)? else {
        return Ok(ExitStatus::SUCCESS);
    };
    let args = &args;
    let rules = rules(args)?;
    if let Some(extra) = args.operands().get(2) {
        return Err(usage(format!("extra operand {}", marked(extra))));
    }
    let input = args.operands().first().map_or(BStr::new("-"), |name| name.as_bstr());
    if let Some(output) = args.operands().get(1)
        && output != "-"
    {
        // As GNU: the input is looked at before the output is emptied.
        if input != "-"
            && let Err(error) = ctx.open(input)
        {
            return Err(failure(format!("{}: {error}", quoted_name(input))));
        }
        ctx.stdout = match ctx.create(output) {
            Ok(stdout) => stdout,
            Err(error) => return Err(failure(format!("{}: {error}", quoted_name(output)))),
        };
    }
    match with_input(ctx, input, |ctx, input| filter(ctx, input, rules))? {
        Ok(Ok(())) => Ok(ExitStatus::SUCCESS),
        Ok(Err(error)) => Err(failure(format!("error reading {}: {error}", quoted(input)))),
        Err(error) => Err(failure(format!("{}: {error}", quoted_name(input)))),
    }
}

fn rules(args: &Args) -> Result<Rules, CommandError> {
    let number = |letter: char, what: &str, default: usize| match args.value(letter) {
        None => Ok(default),
        Some(text) => match crate::size::parse_size(text) {
            Some(count) if text.iter().all(u8::is_ascii_digit) => {
                Ok(usize::try_from(count).unwrap_or(usize::MAX))
            }
            _ => Err(failure(format!("{text}: invalid number of {what}"))),
        },
    };
    let all = match (args.has('D'), args.has("all-repeated")) {
        (_, true) => Some(method(args, "all-repeated", &["none", "prepend", "separate"])?),
        (true, false) => Some(Apart::No),
        (false, false) => None,
    };
    let group = if args.has("group") {
        Some(method(args, "group", &["prepend", "append", "separate", "both"])?)
    } else {
        None
    };
    let rules = Rules {
        count: args.has('c'),
        repeated: args.has('d'),
        unique: args.has('u'),
        all,
        group,
        ignore_case: args.has('i'),
        skip_fields: number('f', "fields to skip", 0)?,
        skip_chars: number('s', "bytes to skip", 0)?,
        check_chars: number('w', "bytes to compare", usize::MAX)?,
        delimiter: if args.has('z') { 0 } else { b'\n' },
    };
    if rules.group.is_some() && (rules.count || rules.repeated || rules.unique || all.is_some()) {
        return Err(usage("--group is mutually exclusive with -c/-d/-D/-u"));
    }
    if rules.count && all.is_some() {
        return Err(usage("printing all duplicated lines and repeat counts is meaningless"));
    }
    Ok(rules)
}

fn method(args: &Args, option: &str, valid: &[&str]) -> Result<Apart, CommandError> {
    let default = if option == "group" { "separate" } else { "none" };
    let word = args.value(option).map_or(default.into(), |word| word.to_string());
    if !valid.contains(&word.as_str()) {
        let list: Vec<_> = valid.iter().map(|word| format!("  - ‘{word}’")).collect();
        let list = list.join("\n");
        return Err(usage(format!(
            "invalid argument ‘{word}’ for ‘--{option}’\nValid arguments are:\n{list}"
        )));
    }
    Ok(match word.as_str() {
        "none" => Apart::No,
        "prepend" => Apart::Prepend,
        "append" => Apart::Append,
        "both" => Apart::Both,
        _ => Apart::Separate,
    })
}

impl Rules {
    /// The part of a line that is compared.
    fn key<'l>(&self, line: &'l [u8]) -> &'l [u8] {
        let mut at = 0;
        for _ in 0..self.skip_fields {
            let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
            at += line[at..].iter().take_while(|byte| blank(byte)).count();
            at += line[at..].iter().take_while(|byte| !blank(byte)).count();
        }
        let start = at.saturating_add(self.skip_chars).min(line.len());
        let end = start.saturating_add(self.check_chars).min(line.len());
        &line[start..end]
    }

    fn same(&self, one: &[u8], other: &[u8]) -> bool {
        let (one, other) = (self.key(one), self.key(other));
        if self.ignore_case { one.eq_ignore_ascii_case(other) } else { one == other }
    }

    fn strip<'l>(&self, line: &'l [u8]) -> &'l [u8] {
        line.strip_suffix(&[self.delimiter]).unwrap_or(line)
    }
}

fn filter(
    ctx: &mut Context<'_>,
    input: &mut Input,
    rules: Rules,
) -> Result<FsResult<()>, CommandError> {
    let mut group: Option<(Bytes, u64)> = None;
    let mut groups_shown = 0u64;
    loop {
        let line = match input.line(rules.delimiter) {
            Ok(line) => line,
            Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
            Err(error) => return Ok(Err(error)),
        };
        let same = match (&line, &group) {
            (Some(line), Some((first, _))) => rules.same(rules.strip(first), rules.strip(line)),
            _ => false,
        };
        if let (Some(line), Some((first, count))) = (&line, &mut group)
            && same
        {
            *count += 1;
            if let Some(apart) = rules.all.or(rules.group) {
                if *count == 2 && rules.all.is_some() {
                    begin(ctx, rules, apart, &mut groups_shown)?;
                    put(ctx, rules, &first.clone())?;
                }
                put(ctx, rules, line)?;
            }
            continue;
        }
        if let Some((first, count)) = group.take() {
            end(ctx, rules, &first, count)?;
        }
        let Some(line) = line else { break };
        if let Some(apart) = rules.group {
            begin(ctx, rules, apart, &mut groups_shown)?;
            put(ctx, rules, &line)?;
        }
        group = Some((line, 1));
    }
    if groups_shown > 0 && matches!(rules.group, Some(Apart::Append | Apart::Both)) {
        ctx.stdout.put(&[rules.delimiter])?;
    }
    Ok(Ok(()))
}

fn begin(
    ctx: &mut Context<'_>,
    rules: Rules,
    apart: Apart,
    shown: &mut u64,
) -> Result<(), CommandError> {
    let blank = match apart {
        Apart::No => false,
        Apart::Prepend | Apart::Both => true,
        Apart::Separate | Apart::Append => *shown > 0,
    };
    *shown += 1;
    if blank {
        ctx.stdout.put(&[rules.delimiter])?;
    }
    Ok(())
}

/// A group is complete: its first line, as the options want it.
fn end(ctx: &mut Context<'_>, rules: Rules, first: &[u8], count: u64) -> Result<(), CommandError> {
    if rules.group.is_some() || rules.all.is_some() {
        return Ok(());
    }
    let wanted = match (rules.repeated, rules.unique) {
        (false, false) => true,
        (true, false) => count > 1,
        (false, true) => count == 1,
        (true, true) => false,
    };
    if wanted {
        if rules.count {
            ctx.stdout.put(format!("{count:7} ").as_bytes())?;
        }
        put(ctx, rules, first)?;
    }
    Ok(())
}

fn put(ctx: &mut Context<'_>, rules: Rules, line: &[u8]) -> Result<(), CommandError> {
    ctx.stdout.put(rules.strip(line))?;
    Ok(ctx.stdout.put(&[rules.delimiter])?)
}
