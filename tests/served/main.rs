//! A served store: what its mounts see, whatever happens on the way or to the server.
//!
//! With `MESASH_DEEP=1` at full length; without, a spread of it.

#![expect(clippy::unwrap_used, reason = "tests")]

mod conforming;
mod cuts;
mod daemon;
mod full;
mod histories;
mod killed;
mod linear;
#[cfg(feature = "packages")]
mod nginx;
mod security;
#[path = "../../server/tests/fuzzed/seeds.rs"]
mod seeds;
mod site;
mod takeover;

/// Whether time is no object.
fn is_deep() -> bool {
    std::env::var_os("MESASH_DEEP").is_some_and(|value| value == "1")
}

/// The seed of a run: another each time it is set, the same if it is not.
fn seed() -> u64 {
    let told = std::env::var("MESASH_SEED").ok();
    told.and_then(|seed| seed.parse().ok()).unwrap_or(1)
}
