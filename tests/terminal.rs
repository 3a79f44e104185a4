//! The prompt on a real terminal: a pseudo-terminal, whose screen is compared.

#[path = "terminal/screen.rs"]
mod screen;

use screen::Terminal;

const SIZES: [(u16, u16); 3] = [(80, 24), (40, 10), (200, 50)];

fn home() -> tempfile::TempDir {
    match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => panic!("no folder: {error}"),
    }
}

/// A session at its first prompt.
fn session(home: &tempfile::TempDir, columns: u16, rows: u16) -> Terminal {
    let terminal = Terminal::mesash(home.path(), &[], columns, rows);
    prompt(&terminal);
    terminal
}

/// Waits for a prompt with nothing typed.
#[track_caller]
fn prompt(terminal: &Terminal) {
    terminal.wait(|terminal| terminal.text().ends_with('$'));
    terminal.settle();
}

/// Types a line at a prompt, and waits for the next one.
#[track_caller]
fn enter(terminal: &mut Terminal, line: &str) {
    terminal.keys(line);
    terminal.settle();
    terminal.keys("\r");
    prompt(terminal);
}

#[test]
fn the_prompt_tells_what_there_is_at_each_size() {
    for (columns, rows) in SIZES {
        let home = home();
        let mut terminal = session(&home, columns, rows);
        terminal.keys("echo hello > file; false\r");
        let changed = if columns == 40 { "scratch" } else { "±1] 1" };
        terminal.see(changed);
        prompt(&terminal);
        terminal.keys("mkdir -p sub/deep; cd sub/deep\r");
        terminal.see_last(if columns == 40 { "deep" } else { "local/scratch/sub/deep [main " });
        prompt(&terminal);
        terminal.keys("\x04");
        assert_eq!(terminal.end(), Some(0));
    }
}

#[test]
fn a_line_wraps_and_follows_the_terminals_size() {
    let home = home();
    let mut terminal = session(&home, 40, 10);
    terminal.keys("echo ");
    terminal.keys(&"abcdefghij".repeat(6));
    terminal.settle();
    let joined = |terminal: &Terminal| terminal.rows().concat().contains(&"abcdefghij".repeat(6));
    assert!(joined(&terminal), "{}", terminal.text());
    terminal.resize(80, 24);
    terminal.settle();
    // Back to the middle of it, and on: nothing is torn.
    terminal.keys("\x01\x1b[C\x1b[C\x1b[C\x1b[C\x1b[CX");
    terminal.settle();
    let wanted = format!("echo X{}", "abcdefghij".repeat(6));
    terminal.wait(|terminal| terminal.rows().concat().contains(&wanted));
    terminal.keys("\r");
    terminal.wait(|terminal| terminal.text().contains(&format!("\nX{}", "abcdefghij".repeat(6))));
}

#[test]
fn a_command_is_typed_in_several_lines_and_recalled_whole() {
    let home = home();
    let mut terminal = session(&home, 80, 24);
    terminal.keys("for x in 1 2; do\r");
    terminal.settle();
    terminal.keys("echo \"<$x>\"\rdone\r");
    terminal.see("<1>\n<2>");
    terminal.settle();
    terminal.keys("\x1b[A");
    terminal.see("do\necho \"<$x>\"\ndone");
    terminal.settle();
    terminal.keys("\x03");
    prompt(&terminal);
    terminal.keys("cat <<E\rin $((1+1))\rE\r");
    terminal.see("\nin 2");
}

#[test]
fn what_is_pasted_does_not_run() {
    let home = home();
    let mut terminal = session(&home, 80, 24);
    terminal.keys("\x1b[200~echo one\necho two\n\x1b[201~");
    terminal.see("echo one\necho two");
    terminal.settle();
    assert!(!terminal.text().contains("\none\n"), "{}", terminal.text());
    terminal.keys("\r");
    terminal.see("\none\ntwo");
}

