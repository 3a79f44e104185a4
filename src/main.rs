//! The `mesash` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    mesash::cli::main()
}
