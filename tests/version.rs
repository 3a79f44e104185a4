//! The version commands on an embedded store, as scripts use them.

#![expect(clippy::unwrap_used, reason = "tests")]

mod embedded;
mod schema;

use embedded::Embedded;
use mesash::bash::BashOptions;
use mesash::mesa::MesaFileSystem;
use schema::fits;
use serde_json::Value;

struct Shell {
    _embedded: Embedded,
    fs: MesaFileSystem,
    runtime: tokio::runtime::Runtime,
}

impl Shell {
    fn new() -> Self {
        let embedded = Embedded::new().unwrap();
        let fs = embedded.mount().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { _embedded: embedded, fs, runtime }
    }

    /// What a script writes to both streams, and its status if that is not 0.
    fn run(&self, script: &str) -> String {
        let options = BashOptions { cwd: "/acme/app".into(), ..BashOptions::default() };
        let ended = self.runtime.block_on(self.fs.bash(options).exec(script)).unwrap();
        let mut out = String::from_utf8(ended.stdout.to_vec()).unwrap();
        out.push_str(std::str::from_utf8(&ended.stderr).unwrap());
        if ended.exit_code != 0 {
            out.push_str(&format!("[{}]\n", ended.exit_code));
        }
        out
    }

    fn json(&self, command: &str) -> Value {
        let said = self.run(&format!("{command} --json"));
        let first = said.lines().next().unwrap_or_default();
        serde_json::from_str(first).unwrap_or_else(|_| panic!("{command}: {said}"))
    }
}

/// `x` and `y` are bookmarks on two edits of one line of `a`; `x` is open.
fn forked() -> Shell {
    let shell = Shell::new();
    shell.run(
        "printf '1\\n2\\n3\\n' > a; changes checkpoint -m first
        changes new @- -m y; bookmarks create y; printf '1\\ny\\n3\\n' > a; echo y > y
        changes new y- -m x; bookmarks create x; printf '1\\nx\\n3\\n' > a; echo x > x",
    );
    shell
}

#[test]
fn differences_are_shown_in_git_s_format() {
    let shell = Shell::new();
    shell.run(
        "printf '1\\n2\\n3\\n4\\n' > a; printf 'old\\n' > gone; printf 'a\\0b' > bin; mkdir -p d
        for n in 1 2 3 4 5 6; do echo line $n; done > d/long; ln -s a link; : > run
        changes checkpoint -m first",
    );
    assert_eq!(shell.run("changes diff; changes diff --stat --name-only"), "");
    shell.run(
        "printf '1\\ntwo\\n3\\n4' > a; rm gone; printf 'a\\0c' > bin; mv d/long d/longer
        echo more >> d/longer; ln -sf b link; chmod +x run; printf 'new\\n' > new",
    );
    let summary = "M a\nM bin\nR d/{long => longer}\nD gone\nM link\nA new\nM run\n";
    assert_eq!(shell.run("changes diff -s"), summary);
    let status = shell.run("changes status");
    let (place, files) = status.split_once('\n').unwrap();
    assert!(place.starts_with("acme/app is on change ") && place.contains("(main)"), "{place}");
    assert_eq!(files, summary);
    assert_eq!(
        shell.run("cd d; changes status ../a . | tail -n +2"),
        "M ../a\nR d/{long => longer}\n"
    );
    let wanted = "\
diff --git a/a b/a
index 94ebaf9001..4b0d4b0be7 100644
--- a/a
+++ b/a
@@ -1,4 +1,4 @@
 1
-2
+two
 3
-4
+4
\\ No newline at end of file
diff --git a/bin b/bin
index 1b3ad3b54d..ba3d6ba8a1 100644
Binary files a/bin and b/bin differ
diff --git a/d/long b/d/longer
similarity index 89%
rename from d/long
rename to d/longer
index 64e4ef8a0d..f64b7c8bb0 100644
--- a/d/long
+++ b/d/longer
@@ -4,3 +4,4 @@
 line 4
 line 5
 line 6
+more
diff --git a/gone b/gone
deleted file mode 100644
index 3367afdbbf..0000000000
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-old
diff --git a/link b/link
index 2e65efe2a1..63d8dbd40c 120000
--- a/link
+++ b/link
@@ -1 +1 @@
-a
\\ No newline at end of file
+b
\\ No newline at end of file
diff --git a/new b/new
new file mode 100644
index 0000000000..3e757656cf
--- /dev/null
+++ b/new
@@ -0,0 +1 @@
+new
diff --git a/run b/run
old mode 100644
new mode 100755
";
    let index = |text: &str| -> String {
        text.lines().filter(|line| !line.starts_with("index ")).collect::<Vec<_>>().join("\n")
    };
    let shown = shell.run("changes diff");
    assert_eq!(index(&shown), index(wanted), "{shown}");
    let stat = "\
a                  | 4 ++--
bin                | (binary)
d/{long => longer} | 1 +
gone               | 1 -
link               | 2 +-
new                | 1 +
run                | 0
7 files changed, 5 insertions(+), 4 deletions(-)
";
    assert_eq!(shell.run("changes diff --stat"), stat);
    // What was shown is what a patch is made of.
    let back = "changes diff > /tmp/p; changes new @- > /dev/null; sed -i '/^Binary/d' /tmp/p
        patch -p1 -s < /tmp/p; cat a d/longer new; ls gone d";
    let patched = shell.run(back);
    assert!(patched.starts_with("1\ntwo\n3\n4line 1\n"), "{patched}");
}

