//! The program's arguments, read as bash reads its own.
//!
//! Options come first, single letters may be joined (`-euo pipefail -c …`), `+x` turns off what `-x`
//! turns on, and the first word that is no option begins the script's arguments. That order, in which
//! `-c` is a flag and its text the first operand, is bash's and no option library's; `repo`, `key` and
//! `serve`, which have no such history, are read by clap (`admin.rs`).

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use bstr::{BString, ByteSlice};
use mesafs::token::{TTL_S_MAX, TTL_S_MIN};

use super::failure::Failure;
use crate::eval::InvocationOption;
use crate::mesa::RepoConfig;

/// Words that name a group of administration commands in the script's place.
const ADMIN: &[&str] = &["repo", "key", "serve", "doctor", "completions", "manual"];

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    Help,
    Version,
    /// `mesash repo …`, `mesash key …`, `mesash serve …`, `mesash doctor` and the like: the words from there on.
    Admin(Vec<OsString>),
    /// `-c`: the text, then `$0` and the arguments.
    Command(BString, Vec<BString>),
    /// A script file and its arguments.
    Script(OsString, Vec<BString>),
    /// Standard input: a terminal is a prompt.
    Input(Vec<BString>),
}

/// What decides how and what is mounted; `#:` lines of a script may say it too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    pub repos: Vec<RepoConfig>,
    pub store: Option<OsString>,
    pub server: Option<String>,
    pub org: Option<String>,
    pub ttl_s: Option<u64>,
    pub cwd: Option<BString>,
    pub timeout: Option<Duration>,
    /// What is logged to standard error.
    pub log: Option<String>,
    /// `--norc`: a prompt begins without `mesashrc`.
    pub no_rc: bool,
    /// In the order given.
    pub shell: Vec<InvocationOption>,
}

/// What becomes of a script's edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial {
    /// `--atomic`: all of them land, or none.
    Atomic,
    /// `--dry-run`: they are shown, and none lands.
    DryRun,
}

/// The arguments of one run of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Args {
    pub mode: Mode,
    pub options: Options,
    pub json: bool,
    /// `--dump-ast`, `--analyze`: look at the script, don't run it.
    pub tool: Option<Tool>,
    /// `-i`
    pub interactive: bool,
    pub trial: Option<Trial>,
}

/// What is done with a script in place of running it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    DumpAst,
    Analyze,
}

/// The flags that decide the mode.
#[derive(Debug, Default)]
struct Flags {
    command: bool,
    input: bool,
    interactive: bool,
    json: bool,
    tool: Option<Tool>,
    trial: Option<Trial>,
    help: bool,
    version: bool,
}

impl Args {
    /// Reads the arguments, without the program's name.
    ///
    /// # Errors
    /// [`Failure`] with the status for wrong usage.
    pub fn parse(argv: impl IntoIterator<Item = OsString>) -> Result<Self, Failure> {
        let mut words = argv.into_iter().peekable();
        let mut options = Options::default();
        let mut flags = Flags::default();
        while let Some(word) = words.next_if(|word| is_option(word)) {
            if word == "--" || word == "-" {
                break;
            }
            options.read(&word, &mut words, Some(&mut flags))?;
        }
        let mode = flags.mode(words.collect())?;
        if flags.json && !matches!(mode, Mode::Command(..) | Mode::Admin(_)) {
            return Err(Failure::usage("--json goes with -c"));
        }
        let Flags { json, tool, interactive, trial, .. } = flags;
        if trial.is_some() && (interactive || matches!(mode, Mode::Admin(_))) {
            return Err(Failure::usage("--atomic and --dry-run go with a script"));
        }
        Ok(Self { mode, options, json, tool, interactive, trial })
    }
}

fn is_option(word: &OsStr) -> bool {
    let word = word.as_bytes();
    word.starts_with(b"-") || (word.len() > 1 && word.starts_with(b"+"))
}

