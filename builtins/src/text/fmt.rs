//! `fmt`: reformat paragraphs.

mod paragraph;

use paragraph::{Layout, Margin, Paragraphs};

use super::number::{no_suffix, within};
use super::operands::{DONE, fault, parse, with_input};
use crate::prelude::*;

pub const FMT: Command = Command {
    name: "fmt",
    synopsis: "fmt [-WIDTH] [OPTION]... [FILE]...",
    summary: "Reformat each paragraph in the FILE(s), writing to standard output.\nThe option -WIDTH is an abbreviated form of --width=DIGITS.\n\nWith no FILE, or when FILE is -, read standard input.",
    options: &[
        flag('c', "crown-margin", "preserve indentation of first two lines"),
        value(
            'p',
            "prefix",
            "STRING",
            "reformat only lines beginning with STRING, reattaching the prefix to reformatted lines",
        ),
        flag('s', "split-only", "split long lines, but do not refill"),
        flag('t', "tagged-paragraph", "indentation of first line different from second"),
        flag('u', "uniform-spacing", "one space between words, two after sentences"),
        value('w', "width", "WIDTH", "maximum line width (default of 75 columns)"),
        value('g', "goal", "WIDTH", "goal width (default of 93% of width)"),
    ],
    examples: &[Example {
        about: "Lines of at most twenty columns.",
        script: "echo 'the quick brown fox jumps over the lazy dog' | fmt -w 20",
        prints: "the quick brown\nfox jumps over the\nlazy dog\n",
    }],
    order: Order::Raw,
    run: fmt,
    ..Command::BASE
};

/// The widest lines.
const WIDTH_MAX: i128 = 2500;

fn fmt(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let mut argv = args.operands().to_vec();
    // `-72` is known as the first argument only.
    if let Some(first) = argv.first_mut()
        && let [b'-', digits @ ..] = &first[..]
        && digits.first().is_some_and(u8::is_ascii_digit)
    {
        *first = [b"-w", digits].concat().into();
    }
    let late = argv.iter().take_while(|word| *word != "--").find_map(|word| {
        let digit = word.strip_prefix(b"-")?.first().copied()?;
        digit.is_ascii_digit().then_some(char::from(digit))
    });
    if let Some(digit) = late {
        return Err(usage(format!(
            "invalid option -- {digit}; -WIDTH is recognized only when it is the first\noption; use -w N instead"
        )));
    }
    let Some(args) = parse(ctx, &FMT, &argv)? else { return Ok(ExitStatus::SUCCESS) };
    let number = |text: &BStr, max: i128| {
        let number = within(text, "invalid width", 0..=max, no_suffix)?;
        Ok::<_, CommandError>(usize::try_from(number).unwrap_or(0))
    };
    let given = args.value('w').map(|text| number(text, WIDTH_MAX)).transpose()?;
    let goal = match args.value('g') {
        // Without a width, lines may be ten columns longer than the goal.
        Some(text) => {
            let max = given.map_or(75, |width| width as i128);
            Some(number(text, max)?)
        }
        None => None,
    };
    let width = match (given, goal) {
        (Some(width), _) => width,
        (None, Some(goal)) => goal + 10,
        (None, None) => 75,
    };
    let margin = match (args.has('s'), args.has('t'), args.has('c')) {
        (true, ..) => Margin::SplitOnly,
        (_, true, _) => Margin::Tagged,
        (_, _, true) => Margin::Crown,
        _ => Margin::Plain,
    };
    let prefix = args.value('p').unwrap_or_default();
    let lead = prefix.iter().take_while(|&&byte| byte == b' ').count();
    let full = prefix.get(lead..).unwrap_or_default();
    let layout = Layout {
        width,
        goal: goal.unwrap_or(width * 187 / 200),
        margin,
        uniform: args.has('u'),
        lead,
        prefix_columns: full.len(),
        prefix: full.trim_end_with(|letter| letter == ' ').into(),
    };
    let stdin = [BString::from("-")];
    let operands = if args.operands().is_empty() { &stdin[..] } else { args.operands() };
    let mut status = ExitStatus::SUCCESS;
    for operand in operands {
        let done = with_input(ctx, operand.as_bstr(), |ctx, input| {
            let mut paragraphs = Paragraphs::new(&layout);
            let read = loop {
                match input.line(b'\n') {
                    Ok(Some(line)) => paragraphs.line(ctx, &line)?,
                    Ok(None) => break DONE,
                    Err(error) => break fault(error),
                }
            };
            paragraphs.finish(ctx)?;
            read
        })?;
        let message = match done {
            Ok(None) => continue,
            Ok(Some(_)) => "read error".into(),
            Err(error) => format!("cannot open {} for reading: {error}", quoted(operand)),
        };
        ctx.stdout.flush()?;
        ctx.complain(message)?;
        status = ExitStatus::FAILURE;
    }
    Ok(status)
}
