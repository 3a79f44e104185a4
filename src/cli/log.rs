//! The log: what the libraries tell by `tracing`, in lines on standard error.
//!
//! `2026-11-25T18:00:00.123Z INFO mesa_server::call: answered request=… key=… status=200 ms=3`. What is
//! told is chosen as RUST_LOG does it: `warn,mesa_server=debug`. A value that is not plain is quoted, so
//! that nothing which a client sends begins a line of its own. A subscriber of a hundred lines: the usual one
//! brings eight crates, and features of `tracing` that have the whole engine built anew.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::config::host;
use super::failure::Failure;

/// What is told of whose name begins with something; the first one is for all others.
#[derive(Debug)]
struct Log {
    other: LevelFilter,
    targets: Vec<(String, LevelFilter)>,
}

/// Begins to log what `option`, else MESASH_LOG, else `default` says. Without any nothing is told.
///
/// # Errors
/// [`Failure`]: that is no choice.
pub fn begin(option: Option<&str>, default: Option<&str>) -> Result<(), Failure> {
    let variable = host("MESASH_LOG").map(|value| value.to_string_lossy().into_owned());
    let Some(text) = option.map(str::to_owned).or(variable).or(default.map(str::to_owned)) else {
        return Ok(());
    };
    let log = Log::parse(&text).ok_or_else(|| {
        Failure::usage(format!(
            "--log: '{text}' is none of error, warn, info, debug, trace, off, or TARGET=LEVEL"
        ))
    })?;
    // Where a program that has the library in it has chosen another one, that stays.
    let _other = tracing::subscriber::set_global_default(log);
    Ok(())
}

impl Log {
    fn parse(text: &str) -> Option<Self> {
        let mut log = Self { other: LevelFilter::WARN, targets: Vec::new() };
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                None => log.other = part.parse().ok()?,
                Some((target, level)) => log.targets.push((target.to_owned(), level.parse().ok()?)),
            }
        }
        Some(log)
    }

    fn level(&self, target: &str) -> LevelFilter {
        let named = self.targets.iter().filter(|(name, _)| {
            target
                .strip_prefix(&**name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        });
        let longest = named.max_by_key(|(name, _)| name.len());
        longest.map_or(self.other, |(_, level)| *level)
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.level(metadata.target())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.targets.iter().map(|(_, level)| *level).chain([self.other]).max()
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut line = Line::default();
        event.record(&mut line);
        let (now, level, target) = (jiff::Timestamp::now(), metadata.level(), metadata.target());
        let whole = format!("{now:.3} {level} {target}: {}{}\n", line.message, line.fields);
        // Nobody can be told if there is no room for the log.
        let _full = std::io::stderr().lock().write_all(whole.as_bytes());
    }

    // Spans are not followed.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[derive(Debug, Default)]
struct Line {
    message: String,
    fields: String,
}

impl Line {
    fn add(&mut self, field: &Field, value: &str) {
        let plain = !value.is_empty()
            && value.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '=' | '\\'));
        // Writing to a text does not fail.
        let _written = match field.name() {
            "message" => write!(self.message, "{}", value.escape_debug()),
            name if plain => write!(self.fields, " {name}={value}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_decides() {
        let log = Log::parse("info,mesa_server=off,mesa_server::call=debug").unwrap();
        assert_eq!(log.level("mesa_store::core"), LevelFilter::INFO);
        assert_eq!(log.level("mesa_server"), LevelFilter::OFF);
        assert_eq!(log.level("mesa_server::http"), LevelFilter::OFF);
        assert_eq!(log.level("mesa_server::call"), LevelFilter::DEBUG);
        assert_eq!(log.level("mesa_servers"), LevelFilter::INFO);
        assert_eq!(log.max_level_hint(), Some(LevelFilter::DEBUG));
        assert!(Log::parse("loud").is_none() && Log::parse("a=b").is_none());
    }
}
