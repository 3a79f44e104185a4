//! `--analyze` and `--dump-ast`: a script is looked at, not run.

use std::io::{Read, Write};

use bstr::BString;

use super::args::{Args, Mode, Tool};
use super::config::plain;
use super::failure::{FAILED, Failure, NOT_FOUND, USAGE};
use super::run::read_script;
use crate::analyze;

/// Prints what `args` ask for as a line of JSON; 2 after a syntax error, which is in it too.
///
/// # Errors
/// [`Failure`]: the script can't be read, or the answer not written.
pub fn run(args: Args) -> Result<u8, Failure> {
    let (script, name) = script(args.mode)?;
    let (mut line, error) = match args.tool {
        Some(Tool::DumpAst) => analyze::dump_ast(&script),
        Some(Tool::Analyze) | None => {
            let found = analyze::analyze(&script);
            (found.to_json().to_string(), found.error)
        }
    };
    line.push('\n');
    std::io::stdout()
        .lock()
        .write_all(line.as_bytes())
        .map_err(|error| Failure::new(FAILED, format!("write error: {}", plain(&error))))?;
    match error {
        None => Ok(0),
        Some(error) => {
            // Whoever closed standard error has it in the answer.
            let _ = writeln!(std::io::stderr().lock(), "{name}: {error}");
            Ok(USAGE)
        }
    }
}

/// The script, and what it is called.
fn script(mode: Mode) -> Result<(Vec<u8>, BString), Failure> {
    match mode {
        Mode::Command(text, words) => {
            Ok((text.into(), words.into_iter().next().unwrap_or_else(|| "mesash".into())))
        }
        Mode::Script(path, _) => match read_script(&path)? {
            Some(script) => Ok((script, path.to_string_lossy().as_ref().into())),
            None => {
                let reason = format!("{}: No such file or directory", path.display());
                Err(Failure::new(NOT_FOUND, reason))
            }
        },
        Mode::Input(_) => {
            let mut script = Vec::new();
            std::io::stdin()
                .lock()
                .read_to_end(&mut script)
                .map_err(|error| Failure::new(FAILED, format!("read error: {}", plain(&error))))?;
            Ok((script, "mesash".into()))
        }
        Mode::Help | Mode::Version | Mode::Admin(_) => Err(Failure::usage("nothing to look at")),
    }
}
