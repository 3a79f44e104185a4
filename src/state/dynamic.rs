//! Variables that are computed at each use, and what assigning to them does.

use super::array::IndexedArray;
use super::assoc::AssocArray;
use super::text::Str;
use super::variable::{Attrs, Dynamic, Value, Variable};
use super::{Group, Shell, names};
use crate::syntax::symbol::Symbol;
use mesash_builtins::budget::LimitReached;
use std::sync::Arc;

/// The prime that `RANDOM` counts modulo.
const RANDOM_MODULUS: u32 = 2_147_483_647;
const RANDOM_FACTOR: u64 = 16_807;
/// What seed 0 stands for.
const RANDOM_ZERO: u32 = 123_459_876;

/// What the dynamic variables count.
#[derive(Clone, Copy, Debug)]
pub struct Counters {
    random_seed: u32,
    random_last: u32,
    /// The moment (seconds since the epoch) at which `SECONDS` was 0.
    seconds_zero: i64,
    /// `$BASH_SUBSHELL`
    pub subshell: i64,
}

impl Counters {
    pub fn new(now_s: i64, seed: u64) -> Self {
        let mut counters =
            Self { random_seed: 0, random_last: 0, seconds_zero: now_s, subshell: 0 };
        counters.seed((seed ^ (seed >> 32)) as u32);
        counters
    }

    /// The minimal standard generator: bash's sequences for `RANDOM=n` come out of it.
    fn seed(&mut self, seed: u32) {
        self.random_seed = seed % RANDOM_MODULUS;
        self.random_last = 0;
    }

    fn random(&mut self) -> u32 {
        loop {
            let seed = if self.random_seed == 0 { RANDOM_ZERO } else { self.random_seed };
            let next = u64::from(seed) * RANDOM_FACTOR % u64::from(RANDOM_MODULUS);
            self.random_seed = next as u32;
            let value = ((self.random_seed >> 16) ^ (self.random_seed & 0xffff)) & 0x7fff;
            if value != self.random_last {
                self.random_last = value;
                return value;
            }
        }
    }

    pub(super) fn enter_subshell(&mut self, pid: i64) {
        self.subshell += 1;
        let random = self.random_seed.wrapping_mul(31);
        self.seed(random ^ (pid as u32).wrapping_mul(0x9e37_79b9));
    }
}

/// Every dynamic variable with its attributes at the start.
pub(super) const DYNAMICS: &[(Symbol, Dynamic, Attrs)] = &[
    (names::RANDOM, Dynamic::Random, Attrs::INTEGER),
    (names::SRANDOM, Dynamic::StrongRandom, Attrs::INTEGER),
    (names::SECONDS, Dynamic::Seconds, Attrs::NONE),
    (names::EPOCHSECONDS, Dynamic::EpochSeconds, Attrs::NONE),
    (names::EPOCHREALTIME, Dynamic::EpochRealtime, Attrs::NONE),
    (names::LINENO, Dynamic::LineNumber, Attrs::NONE),
    (names::BASHPID, Dynamic::ProcessId, Attrs::INTEGER),
    (names::BASH_ARGV0, Dynamic::ArgumentZero, Attrs::NONE),
    (names::BASH_COMMAND, Dynamic::Command, Attrs::NONE),
    (names::BASH_SUBSHELL, Dynamic::Subshell, Attrs::NONE),
    (names::HISTCMD, Dynamic::HistoryCommand, Attrs::INTEGER),
    (names::SHELLOPTS, Dynamic::SetOptions, Attrs::READONLY),
    (names::BASHOPTS, Dynamic::ShoptOptions, Attrs::READONLY),
    (names::FUNCNAME, Dynamic::FunctionNames, Attrs::INDEXED),
    (names::BASH_SOURCE, Dynamic::Sources, Attrs::INDEXED),
    (names::BASH_LINENO, Dynamic::CallLines, Attrs::INDEXED),
    (names::BASH_ARGC, Dynamic::ArgumentCounts, Attrs::INDEXED),
    (names::BASH_ARGV, Dynamic::ArgumentValues, Attrs::INDEXED),
    (names::PIPESTATUS, Dynamic::PipeStatus, Attrs::INDEXED),
    (names::DIRSTACK, Dynamic::DirectoryStack, Attrs::INDEXED),
    (names::GROUPS, Dynamic::Groups, Attrs::INDEXED),
    (names::BASH_ALIASES, Dynamic::Aliases, Attrs::ASSOC),
    (names::BASH_CMDS, Dynamic::Commands, Attrs::ASSOC),
    (names::UNDERSCORE, Dynamic::LastArgument, Attrs::NONE),
];