impl Flags {
    fn mode(&self, mut rest: Vec<OsString>) -> Result<Mode, Failure> {
        let bytes = |words: Vec<OsString>| words.into_iter().map(to_bytes).collect::<Vec<_>>();
        if self.help {
            return Ok(Mode::Help);
        }
        if self.version {
            return Ok(Mode::Version);
        }
        if self.command {
            if rest.is_empty() {
                return Err(Failure::usage("-c: option requires an argument"));
            }
            let text = to_bytes(rest.remove(0));
            return Ok(Mode::Command(text, bytes(rest)));
        }
        if self.input || rest.is_empty() {
            return Ok(Mode::Input(bytes(rest)));
        }
        if ADMIN.iter().any(|name| rest[0] == *name) {
            return Ok(Mode::Admin(rest));
        }
        let script = rest.remove(0);
        Ok(Mode::Script(script, bytes(rest)))
    }
}

fn to_bytes(word: OsString) -> BString {
    word.as_bytes().into()
}

type Words<'a> = &'a mut dyn Iterator<Item = OsString>;

impl Options {
    /// Reads the words of a `#:` line, which may hold options alone.
    pub fn read_header(&mut self, words: Vec<OsString>) -> Result<(), Failure> {
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            if !is_option(&word) || word == "--" || word == "-" {
                return Err(Failure::usage(format!("{}: not an option", word.display())));
            }
            self.read(&word, &mut words, None)?;
        }
        Ok(())
    }

    /// Reads one word of options and the values that it takes. Without `flags`, those that choose the
    /// mode are refused.
    fn read(
        &mut self,
        word: &OsStr,
        rest: Words<'_>,
        flags: Option<&mut Flags>,
    ) -> Result<(), Failure> {
        let bytes = word.as_bytes();
        match bytes.strip_prefix(b"--") {
            Some(long) => self.long(long, rest, flags),
            None => self.letters(bytes, rest, flags),
        }
    }

    fn letters(
        &mut self,
        word: &[u8],
        rest: Words<'_>,
        mut flags: Option<&mut Flags>,
    ) -> Result<(), Failure> {
        let on = word.first() == Some(&b'-');
        let mut letters = word.get(1..).unwrap_or_default();
        while let Some((&letter, after)) = letters.split_first() {
            letters = after;
            let spelled = || format!("{}{}", if on { '-' } else { '+' }, char::from(letter));
            let mut next = || rest.next().ok_or_else(|| needs_value(&spelled()));
            match (letter, flags.as_deref_mut()) {
                (b'c', Some(flags)) if on => flags.command = true,
                (b's', Some(flags)) if on => flags.input = true,
                (b'i', Some(flags)) if on => flags.interactive = true,
                // A login shell reads start-up files; there are none.
                (b'l', Some(_)) if on => {}
                (b'o', _) => self.shell.push(InvocationOption::Set(to_bytes(next()?), on)),
                (b'O', _) => self.shell.push(InvocationOption::Shopt(to_bytes(next()?), on)),
                (b'r', _) if on => {
                    let value = if after.is_empty() { to_bytes(next()?) } else { after.into() };
                    self.repos.push(repo(&value, false)?);
                    return Ok(());
                }
                (letter, _) => match InvocationOption::from_letter(letter, on) {
                    Some(option) => self.shell.push(option),
                    None => return Err(invalid(&spelled())),
                },
            }
        }
        Ok(())
    }

    fn long(
        &mut self,
        word: &[u8],
        rest: Words<'_>,
        flags: Option<&mut Flags>,
    ) -> Result<(), Failure> {
        let (name, inline) = match word.find_byte(b'=') {
            Some(at) => (&word[..at], Some(BString::from(&word[at + 1..]))),
            None => (word, None),
        };
        let spelled = format!("--{}", name.as_bstr());
        let has_value = inline.is_some();
        let mut value = || match inline.clone() {
            Some(value) => Ok(value),
            None => rest.next().map(to_bytes).ok_or_else(|| needs_value(&spelled)),
        };
        match name {
            b"repo" => self.repos.push(repo(&value()?, false)?),
            b"ro" => self.repos.push(repo(&value()?, true)?),
            b"store" => self.store = Some(OsStr::from_bytes(&value()?).to_owned()),
            b"server" => self.server = Some(text(&spelled, &value()?)?),
            b"org" => self.org = Some(text(&spelled, &value()?)?),
            b"ttl" => self.ttl_s = Some(ttl(&value()?)?),
            b"cwd" => self.cwd = Some(value()?),
            b"log" => self.log = Some(text(&spelled, &value()?)?),
            b"timeout" => self.timeout = Some(timeout(&value()?)?),
            _ if has_value => return Err(invalid(&spelled)),
            b"posix" => self.shell.push(InvocationOption::Set("posix".into(), true)),
            b"verbose" => self.shell.push(InvocationOption::Set("verbose".into(), true)),
            b"norc" => self.no_rc = true,
            // There is no profile to leave out.
            b"noprofile" | b"login" | b"noediting" => {}
            name => match (name, flags) {
                (b"json", Some(flags)) => flags.json = true,
                (b"dump-ast", Some(flags)) => flags.tool = Some(Tool::DumpAst),
                (b"analyze", Some(flags)) => flags.tool = Some(Tool::Analyze),
                (b"atomic", Some(flags)) => flags.trial = Some(Trial::Atomic),
                (b"dry-run", Some(flags)) => flags.trial = Some(Trial::DryRun),
                (b"help", Some(flags)) => flags.help = true,
                (b"version", Some(flags)) => flags.version = true,
                _ => return Err(invalid(&spelled)),
            },
        }
        Ok(())
    }

    /// Fills what these options leave open from `other`, whose shell options come first. Repositories
    /// are taken whole or not at all.
    pub fn or(mut self, other: Self) -> Self {
        if self.repos.is_empty() {
            self.repos = other.repos;
        }
        let mut shell = other.shell;
        shell.append(&mut self.shell);
        Self {
            repos: self.repos,
            store: self.store.or(other.store),
            server: self.server.or(other.server),
            org: self.org.or(other.org),
            ttl_s: self.ttl_s.or(other.ttl_s),
            cwd: self.cwd.or(other.cwd),
            timeout: self.timeout.or(other.timeout),
            log: self.log.or(other.log),
            no_rc: self.no_rc || other.no_rc,
            shell,
        }
    }
}