#[test]
fn words_have_colours_and_hints_come_from_the_history() {
    let home = home();
    let mut terminal = session(&home, 80, 24);
    terminal.keys("echo first hint\r");
    terminal.see("\nfirst hint");
    terminal.settle();
    terminal.keys("echo f");
    terminal.see_last("local/scratch [main ");
    terminal.wait(|terminal| terminal.text().ends_with("$ echo first hint"));
    assert!(terminal.painted().contains("\x1b[32mecho"), "{:?}", terminal.painted());
    // One word, then all of it.
    terminal.keys("\x1bf");
    terminal.settle();
    terminal.keys("\x1b[C\r");
    terminal.wait(|terminal| terminal.text().matches("\nfirst hint").count() == 2);
    terminal.keys("nosuch");
    terminal.wait(|terminal| terminal.painted().contains("\x1b[31mnosuch"));
}

#[test]
fn the_history_lasts_and_is_searched_and_expanded() {
    let home = home();
    let mut terminal = session(&home, 80, 24);
    for line in ["echo alpha", "echo beta", " echo secret"] {
        enter(&mut terminal, line);
    }
    terminal.keys("\x04");
    assert_eq!(terminal.end(), Some(0));
    let mut terminal = session(&home, 80, 24);
    terminal.keys("\x12alp");
    terminal.see("(reverse-i-search)`alp': echo alpha");
    terminal.keys("\r");
    terminal.see("\nalpha");
    prompt(&terminal);
    terminal.keys("\x12secret");
    terminal.see("failed");
    terminal.keys("\x07");
    terminal.settle();
    // Leaves the search, and the line.
    terminal.keys("\x03");
    prompt(&terminal);
    enter(&mut terminal, "echo !$ !!");
    terminal.see("\necho alpha echo alpha\nalpha echo alpha");
    enter(&mut terminal, "^echo^printf '%s\\n'");
    terminal.see("\nprintf '%s\\n' alpha echo alpha\nalpha\necho\nalpha\n");
    terminal.keys("!nope\r");
    terminal.see("mesash: !nope: event not found");
}

#[test]
fn prompts_of_ones_own_are_expanded() {
    let home = home();
    let mut terminal = session(&home, 80, 24);
    terminal.keys("PS1='<\\u \\w \\b \\m \\j $(echo sub) \\$> '; echo x > y\r");
    terminal.see_last("<mesa ~ main 1 0 sub $>");
    terminal.keys("PS2='more> '\r");
    terminal.settle();
    terminal.keys("echo 'a\r");
    terminal.see("\nmore>");
    terminal.keys("b'\r");
    terminal.see("\na\nb\n");
}

#[test]
fn a_wrong_name_is_answered_with_the_right_one() {
    let home = home();
    let mut terminal = session(&home, 80, 24);
    enter(&mut terminal, "chagnes log");
    terminal.see("mesash: chagnes: did you mean 'changes'?");
}

#[test]
fn a_plain_terminal_gets_plain_text() {
    let home = home();
    let mut command = Terminal::command(home.path(), &[]);
    command.env("NO_COLOR", "1").env("LANG", "C");
    let mut terminal = Terminal::start(command, 80, 24);
    terminal.wait(|terminal| terminal.text().ends_with('$'));
    terminal.keys("echo x > y; ech");
    terminal.settle();
    assert!(!terminal.painted().contains("\x1b[3"), "{:?}", terminal.painted());
    terminal.keys("\x03");
    prompt(&terminal);
    enter(&mut terminal, "echo x > y");
    terminal.see("+-1]");
    terminal.keys("\x04");
    terminal.end();
    drop(terminal);
    let mut command = Terminal::command(home.path(), &[]);
    command.env("TERM", "dumb");
    let mut terminal = Terminal::start(command, 80, 24);
    terminal.wait(|terminal| terminal.text().ends_with('$'));
    terminal.keys("echo 'a\n");
    terminal.wait(|terminal| terminal.text().ends_with("\n>"));
    terminal.keys("b'\n");
    terminal.see("\na\nb\n");
    assert!(!terminal.painted().contains("\x1b[3"), "{:?}", terminal.painted());
}

