//! Dates: written as `strftime` and GNU `date` write them, read as GNU tools read them.

pub mod format;
mod parse;
mod words;

pub use format::{Moment, format};
pub use parse::{parse_date, parse_stamp};
