//! mesash: a shell for versioned repositories.
//!
//! A program mounts repositories with [`mesa::Mesa`], works on their files and changes, and runs
//! Bash on them, without a host process:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use mesash::bash::BashOptions;
//! use mesash::mesa::{Mesa, MountOptions, RepoConfig};
//!
//! let mesa = Mesa::builder()
//!     .api_key(std::env::var("MESA_API_KEY")?)
//!     .store("/var/lib/mesash/store")
//!     .build()?;
//! let app = RepoConfig::new("app").bookmark("main");
//! let fs = mesa.fs().mount(MountOptions::new([app]).ttl(600)).await?;
//!
//! fs.write("/acme/app/TODO", "- ship it\n").await?;
//! let found = fs.bash(BashOptions::default()).exec("grep -rn TODO /acme/app | head").await?;
//! println!("{}, exit code {}", found.stdout.escape_ascii(), found.exit_code);
//!
//! let saved = fs.changes().checkpoint("app", Some("Write down what to do")).await?;
//! println!("saved as {}", saved.saved_change_oid);
//! fs.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! The `mesash` program is [`cli::main`].

pub use analyze::{Analysis, analyze};
pub use {mesa_store, mesafs};

pub mod analyze;
pub mod bash;
pub mod cli;
pub mod eval;
pub mod expand;
pub mod job;
pub mod mesa;
mod repl;
pub mod special;
pub mod state;
pub mod syntax;