impl Shell {
    /// The value of a dynamic variable now; [`Value::Unset`] where it has none (`FUNCNAME` outside
    /// of functions). Reading `RANDOM` moves it on, which needs [`Shell::draw`] first.
    pub fn computed(&self, kind: Dynamic) -> Value {
        let clock = &self.world.clock;
        let number = |number: i64| Value::Scalar(Str::number(number));
        match kind {
            Dynamic::Random => number(i64::from(self.counters.random_last)),
            Dynamic::StrongRandom => number(i64::from(getrandom::u32().unwrap_or_default())),
            Dynamic::Seconds => number(clock.now_s() - self.counters.seconds_zero),
            Dynamic::EpochSeconds => number(clock.now_s()),
            Dynamic::EpochRealtime => {
                let micros = clock.now_ns().div_euclid(1000);
                let (whole, part) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
                Value::Scalar(Str::from(format!("{whole}.{part:06}").as_str()))
            }
            Dynamic::LineNumber => number(i64::from(self.line)),
            Dynamic::ProcessId => number(self.bash_pid),
            Dynamic::ArgumentZero => Value::Scalar(self.zero.clone()),
            Dynamic::Command => Value::Scalar(self.command.clone()),
            Dynamic::Subshell => number(self.counters.subshell),
            Dynamic::HistoryCommand => number(0),
            Dynamic::SetOptions => {
                Value::Scalar(Str::from(self.options.colon_list(Group::Set).as_str()))
            }
            Dynamic::ShoptOptions => {
                Value::Scalar(Str::from(self.options.colon_list(Group::Shopt).as_str()))
            }
            Dynamic::LastArgument => Value::Scalar(self.last_argument.clone()),
            Dynamic::Aliases => {
                let mut map = AssocArray::default();
                for (name, value) in self.aliases.iter() {
                    map.insert(name.clone(), value.clone());
                }
                Value::Assoc(Arc::new(map))
            }
            Dynamic::Commands => {
                let mut map = AssocArray::default();
                for (name, command) in self.hash.iter() {
                    map.insert(name.clone(), command.path.clone());
                }
                Value::Assoc(Arc::new(map))
            }
            list => self.computed_list(list),
        }
    }

    fn computed_list(&self, kind: Dynamic) -> Value {
        let frames = || self.frames.iter();
        let in_function = self.frames.in_function();
        let list: IndexedArray = match kind {
            Dynamic::FunctionNames if !in_function => return Value::Unset,
            Dynamic::FunctionNames => frames().map(|frame| frame.name.clone()).collect(),
            Dynamic::Sources => frames().map(|frame| frame.source.clone()).collect(),
            Dynamic::CallLines => {
                frames().map(|frame| Str::number(i64::from(frame.called_from))).collect()
            }
            Dynamic::ArgumentCounts => {
                let all = self.frames.arguments(self.positional.as_slice());
                all.map(|arguments| Str::number(arguments.len() as i64)).collect()
            }
            Dynamic::ArgumentValues => {
                let all = self.frames.arguments(self.positional.as_slice());
                all.flat_map(|arguments| arguments.iter().rev().cloned()).collect()
            }
            Dynamic::PipeStatus => {
                let all = self.pipe_status.as_slice();
                all.iter().map(|&status| Str::number(i64::from(status))).collect()
            }
            Dynamic::DirectoryStack => self.dirs.all().collect(),
            Dynamic::Groups => {
                std::iter::once(Str::number(i64::from(self.world.identity.gid))).collect()
            }
            _ => return Value::Unset,
        };
        Value::Indexed(Arc::new(list))
    }

