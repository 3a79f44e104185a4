//! Options, read from a command's table as GNU's getopt_long reads them.

pub mod choice;
mod help;

use bstr::{BStr, BString, ByteSlice};

use crate::command::{Command, Order};

pub use help::{help_text, version_text};

/// Whether an option has an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    /// `-n 3`, `-n3`, `--lines=3`, `--lines 3`; the name is for the help.
    Value(&'static str),
    /// `-i[SUFFIX]`, `--color[=WHEN]`.
    Optional(&'static str),
}

/// One option of a command's table. Found by its key: the long name, or the short one.
#[derive(Debug, Clone, Copy)]
pub struct Opt {
    pub short: Option<char>,
    pub long: Option<&'static str>,
    pub takes: Takes,
    pub help: &'static str,
}

/// `-c` and `--no-create`, without an argument.
#[must_use]
pub const fn flag(short: char, long: &'static str, help: &'static str) -> Opt {
    Opt { short: Some(short), long: Some(long), takes: Takes::Nothing, help }
}

/// `-c` alone.
#[must_use]
pub const fn short(short: char, help: &'static str) -> Opt {
    Opt { short: Some(short), long: None, takes: Takes::Nothing, help }
}

/// `--parents` alone.
#[must_use]
pub const fn long(long: &'static str, help: &'static str) -> Opt {
    Opt { short: None, long: Some(long), takes: Takes::Nothing, help }
}

/// `-n NUM`, `--lines=NUM`.
#[must_use]
pub const fn value(short: char, long: &'static str, name: &'static str, help: &'static str) -> Opt {
    Opt { short: Some(short), long: Some(long), takes: Takes::Value(name), help }
}

impl Opt {
    /// The same option with another kind of argument.
    #[must_use]
    pub const fn takes(mut self, takes: Takes) -> Self {
        self.takes = takes;
        self
    }

    fn is(&self, key: Key<'_>) -> bool {
        match key {
            Key::Short(letter) => self.short == Some(letter),
            Key::Long(name) => self.long == Some(name),
        }
    }
}

/// How a command asks for an option: `'n'` or `"lines"`.
#[derive(Debug, Clone, Copy)]
pub enum Key<'a> {
    Short(char),
    Long(&'a str),
}

impl From<char> for Key<'_> {
    fn from(letter: char) -> Self {
        Self::Short(letter)
    }
}

impl<'a> From<&'a str> for Key<'a> {
    fn from(name: &'a str) -> Self {
        Self::Long(name)
    }
}

/// An option as it was given, in order.
#[derive(Debug, Clone)]
pub struct Given {
    pub opt: &'static Opt,
    pub value: Option<BString>,
}

/// The arguments of one call.
#[derive(Debug, Clone, Default)]
pub struct Args {
    given: Vec<Given>,
    operands: Vec<BString>,
    /// How many operands stood before `--`; all of them without it.
    before_dashes: Option<usize>,
}

/// What reading the arguments came to.
#[derive(Debug)]
pub enum Parsed {
    Run(Args),
    Help,
    Version,
}

impl Args {
    /// Reads `argv` (without the command's name) by the table.
    ///
    /// # Errors
    /// The message, in getopt_long's words, without the command's name.
    pub fn parse(command: &Command, argv: &[BString]) -> Result<Parsed, String> {
        if command.order == Order::Raw {
            return Ok(Parsed::Run(Self { operands: argv.to_vec(), ..Self::default() }));
        }
        let mut args = Self::default();
        let mut rest = argv.iter();
        while let Some(arg) = rest.next() {
            if arg == "--" {
                args.before_dashes = Some(args.operands.len());
                args.operands.extend(rest.cloned());
                break;
            }
            if let Some(name) = arg.strip_prefix(b"--") {
                match args.long(command, name.as_bstr(), &mut rest)? {
                    None => {}
                    Some(parsed) => return Ok(parsed),
                }
            } else if arg.len() > 1 && arg.starts_with(b"-") {
                args.cluster(command, &arg[1..], &mut rest)?;
            } else {
                args.operands.push(arg.clone());
                if command.order == Order::First {
                    args.operands.extend(rest.cloned());
                    break;
                }
            }
        }
        Ok(Parsed::Run(args))
    }