#[test]
fn a_log_is_a_graph_of_changes() {
    let shell = forked();
    shell.run("changes merge x y -m both; resolve --ours a; changes new");
    let log = shell.run("changes log");
    // Ids, times and authors differ from run to run.
    let shape: Vec<String> = log
        .lines()
        .map(|line| {
            let at = line.find(|letter: char| letter.is_ascii_alphabetic() || letter == '(');
            let (graph, text) = line.split_at(at.unwrap_or(line.len()));
            let kept = !graph.contains(['@', '○', '×']) && !text.is_empty();
            format!("{graph}{}", if kept { text } else { "" })
        })
        .collect();
    let wanted = ["@  ", "│  (empty) (no description set)", "○    ", "├─╮  both"];
    assert_eq!(&shape[..4], &wanted, "{log}");
    assert!(log.ends_with("\n◆  zzzzzzzz root() 00000000\n"), "{log}");
    assert!(!shell.run("changes log x").contains("root()"));
    assert!(shell.run("changes log x").ends_with("\n│  x\n~\n"));
    assert!(
        shell.run("changes log 'x('").starts_with("changes: invalid revision 'x(':  --> 1:3\n")
    );
    assert_eq!(
        shell.run("changes diff x- 2>&1; changes status nowhere | tail -n 1"),
        "changes: nothing at 'x-'; a revision goes behind --of, --from or --to\nnothing is changed\nchanges: nothing at 'nowhere'\n"
    );
    let told = shell.run("changes history x");
    assert!(
        told.starts_with("○  ") && told.contains("\n│  x\n") && told.contains("(hidden)\n"),
        "{told}"
    );
    assert_eq!(log.matches("first").count(), 1, "{log}");
    let named = shell.run("changes log --no-graph 'x | y' | grep -c '^[○@◆×]'");
    assert_eq!(named, "2\n");
    assert!(shell.run("changes log 'x..y'").contains("  y\n"));
    assert_eq!(
        shell.run("changes log 'nowhere'"),
        "changes: no bookmark and no change 'nowhere' in 'acme/app'\n[1]\n"
    );
    assert_eq!(
        shell.run("changes edit nowhere"),
        "changes: no bookmark and no change 'nowhere' in 'acme/app'\n[1]\n"
    );
    let show = shell.run("changes show x-");
    let lines: Vec<&str> = show.lines().collect();
    assert!(lines[0].starts_with("Commit ID: ") && lines[1].starts_with("Change ID: "), "{show}");
    assert!(show.contains("\n    first\n\ndiff --git a/a b/a\nnew file mode 100644\n"), "{show}");
}

