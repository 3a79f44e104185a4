//! `--help` and `--version`.

use std::io::Write;

use super::failure::{FAILED, Failure};

pub const VERSION: &str = concat!("mesash ", env!("CARGO_PKG_VERSION"), "\n");

pub const HELP: &str = "\
Usage: mesash [OPTION]...                         a prompt, or a script on standard input
  or:  mesash [OPTION]... -c TEXT [NAME [ARG]...]
  or:  mesash [OPTION]... FILE [ARG]...
  or:  mesash repo create|list|delete|import|export ...
  or:  mesash key create|add|list|revoke ...
A shell for versioned repositories: Bash on /ORG/REPO, every edit kept as a change.

Mounting:
  -r, --repo NAME[@BOOKMARK|:CHANGE]
                      mount this repository; again for more (default: all of the org)
      --ro NAME[@BOOKMARK|:CHANGE]
                      mount it read-only
      --store DIR     the store's folder (MESASH_STORE)
      --org ORG       the org (MESA_ORG; default: the API key's, or 'local')
      --ttl SECONDS   how long the access token lives, 1 to 86400
      --cwd DIR       start here

Running:
  -c                  run TEXT; NAME is $0
  -s                  read the script from standard input
  -i                  show a prompt in any case
      --timeout SECONDS
                      end the script after this time, with exit code 124
      --atomic        let all of the script's edits land at its end, or none if it fails
      --dry-run       let none land, and show what would be different
      --json          with -c: print the result as a JSON object
      --analyze       don't run it: print what it names (commands, paths) as JSON
      --dump-ast      don't run it: print its tree as JSON; -n only checks it
  -e -u -x -n ...     as 'set' has them; -o NAME, +o NAME, -O NAME, +O NAME too
      --help          show this
      --version       show the version

A .mesash file may begin with lines of options: '#: -r app@main --ttl 600'.
The API key is read from MESA_API_KEY, or from the file beside the store.
";

/// Prints a text on standard output.
pub fn print(text: &str) -> Result<u8, Failure> {
    let written = std::io::stdout().lock().write_all(text.as_bytes());
    written
        .map_err(|error| Failure::new(FAILED, format!("write error: {}", super::plain(&error))))?;
    Ok(0)
}
