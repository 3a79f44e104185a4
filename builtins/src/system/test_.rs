//! `test` and `[`: check file types and compare values. What the shell has built in, with GNU's
//! wording.
use crate::core::test::{self, Facts, Fault};
use crate::prelude::*;

/// What an expression may hold.
const WORDS: &[&str] = &[
    "( EXPR )  ! EXPR  EXPR -a EXPR  EXPR -o EXPR",
    "-n STRING  -z STRING  STRING = STRING  STRING == STRING  STRING != STRING",
    "INT -eq INT  INT -ge INT  INT -gt INT  INT -le INT  INT -lt INT  INT -ne INT",
    "FILE -ef FILE  FILE -nt FILE  FILE -ot FILE  -t FD",
    "-b FILE  -c FILE  -d FILE  -e FILE  -f FILE  -g FILE  -G FILE  -h FILE  -k FILE  -L FILE",
    "-N FILE  -O FILE  -p FILE  -r FILE  -s FILE  -S FILE  -u FILE  -w FILE  -x FILE",
];

pub const TEST: Command = Command {
    name: "test",
    synopsis: "test EXPRESSION\ntest",
    summary: "Exit with the status determined by EXPRESSION.",
    words: WORDS,
    examples: &[Example {
        about: "Is it a directory?",
        script: "/usr/bin/test -d / && echo yes",
        prints: "yes\n",
    }],
    order: Order::Raw,
    usage_status: 2,
    run: test,
    ..Command::BASE
};

pub const BRACKET: Command = Command {
    name: "[",
    synopsis: "[ EXPRESSION ]\n[ ]\n[ OPTION",
    summary: "Exit with the status determined by EXPRESSION.",
    words: WORDS,
    examples: &[Example {
        about: "Compare numbers.",
        script: "'/usr/bin/[' 2 -gt 1 ] && echo more",
        prints: "more\n",
    }],
    order: Order::Raw,
    usage_status: 2,
    run: bracket,
    ..Command::BASE
};

struct World<'a, 'c>(&'a Context<'c>);

impl Facts for World<'_, '_> {
    fn stat(&mut self, path: &[u8], follow: bool) -> Option<FsStat> {
        let path = self.0.path(path).ok()?;
        let stat = if follow { self.0.metadata(&path) } else { self.0.symlink_metadata(&path) };
        stat.ok()
    }

    fn is_terminal(&mut self, fd: i64) -> bool {
        let stream = u32::try_from(fd).ok().and_then(|fd| self.0.host.descriptor(fd));
        stream.is_some_and(|stream| stream.is_terminal())
    }

    fn is_set(&mut self, name: &[u8]) -> bool {
        test::no_shell(name)
    }

    fn is_reference(&mut self, name: &[u8]) -> bool {
        test::no_shell(name)
    }

    fn option(&mut self, name: &[u8]) -> bool {
        test::no_shell(name)
    }
}

fn test(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    judge(ctx, args.operands())
}

fn bracket(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if let [only] = args.operands() {
        let text = match only.as_bytes() {
            b"--help" => Some(crate::args::help_text(&BRACKET)),
            b"--version" => Some(crate::args::version_text(&BRACKET)),
            _ => None,
        };
        if let Some(text) = text {
            ctx.stdout.put(text.as_bytes())?;
            return Ok(ExitStatus::SUCCESS);
        }
    }
    match args.operands().split_last() {
        Some((last, words)) if last == "]" => judge(ctx, words),
        _ => {
            Err(CommandError::Fail(format!("missing {}", marked("]")).into_bytes(), ExitStatus(2)))
        }
    }
}

fn judge(ctx: &mut Context<'_>, words: &[BString]) -> CommandResult {
    let judged = test::test(words, &mut World(ctx));
    match judged {
        Ok(true) => Ok(ExitStatus::SUCCESS),
        Ok(false) => Ok(ExitStatus::FAILURE),
        Err(fault) => Err(CommandError::Fail(said(&fault, words).into_bytes(), ExitStatus(2))),
    }
}

/// A fault in GNU's words.
fn said(fault: &Fault, words: &[BString]) -> String {
    match fault {
        Fault::UnaryExpected(word) if words.len() == 2 && !(word.len() == 2 && word[0] == b'-') => {
            missing(words)
        }
        Fault::UnaryExpected(word) => format!("{}: unary operator expected", marked(word)),
        Fault::BinaryExpected(word) => format!("{}: binary operator expected", marked(word)),
        Fault::IntegerExpected(word) => format!("invalid integer {}", marked(word)),
        Fault::ArgumentExpected => missing(words),
        Fault::CloseExpected(None) => format!("{} expected", marked(")")),
        Fault::CloseExpected(Some(word)) => {
            format!("{} expected, found {}", marked(")"), String::from_utf8_lossy(word))
        }
        Fault::TooMany => {
            // What came before was a whole condition.
            let whole = if words.get(1).is_some_and(|word| test::is_binary(word)) { 3 } else { 1 };
            let extra = words.get(whole).or(words.last());
            let extra = extra.map(|word| marked(word).to_string()).unwrap_or_default();
            format!("extra argument {extra}")
        }
    }
}

fn missing(words: &[BString]) -> String {
    let last = words.last().map(|word| marked(word).to_string()).unwrap_or_default();
    format!("missing argument after {last}")
}
