//! The engine, on repositories in temporary folders.

#![expect(clippy::unwrap_used, reason = "what cannot go on has failed")]

mod conflict;
mod diff;
mod export;
mod fixture;
mod import;
mod merge;
mod operations;
mod repository;
mod revisions;
mod rewrite;
mod source;
mod tidy;