#[test]
fn control_keys_do_what_they_do_in_bash() {
    let home = home();
    let mut terminal = session(&home, 80, 24);
    let all = ["sleep 100", "while :; do :; done", "cat", "sleep 100 | cat", "read x", "wait"];
    for (job, waits) in (1..).zip(all) {
        terminal.keys(&format!("sleep 300 & {waits}\r"));
        // Before the line runs Ctrl-C is a key like any other.
        terminal.see(&format!("\n[{job}] "));
        terminal.settle();
        terminal.keys("\x03");
        prompt(&terminal);
        enter(&mut terminal, "clear");
    }
    terminal.keys("typed\x03");
    prompt(&terminal);
    terminal.keys("echo $?\r");
    terminal.see("\n130");
    terminal.keys("\x0c");
    terminal.wait(|terminal| terminal.text().lines().count() == 1 && terminal.cursor().0 == 0);
    enter(&mut terminal, "echo abc\x7f\x7fX");
    terminal.see("\naX");
    terminal.keys("\x04");
    // The jobs that still run do not hold it up.
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn ctrl_c_works_in_a_terminal_that_was_started_with_it_ignored() {
    let home = home();
    let inner = Terminal::command(home.path(), &[]);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "trap '' INT; exec \"$@\"", "sh"]);
    command.arg(inner.get_program()).args(inner.get_args()).env_clear();
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut terminal = Terminal::start(command, 80, 24);
    prompt(&terminal);
    terminal.keys("echo begun; sleep 100\r");
    terminal.see("\nbegun");
    terminal.settle();
    terminal.keys("\x03");
    prompt(&terminal);
}

/// What stands after the last `$ ` of the screen, and below it.
fn typed(terminal: &Terminal) -> String {
    let text = terminal.text();
    text.rsplit("$ ").next().unwrap_or_default().to_owned()
}

#[test]
fn tab_opens_a_menu_that_is_walked_and_left() {
    for (columns, rows) in SIZES {
        let home = home();
        let mut terminal = session(&home, columns, rows);
        terminal.keys("changes \t");
        terminal.see("\nnew ");
        terminal.settle();
        assert!(terminal.text().contains("Start a") || columns == 40, "{}", terminal.text());
        // Choose, go back, choose again and take it.
        terminal.keys("\t\x1b[B\x1b[B\x1b[A");
        terminal.settle();
        assert!(typed(&terminal).starts_with("changes edit\n"), "{}", terminal.text());
        terminal.keys("\x07");
        terminal.settle();
        assert_eq!(typed(&terminal), "changes");
        terminal.keys("\tche\t");
        terminal.settle();
        assert_eq!(typed(&terminal), "changes checkpoint");
        terminal.keys("\x15ls --co\t\t");
        terminal.settle();
        terminal.keys("\r");
        terminal.settle();
        // Enter has taken it, and not run the line.
        assert!(typed(&terminal).starts_with("ls --co"), "{}", terminal.text());
        terminal.keys("\x03");
        prompt(&terminal);
    }
}

#[test]
fn words_are_completed_by_what_they_may_be() {
    let home = home();
    let mut terminal = session(&home, 80, 24);
    enter(&mut terminal, "mkdir -p sub; touch 'a b' 'c$d' README.md; echo 'echo ran' > run.sh");
    enter(&mut terminal, "chmod +x run.sh; sleep 300 & _f() { COMPREPLY=(alpha beta $3); }");
    enter(&mut terminal, "complete -F _f foo; complete -W 'one two' bar; clear");
    let table = [
        ("cat a\t", "cat a\\ b"),
        ("cat 'a\t", "cat 'a b'"),
        ("cat \"c\t", "cat \"c\\$d\""),
        ("cat rdm\t", "cat README.md"),
        ("cd s\t", "cd sub/"),
        ("./r\t", "./run.sh"),
        ("/local/scratch@ma\t", "/local/scratch@main/"),
        ("changes edit ma\t", "changes edit main"),
        ("bookmarks move ma\t", "bookmarks move main"),
        ("changes log -r s\t", "changes log -r scratch"),
        ("fg %\t", "fg %1"),
        ("cat < REA\t", "cat < README.md"),
        ("cat $HOME/REA\t", "cat $HOME/README.md"),
        ("echo ${HOSTN\t", "echo ${HOSTNAME}"),
        ("foo a\t\t", "foo alpha"),
        ("bar t\t", "bar two"),
        ("ls --full\t", "ls --full-time"),
        ("nosuchcommand nosuchfile\t", "nosuchcommand nosuchfile"),
    ];
    for (keys, wanted) in table {
        terminal.keys(keys);
        terminal.settle();
        let line = typed(&terminal);
        let line = line.lines().next().unwrap_or_default();
        assert_eq!(line.trim_end(), wanted, "{keys}:\n{}", terminal.text());
        terminal.keys("\x07\x15");
        terminal.settle();
    }
}