#[test]
fn a_merge_leaves_conflicts_that_are_settled() {
    let shell = forked();
    let merged = shell.run("bookmarks merge y --expect x");
    assert!(merged.starts_with("merged y into x: change "), "{merged}");
    assert!(
        merged.contains("conflict in a\n")
            && merged.contains("(conflict) (empty) Merge 'y' into 'x'")
    );
    assert!(merged.ends_with("[3]\n"), "{merged}");
    assert_eq!(shell.run("conflicts"), "a    2-sided conflict\n");
    assert!(shell.run("cat a").contains("<<<<<<<"));
    assert_eq!(
        shell.run("ls; ls -F; ls -l | sed -n 's/.*[0-9]:[0-9]* //p'"),
        "a\nx\ny\na!\nx\ny\na (conflict)\nx\ny\n"
    );
    assert_eq!(shell.run("TERM=xterm ls --color=always a"), "\x1b[0m\x1b[01;31ma\x1b[0m\n");
    assert!(shell.run("changes status").ends_with("conflicts:\na    2-sided conflict\n"));
    assert_eq!(
        shell.run("resolve a"),
        "1 conflict is left\nresolve: 'a' has conflict markers left\n[3]\n"
    );
    assert_eq!(
        shell.run("resolve --ours x"),
        "1 conflict is left\nresolve: no conflict at 'x'\n[1]\n"
    );
    assert_eq!(shell.run("resolve --theirs a; cat a; conflicts"), "settled a\n1\ny\n3\n");
    assert_eq!(
        shell.run("bookmarks merge y"),
        format!("x has everything of y already\n{}", shell.run("changes status | head -n 1"))
    );
    let raced = shell.run("bookmarks merge y --expect y");
    assert_eq!(raced, "bookmarks: bookmark 'x' moved meanwhile, try again\n[5]\n");
}

#[test]
fn history_is_rewritten_in_a_few_words() {
    let shell = forked();
    assert!(
        shell
            .run("changes describe -m 'say x' x")
            .starts_with("described 1 change\nacme/app is on")
    );
    let rebased = shell.run("changes rebase -d y");
    assert!(rebased.starts_with("rebased 1 change\nnew conflicts in: "), "{rebased}");
    assert!(rebased.ends_with("(x): (conflict) say x\n[3]\n"), "{rebased}");
    assert!(shell.run("changes rebase -s @ -d y-").starts_with("rebased 1 change\nacme/app"));
    assert_eq!(shell.run("cat a"), "1\nx\n3\n");
    let restored = shell.run("changes restore a; changes status | tail -n +2");
    assert!(
        restored.starts_with("restored from @-\n") && restored.ends_with("A x\n"),
        "{restored}"
    );
    shell.run("echo z > z");
    let split = shell.run("changes split x -m 'only x'");
    assert!(split.contains(" keeps the paths, ") && split.ends_with("(x): say x\n"), "{split}");
    assert_eq!(shell.run("changes diff --name-only; changes diff --name-only -c @-"), "z\nx\n");
    let squashed = shell.run("changes squash");
    assert!(squashed.starts_with("squashed into @-\ngone: "), "{squashed}");
    assert_eq!(shell.run("changes diff --name-only"), "x\nz\n");
    assert!(shell.run("changes squash q").starts_with("nothing to squash\n"));
    let copied = shell.run("changes duplicate -d y");
    assert!(copied.starts_with("made change "), "{copied}");
    assert!(shell.run("changes abandon").starts_with("abandoned 1 change\ngone: "));
    assert!(shell.run("changes abandon x-").starts_with("changes: "));
    let cycle = shell.run("changes rebase -s y -d y");
    assert!(cycle.starts_with("changes: cannot put '") && cycle.ends_with("[1]\n"), "{cycle}");
    assert_eq!(
        shell.run("changes squash ../lib/a"),
        "changes: '../lib/a' is not in 'acme/app'\n[1]\n"
    );
}

