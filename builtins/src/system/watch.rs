//! `watch`: run a command again and again and show what it says.

use std::time::Duration;

use crate::core::strftime::{strftime, zone};
use crate::prelude::*;
use crate::stream::Capture;

pub const WATCH: Command = Command {
    name: "watch",
    synopsis: "watch [OPTION]... COMMAND",
    summary: "Run COMMAND every two seconds, until it is interrupted.",
    options: &[
        flag('n', "interval", "seconds to wait between updates").takes(Takes::Value("SECS")),
        flag('t', "no-title", "turn off the header"),
        flag('e', "errexit", "exit if the command has a non-zero exit"),
        flag('g', "chgexit", "exit when the output of the command changes"),
        flag('x', "exec", "pass the command to exec instead of sh -c (always so)"),
        flag('b', "beep", "(ignored)"),
        flag('c', "color", "(ignored)"),
        flag('d', "differences", "(ignored)").takes(Takes::Optional("permanent")),
        flag('p', "precise", "(ignored)"),
        flag('w', "no-wrap", "(ignored)"),
    ],
    examples: &[Example {
        about: "Until it fails.",
        script: "watch -t -e -n 0.1 false; echo \"status $?\"",
        prints: "status 8\n",
    }],
    order: Order::First,
    run: watch,
    ..Command::BASE
};

/// The shortest interval, in seconds, as the real one has it.
const SHORTEST_S: f64 = 0.1;
/// `watch -e` ends so.
const FAILED: ExitStatus = ExitStatus(8);

fn watch(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let Some(first) = args.operands().first() else { return Err(usage("")) };
    let seconds = match args.value('n') {
        None => 2.0,
        Some(text) => match text.to_str().ok().and_then(|text| text.parse::<f64>().ok()) {
            Some(seconds) if seconds.is_finite() => seconds.clamp(SHORTEST_S, 1e6),
            _ => return Err(failure(format!("failed to parse argument: '{text}'"))),
        },
    };
    // One word may be a whole command line; words of it are all that is needed here.
    let words: Vec<BString> = match args.operands() {
        [line] if line.contains(&b' ') => {
            line.split_str(" ").filter(|w| !w.is_empty()).map(BString::from).collect()
        }
        words => words.to_vec(),
    };
    let title = BString::from(bstr::join(" ", &words));
    let terminal = ctx.stdout.is_terminal();
    let mut before: Option<Vec<u8>> = None;
    loop {
        ctx.check()?;
        let capture = Capture::new(ctx.budget.clone());
        let stream = capture.stream();
        let mut spawn = Spawn::new(words.clone());
        spawn.stdout = Some(stream.clone());
        spawn.stderr = Some(stream);
        let status = match ctx.host.run(spawn) {
            Ok(status) => status,
            Err(SpawnError::NotFound) => {
                let text = format!("watch: {first}: command not found\n");
                ctx.stderr.put(text.as_bytes())?;
                return Ok(ExitStatus(127));
            }
            Err(SpawnError::NotExecutable(error)) => {
                return Err(failure(format!("{first}: {error}")));
            }
            Err(SpawnError::Limit(limit)) => return Err(limit.into()),
        };
        let text = capture.take();
        if terminal {
            ctx.stdout.put(b"\x1b[H\x1b[2J")?;
        }
        if !args.has('t') {
            let tz = ctx.var("TZ").map(|tz| tz.as_bytes().to_vec());
            let now = strftime(
                b"%a %b %e %H:%M:%S %Y",
                ctx.clock.now_ns().div_euclid(1_000_000_000),
                &zone(tz.as_deref()),
            );
            let head = format!(
                "Every {seconds:.1}s: {}    {}: {}\n\n",
                title,
                ctx.identity.host,
                now.as_bstr()
            );
            ctx.stdout.put(head.as_bytes())?;
        }
        ctx.stdout.put(&text)?;
        ctx.stdout.flush()?;
        if args.has('e') && !status.success() {
            return Ok(FAILED);
        }
        if args.has('g') && before.as_ref().is_some_and(|before| *before != text) {
            return Ok(ExitStatus::SUCCESS);
        }
        before = Some(text);
        if !ctx.cancel.sleep(Duration::from_secs_f64(seconds)) {
            ctx.check()?;
        }
    }
}
