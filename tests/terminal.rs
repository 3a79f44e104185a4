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

#[test]
fn what_is_long_stops_at_each_screen() {
    let home = home();
    let mut terminal = session(&home, 80, 24);
    let asks = "-- space: on, b: back, Enter: a line, /: search, a: all, q: leave --";
    for (line, first) in [
        ("man ls", "Usage: ls"),
        ("grep --help", "Usage: grep"),
        ("help", "mesash: Bash on"),
        ("help sort", "Usage: sort"),
        ("seq 100 | less", "1\n2\n3"),
        ("seq 90 > f; changes diff", "diff --git a/f b/f"),
    ] {
        terminal.keys(&format!("clear; {line}\r"));
        terminal.see(asks);
        terminal.settle();
        assert!(terminal.text().starts_with(first), "{}", terminal.text());
        let before = terminal.rows();
        terminal.keys("\r");
        terminal.settle();
        assert_eq!(terminal.rows()[..22], before[1..23], "{line}");
        terminal.keys(" ");
        terminal.settle();
        assert!(terminal.text().ends_with(asks), "{}", terminal.text());
        // Back to the top, and to a word that is searched for.
        terminal.keys("g");
        terminal.settle();
        assert!(terminal.text().starts_with(first), "{}", terminal.text());
        if line == "man ls" {
            terminal.keys("/--group-dir\r");
            terminal.wait(|terminal| {
                terminal.rows().first().is_some_and(|row| row.contains("--group-dir"))
            });
        }
        terminal.keys("q");
        prompt(&terminal);
        assert!(!terminal.text().contains(asks), "{}", terminal.text());
    }
    terminal.keys("clear; changes diff --no-pager | cat; changes diff --no-pager\r");
    prompt(&terminal);
    // What stops ends by Ctrl-C too, and `a` shows all.
    terminal.keys("clear; man ls\r");
    terminal.see(asks);
    terminal.settle();
    terminal.keys("\x03");
    prompt(&terminal);
    assert!(!terminal.text().contains(asks), "{}", terminal.text());
    terminal.keys("clear; seq 60 > g; less g; echo end\r");
    terminal.see(asks);
    terminal.keys("a");
    terminal.see("\n60\nend");
    enter(&mut terminal, "PAGER=cat; export PAGER; clear; man ls");
    assert!(!terminal.text().contains(asks), "{}", terminal.text());
}

/// A home with settings in it.
fn home_with(config: &str, rc: &str) -> tempfile::TempDir {
    let home = home();
    let folder = home.path().join(".config/mesash");
    let made = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join("config.toml"), config))
        .and_then(|()| std::fs::write(folder.join("mesashrc"), rc));
    assert!(made.is_ok(), "{made:?}");
    home
}

#[test]
fn settings_are_read_and_mesashrc_is_run() {
    let config =
        "pager = false\n[keys]\n'ctrl-t' = 'insert echo by key'\n'ctrl-x ctrl-u' = 'undo'\n";
    let home = home_with(config, "alias hi='echo from rc'\nf() { echo in f; }\n");
    let mut terminal = session(&home, 80, 24);
    enter(&mut terminal, "hi; f");
    terminal.see("\nfrom rc\nin f\n");
    enter(&mut terminal, "\x14");
    terminal.see("\nby key\n");
    enter(&mut terminal, "clear; man ls");
    assert!(!terminal.text().contains("-- space"), "{}", terminal.text());
    terminal.keys("\x04");
    assert_eq!(terminal.end(), Some(0));
    let mut terminal = Terminal::mesash(home.path(), &["--norc"], 80, 24);
    prompt(&terminal);
    terminal.keys("hi\r");
    terminal.see("hi: command not found");
    let home = home_with("[keys]\n'ctrl-t' = 'undoo'\n", "");
    let mut terminal = Terminal::mesash(home.path(), &[], 80, 24);
    assert_eq!(terminal.end(), Some(2));
    terminal.see("mesash: keys: there is no function 'undoo'; did you mean 'undo'?");
}

#[test]
fn the_doctor_says_what_is_wrong() {
    let home = home();
    let mut terminal = session(&home, 80, 24);
    terminal.keys("\x04");
    assert_eq!(terminal.end(), Some(0));
    let mut terminal = Terminal::mesash(home.path(), &["doctor"], 120, 30);
    assert_eq!(terminal.end(), Some(0));
    terminal.see("ok    store:");
    assert!(!terminal.text().contains("WRONG"), "{}", terminal.text());
    let key = home.path().join(".local/share/mesash/store.key");
    use std::os::unix::fs::PermissionsExt;
    let opened = std::fs::set_permissions(key, PermissionsExt::from_mode(0o644));
    assert!(opened.is_ok(), "{opened:?}");
    let mut terminal = Terminal::mesash(home.path(), &["doctor"], 120, 30);
    assert_eq!(terminal.end(), Some(1));
    terminal.see("WRONG key: others can read");
    terminal.see("chmod 600");
    // Another process has the store open, and shares it.
    let mut other = session(&home, 80, 24);
    enter(&mut other, "ls");
    let mut terminal = Terminal::mesash(home.path(), &["doctor"], 160, 30);
    assert_eq!(terminal.end(), Some(1));
    terminal.see(", through which others mount it");
    let socket = home.path().join(".local/share/mesash/store/sock");
    let server = format!("unix:{}", socket.display());
    let ask = |server: &str| {
        let mut terminal = Terminal::mesash(home.path(), &["--server", server, "doctor"], 200, 30);
        (terminal.end(), terminal.text())
    };
    let (status, said) = ask(&server);
    assert!(status == Some(0) && said.contains("answers, and knows the key of 'local'"), "{said}");
    let (status, said) = ask("unix:/nowhere/sock");
    assert!(status == Some(1) && said.contains("WRONG server: unix:/nowhere/sock: "), "{said}");
}

