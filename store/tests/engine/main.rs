//! The engine, on repositories in temporary folders.

mod conflict;
mod export;
mod fixture;
mod import;
mod repository;
mod source;