fn invalid(spelled: &str) -> Failure {
    Failure::usage(format!("{spelled}: invalid option"))
}

fn needs_value(spelled: &str) -> Failure {
    Failure::usage(format!("{spelled}: option requires an argument"))
}

fn text(spelled: &str, value: &[u8]) -> Result<String, Failure> {
    let text = value.to_str().map_err(|_| Failure::usage(format!("{spelled}: not UTF-8")))?;
    Ok(text.to_owned())
}

/// `NAME`, `NAME@BOOKMARK` or `NAME:CHANGE`; names have neither `@` nor `:`.
fn repo(value: &[u8], read_only: bool) -> Result<RepoConfig, Failure> {
    let value = text("-r", value)?;
    let config = match value.find(['@', ':']) {
        None => RepoConfig::new(value),
        Some(at) => {
            let (name, pin) = value.split_at(at);
            match pin.strip_prefix('@') {
                Some(bookmark) => RepoConfig::new(name).bookmark(bookmark),
                None => RepoConfig::new(name).change_id(&pin[1..]),
            }
        }
    };
    Ok(config.read_only(read_only))
}

fn ttl(value: &[u8]) -> Result<u64, Failure> {
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    match number {
        Some(seconds) if (TTL_S_MIN..=TTL_S_MAX).contains(&seconds) => Ok(seconds),
        _ => {
            let value = value.as_bstr();
            let reason = format!("invalid ttl {value}: use {TTL_S_MIN} to {TTL_S_MAX} seconds");
            Err(Failure::usage(reason))
        }
    }
}

