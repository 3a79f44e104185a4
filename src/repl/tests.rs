//! The line editor while others are at work, on a terminal: this test program runs itself there.

use std::io::Write;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use mesafs::event::Invalidation;
use mesafs::path::RealPath;

use super::bell::Bell;
use super::editor::{LineEditor, Read};
use super::history::Past;
use super::live::Live;
use super::look::{Look, size};
use super::prompt::{Facts, draw};
use super::scene::Scene;

#[path = "../../tests/terminal/screen.rs"]
#[expect(dead_code, reason = "the tests of the program use the rest")]
mod screen;

use screen::Terminal;

/// Says what the program on the terminal does: how many events there are, one in how many
/// microseconds, and whether they are told of.
const ROLE: &str = "MESASH_TEST_PROMPT";

/// The program on the terminal: reads lines and prints them, while events come.
#[test]
fn prompt_on_a_terminal() {
    let Some(role) = std::env::var(ROLE).ok() else { return };
    let numbers: Vec<u64> = role.split(' ').map(|number| number.parse().unwrap()).collect();
    let [events, pause_us, notices] = numbers[..] else { panic!("{role}") };
    let look = Look { colors: true, unicode: true, dumb: false };
    let bell = Bell::default();
    let live = Live::new(bell.clone());
    live.show_notices(notices == 1);
    let mut editor = LineEditor::new(Past::default(), look, bell, &[]).unwrap();
    editor.set_scene(std::sync::Arc::new(Scene { joins_lines: true, ..Scene::default() }));
    let teller = live.clone();
    thread::spawn(move || {
        let begun = Instant::now();
        for number in 0..events {
            let due = Duration::from_micros(pause_us * number);
            thread::sleep(due.saturating_sub(begun.elapsed()));
            let name = format!("file{number}");
            let path = RealPath::from_names([b"acme".as_slice(), b"app", name.as_bytes()]);
            teller
                .take(&Invalidation { path, recursive: false, version: number, own: false }, look);
            if number % 90 == 89 {
                teller.begin();
            }
        }
    });
    let facts = Facts { cwd: "/acme/app".into(), ..Facts::default() };
    print!("\x1b[2J\x1b[H");
    std::io::stdout().flush().unwrap();
    loop {
        let prompt = draw(&facts, &live, look, size().0);
        match editor.read(&prompt, "") {
            Ok(Read::Line(line)) => println!("<{}>", line.replace('\n', "|")),
            Ok(Read::Compose(_)) | Err(_) => return,
        }
    }
}

fn start(role: &str, columns: u16, rows: u16) -> Terminal {
    let mut command = Command::new("setsid");
    command.args(["--ctty", "--wait"]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "repl::tests::prompt_on_a_terminal", "--nocapture"]);
    command.env(ROLE, role).env("TERM", "xterm-256color").env_remove("NO_COLOR");
    let terminal = Terminal::start(command, columns, rows);
    terminal.wait(|terminal| terminal.rows().iter().any(|row| row.starts_with("acme/app ")));
    terminal
}

/// Where the prompt is, and what it and the line are.
fn last(terminal: &Terminal) -> String {
    let rows = terminal.rows();
    let begun = rows.iter().rposition(|row| row.starts_with("acme/app")).unwrap_or(0);
    rows[begun..].join("\n").trim_end().to_owned()
}

#[test]
fn the_count_changes_in_place_while_a_line_is_typed() {
    for (columns, rows) in [(80, 24), (40, 10), (200, 50)] {
        // Nine events in three seconds, at the top of the screen.
        let mut terminal = start("9 300000 0", columns, rows);
        terminal.keys("echo hello\x1b[D\x1b[D");
        terminal.wait(|terminal| last(terminal) == "acme/app ⇣9 $ echo hello");
        terminal.settle();
        assert_eq!(terminal.text(), "acme/app ⇣9 $ echo hello");
        assert_eq!(terminal.cursor(), (0, 22));
        terminal.keys("X\r");
        terminal.see("\n<echo helXlo>");
    }
}

#[test]
fn a_storm_damages_no_line() {
    let long = "abcdefghij ".repeat(9);
    for (columns, rows) in [(80, 24), (40, 10), (200, 50)] {
        for notices in [0, 1] {
            let mut terminal = start(&format!("3000 1000 {notices}"), columns, rows);
            terminal.keys("if x\rthen ");
            for letter in long.trim_end().chars() {
                terminal.keys(letter.encode_utf8(&mut [0; 4]));
                thread::sleep(Duration::from_millis(12));
            }
            // Back by a word and on: the cursor stays where it was put.
            terminal.keys("\x1bb");
            thread::sleep(Duration::from_millis(300));
            terminal.resize(columns + 7, rows);
            thread::sleep(Duration::from_millis(200));
            terminal.keys("X");
            thread::sleep(Duration::from_millis(1500));
            terminal.settle();
            let wanted = format!("then {}Xabcdefghij", "abcdefghij ".repeat(8));
            let shown = last(&terminal).replace('\n', "");
            assert!(shown.ends_with(&wanted), "{columns} {notices}:\n{}", terminal.text());
            assert_eq!(terminal.text().matches("$ if x").count(), 1, "{}", terminal.text());
            terminal.keys("\x05\rfi\r");
            let got = format!("<if x|{wanted}|fi>");
            terminal.wait(|terminal| terminal.rows().concat().contains(&got));
        }
    }
}