    fn long<'a>(
        &mut self,
        command: &Command,
        text: &BStr,
        rest: &mut impl Iterator<Item = &'a BString>,
    ) -> Result<Option<Parsed>, String> {
        let (name, inline) = match text.find_byte(b'=') {
            Some(at) => (text[..at].as_bstr(), Some(BString::from(&text[at + 1..]))),
            None => (text, None),
        };
        let all =
            || command.options.iter().filter_map(|opt| opt.long.map(|long| (long, Some(opt))));
        let own = [("help", None), ("version", None)];
        let known = |(long, _): &(&str, _)| all().any(|(other, _)| other == *long);
        let names: Vec<_> = all().chain(own.into_iter().filter(|own| !known(own))).collect();
        let exact = names.iter().find(|(long, _)| name == long.as_bytes());
        let matching: Vec<_> =
            names.iter().filter(|(long, _)| long.as_bytes().starts_with(name)).collect();
        let (long, opt) = match (exact, matching.as_slice()) {
            (Some(found), _) => found,
            (None, [only]) => only,
            (None, []) => return Err(format!("unrecognized option '--{text}'")),
            (None, several) => {
                let list: Vec<_> = several.iter().map(|(long, _)| format!("'--{long}'")).collect();
                let list = list.join(" ");
                return Err(format!("option '--{text}' is ambiguous; possibilities: {list}"));
            }
        };
        let Some(opt) = opt else {
            if inline.is_some() {
                return Err(format!("option '--{long}' doesn't allow an argument"));
            }
            return Ok(Some(if *long == "help" { Parsed::Help } else { Parsed::Version }));
        };
        let value = match (opt.takes, inline) {
            (Takes::Nothing, Some(_)) => {
                return Err(format!("option '--{long}' doesn't allow an argument"));
            }
            (Takes::Value(_), None) => match rest.next() {
                Some(value) => Some(value.clone()),
                None => return Err(format!("option '--{long}' requires an argument")),
            },
            (_, inline) => inline,
        };
        self.given.push(Given { opt, value });
        Ok(None)
    }

    fn cluster<'a>(
        &mut self,
        command: &Command,
        text: &[u8],
        rest: &mut impl Iterator<Item = &'a BString>,
    ) -> Result<(), String> {
        for (_, end, letter) in text.char_indices() {
            let Some(opt) = command.options.iter().find(|opt| opt.short == Some(letter)) else {
                return Err(format!("invalid option -- '{letter}'"));
            };
            let attached = &text[end..];
            match opt.takes {
                Takes::Nothing => self.given.push(Given { opt, value: None }),
                Takes::Optional(_) => {
                    let value = (!attached.is_empty()).then(|| attached.into());
                    self.given.push(Given { opt, value });
                    break;
                }
                Takes::Value(_) => {
                    let value = match attached {
                        b"" => rest.next().cloned(),
                        attached => Some(attached.into()),
                    };
                    if value.is_none() {
                        return Err(format!("option requires an argument -- '{letter}'"));
                    }
                    self.given.push(Given { opt, value });
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whether the option was given.
    pub fn has<'k>(&self, key: impl Into<Key<'k>>) -> bool {
        self.count(key) > 0
    }

    pub fn count<'k>(&self, key: impl Into<Key<'k>>) -> usize {
        let key = key.into();
        self.given.iter().filter(|given| given.opt.is(key)).count()
    }

    /// The argument that the option was given last.
    pub fn value<'k>(&self, key: impl Into<Key<'k>>) -> Option<&BStr> {
        self.values(key).last()
    }

    /// Every argument that the option was given, in order.
    pub fn values<'k>(&self, key: impl Into<Key<'k>>) -> impl Iterator<Item = &BStr> {
        let key = key.into();
        let of_key = self.given.iter().filter(move |given| given.opt.is(key));
        of_key.filter_map(|given| given.value.as_ref().map(|value| value.as_bstr()))
    }

    /// All options in the order given, for those where the last one wins.
    pub fn given(&self) -> &[Given] {
        &self.given
    }

    /// The short name of whichever of `letters` was given last.
    pub fn last_of(&self, letters: &str) -> Option<char> {
        let letter = |given: &Given| given.opt.short.filter(|short| letters.contains(*short));
        self.given.iter().rev().find_map(letter)
    }

    #[must_use]
    pub fn operands(&self) -> &[BString] {
        &self.operands
    }

    /// How many operands stood before `--`; all of them without it.
    #[must_use]
    pub fn operands_before_dashes(&self) -> usize {
        self.before_dashes.unwrap_or(self.operands.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIKE_HEAD: Command = Command {
        name: "like-head",
        options: &[
            value('n', "lines", "NUM", ""),
            flag('q', "quiet", ""),
            long("color", "").takes(Takes::Optional("WHEN")),
            long("columns", ""),
        ],
        ..Command::BASE
    };

    fn parse(argv: &[&str]) -> Result<Args, String> {
        let argv: Vec<BString> = argv.iter().map(|&arg| arg.into()).collect();
        match Args::parse(&LIKE_HEAD, &argv)? {
            Parsed::Run(args) => Ok(args),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn values_come_attached_or_next() -> Result<(), String> {
        for argv in [&["-n3"][..], &["-n", "3"], &["--lines=3"], &["--li", "3"], &["-qn3"]] {
            assert_eq!(parse(argv)?.value('n'), Some("3".into()), "{argv:?}");
        }
        assert_eq!(parse(&["a", "-q", "--", "-n"])?.operands(), ["a", "-n"]);
        assert!(parse(&["--color"])?.has("color"));
        assert_eq!(parse(&["--color=auto", "-"])?.value("color"), Some("auto".into()));
        Ok(())
    }

    #[test]
    fn faults_are_said_as_getopt_says_them() {
        let fault = |argv: &[&str]| parse(argv).err().unwrap_or_default();
        assert_eq!(fault(&["-x"]), "invalid option -- 'x'");
        assert_eq!(fault(&["--bad=1"]), "unrecognized option '--bad=1'");
        assert_eq!(fault(&["-n"]), "option requires an argument -- 'n'");
        assert_eq!(fault(&["--lines"]), "option '--lines' requires an argument");
        assert_eq!(fault(&["--quiet=1"]), "option '--quiet' doesn't allow an argument");
        let ambiguous = "option '--col' is ambiguous; possibilities: '--color' '--columns'";
        assert_eq!(fault(&["--col"]), ambiguous);
        assert_eq!(fault(&["--help"]), "Help");
    }
}
