//! Figures of a served store: how soon mounts hear of a write, how many calls it answers, what mounts
//! cost, and how often `grep -r` asks.
//!
//! usage: serving [heard|load|idle|grep]...   (all if none are named)
//! Needs the program beside it (cargo build --release --bins --examples). Prints lines of Markdown.

#[path = "serving/echo.rs"]
mod echo;
#[path = "serving/grep.rs"]
mod grep;
#[path = "serving/heard.rs"]
mod heard;
#[path = "serving/idle.rs"]
mod idle;
#[path = "serving/load.rs"]
mod load;
#[path = "serving/served.rs"]
mod served;

use std::time::Duration;

type Fallible<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// The middle one, and the one that 99 of 100 are not above; sorts what it is given.
fn percentiles(times: &mut [Duration]) -> (Duration, Duration) {
    times.sort_unstable();
    let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len().max(1) - 1));
    let at = |percent| at(percent).copied().unwrap_or_default();
    (at(50), at(99))
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

fn main() -> Fallible {
    let named: Vec<String> = std::env::args().skip(1).collect();
    if named.first().is_some_and(|name| name == echo::COMMAND) {
        return echo::serve();
    }
    let all: [(&str, fn() -> Fallible); 4] =
        [("heard", heard::run), ("load", load::run), ("idle", idle::run), ("grep", grep::run)];
    for (name, run) in all {
        if named.is_empty() || named.iter().any(|named| named == name) {
            run()?;
        }
    }
    Ok(())
}
