//! What a running program may use: its inputs, its account, and the world through [`Host`].

use std::collections::HashMap;
use std::rc::Rc;

use super::error::Error;
use super::meter::Meter;
use super::natives::Pattern;
use super::value::Value;
use crate::cancel::Cancel;
use crate::stream::check;

/// The command around a program.
pub(super) trait Host {
    /// The next input; `None` at the end.
    ///
    /// # Errors
    /// An input that is no JSON, or a stream's error.
    fn input(&mut self) -> Result<Option<Value>, Error>;
    fn input_filename(&self) -> Option<String>;
    fn input_line_number(&self) -> usize;
    /// Says something on standard error.
    ///
    /// # Errors
    /// What must end the command.
    fn say(&mut self, text: &[u8]) -> Result<(), Error>;
    /// Nanoseconds since 1970.
    fn now_ns(&self) -> i64;
    fn environment(&self) -> Value;
    fn time_zone(&self) -> jiff::tz::TimeZone;
    /// What `modulemeta` tells about a module.
    ///
    /// # Errors
    /// If there is none.
    fn module_meta(&mut self, name: &str) -> Result<Value, Error>;
    /// Prints a result.
    ///
    /// # Errors
    /// What must end the command, or a result that cannot be printed as asked.
    fn emit(&mut self, value: &Value) -> Result<(), Error>;
    /// Where errors say that they are.
    fn position(&self) -> String;
}

pub(super) struct Runtime<'h> {
    pub host: &'h mut dyn Host,
    pub meter: Meter,
    pub cancel: Cancel,
    /// `$ENV`, made at its first use.
    pub environment: Option<Value>,
    /// Patterns by text and flags.
    pub patterns: HashMap<(String, String), Rc<Pattern>>,
}

impl Runtime<'_> {
    /// Ends the program when it was cancelled or holds too much.
    ///
    /// # Errors
    /// ECANCELED, or the limit.
    pub fn check(&mut self) -> Result<(), Error> {
        check(&self.cancel, mesafs::Operation::Read)?;
        self.meter.settle()?;
        Ok(())
    }

    pub fn input(&mut self) -> Result<Option<Value>, Error> {
        self.host.input()
    }
}