/// A session whose editor is a script.
fn session_with_editor(home: &tempfile::TempDir, script: &str) -> Terminal {
    session_of(home, &[], script)
}

/// See [`session_with_editor`]; `starter` starts it.
fn session_of(home: &tempfile::TempDir, starter: &[&str], script: &str) -> Terminal {
    use std::os::unix::fs::PermissionsExt;
    let path = home.path().join("editor");
    let made = std::fs::write(&path, format!("#!/bin/sh\n{script}\n"))
        .and_then(|()| std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)));
    assert!(made.is_ok(), "{made:?}");
    let mut command = Terminal::command_of(home.path(), starter, &[]);
    command.env("VISUAL", &path).env("TMPDIR", home.path());
    let terminal = Terminal::start(command, 100, 24);
    prompt(&terminal);
    terminal
}

#[test]
fn texts_are_edited_on_a_private_copy() {
    let home = home();
    // Waits until it is let go, so that others can edit meanwhile.
    let go = home.path().join("go");
    let script = format!(
        "case $1 in *description) sed -i '1s/.*/From the editor/' \"$1\";; \
         *command.sh) echo 'echo composed' > \"$1\";; \
         *) ls -ld \"${{1%/*}}\" | cut -c 1-10; while [ -e {} ]; do sleep 0.05; done; \
            sed -i 's/three/THREE/' \"$1\";; esac",
        go.display()
    );
    let mut terminal = session_with_editor(&home, &script);
    enter(&mut terminal, "printf 'one\\ntwo\\nthree\\n' > f; edit f; cat f");
    terminal.see("drwx------\none\ntwo\nTHREE\n");
    enter(&mut terminal, "clear; edit new; ls new; edit f /dev/null/x; echo $?");
    terminal.see("edit: cannot edit '/dev/null/x': Not a directory\n1");
    // What another does meanwhile is kept.
    let made = std::fs::write(&go, "");
    assert!(made.is_ok(), "{made:?}");
    enter(&mut terminal, "clear; printf 'one\\n2\\n3\\n4\\nthree\\n' > f");
    enter(&mut terminal, "(sleep 1; sed -i s/one/ONE/ f) &");
    terminal.keys("edit f\r");
    std::thread::sleep(std::time::Duration::from_millis(2500));
    // Ctrl-C is the editor's.
    assert!(std::fs::remove_file(&go).is_ok());
    prompt(&terminal);
    terminal.see("edit: f: others have edited it meanwhile; both edits are in it");
    enter(&mut terminal, "cat f");
    terminal.see("\nONE\n2\n3\n4\nTHREE\n");
    enter(&mut terminal, "clear; changes describe; changes log --no-pager");
    terminal.see("From the editor");
    terminal.keys("clear; typed\x18\x05");
    terminal.see("\necho composed\ncomposed\n");
    prompt(&terminal);
    // Not in a script, a pipeline or a substitution.
    enter(&mut terminal, "clear; echo 'edit f' > s; bash s; edit f | cat; x=$(edit f)");
    let refused = "edit: only a prompt on a terminal starts an editor";
    terminal.wait(|terminal| terminal.text().matches(refused).count() == 3);
    let left = std::fs::read_dir(home.path()).into_iter().flatten().flatten();
    let left = left.filter(|entry| entry.file_name().to_string_lossy().starts_with("mesash-"));
    assert_eq!(left.count(), 0);
}

#[test]
fn an_editor_that_ctrl_z_stops_goes_on() {
    let home = home();
    // Below a shell with job control, or nothing would stop: a group that nobody could wake isn't.
    let shell = ["bash", "-mc", "\"$@\"; true", "bash"];
    let mut terminal = session_of(&home, &shell, "kill -TSTP 0; echo went on; echo x > \"$1\"");
    enter(&mut terminal, "edit f; cat f");
    terminal.see("\nwent on\nx\n");
    assert!(!terminal.text().contains("can't be stopped"), "{}", terminal.text());
}

#[test]
fn a_setting_turns_the_editor_off() {
    let home = home_with("editor = false\n", "");
    let mut terminal = session_with_editor(&home, "touch \"$HOME/started\"");
    enter(&mut terminal, "edit f");
    terminal.see("edit: the settings start no editor");
    enter(&mut terminal, "changes describe");
    terminal.see("changes: the settings start no editor");
    assert!(!home.path().join("started").exists());
}

#[test]
fn the_first_prompt_says_where_to_begin() {
    let home = home();
    let mut terminal = session(&home, 110, 24);
    terminal.see("Tab completes, Ctrl-R searches the history");
    terminal.keys("\x04");
    assert_eq!(terminal.end(), Some(0));
    let terminal = session(&home, 110, 24);
    assert!(!terminal.text().contains("Tab completes"), "{}", terminal.text());
}

#[test]
fn keys_behind_ctrl_c_are_kept_and_ctrl_z_stops_nothing() {
    let home = home();
    let mut terminal = session(&home, 120, 24);
    terminal.keys("typed\x03echo kept; echo $?\r");
    terminal.see("\nkept\n0");
    prompt(&terminal);
    terminal.keys("for x in\x03\x1aecho on\r");
    terminal.see("\non\n");
    prompt(&terminal);
    terminal.keys("sleep 2; echo slept\r");
    terminal.settle();
    terminal.keys("\x1a");
    terminal.see("mesash: a line that runs can't be stopped");
    terminal.see("\nslept\n");
    prompt(&terminal);
}
