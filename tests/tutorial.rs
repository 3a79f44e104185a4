//! Every command of the tutorial runs, in its order, and prints what the tutorial says.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

type Tested = Result<(), Box<dyn std::error::Error>>;

/// Stands for what differs from run to run.
const ANY: char = '…';
/// Ends what a command has printed.
const MARK: char = '\u{1e}';

/// The fenced blocks of the tutorial in `language`.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let open = format!("```{language}\n");
    let parts = text.split(open.as_str()).skip(1);
    parts.filter_map(|part| part.split_once("```")).map(|(block, _)| block.to_owned()).collect()
}

/// A command, and what it is said to print.
fn commands(block: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), all.last_mut()) {
            (Some(command), _) => all.push((command.to_owned(), String::new())),
            (None, Some((_, printed))) => *printed += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    all
}

/// Whether `text` is what `said` says, with anything where it leaves something open.
fn fits(said: &str, text: &str) -> bool {
    let mut parts = said.trim_end().split(ANY);
    let Some(mut rest) = text.trim_end().strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    if !said.contains(ANY) {
        return rest.is_empty();
    }
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

fn program(home: &Path, program: &str) -> Command {
    let mesash = Path::new(env!("CARGO_BIN_EXE_mesash"));
    let folder = mesash.parent().unwrap_or(Path::new("/")).display();
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", format!("{folder}:/usr/local/bin:/usr/bin:/bin"))
        .env("HOME", home)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .current_dir(home)
        .stdin(Stdio::null());
    command
}

#[test]
fn every_command_of_the_tutorial_does_what_it_says() -> Tested {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tutorial.md"))?;
    let home = tempfile::tempdir()?;
    let all: Vec<_> = blocks(&text, "console").iter().flat_map(|block| commands(block)).collect();
    assert!(all.len() > 20, "{}", all.len());
    let mut script = "exec 2>&1\n".to_owned();
    for (command, _) in &all {
        script += &format!("{command}\nprintf '\\x1e%d\\x1e' $?\n");
    }
    let path = home.path().join("tutorial.mesash");
    fs::write(&path, script)?;
    let output = program(home.path(), "mesash").arg(&path).output()?;
    let printed = String::from_utf8(output.stdout)?;
    let mut parts = printed.split(MARK);
    let mut wrong = String::new();
    for (command, said) in &all {
        let (got, status) = (parts.next().unwrap_or_default(), parts.next().unwrap_or("none"));
        // `grep -c` and `diff` say no by 1.
        if !matches!(status, "0" | "1") || !fits(said, got) {
            wrong += &format!("$ {command}\n{got}(status {status}; the tutorial says)\n{said}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    for script in blocks(&text, "sh") {
        let output =
            program(home.path(), "bash").args(["-euo", "pipefail", "-c", &script]).output()?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{stderr}");
    }
    Ok(())
}

#[test]
fn what_is_left_open_is_open_and_nothing_else() {
    assert!(fits("a\n", "a\n") && !fits("a\n", "a\nb\n") && !fits("a\n", ""));
    assert!(fits("…\n", "anything\nat all\n"));
    assert!(fits("@ … x\n○ …\n", "@ kx x\n○ ab\nc\n"));
    assert!(!fits("@ … x\n○ …\n", "@ kx y\n○ ab\n"));
}
