//! `mesash completions bash|zsh|fish`: what other shells complete the program's arguments by. Made from
//! the program's help and the tables of `mesash repo` and `mesash key`.

use std::ffi::OsString;
use std::fmt::Write as _;

use super::admin;
use super::failure::Failure;
use super::usage::{self, Described};

/// Prints the script for a shell.
///
/// # Errors
/// [`Failure`]: another shell, or the script can't be written.
pub fn run(words: &[OsString]) -> Result<u8, Failure> {
    let text = match words.get(1..).unwrap_or_default() {
        [shell] if shell == "bash" => bash(),
        [shell] if shell == "zsh" => zsh(),
        [shell] if shell == "fish" => fish(),
        _ => return Err(Failure::usage("completions: say for which shell: bash, zsh or fish")),
    };
    usage::print(&text)
}

/// Words that may stand in the script's place.
const OTHERS: &[(&str, &str)] = &[
    ("doctor", "Look for what is wrong"),
    ("completions", "Print what other shells complete by"),
    ("manual", "Print the manual"),
];

/// The first words, with their help, and what may follow each.
fn words() -> Vec<(String, String, Vec<(String, String)>)> {
    let mut words: Vec<_> = admin::groups()
        .into_iter()
        .map(|(name, actions)| (name.clone(), format!("Work on the store: {name}"), actions))
        .collect();
    let shells = ["bash", "zsh", "fish"].map(|shell| (shell.to_owned(), String::new()));
    for (name, about) in OTHERS {
        let follow = if *name == "completions" { shells.to_vec() } else { Vec::new() };
        words.push(((*name).to_owned(), (*about).to_owned(), follow));
    }
    words
}

fn spelled(option: &Described) -> Vec<String> {
    let short = option.short.map(|letter| format!("-{letter}"));
    let long = option.long.as_ref().map(|long| format!("--{long}"));
    short.into_iter().chain(long).collect()
}

fn bash() -> String {
    let options: Vec<String> = usage::options().iter().flat_map(spelled).collect();
    let words = words();
    let firsts: Vec<&str> = words.iter().map(|(name, ..)| name.as_str()).collect();
    let mut cases = String::new();
    for (name, _, follow) in words.iter().filter(|(_, _, follow)| !follow.is_empty()) {
        let follow: Vec<&str> = follow.iter().map(|(name, _)| name.as_str()).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(
            cases,
            "        {name}) COMPREPLY=($(compgen -W '{}' -- \"$word\")); return;;",
            follow.join(" ")
        );
    }
    format!(
        "# bash completion of mesash: source this, or put it into bash-completion's folder.\n\
         _mesash() {{\n    \
             local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}\n    \
             case $before in\n{cases}        \
                 --store|--cwd) COMPREPLY=($(compgen -d -- \"$word\")); return;;\n    \
             esac\n    \
             case $word in\n        \
                 -*) COMPREPLY=($(compgen -W '{}' -- \"$word\"));;\n        \
                 *)  COMPREPLY=($(compgen -f -- \"$word\"))\n            \
                     ((COMP_CWORD == 1)) && COMPREPLY+=($(compgen -W '{}' -- \"$word\"));;\n    \
             esac\n\
         }}\n\
         complete -o filenames -F _mesash mesash\n",
        options.join(" "),
        firsts.join(" "),
    )
}

/// Text in single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn zsh() -> String {
    let mut text = String::from("#compdef mesash\n\n_mesash() {\n    local -a first follow\n");
    let pairs = |pairs: &[(String, String)]| {
        let pairs = pairs.iter().map(|(name, about)| quoted(&format!("{name}:{about}")));
        pairs.collect::<Vec<_>>().join(" ")
    };
    let words = words();
    let firsts: Vec<(String, String)> =
        words.iter().map(|(name, about, _)| (name.clone(), about.clone())).collect();
    let _ = writeln!(text, "    first=({})\n    case $words[CURRENT-1] in", pairs(&firsts));
    for (name, _, follow) in words.iter().filter(|(_, _, follow)| !follow.is_empty()) {
        let _ = writeln!(
            text,
            "        {name}) follow=({}); _describe {name} follow; return;;",
            pairs(follow)
        );
    }
    text.push_str(
        "    esac\n    (( CURRENT == 2 )) && _describe command first\n    _arguments \\\n",
    );
    for option in usage::options() {
        let about = option.about.replace(['[', ']', ':'], " ");
        let value = option.value.as_ref().map_or(String::new(), |value| {
            let action = if value == "DIR" { "_files -/" } else { "" };
            format!(":{}:{action}", value.replace(':', " "))
        });
        for name in spelled(&option) {
            let _ = writeln!(text, "        {} \\", quoted(&format!("*{name}[{about}]{value}")));
        }
    }
    text.push_str("        '*:file:_files'\n}\n\n_mesash \"$@\"\n");
    text
}

fn fish() -> String {
    let mut text = String::from("# fish completion of mesash\n");
    for option in usage::options() {
        let mut line = "complete -c mesash".to_owned();
        if let Some(letter) = option.short {
            let _ = write!(line, " -s {letter}");
        }
        if let Some(long) = &option.long {
            let _ = write!(line, " -l {long}");
        }
        match option.value.as_deref() {
            Some("DIR") => line.push_str(" -xa '(__fish_complete_directories)'"),
            Some(_) => line.push_str(" -x"),
            None => {}
        }
        let _ = writeln!(text, "{line} -d {}", quoted(&option.about));
    }
    for (name, about, follow) in words() {
        let _ = writeln!(
            text,
            "complete -c mesash -n __fish_use_subcommand -a {name} -d {}",
            quoted(&about)
        );
        for (word, about) in follow {
            let _ = writeln!(
                text,
                "complete -c mesash -f -n '__fish_seen_subcommand_from {name}' -a {word} -d {}",
                quoted(&about)
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_hears_of_every_option_and_word() {
        for text in [bash(), zsh(), fish()] {
            for wanted in ["repo", "import", "revoke", "doctor", "dry-run", "store", "fish"] {
                assert!(text.contains(wanted), "{wanted}:\n{text}");
            }
        }
    }
}
