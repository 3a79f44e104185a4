//! Reads the paths and the expression.

use bstr::{BString, ByteSlice};

use super::expression::{Action, Bits, Count, Exec, Expression, Links, Settings, Test};
use super::printf::Format;
use crate::core::strftime::zone;
use crate::files::mode::Mode;
use crate::pattern::{Options as GlobOptions, Pattern};
use crate::prelude::*;
use crate::regex::{Flags, Regex, Syntax};
use crate::time::{Moment, parse_date};

/// How deep parentheses and `!` may nest.
const DEPTH_MAX: u32 = 1000;

#[derive(Debug)]
pub(super) struct Parsed {
    pub paths: Vec<BString>,
    pub expression: Expression,
    pub settings: Settings,
}

pub(super) fn parse(ctx: &mut Context<'_>, argv: &[BString]) -> Result<Parsed, CommandError> {
    let mut settings = Settings {
        depth_first: false,
        max_depth: usize::MAX,
        min_depth: 0,
        one_device: false,
        follow: Links::Never,
        batches: 0,
        sinks: Vec::new(),
    };
    let mut at = 0;
    while let Some(word) = argv.get(at) {
        match word.as_bytes() {
            b"-H" => settings.follow = Links::CommandLine,
            b"-L" => settings.follow = Links::Always,
            b"-P" => settings.follow = Links::Never,
            b"-D" => at += 1,
            b"--" => {
                at += 1;
                break;
            }
            word if word.starts_with(b"-O") => {}
            _ => break,
        }
        at += 1;
    }
    let starts = |word: &BString| {
        (word.len() > 1 && word.starts_with(b"-")) || matches!(word.as_bytes(), b"(" | b"!")
    };
    let mut paths = Vec::new();
    while let Some(word) = argv.get(at).filter(|word| !starts(word)) {
        paths.push(word.clone());
        at += 1;
    }
    let explicit = !paths.is_empty();
    if !explicit {
        paths.push(".".into());
    }
    let mut parser = Parser {
        ctx,
        words: argv,
        at,
        settings,
        acts: false,
        day_start: false,
        syntax: Syntax::EMACS,
        depth: 0,
        named_files: None,
        last_name: None,
    };
    let mut expression = parser.list()?;
    if let Some(word) = parser.word() {
        return Err(failure(match word.as_bytes() {
            b")" => "you have too many ')'".into(),
            _ => parser.misplaced(word),
        }));
    }
    if let Some(files) = parser.named_files.take() {
        if explicit {
            let shown = marked(&paths[0]).to_string();
            return Err(failure(format!(
                "extra operand {shown}\nfind: file operands cannot be combined with -files0-from"
            )));
        }
        paths = files;
    }
    if !parser.acts {
        let print = Expression::Action(Action::Print(None, b'\n'));
        expression = Expression::All(vec![expression, print]);
    }
    Ok(Parsed { paths, expression, settings: parser.settings })
}

struct Parser<'a, 'c> {
    ctx: &'a mut Context<'c>,
    words: &'a [BString],
    at: usize,
    settings: Settings,
    /// Whether an action other than -prune and -quit was seen.
    acts: bool,
    day_start: bool,
    syntax: Syntax,
    depth: u32,
    named_files: Option<Vec<BString>>,
    /// The test or action that was read last.
    last_name: Option<String>,
}

