//! The options of builtins, read as bash's `internal_getopt` does.

use super::Call;
use crate::eval::{Eval, Step};
use crate::state::Str;

/// Reads options one after another.
#[derive(Debug)]
pub struct Letters<'a> {
    args: &'a [Str],
    /// Letters; one with an argument has a `:` after it.
    known: &'a [u8],
    at: usize,
    within: usize,
    plus: bool,
}

/// One option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub letter: u8,
    /// It was given with `+`.
    pub plus: bool,
    pub value: Option<Str>,
}

/// Why there is no next option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    Invalid(Vec<u8>),
    Missing(u8),
}

impl<'a> Letters<'a> {
    #[must_use]
    pub fn new(call: &Call<'a>, known: &'a str) -> Self {
        Self { args: call.args, known: known.as_bytes(), at: 0, within: 0, plus: false }
    }

    /// With `+x` for taking away.
    #[must_use]
    pub fn signed(call: &Call<'a>, known: &'a str) -> Self {
        Self { plus: true, ..Self::new(call, known) }
    }

    /// The next option.
    ///
    /// # Errors
    /// [`Wrong`]
    pub fn next(&mut self) -> Result<Option<Letter>, Wrong> {
        let Some(arg) = self.args.get(self.at) else { return Ok(None) };
        if self.within == 0 {
            let sign = arg.first().copied();
            let is_option = sign == Some(b'-') || (self.plus && sign == Some(b'+'));
            if !is_option || arg.len() < 2 {
                return Ok(None);
            }
            if arg.as_bytes() == b"--" {
                self.at += 1;
                return Ok(None);
            }
            self.within = 1;
        }
        let plus = arg.first() == Some(&b'+');
        let Some(&letter) = arg.get(self.within) else { return Ok(None) };
        let found = self.known.iter().position(|&known| known == letter && letter != b':');
        let Some(found) = found else {
            let sign = if plus { b'+' } else { b'-' };
            return Err(Wrong::Invalid(vec![sign, letter]));
        };
        self.within += 1;
        let takes = self.known.get(found + 1) == Some(&b':');
        let rest = arg.get(self.within..).unwrap_or_default();
        if !takes {
            if rest.is_empty() {
                self.at += 1;
                self.within = 0;
            }
            return Ok(Some(Letter { letter, plus, value: None }));
        }
        self.within = 0;
        self.at += 1;
        let value = if rest.is_empty() {
            let next = self.args.get(self.at).cloned();
            self.at += 1;
            next.ok_or(Wrong::Missing(letter))?
        } else {
            Str::new(rest)
        };
        Ok(Some(Letter { letter, plus, value: Some(value) }))
    }

    /// How many arguments were options.
    #[must_use]
    pub fn used(&self) -> usize {
        self.at.min(self.args.len())
    }

    /// The arguments after the options.
    #[must_use]
    pub fn rest(&self) -> &'a [Str] {
        self.args.get(self.used()..).unwrap_or_default()
    }
}

impl Eval {
    /// Says what is wrong with an option, and the usage.
    pub fn wrong_option(&self, call: &Call<'_>, wrong: &Wrong) -> Step {
        match wrong {
            Wrong::Invalid(option) => self.say(call, &[option, b": invalid option"]),
            Wrong::Missing(letter) => {
                self.say(call, &[&[b'-', *letter], b": option requires an argument"]);
            }
        }
        self.usage(call)
    }
}

/// All options of a call and what follows them.
#[derive(Debug)]
pub struct Given<'a> {
    pub letters: Vec<Letter>,
    pub rest: &'a [Str],
}

impl Given<'_> {
    #[must_use]
    pub fn has(&self, letter: u8) -> bool {
        self.letters.iter().any(|given| given.letter == letter && !given.plus)
    }

    /// The argument of the option, the last one given.
    #[must_use]
    pub fn value(&self, letter: u8) -> Option<&Str> {
        let mut given = self.letters.iter().rev();
        given.find(|given| given.letter == letter)?.value.as_ref()
    }
}

/// Reads all options.
///
/// # Errors
/// The status of the builtin, after a complaint.
pub fn read<'a>(eval: &Eval, call: &Call<'a>, known: &'a str) -> Result<Given<'a>, Step> {
    all(eval, call, Letters::new(call, known))
}

/// As [`read`], with `+x` too.
///
/// # Errors
/// As [`read`].
pub fn read_signed<'a>(eval: &Eval, call: &Call<'a>, known: &'a str) -> Result<Given<'a>, Step> {
    all(eval, call, Letters::signed(call, known))
}

fn all<'a>(eval: &Eval, call: &Call<'_>, mut letters: Letters<'a>) -> Result<Given<'a>, Step> {
    let mut given = Vec::new();
    loop {
        match letters.next() {
            Ok(Some(letter)) => given.push(letter),
            Ok(None) => return Ok(Given { letters: given, rest: letters.rest() }),
            Err(wrong) => return Err(eval.wrong_option(call, &wrong)),
        }
    }
}
