//! `mesash manual`: the program's manual page, made from its help.

use std::ffi::OsString;
use std::fmt::Write as _;

use super::failure::Failure;
use super::usage;

/// Prints the page, for `man -l -`.
///
/// # Errors
/// [`Failure`]: there is more than the word, or the page can't be written.
pub fn run(words: &[OsString]) -> Result<u8, Failure> {
    match words {
        [_] => usage::print(&page()),
        _ => Err(Failure::usage("manual: extra operand")),
    }
}

const FILES: &[(&str, &str)] = &[
    ("~/.config/mesash/config.toml", "settings; docs/config.md has them all"),
    ("~/.config/mesash/mesashrc", "shell commands that a prompt begins with"),
    ("~/.local/share/mesash/store", "the store, if nothing else is said"),
    ("~/.local/share/mesash/store.key", "the API key of that store"),
    ("~/.local/share/mesash/history.db", "the history of the prompt"),
];

const ENVIRONMENT: &[(&str, &str)] = &[
    ("MESASH_STORE", "the store's folder"),
    ("MESA_ORG", "the org"),
    ("MESA_API_KEY", "the API key"),
    ("VISUAL, EDITOR", "what a prompt's edit, Ctrl-X Ctrl-E and changes describe open"),
    ("NO_COLOR", "no colours"),
];

/// As roff has it: no line may begin with a dot, and backslashes and dashes mean themselves.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    let text = text.lines().map(|line| match line.starts_with(['.', '\'']) {
        true => format!("\\&{line}"),
        false => line.to_owned(),
    });
    text.collect::<Vec<_>>().join("\n")
}

/// The page in roff.
pub fn page() -> String {
    let mut text = format!(".TH MESASH 1 \"\" \"mesash {}\"\n", env!("CARGO_PKG_VERSION"));
    text.push_str(".SH NAME\nmesash \\- Bash for versioned repositories\n.SH SYNOPSIS\n.nf\n");
    let (synopsis, rest) = usage::HELP.split_once("\nA shell for").unwrap_or((usage::HELP, ""));
    for line in synopsis.lines() {
        let line = line.trim_start_matches("Usage:").trim_start().trim_start_matches("or:");
        let _ = writeln!(text, "{}", roff(line.trim_start()));
    }
    let about = rest.lines().next().unwrap_or_default();
    let _ = writeln!(text, ".fi\n.SH DESCRIPTION\nA shell for{}\n.SH OPTIONS", roff(about));
    for option in usage::options() {
        let short = option.short.map(|letter| format!("-{letter}"));
        let long = option.long.map(|long| format!("--{long}"));
        let names: Vec<String> = short.into_iter().chain(long).collect();
        let value = option.value.map_or(String::new(), |value| format!(" {value}"));
        let names = roff(&format!("{}{value}", names.join(", ")));
        let _ = writeln!(text, ".TP\n.B {names}\n{}", roff(&option.about));
    }
    for (title, list) in [("FILES", FILES), ("ENVIRONMENT", ENVIRONMENT)] {
        let _ = writeln!(text, ".SH {title}");
        for (name, about) in list {
            let _ = writeln!(text, ".TP\n.B {}\n{}", roff(name), roff(about));
        }
    }
    text.push_str(
        ".SH EXIT STATUS\nThat of the script; 1 after a failure of the program itself, 2 for wrong usage,\n\
         4 without the right to what is asked for, 5 where another process has the store open.\n\
         .SH SEE ALSO\n.BR bash (1),\n.BR jj (1);\nin a prompt: help, man NAME.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_option() {
        let page = page();
        for option in usage::options() {
            let name = option.long.unwrap_or_default();
            assert!(page.contains(&roff(&name)), "{name}");
        }
        assert!(page.contains(".SH OPTIONS\n.TP\n.B \\-r, \\-\\-repo NAME"), "{page}");
    }
}
