//! The state that a new shell starts with.

use super::dynamic::Counters;
use super::text::Str;
use super::variable::{Attrs, Value, Variable};
use super::{
    Aliases, CommandHash, Directories, FdTable, Frames, Functions, GetoptsState, IndexedArray, Opt,
    Options, PipeStatus, Positional, Shell, Traps, VarError, Variables, World, names,
};
use mesafs::VPath;
use mesash_builtins::budget::Budget;
use mesash_builtins::cancel::Cancel;
use std::sync::Arc;

/// Bash's default PATH is no use here: commands are in these two.
pub const DEFAULT_PATH: &str = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin";

const VERSION: &str = "5.2.15(1)-release";
const VERSION_PARTS: [&str; 6] = ["5", "2", "15", "1", "release", MACHINE];
const MACHINE: &str = "x86_64-pc-linux-gnu";

impl Shell {
    /// A shell as it is before it reads its first command.
    ///
    /// # Errors
    /// [`VarError::TooManyNames`] if the environment has too many.
    pub fn start(
        world: Arc<World>,
        budget: Budget,
        cancel: Cancel,
        cwd: VPath,
        zero: Str,
        environment: &[(Str, Str)],
    ) -> Result<Self, VarError> {
        let interner = names::interner(&budget)?;
        let now = world.clock.now_ns();
        let (pid, seed) = (world.pid, (now ^ world.pid << 20) as u64);
        let mut shell = Self {
            interner: Arc::new(interner),
            budget,
            cancel,
            vars: Variables::default(),
            functions: Functions::default(),
            aliases: Aliases::default(),
            options: Options::default(),
            positional: Positional::default(),
            zero,
            frames: Frames::default(),
            traps: Traps::default(),
            dirs: Directories::new(cwd),
            umask: 0o022,
            hash: CommandHash::default(),
            getopts: GetoptsState::default(),
            fds: FdTable::default(),
            status: 0,
            pipe_status: PipeStatus::default(),
            last_background: None,
            last_argument: Str::EMPTY,
            line: 0,
            command: Str::EMPTY,
            bash_pid: pid,
            substitutions: 0,
            counters: Counters::new(now.div_euclid(1_000_000_000), seed),
            world,
        };
        shell.install_dynamics();
        shell.import(environment)?;
        shell.install_defaults();
        Ok(shell)
    }

    /// Takes over the environment. Names that are no identifiers are passed over.
    fn import(&mut self, environment: &[(Str, Str)]) -> Result<(), VarError> {
        for (name, value) in environment {
            if !names::is_identifier(name) {
                continue;
            }
            let symbol = self.symbol(name)?;
            match symbol {
                names::SHELLOPTS => self.import_options(super::Group::Set, value),
                names::BASHOPTS => self.import_options(super::Group::Shopt, value),
                names::UNDERSCORE => self.last_argument = value.clone(),
                // These are never taken from outside.
                names::IFS | names::PPID | names::UID | names::EUID | names::BASH_VERSINFO => {}
                _ => {
                    if !matches!(self.vars.entry(symbol).value, Value::Dynamic(_)) {
                        self.vars.entry(symbol).value = Value::Scalar(value.clone());
                    }
                    self.vars.entry(symbol).attrs |= Attrs::EXPORT | Attrs::IMPORTED;
                    if symbol == names::POSIXLY_CORRECT {
                        self.options.set(Opt::Posix, true);
                    }
                }
            }
        }
        Ok(())
    }

    fn import_options(&mut self, group: super::Group, list: &[u8]) {
        for name in list.split(|&byte| byte == b':') {
            if let Some(opt) = Opt::named(group, name) {
                self.options.set(opt, true);
            }
        }
        let symbol = if group == super::Group::Set { names::SHELLOPTS } else { names::BASHOPTS };
        self.vars.entry(symbol).attrs |= Attrs::EXPORT;
    }

    fn install_defaults(&mut self) {
        let level = self.text(names::SHLVL).and_then(|text| {
            std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse::<i64>().ok())
        });
        let level = level.unwrap_or(0).saturating_add(1).max(0);
        self.put(names::SHLVL, Variable::scalar(Str::number(level)).with_attrs(Attrs::EXPORT));
        let cwd = Str::new(self.dirs.cwd.as_bstr());
        self.put(names::PWD, Variable::scalar(cwd).with_attrs(Attrs::EXPORT));
        if self.vars.get(names::OLDPWD).is_none() {
            self.vars.entry(names::OLDPWD).attrs |= Attrs::EXPORT;
        }
        let identity = self.world.identity.clone();
        let number = |number: i64| Variable::scalar(Str::number(number));
        let fixed = Attrs::READONLY | Attrs::INTEGER;
        self.put(names::UID, number(i64::from(identity.uid)).with_attrs(fixed));
        self.put(names::EUID, number(i64::from(identity.uid)).with_attrs(fixed));
        self.put(names::PPID, number(self.world.parent_pid).with_attrs(fixed));
        self.put(names::IFS, Variable::scalar(" \t\n"));
        self.put(names::OPTIND, number(1).with_attrs(Attrs::INTEGER));
        self.put(names::OPTERR, number(1));
        self.put(names::PS4, self.inherited(names::PS4, "+ "));
        self.put(names::BASH, Variable::scalar("/bin/bash"));
        self.put(names::BASH_VERSION, Variable::scalar(VERSION));
        let parts: IndexedArray = VERSION_PARTS.iter().map(|part| Str::from(*part)).collect();
        let versions = Variable { value: Value::Indexed(Arc::new(parts)), ..Variable::default() };
        self.put(names::BASH_VERSINFO, versions.with_attrs(Attrs::INDEXED | Attrs::READONLY));
        self.put(names::HOSTNAME, self.inherited(names::HOSTNAME, &identity.host.to_string()));
        self.put(names::HOSTTYPE, self.inherited(names::HOSTTYPE, "x86_64"));
        self.put(names::MACHTYPE, self.inherited(names::MACHTYPE, MACHINE));
        self.put(names::OSTYPE, self.inherited(names::OSTYPE, "linux-gnu"));
        self.put(names::PATH, self.inherited(names::PATH, DEFAULT_PATH));
        self.put(names::SHELL, self.inherited(names::SHELL, "/bin/bash"));
        self.put(names::TERM, self.inherited(names::TERM, "dumb"));
    }

    fn put(&mut self, symbol: crate::syntax::symbol::Symbol, variable: Variable) {
        *self.vars.entry(symbol) = variable;
    }

    /// What the environment gave, else `default`.
    fn inherited(&self, symbol: crate::syntax::symbol::Symbol, default: &str) -> Variable {
        self.vars.get(symbol).cloned().unwrap_or_else(|| Variable::scalar(default))
    }
}