#[test]
fn bookmarks_move_where_they_are_told() {
    let shell = forked();
    assert_eq!(shell.run("bookmarks list 'm*' x | cut -c 1-6"), "* main\n  x   \n");
    assert!(
        shell.run("bookmarks rename x z; bookmarks list | cut -c 3").contains("z is on change ")
    );
    assert_eq!(
        shell.run("bookmarks list mian"),
        "bookmarks: bookmark 'mian' not found: did you mean 'main'?\n[1]\n"
    );
    assert_eq!(shell.run("bookmarks list 'q*'"), "");
    assert_eq!(
        shell.run("bookmarks delete z zz; changes split nowhere; changes merge y"),
        "bookmarks: bookmark 'zz' not found\n\
         changes: the change has changed nothing there\n\
         changes merge: give two revisions or more\n\
         Try 'changes merge --help' for more information.\n[2]\n"
    );
    assert_eq!(shell.run("bookmarks delete z y"), "z is deleted\ny is deleted\n");
    assert!(
        shell.run("bookmarks delete main").ends_with("the default one: set another first\n[1]\n")
    );
    shell.run("bookmarks create old @-; bookmarks create old2 --bookmark main");
    assert_eq!(
        shell.run(
            "bookmarks | grep -c '^  old'; bookmarks create old @; changes diff --from old --to @-"
        ),
        "2\nbookmarks: bookmark 'old' already exists: 'bookmarks move old @' moves it forward, 'bookmarks set old @' anywhere\n"
    );
    shell.run("bookmarks set at @-; changes new; changes new");
    assert!(shell.run("bookmarks advance at").starts_with("at is on change "));
    assert_eq!(shell.run("bookmarks advance at"), "no bookmark to move\n");
    assert!(shell.run("bookmarks move at @-- --expect @").ends_with("try again\n[5]\n"));
}

#[test]
fn json_is_what_the_schema_says() {
    let schema: Value = serde_json::from_str(include_str!("../docs/version.schema.json")).unwrap();
    let shell = forked();
    let calls = [
        ("changes", ""),
        ("changes new", " -m n"),
        ("changes edit", " x"),
        ("changes current", ""),
        ("changes list", ""),
        ("changes log", ""),
        ("changes history", ""),
        ("changes status", ""),
        ("changes diff", " --from y"),
        ("changes show", " x"),
        ("changes describe", " -m d"),
        ("changes duplicate", ""),
        ("bookmarks", ""),
        ("bookmarks list", ""),
        ("bookmarks create", " c"),
        ("bookmarks set", " s @"),
        ("bookmarks move", " s @"),
        ("bookmarks rename", " s t"),
        ("bookmarks advance", ""),
        ("bookmarks delete", " t"),
        ("changes split", " x"),
        ("changes squash", " --from @- --into @"),
        ("changes restore", " a"),
        ("changes merge", " x y"),
        ("conflicts", ""),
        ("resolve", " --ours a"),
        ("changes rebase", " -d main"),
        ("changes abandon", ""),
        ("changes edit", " main"),
        ("changes checkpoint", ""),
        ("bookmarks merge", " y"),
        ("ops", ""),
        ("ops list", ""),
        ("ops --path", " a"),
        ("ops show", ""),
        ("ops restore", " $(ops --json | grep -o '[0-9a-f]\\{128\\}' | head -n 1)"),
        ("repos", ""),
        ("undo", ""),
        ("redo", ""),
    ];
    for (command, args) in calls {
        let before = match command {
            "undo" => "echo q > q\n",
            "redo" => "echo r > r\nundo > /dev/null\n",
            _ => "",
        };
        let printed = shell.json(&format!("{before}{command}{args}"));
        let wanted = &schema["properties"][command];
        assert!(!wanted.is_null(), "{command} is not in the schema");
        fits(command, &printed, wanted, &schema);
    }
    let named = schema["properties"].as_object().unwrap().keys();
    for command in named {
        assert!(calls.iter().any(|(called, _)| called == command), "{command} is not tried");
    }
}