fn timeout(value: &[u8]) -> Result<Duration, Failure> {
    let seconds: Option<f64> = value.to_str().ok().and_then(|text| text.parse().ok());
    seconds
        .filter(|seconds| *seconds > 0.0)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| {
            let value = value.as_bstr();
            Failure::usage(format!("invalid timeout {value}: use a number of seconds above 0"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(argv: &[&str]) -> Result<Args, Failure> {
        Args::parse(argv.iter().map(OsString::from))
    }

    fn set(name: &str, on: bool) -> InvocationOption {
        InvocationOption::Set(name.into(), on)
    }

    #[test]
    fn arguments_are_read_in_bashs_order() {
        let args = parse(&["-euo", "pipefail", "+x", "-c", "echo", "name", "-x"]).unwrap();
        assert_eq!(args.mode, Mode::Command("echo".into(), vec!["name".into(), "-x".into()]));
        let shell = [
            set("errexit", true),
            set("nounset", true),
            set("pipefail", true),
            set("xtrace", false),
        ];
        assert_eq!(args.options.shell, shell);
        // The text is the first operand, wherever `-c` stands.
        let early = parse(&["-ce", "echo"]).unwrap();
        assert_eq!(early.mode, Mode::Command("echo".into(), vec![]));
        assert_eq!(parse(&["-c", "repo"]).unwrap().mode, Mode::Command("repo".into(), vec![]));
        assert_eq!(parse(&["-s", "a"]).unwrap().mode, Mode::Input(vec!["a".into()]));
        assert_eq!(parse(&["--", "-x"]).unwrap().mode, Mode::Script("-x".into(), vec![]));
        assert_eq!(parse(&[]).unwrap().mode, Mode::Input(vec![]));
        let admin = parse(&["--store", "/s", "repo", "list"]).unwrap();
        assert_eq!(admin.mode, Mode::Admin(vec!["repo".into(), "list".into()]));
        assert_eq!(parse(&["./repo"]).unwrap().mode, Mode::Script("./repo".into(), vec![]));
    }

    #[test]
    fn repositories_carry_their_pins() {
        let args =
            parse(&["-r", "app@main", "-racme/docs:kxq", "--ro", "lib", "--ro=x@a/b"]).unwrap();
        let expected = [
            RepoConfig::new("app").bookmark("main"),
            RepoConfig::new("acme/docs").change_id("kxq"),
            RepoConfig::new("lib").read_only(true),
            RepoConfig::new("x").bookmark("a/b").read_only(true),
        ];
        assert_eq!(args.options.repos, expected);
    }

    #[test]
    fn wrong_usage_names_the_option() {
        let fault = |argv: &[&str]| match parse(argv) {
            Err(failure) => (failure.status, failure.message),
            Ok(args) => panic!("{args:?}"),
        };
        let table: &[(&[&str], &str)] = &[
            (&["-Z"], "-Z: invalid option"),
            (&["+Z"], "+Z: invalid option"),
            (&["--bogus"], "--bogus: invalid option"),
            (&["--json=1", "-c", ":"], "--json: invalid option"),
            (&["-c"], "-c: option requires an argument"),
            (&["-o"], "-o: option requires an argument"),
            (&["--store"], "--store: option requires an argument"),
            (&["--ttl", "0"], "invalid ttl 0: use 1 to 86400 seconds"),
            (&["--ttl=86401"], "invalid ttl 86401: use 1 to 86400 seconds"),
            (&["--timeout", "-1"], "invalid timeout -1: use a number of seconds above 0"),
            (&["--timeout", "NaN"], "invalid timeout NaN: use a number of seconds above 0"),
            (&["--json", "script"], "--json goes with -c"),
        ];
        for (argv, message) in table {
            assert_eq!(fault(argv), (2, (*message).to_owned()), "{argv:?}");
        }
        let timeout = parse(&["--timeout", "0.25", "-c", ":"]).unwrap().options.timeout;
        assert_eq!(timeout, Some(Duration::from_millis(250)));
    }

    #[test]
    fn the_command_line_wins_over_the_header() {
        let mut header = Options::default();
        let words = ["-r", "app@main", "-e", "--ttl", "600", "--org", "acme"];
        header.read_header(words.iter().map(OsString::from).collect()).unwrap();
        let given = parse(&["--ttl", "60", "+e", "-r", "docs", "x.mesash"]).unwrap().options;
        let both = given.or(header);
        assert_eq!(both.repos, [RepoConfig::new("docs")]);
        assert_eq!((both.ttl_s, both.org.as_deref()), (Some(60), Some("acme")));
        assert_eq!(both.shell, [set("errexit", true), set("errexit", false)]);
        let mut header = Options::default();
        for refused in ["-c", "x", "--help", "--json", "-s"] {
            assert!(header.read_header(vec![refused.into()]).is_err(), "{refused}");
        }
    }
}