    /// Moves `RANDOM` on, if `symbol` is that and still special. Called before it is read.
    pub fn draw(&mut self, symbol: Symbol) {
        if symbol == names::RANDOM
            && let Some(variable) = self.vars.get(symbol)
            && matches!(variable.value, Value::Dynamic(Dynamic::Random))
        {
            self.counters.random();
        }
    }

    /// Assigns to a dynamic variable: what that does depends on it, and often it does nothing.
    pub(super) fn assign_dynamic(&mut self, kind: Dynamic, value: &Str) {
        let number = || std::str::from_utf8(value).ok().and_then(|text| text.trim().parse().ok());
        match kind {
            Dynamic::Random => self.counters.seed(number().map_or(0, |n: i64| n as u32)),
            Dynamic::Seconds => {
                let now = self.world.clock.now_s();
                self.counters.seconds_zero = now.wrapping_sub(number().unwrap_or(0));
            }
            Dynamic::ArgumentZero => self.zero = value.clone(),
            Dynamic::Subshell => self.counters.subshell = number().unwrap_or(0),
            Dynamic::LineNumber => self.line = number().map_or(0, |n: i64| n as u32),
            Dynamic::LastArgument => self.last_argument = value.clone(),
            _ => {}
        }
    }

    /// The same for an element of one: aliases and hashed commands can be set so.
    ///
    /// # Errors
    /// [`LimitReached`] if the run may not hold so many.
    pub(super) fn assign_dynamic_key(
        &mut self,
        kind: Dynamic,
        key: Str,
        value: Str,
    ) -> Result<(), LimitReached> {
        match kind {
            Dynamic::Aliases => self.aliases.set(key, value, &self.budget),
            Dynamic::Commands => self.hash.set(key, value, &self.budget),
            _ => Ok(()),
        }
    }

    /// `DIRSTACK[n]=dir` changes the stack, but never the working directory.
    pub(super) fn assign_dynamic_index(&mut self, kind: Dynamic, index: i64, value: Str) {
        if kind != Dynamic::DirectoryStack {
            return;
        }
        let at = usize::try_from(index).ok().and_then(|index| index.checked_sub(1));
        if let Some(place) = at.and_then(|at| Arc::make_mut(&mut self.dirs.stack).get_mut(at)) {
            *place = value;
        }
    }

    /// What else the assignment to an ordinary but watched variable does.
    pub(super) fn after_assignment(&mut self, symbol: Symbol) {
        match symbol {
            names::OPTIND => self.getopts = super::GetoptsState::default(),
            names::POSIXLY_CORRECT => self.options.set(super::Opt::Posix, true),
            names::IGNOREEOF => self.options.set(super::Opt::IgnoreEof, true),
            // It stays on when GLOBIGNORE becomes empty.
            names::GLOBIGNORE if self.text(symbol).is_some_and(|text| !text.is_empty()) => {
                self.options.set(super::Opt::DotGlob, true);
            }
            _ => {}
        }
    }

    /// Puts every dynamic variable in its slot.
    pub(super) fn install_dynamics(&mut self) {
        for (symbol, kind, attrs) in DYNAMICS {
            *self.vars.entry(*symbol) = Variable::dynamic(*kind, *attrs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each sequence is what bash 5.2 gives after `RANDOM=seed`.
    #[test]
    fn random_sequences_are_those_of_bash() {
        let mut counters = Counters::new(0, 0);
        let mut draw = |seed: i64, count: usize| -> Vec<u32> {
            counters.seed(seed as u32);
            (0..count).map(|_| counters.random()).collect()
        };
        assert_eq!(draw(42, 3), [17772, 26794, 1435]);
        assert_eq!(draw(1, 5), [16807, 10791, 19566, 13983, 29619]);
        assert_eq!(draw(0, 2), [20814, 24386]);
        assert_eq!(draw(-1, 1), [16807]);
        assert_eq!(draw(2, 1), [846]);
    }
}
