//! The engine, on repositories in temporary folders.

#![expect(clippy::unwrap_used, reason = "what cannot go on has failed")]

mod conflict;
mod export;
mod fixture;
mod import;
mod repository;
mod source;