#[test]
fn any_revision_is_a_folder() {
    let shell = forked();
    shell.run("bookmarks rename y fix/y; mkdir d; echo in > d/in");
    assert_eq!(
        shell.run("cat /acme/app@main-/a; diff /acme/app@fix%2Fy/a a | head -n 2"),
        "1\n2\n3\n2c2\n< y\n"
    );
    assert_eq!(
        shell.run("ls /acme/app@@ /acme/app@@-"),
        "/acme/app@@:\na\nd\nx\n\n/acme/app@@-:\na\n"
    );
    assert_eq!(
        shell.run("cd /acme/app@x/d && pwd && cat in && cd ../.. && ls"),
        "/acme/app@x/d\nin\napp\n"
    );
    assert_eq!(
        shell.run("echo /acme/*; echo /acme/app@x/*"),
        "/acme/app\n/acme/app@x/a /acme/app@x/d /acme/app@x/x\n"
    );
    // What it is, is decided once in a run.
    let pinned =
        "cat /acme/app@@/a | head -n 2 | tail -n 1; echo new > a; cat /acme/app@@/a | wc -l; cat a";
    assert_eq!(shell.run(pinned), "x\n3\nnew\n");
    assert_eq!(shell.run("cat /acme/app@@/a"), "new\n");
    assert_eq!(
        shell.run(
            "echo x > /acme/app@x/a; rm /acme/app@x/a; mv /acme/app@x/a b; cat /acme/app@nowhere/a"
        ),
        "mesash: line 1: /acme/app@x/a: Read-only file system\n\
         rm: cannot remove '/acme/app@x/a': Read-only file system\n\
         mv: cannot move '/acme/app@x/a' to 'b': Read-only file system\n\
         cat: /acme/app@nowhere/a: No such file or directory\n[1]\n"
    );
    assert_eq!(
        shell.run("cp -r /acme/app@main-/. old; cat old/a; tail -n 1 < /acme/app@x/d/in"),
        "1\n2\n3\nin\n"
    );
}

#[test]
fn a_line_is_taken_back_and_done_again() {
    let shell = Shell::new();
    let script = "mkdir -p d/e; echo 1 > d/a; echo 2 > d/e/b; chmod 640 d/a
        rm -r d
        undo
        cat d/a d/e/b; stat -c %a d/a
        redo
        ls
        undo 2
        ls";
    assert_eq!(
        shell.run(script),
        "took back: rm -r d\n1\n2\n640\ndid again: rm -r d\n\
         took back: rm -r d\ntook back: mkdir -p d/e; echo 1 > d/a; echo 2 > d/e/b; chmod 640 d/a\n"
    );
    // What somebody has changed since is left, and only that.
    let other = Shell::new();
    let raced = other.run("echo 1 > a; echo 1 > b\nundo > /dev/null; echo mine > a\nredo; cat a b");
    assert_eq!(
        raced,
        "did again: echo 1 > a; echo 1 > b\n  left /acme/app/a: it was changed since\nmine\n1\n"
    );
    assert_eq!(other.run("undo"), "undo: nothing to undo\n[1]\n");
    let forced = other
        .run("rm -f a b\necho 1 > a\nundo > /dev/null; echo mine > a\nredo -f > /dev/null; cat a");
    assert_eq!(forced, "1\n");
}

#[test]
fn a_removed_folder_comes_back_at_once() {
    let shell = Shell::new();
    shell.run("mkdir big; for i in {1..300}; do mkdir big/$i; for j in {1..10}; do echo $i $j > big/$i/$j; done; done; changes current > /dev/null");
    let told = shell.run("rm -r big\nundo --json | grep -o '\"paths\":.*'\nfind big -type f | wc -l; cat big/17/3; changes status | tail -n +2 | wc -l");
    assert_eq!(told, "\"paths\":[\"big\"],\"repo\":\"acme/app\"}]}]\n3000\n17 3\n3000\n");
}