impl<'a> Parser<'a, '_> {
    fn word(&self) -> Option<&'a BString> {
        self.words.get(self.at)
    }

    fn is(&self, names: &[&str]) -> bool {
        self.word().is_some_and(|word| names.iter().any(|name| word == name))
    }

    fn list(&mut self) -> Result<Expression, CommandError> {
        let mut parts = vec![self.any()?];
        while self.is(&[","]) {
            self.at += 1;
            self.wants_expression(",")?;
            parts.push(self.any()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::List(parts) })
    }

    fn any(&mut self) -> Result<Expression, CommandError> {
        let mut parts = vec![self.all()?];
        while self.is(&["-o", "-or"]) {
            let name = self.words[self.at].to_string();
            self.at += 1;
            self.wants_expression(&name)?;
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Any(parts) })
    }

    fn wants_expression(&self, name: &str) -> Result<(), CommandError> {
        match self.word() {
            None => Err(failure(format!("expected an expression after '{name}'"))),
            Some(word) if word == ")" => {
                Err(failure(format!("expected an expression between '{name}' and ')'")))
            }
            Some(_) => Ok(()),
        }
    }

    fn all(&mut self) -> Result<Expression, CommandError> {
        let mut parts = Vec::new();
        loop {
            if self.is(&["-a", "-and"]) && !parts.is_empty() {
                let name = self.words[self.at].to_string();
                self.at += 1;
                self.wants_expression(&name)?;
            }
            match self.word() {
                None => break,
                Some(word) if matches!(word.as_bytes(), b")" | b"," | b"-o" | b"-or") => break,
                Some(word)
                    if !word.starts_with(b"-") && !matches!(word.as_bytes(), b"(" | b"!") =>
                {
                    break;
                }
                Some(_) => parts.push(self.term()?),
            }
        }
        match (parts.len(), self.word()) {
            (1, _) => Ok(parts.remove(0)),
            (0, Some(word)) if matches!(word.as_bytes(), b"-o" | b"-or" | b"-a" | b",") => {
                Err(failure(format!(
                    "invalid expression; you have used a binary operator '{word}' with nothing before it."
                )))
            }
            _ => Ok(Expression::All(parts)),
        }
    }

    fn term(&mut self) -> Result<Expression, CommandError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(failure("expression too deep"));
        }
        let term = if self.is(&["!", "-not"]) {
            let name = self.words[self.at].to_string();
            self.at += 1;
            self.wants_expression(&name)?;
            Expression::Not(Box::new(self.term()?))
        } else if self.is(&["("]) {
            self.at += 1;
            if self.word().is_none() {
                let hint = "Perhaps you need an extra predicate after '('";
                let message = "invalid expression; expected to find a ')' but didn't see one.";
                return Err(failure(format!("{message} {hint}")));
            }
            if self.is(&[")"]) {
                return Err(failure("invalid expression; empty parentheses are not allowed."));
            }
            let inner = self.list()?;
            if !self.is(&[")"]) {
                return Err(failure(match self.word() {
                    Some(word) => self.misplaced(word),
                    None => "invalid expression; I was expecting to find a ')' somewhere but did not see one.".into(),
                }));
            }
            self.at += 1;
            inner
        } else {
            self.primary()?
        };
        self.depth -= 1;
        Ok(term)
    }

    /// A word where a test was to stand; perhaps a pattern that the shell has expanded.
    fn misplaced(&self, word: &BString) -> String {
        let message = format!("paths must precede expression: `{word}'");
        let exists = self.ctx.path(word).and_then(|path| self.ctx.fs.symlink_metadata(&path));
        match &self.last_name {
            Some(name) if exists.is_ok() => {
                format!("{message}\nfind: possible unquoted pattern after predicate `{name}'?")
            }
            _ => message,
        }
    }

    fn argument(&mut self, name: &str) -> Result<&'a BString, CommandError> {
        let word = self.word();
        self.at += 1;
        word.ok_or_else(|| failure(format!("missing argument to `{name}'")))
    }

    fn glob(&mut self, name: &str, nocase: bool) -> Result<Pattern, CommandError> {
        let text = self.argument(name)?;
        Ok(Pattern::new(text, GlobOptions { nocase, ..GlobOptions::default() }))
    }

    fn count(&mut self, name: &str) -> Result<Count, CommandError> {
        let text = self.argument(name)?;
        count(text).ok_or_else(|| failure(format!("invalid argument `{text}' to `{name}'")))
    }

    fn depth_bound(&mut self, name: &str) -> Result<usize, CommandError> {
        let text = self.argument(name)?;
        let number = text.to_str().ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
        number.and_then(|text| text.parse().ok()).ok_or_else(|| {
            failure(format!(
                "Expected a positive decimal integer argument to {name}, but got {}",
                marked(text)
            ))
        })
    }

    fn primary(&mut self) -> Result<Expression, CommandError> {
        let Some(word) = self.word() else { return Err(failure("expected an expression")) };
        self.at += 1;
        let name = word.to_str_lossy().into_owned();
        self.last_name = Some(name.clone());
        let test = match name.as_str() {
            "-depth" | "-d" => {
                self.settings.depth_first = true;
                Test::True
            }
            "-maxdepth" => {
                self.settings.max_depth = self.depth_bound(&name)?;
                Test::True
            }
            "-mindepth" => {
                self.settings.min_depth = self.depth_bound(&name)?;
                Test::True
            }
            "-xdev" | "-mount" => {
                self.settings.one_device = true;
                Test::True
            }
            "-follow" => {
                self.settings.follow = Links::Always;
                Test::True
            }
            "-noleaf"
            | "-ignore_readdir_race"
            | "-noignore_readdir_race"
            | "-warn"
            | "-nowarn"
            | "-true" => Test::True,
            "-daystart" => {
                self.day_start = true;
                Test::True
            }
            "-regextype" => {
                let text = self.argument(&name)?;
                self.syntax = syntax(text)?;
                Test::True
            }
            "-files0-from" => {
                let text = self.argument(&name)?;
                self.named_files = Some(self.files_from(text)?);
                Test::True
            }
            "-false" => Test::False,
            "-name" => Test::Name(self.glob(&name, false)?),
            "-iname" => Test::Name(self.glob(&name, true)?),
            "-path" | "-wholename" => Test::Path(self.glob(&name, false)?),
            "-ipath" | "-iwholename" => Test::Path(self.glob(&name, true)?),
            "-lname" => Test::LinkName(self.glob(&name, false)?),
            "-ilname" => Test::LinkName(self.glob(&name, true)?),
            "-regex" | "-iregex" => self.regex(&name)?,
            "-type" => Test::Type(self.types(&name)?),
            "-xtype" => Test::LinkedType(self.types(&name)?),
            "-size" => self.size()?,
            "-empty" => Test::Empty,
            "-perm" => self.perm()?,
            "-mtime" | "-atime" | "-ctime" => Test::Age(self.age(&name)?, 86_400, self.day_start),
            "-mmin" | "-amin" | "-cmin" => Test::Age(self.age(&name)?, 60, self.day_start),
            "-newer" | "-anewer" | "-cnewer" => self.newer(&name, b'm')?,
            _ if name.len() == 8 && name.starts_with("-newer") => {
                let letters = name.as_bytes();
                if !b"aBcm".contains(&letters[6]) || !b"aBcmt".contains(&letters[7]) {
                    return Err(failure(format!("invalid predicate `{name}'")));
                }
                self.newer(&name, letters[7])?
            }
            "-used" => {
                self.count(&name)?;
                Test::Used
            }
            "-links" => Test::Links(self.count(&name)?),
            "-inum" => Test::Inode(self.count(&name)?),
            "-samefile" => {
                let text = self.argument(&name)?;
                let stat = self.stat(text)?;
                Test::SameFile(stat.device, stat.inode)
            }
            "-uid" => Test::User(self.count(&name)?),
            "-gid" => Test::Group(self.count(&name)?),
            "-user" | "-group" => self.owner(&name)?,
            "-nouser" | "-nogroup" => Test::NoUser,
            "-readable" => Test::Readable,
            "-writable" => Test::Writable,
            "-executable" => Test::Executable,
            "-fstype" => Test::FileSystem(self.argument(&name)?.clone()),
            _ => return self.action(&name),
        };
        Ok(Expression::Test(test))
    }

    fn action(&mut self, name: &str) -> Result<Expression, CommandError> {
        let action = match name {
            "-print" => Action::Print(None, b'\n'),
            "-print0" => Action::Print(None, 0),
            "-printf" => Action::Printf(None, self.format(name)?),
            "-ls" => Action::List(None),
            "-fprint" => Action::Print(Some(self.sink(name)?), b'\n'),
            "-fprint0" => Action::Print(Some(self.sink(name)?), 0),
            "-fls" => Action::List(Some(self.sink(name)?)),
            "-fprintf" => {
                let sink = self.sink(name)?;
                Action::Printf(Some(sink), self.format(name)?)
            }
            "-delete" => {
                self.settings.depth_first = true;
                Action::Delete
            }
            "-prune" => return Ok(Expression::Action(Action::Prune)),
            "-quit" => return Ok(Expression::Action(Action::Quit)),
            "-exec" | "-execdir" | "-ok" | "-okdir" => Action::Exec(self.exec(name)?),
            _ => return Err(failure(format!("unknown predicate `{name}'"))),
        };
        self.acts = true;
        Ok(Expression::Action(action))
    }

    fn format(&mut self, name: &str) -> Result<Format, CommandError> {
        let text = self.argument(name)?;
        let (format, warnings) = Format::parse(text).map_err(failure)?;
        for warning in warnings {
            self.ctx.complain(format_args!("warning: {warning}"))?;
        }
        Ok(format)
    }

    fn sink(&mut self, name: &str) -> Result<usize, CommandError> {
        let file = self.argument(name)?.clone();
        let known = self.settings.sinks.iter().position(|sink| *sink == file);
        Ok(known.unwrap_or_else(|| {
            self.settings.sinks.push(file);
            self.settings.sinks.len() - 1
        }))
    }

    fn exec(&mut self, name: &str) -> Result<Exec, CommandError> {
        let asks = name.starts_with("-ok");
        let mut words = Vec::new();
        let mut batch = None;
        loop {
            let Some(word) = self.word() else {
                return Err(failure(format!("missing argument to `{name}'")));
            };
            self.at += 1;
            if word == ";" {
                break;
            }
            if word == "+" && !asks && words.last().is_some_and(|last: &BString| last == "{}") {
                let several = words.iter().filter(|word| word.find(b"{}").is_some()).count();
                if several > 1 {
                    return Err(failure(format!(
                        "Only one instance of {{}} is supported with {name} ... +"
                    )));
                }
                batch = Some(self.settings.batches);
                self.settings.batches += 1;
                break;
            }
            words.push(word.clone());
        }
        if words.is_empty() {
            return Err(failure(format!("missing argument to `{name}'")));
        }
        Ok(Exec { words, in_dir: name.ends_with("dir"), asks, batch })
    }

    fn stat(&self, name: &BString) -> Result<FsStat, CommandError> {
        let stat = self.ctx.path(name).and_then(|path| {
            if self.settings.follow == Links::Never {
                self.ctx.fs.symlink_metadata(&path)
            } else {
                self.ctx.fs.metadata(&path)
            }
        });
        stat.map_err(|error| failure(format!("{}: {error}", marked(name))))
    }

    fn newer(&mut self, name: &str, what: u8) -> Result<Test, CommandError> {
        let text = self.argument(name)?;
        if what != b't' {
            return Ok(Test::Newer(self.stat(text)?.mtime_ns));
        }
        let zone = zone(self.ctx.var("TZ").map(|zone| zone.as_bytes()));
        let parsed = parse_date(text, self.ctx.clock.now_ns(), &zone);
        let ns = parsed.and_then(|(seconds, nanos)| {
            seconds.checked_mul(1_000_000_000)?.checked_add(i64::from(nanos))
        });
        ns.map(Test::Newer).ok_or_else(|| {
            failure(format!(
                "I cannot figure out how to interpret {} as a date or time",
                marked(text)
            ))
        })
    }

    fn age(&mut self, name: &str) -> Result<Count, CommandError> {
        let text = self.argument(name)?;
        count(text).ok_or_else(|| failure(format!("invalid argument `{text}' to `{name}'")))
    }

    fn regex(&mut self, name: &str) -> Result<Test, CommandError> {
        let text = self.argument(name)?;
        let flags = Flags { ignore_case: name == "-iregex", ..Flags::default() };
        let regex = Regex::new(text, &self.syntax, flags).and_then(Regex::whole_lines);
        let regex = regex.map_err(|error| {
            failure(format!("failed to compile regular expression '{text}': {error}"))
        })?;
        Ok(Test::Regex(Box::new(regex)))
    }

    fn types(&mut self, name: &str) -> Result<Vec<u8>, CommandError> {
        let text = self.argument(name)?;
        let mut types = Vec::new();
        for part in text.split(|&byte| byte == b',') {
            match part {
                [letter @ (b'b' | b'c' | b'd' | b'f' | b'l' | b'p' | b's' | b'D')] => {
                    types.push(*letter)
                }
                [] => {
                    return Err(failure(format!(
                        "Last file type in list argument to {name} is missing, i.e., list is ending on: ','"
                    )));
                }
                [letter, _, ..] if b"bcdflpsD".contains(letter) => {
                    return Err(failure(format!(
                        "Must separate multiple arguments to {name} using: ','"
                    )));
                }
                [letter, ..] => {
                    return Err(failure(format!(
                        "Unknown argument to {name}: {}",
                        char::from(*letter)
                    )));
                }
            }
        }
        Ok(types)
    }

    fn size(&mut self) -> Result<Test, CommandError> {
        let text = self.argument("-size")?;
        let (number, unit) = match text.split_last() {
            Some((b'c', rest)) => (rest, 1),
            Some((b'w', rest)) => (rest, 2),
            Some((b'b', rest)) => (rest, 512),
            Some((b'k', rest)) => (rest, 1 << 10),
            Some((b'M', rest)) => (rest, 1 << 20),
            Some((b'G', rest)) => (rest, 1 << 30),
            Some((digit, _)) if digit.is_ascii_digit() => (text.as_bytes(), 512),
            Some((letter, _)) => {
                return Err(failure(format!("invalid -size type `{}'", char::from(*letter))));
            }
            None => return Err(failure("invalid null argument to -size")),
        };
        match count(number) {
            Some(count) => Ok(Test::Size(count, unit)),
            None => Err(failure(format!("Invalid argument `{text}' to -size"))),
        }
    }

    fn perm(&mut self) -> Result<Test, CommandError> {
        let text = self.argument("-perm")?;
        let (bits, mode) = match text.split_first() {
            Some((b'-', rest)) => (Bits::AllOf, rest),
            Some((b'/', rest)) => (Bits::AnyOf, rest),
            _ => (Bits::Exactly, text.as_bytes()),
        };
        match Mode::parse(mode) {
            Some(mode) => Ok(Test::Perm(mode, bits)),
            None => Err(failure(format!("invalid mode {}", marked(text)))),
        }
    }

    fn owner(&mut self, name: &str) -> Result<Test, CommandError> {
        let text = self.argument(name)?;
        let identity = self.ctx.identity;
        let group = name == "-group";
        let id = match text.as_bytes() {
            b"root" => Some(0),
            text if text == identity.user.as_bytes() => {
                Some(if group { identity.gid } else { identity.uid })
            }
            text => text.to_str().ok().and_then(|text| text.parse().ok()),
        };
        match (id, group) {
            (Some(id), false) => Ok(Test::User(Count::Exactly(u64::from(id)))),
            (Some(id), true) => Ok(Test::Group(Count::Exactly(u64::from(id)))),
            (None, false) => {
                Err(failure(format!("{} is not the name of a known user", marked(text))))
            }
            (None, true) => {
                Err(failure(format!("{} is not the name of an existing group", marked(text))))
            }
        }
    }

    fn files_from(&mut self, name: &BString) -> Result<Vec<BString>, CommandError> {
        let mut input = if name == "-" {
            Input::new(self.ctx.stdin.stream().clone(), self.ctx.cancel.clone())
        } else {
            self.ctx.open(name).map_err(|error| {
                failure(format!("cannot open {} for reading: {error}", quoted(name)))
            })?
        };
        let mut files = Vec::new();
        while let Some(line) = input.line(0)? {
            files.push(line.strip_suffix(b"\0").unwrap_or(&line).into());
        }
        Ok(files)
    }
}

