//! `--help` and `--version`.

use std::io::Write;

use super::failure::{FAILED, Failure};

pub const VERSION: &str = concat!("mesash ", env!("CARGO_PKG_VERSION"), "\n");

pub const HELP: &str = "\
Usage: mesash [OPTION]...                         a prompt, or a script on standard input
  or:  mesash [OPTION]... -c TEXT [NAME [ARG]...]
  or:  mesash [OPTION]... FILE [ARG]...
  or:  mesash repo create|list|delete|import|export|sync|gc ...
  or:  mesash key create|add|list|revoke ...
  or:  mesash serve [--listen ADDRESS:PORT] [--socket PATH]
  or:  mesash doctor | completions bash|zsh|fish | manual
A shell for versioned repositories: Bash on /ORG/REPO, every edit kept as a change.

Mounting:
  -r, --repo NAME[@BOOKMARK|:CHANGE]
                      mount this repository; again for more (default: all of the org)
      --ro NAME[@BOOKMARK|:CHANGE]
                      mount it read-only
      --store DIR     the store's folder (MESASH_STORE)
      --server URL    a server instead: https://HOST, http://localhost:PORT or unix:PATH
                      (MESA_API_URL); name the repositories with -r then
      --org ORG       the org (MESA_ORG; default: the API key's, or 'local')
      --ttl SECONDS   how long the access token lives, 1 to 86400
      --cwd DIR       start here

Running:
  -c                  run TEXT; NAME is $0
  -s                  read the script from standard input
  -i                  show a prompt in any case
      --norc          begin a prompt without mesashrc
      --timeout SECONDS
                      end the script after this time, with exit code 124
      --atomic        let all of the script's edits land at its end, or none if it fails
      --dry-run       let none land, and show what would be different
      --json          with -c: print the result as a JSON object
      --analyze       don't run it: print what it names (commands, paths) as JSON
      --dump-ast      don't run it: print its tree as JSON; -n only checks it
  -e -u -x -n ...     as 'set' has them; -o NAME, +o NAME, -O NAME, +O NAME too
      --log LEVEL     log to standard error: error, warn, info, debug or trace, also for
                      a part: TARGET=LEVEL,... (MESASH_LOG)
      --help          show this
      --version       show the version

'mesash doctor' looks for what is wrong; 'mesash manual | man -l -' is the manual.
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

/// An option as the help has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Described {
    pub short: Option<char>,
    pub long: Option<String>,
    /// What its value is called.
    pub value: Option<String>,
    pub about: String,
}

/// The column at which the help's explanations begin.
const ABOUT_COLUMN: usize = 22;

/// The options of [`HELP`], but for the letters of `set`.
pub fn options() -> Vec<Described> {
    let mut all: Vec<Described> = Vec::new();
    let mut going_on = false;
    for line in HELP.lines() {
        let begins = line.starts_with("  -") || line.starts_with("      --");
        let (names, about) = match line.get(ABOUT_COLUMN..) {
            Some(about) if line.get(ABOUT_COLUMN - 1..ABOUT_COLUMN) == Some(" ") => {
                (line.get(..ABOUT_COLUMN).unwrap_or_default(), about)
            }
            _ => (line, ""),
        };
        if begins {
            let mut option = Described { about: about.to_owned(), ..Described::default() };
            for word in names.split([' ', ',']).filter(|word| !word.is_empty()) {
                match (word.strip_prefix("--"), word.strip_prefix('-')) {
                    (Some(long), _) => option.long = Some(long.to_owned()),
                    (None, Some(short)) if option.short.is_none() => {
                        option.short = short.chars().next()
                    }
                    (None, Some(_)) => {}
                    (None, None) => option.value = Some(word.to_owned()),
                }
            }
            going_on = true;
            // The letters of `set` stand in one line.
            if names.contains("...") {
                going_on = false;
            } else {
                all.push(option);
            }
        } else if going_on && line.starts_with(&" ".repeat(ABOUT_COLUMN)) {
            if let Some(option) = all.last_mut() {
                option.about = format!("{} {about}", option.about).trim_start().to_owned();
            }
        } else {
            going_on = false;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_from_the_help() {
        let all = options();
        let repo = Described {
            short: Some('r'),
            long: Some("repo".into()),
            value: Some("NAME[@BOOKMARK|:CHANGE]".into()),
            about: "mount this repository; again for more (default: all of the org)".into(),
        };
        assert_eq!(all.first(), Some(&repo));
        let long: Vec<_> = all.iter().filter_map(|option| option.long.as_deref()).collect();
        for name in ["ro", "store", "ttl", "norc", "timeout", "json", "version"] {
            assert!(long.contains(&name), "{name} of {long:?}");
        }
        assert!(all.iter().all(|option| !option.about.is_empty()), "{all:?}");
    }
}