#[test]
fn what_is_atomic_lands_whole_or_not_at_all() {
    let shell = Shell::new();
    shell.run("echo 1 > a; mkdir d; echo x > d/x; echo y > /tmp/y");
    let failed =
        "atomic bash -c 'rm -r d; echo 2 > a; mv /tmp/y y; cat a y; false'; echo $?; cat a d/x; ls";
    assert_eq!(shell.run(failed), "2\ny\n1\n1\nx\na\nd\n");
    let landed =
        "atomic bash -c 'mv d e; echo 2 > a; chmod +x a; cat e/x'; cat a e/x; ls; stat -c %a a";
    assert_eq!(shell.run(landed), "x\n2\nx\na\ne\n755\n");
    assert_eq!(shell.run("atomic -n rm a; cat a"), "2\n");
    assert_eq!(
        shell.run("atomic nowhere"),
        "atomic: 'nowhere': No such file or directory\n[127]\n"
    );
    let refused = shell.run("atomic changes new");
    assert!(refused.contains("history stays as it is until all has landed"), "{refused}");
    // It is one line, which can be taken back.
    assert_eq!(shell.run("atomic rm -r e a\nundo > /dev/null; ls"), "a\ne\n");
}

#[test]
fn who_changed_a_file_is_told_with_the_line() {
    let shell = Shell::new();
    shell.run(
        "mkdir -p d; echo 1 > d/a\nfor i in 1 2 3; do echo $i >> d/a; done\nrm -r d; echo 2 > b",
    );
    shell.run("mv b c");
    let edits = shell.json("ops --path d/a");
    let told: Vec<(&str, &str, u64, &str)> = edits
        .as_array()
        .unwrap()
        .iter()
        .map(|edit| {
            let text = |field: &Value| field.as_str().unwrap().to_owned().leak() as &str;
            let line = text(&edit["cause"]["line"]);
            (text(&edit["op"]), text(&edit["path"]), edit["count"].as_u64().unwrap(), line)
        })
        .collect();
    let appended: u64 = told.iter().filter(|told| told.0 == "append").map(|told| told.2).sum();
    assert_eq!(
        appended + told.iter().filter(|told| told.0 == "write").count() as u64,
        4,
        "{told:?}"
    );
    assert_eq!(
        (told[0].0, told[0].1, told[0].3),
        ("remove", "d", "rm -r d; echo 2 > b"),
        "{told:?}"
    );
    assert!(told.iter().any(|told| told.3.starts_with("for i in 1 2 3")), "{told:?}");
    assert!(told.iter().any(|told| told.3 == "mkdir -p d; echo 1 > d/a"), "{told:?}");
    let renamed = shell.json("ops --path c -n 1");
    assert_eq!((&renamed[0]["path"], &renamed[0]["to"]), (&"b".into(), &"c".into()));
    // A file is followed to the names that it had, and over what was taken back.
    shell.run("mkdir f; mv c f/c");
    shell.run("mv f g; echo 3 >> g/c\nundo\nredo\necho new > f");
    let lines = shell.run("ops --path g/c | grep -F '$'");
    let wanted = [
        "redo",
        "undo",
        "mv f g; echo 3 >> g/c",
        "mkdir f; mv c f/c",
        "mv b c",
        "rm -r d; echo 2 > b",
    ];
    let told: Vec<&str> = lines.lines().map(|line| line.trim_start_matches([' ', '$'])).collect();
    assert_eq!(told, wanted, "{lines}");
    assert!(!shell.run("ops --path f | grep -F '$'").contains("echo 2 > b"));
    assert!(renamed[0]["cause"]["session"].as_str().is_some_and(|session| !session.is_empty()));
    // What was done to history names its line, too.
    shell.run("changes describe -m told");
    let shown = shell.json("ops show");
    assert_eq!(shown["causes"][0]["line"], "changes describe -m told", "{shown}");
    assert_eq!(shown["changes"][0]["summary"], "told", "{shown}");
    let listed = shell.run("ops | grep -F '$'");
    assert!(listed.contains("$ mv b c\n") && listed.contains("$ changes describe"), "{listed}");
    let operations = shell.json("ops");
    let stored = operations.as_array().unwrap().iter().find(|one| one["edits"] != 0).unwrap();
    let shown = shell.json(&format!("ops show {}", stored["id"].as_str().unwrap()));
    let edits = shown["edits"].as_array().unwrap().iter();
    let count: u64 = edits.map(|edit| edit["count"].as_u64().unwrap()).sum();
    assert_eq!(stored["edits"], count, "{shown}");
}