fn count(text: &[u8]) -> Option<Count> {
    let (make, digits): (fn(u64) -> Count, &[u8]) = match text.split_first()? {
        (b'+', rest) => (Count::More, rest),
        (b'-', rest) => (Count::Less, rest),
        _ => (Count::Exactly, text),
    };
    let number =
        digits.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some(make(number.parse().ok()?))
}

fn syntax(name: &BString) -> Result<Syntax, CommandError> {
    Ok(match name.as_bytes() {
        b"findutils-default" | b"emacs" => Syntax::EMACS,
        b"ed" | b"sed" | b"posix-basic" | b"posix-minimal-basic" => Syntax::BASIC,
        b"grep" => Syntax::GREP,
        b"egrep" | b"posix-egrep" => Syntax::EGREP,
        b"posix-extended" => Syntax::REGCOMP,
        b"awk" | b"gnu-awk" | b"posix-awk" => Syntax::AWK,
        _ => {
            return Err(failure(format!(
                "Unknown regular expression type {}; valid types are ‘findutils-default’, ‘ed’, ‘emacs’, ‘gnu-awk’, ‘grep’, ‘posix-awk’, ‘awk’, ‘posix-basic’, ‘posix-egrep’, ‘egrep’, ‘posix-extended’, ‘posix-minimal-basic’, ‘sed’.",
                marked(name)
            )));
        }
    })
}

/// The start of today, in nanoseconds.
pub(super) fn day_start(ctx: &Context<'_>) -> i64 {
    let now = ctx.clock.now_ns();
    let zone = zone(ctx.var("TZ").map(|zone| zone.as_bytes()));
    let Some(moment) = Moment::new(now, &zone) else { return now };
    let civil = moment.civil;
    let passed =
        i64::from(civil.hour()) * 3600 + i64::from(civil.minute()) * 60 + i64::from(civil.second());
    (moment.seconds - passed) * 1_000_000_000
}
