//! Scripts that mean harm: each ends by itself with a message and a status, within its limits, or when
//! it is cancelled.
//!
//! The limits are those for scripts that nobody has read, so most of these take moments; the time-out
//! only stands for "for ever".
#![expect(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use std::sync::Arc;
use std::time::Duration;

use bstr::ByteSlice;
use mesafs::FileSystem;
use mesash::bash::{Bash, BashOptions, ExecOptions, ExecResult};
use mesash::eval::{EndedBy, Interpreter};
use mesash_builtins::budget::Limits;
use mesash_builtins::cancel::{Cancel, Reason};
use testkit::memory::MemoryMount;

const FOR_EVER_MS: u64 = 60_000;

fn bash(limits: Limits) -> Bash {
    let interpreter = Interpreter::new();
    let names = interpreter.command_names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let fs: Arc<dyn FileSystem> = Arc::new(MemoryMount::new(&names).files);
    let options = BashOptions {
        cwd: "/tmp".into(),
        timeout_ms: FOR_EVER_MS,
        limits,
        ..BashOptions::default()
    };
    Bash::new(fs, interpreter, options)
}

fn run(bash: &Bash, script: &[u8], options: ExecOptions) -> ExecResult {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(bash.exec_with(script, options)).expect("a shell")
}

/// A script, and what its output and complaints must have in them.
struct Hostile {
    script: Vec<u8>,
    says: &'static str,
}

fn hostile(script: impl AsRef<[u8]>, says: &'static str) -> Hostile {
    Hostile { script: script.as_ref().to_vec(), says }
}

/// `open` and `close` around `inner`, so many times.
fn nested(open: &str, inner: &str, close: &str, times: usize) -> String {
    [open.repeat(times).as_str(), inner, &close.repeat(times)].concat()
}

fn table() -> Vec<Hostile> {
    let eval = |text: String| format!("eval '{text}'; echo \"status $?\"");
    vec![
        // Processes and depth.
        hostile(":(){ :|:& };:; sleep 0.1; echo end", "end"),
        hostile("f() { f; }; f; echo no", "maximum function nesting level exceeded (1000)"),
        hostile("f() { g; }; g() { f; }; f || echo failed", "nesting level exceeded"),
        hostile("echo '. /tmp/s' >s; . ./s; echo \"status $?\"", "nesting level exceeded"),
        hostile("f() { eval f; }; f; echo end", "nesting level exceeded"),
        hostile("f() { echo $(f); }; f; echo end", "nesting level exceeded"),
        hostile("f() { (f); }; f; echo end", "nesting level exceeded"),
        hostile("f() { trap f EXIT; exit; }; f", ""),
        hostile("x=x; echo $((x)); echo no", "expression recursion level exceeded"),
        hostile("x=y+1 y=x+1; ((x)); echo \"status $?\"", "expression recursion level exceeded"),
        hostile("a[0]='a[a[0]]'; echo $((a[a[0]]))", ""),
        hostile("declare -n r=s s=r; echo $r; r=1; echo no", "circular name reference"),
        hostile(format!("{} | cat", vec!["cat"; 3000].join(" | ")), "fork: Resource"),
        hostile("for ((i=0;i<500;i++)); do sleep 100 & done; echo end", "fork: Resource"),
        // Lists that grow, of short texts.
        hostile("while :; do a+=(x); done", "memory limit reached"),
        hostile("declare -A m; for ((i=0;;i++)); do m[$i]=x; done", "memory limit reached"),
        hostile("set -- 1 2; while :; do set -- \"$@\" \"$@\"; done", "memory limit reached"),
        hostile("set -- {1..200000}; f() { f \"$@\"; }; f \"$@\"", "memory limit reached"),
        hostile("set -- {1..200000}; echo '. ./s \"$@\"' >s; . ./s", "memory limit reached"),
        hostile("mapfile x < <(yes)", "memory limit reached"),
        hostile("mapfile -d '' x < <(yes)", "memory limit reached"),
        hostile("mapfile -n 2 -d '' x < <(yes)", "memory limit reached"),
        hostile("read -d '' x < <(yes)", "memory limit reached"),
        hostile("read -r -d '' x < <(yes)", "memory limit reached"),
        hostile("read -N 999999999 x < <(yes)", "memory limit reached"),
        hostile("select x in a; do :; done < <(yes | tr -d '\\n')", "memory limit reached"),
        hostile("(echo 'cat <<E'; yes) | bash", "memory limit reached"),
        hostile("yes | tr -d '\\n' | bash", "memory limit reached"),
        // Tables that grow.
        hostile("for ((i=0;;i++)); do printf -v v$i x; done", "memory limit reached"),
        hostile("for ((i=0;;i++)); do eval v$i=x; done", "memory limit reached"),
        hostile("for ((i=0;;i++)); do eval \"f$i() { :; }\"; done", "memory limit reached"),
        hostile("for ((i=0;;i++)); do alias a$i=x; done", "memory limit reached"),
        hostile("for ((i=0;;i++)); do hash -p /x h$i; done", "memory limit reached"),
        hostile("f() { local v{1..2000}; f; }; f; echo no", "memory limit reached"),
        hostile("printf -v x 'v%d=1;' {1..10000}; eval \"$x\"; f() { (f); }; f; echo end", "fork: Resource"),
        hostile("f() { for ((i=0;;i++)); do local v$i; done; }; f; echo no", "memory limit reached"),
        hostile("f() { local x=1; x=2 f; }; f; echo no", "nesting level exceeded"),
        hostile(
            "shopt -s expand_aliases; for i in {0..60}; do alias a$i=\"a$((i+1)) a$((i+1)) \"; done\na0; echo no",
            "",
        ),
        // The tree of one command.
        hostile("eval \"$(printf 'x=1;%.0s' {1..100000})\"; echo no", "memory limit reached"),
        hostile("eval \"f() { : $(printf 'a %.0s' {1..200000}); }\"; echo no", "memory limit reached"),
        // Nesting in the text.
        hostile(eval(nested("$(", ":", ")", 10_000)), "status 2"),
        hostile(eval(nested("(", ":", ")", 10_000)), "status"),
        hostile(eval(nested("{ ", ":", ";}", 10_000)), "status 2"),
        hostile(eval(nested("if ", ":", "; then :; fi", 10_000)), "status 2"),
        hostile(eval(format!("echo {}", nested("${x:-", "", "}", 10_000))), "status"),
        hostile(eval(format!("echo {}", nested("$((", "1", "))", 10_000))), "status"),
        hostile(eval(format!("echo $(({}))", nested("(", "1", ")", 100_000))), "level exceeded"),
        hostile(eval(format!("echo $(({}1))", "- ".repeat(100_000))), "level exceeded"),
        hostile(eval(format!("[[ {} ]]", nested("( ", "a", " )", 10_000))), "status 2"),
        hostile(eval(format!("echo {}", nested("{a,", "b", "}", 10_000))), "status"),
        hostile(eval(nested("`", ":", "`", 1)), "status 0"),
        hostile(eval(format!("x={}", nested("${a[", "1", "]}", 10_000))), "status"),
        hostile(eval(format!("case x in {}x) echo hit;; esac", "x|".repeat(100_000))), "hit"),
        hostile(eval(format!("true {}", "&& true ".repeat(20_000))), "status 0"),
        hostile(eval(format!("echo $((0{}))", "+1".repeat(100_000))), "100000"),
        hostile(eval("x=1;".repeat(20_000)), "status 0"),
        hostile(eval(format!("shopt -s extglob\n[[ a == {} ]]", nested("@(", "a", ")", 5_000))), "status"),
        hostile(eval(format!("[[ a =~ {} ]]", nested("(", "a", ")", 5_000))), "status"),
        // Growth.
        hostile("echo {1..999999999}", "expansion limit reached (500000)"),
        hostile("echo {1..100}{1..100}{1..100}{1..100}", "expansion limit reached"),
        hostile("x=aaaaaaaa; while :; do x=$x$x; done", "memory limit reached"),
        hostile("x=a; while :; do x+=$x; done", "memory limit reached"),
        hostile("a=(x); while :; do a+=(\"${a[@]}\"); done", "limit reached"),
        hostile("x=$(yes)", "limit reached"),
        hostile("yes", ""),
        hostile("printf '%999999999d' 1", "limit reached"),
        hostile("printf -v x '%*d' 2147483647 1; echo ${#x}", "limit reached"),
        hostile("x=a; printf '%s' \"${x//a/$(printf '%1000000s' b)}\" | wc -c", "1000000"),
        hostile(
            "x=$(printf '%1000s'); x=${x// /$x}; x=${x// /$x}; echo no",
            "memory limit reached",
        ),
        hostile(
            "a=0123456789abcdef; for i in {1..14}; do a=$a$a; done\ncat <<E >/dev/null\n$a$a$a$a$a$a$a$a$a$a$a$a$a$a$a$a$a\nE\ncat <<<\"$a$a$a$a$a$a$a$a\" | wc -c",
            "2097153",
        ),
        hostile(
            "mkdir -p {a,b,c,d,e,f}/{1,2,3,4,5,6}/{p,q,r}; echo /*/*/*/* */*/* | wc -l",
            "1",
        ),
        hostile(
            "for ((i=0;i<10000;i++)); do exec {fd}</dev/null || break; done; echo \"stopped $i\"",
            "stopped 10",
        ),
        hostile("head -c 2000000 /dev/zero | tr '\\0' a | { read -r x; echo ${#x}; }", "2000000"),
        // Blow-up in matching.
        hostile("s=$(printf 'a%.0s' {1..3000}); [[ $s == *a*a*a*a*a*a*a*a*a*b ]]; echo \"status $?\"", "status 1"),
        hostile("s=$(printf 'a%.0s' {1..400}); [[ $s =~ ^(a*)*(a*)*(a|aa)*b$ ]]; echo \"status $?\"", "status 1"),
        hostile("shopt -s extglob; s=$(printf 'a%.0s' {1..300}); [[ $s == +(+(a)|a)b ]]; echo \"status $?\"", "status 1"),
        hostile("s=$(printf 'a%.0s' {1..2000}); echo ${#s} ${s##*(a)*(a)*b} | wc -c", "20"),
        // Numbers.
        hostile("x=a; echo \"[${x:999999999999}][${x: -999999999999}]\"", "[][]"),
        hostile("echo $((9223372036854775807+1)) $((1<<64)) $((-9223372036854775807-1))", "-9223372036854775808 1"),
        hostile("echo $(( (-9223372036854775807-1) / -1 )) $(( (-9223372036854775807-1) % -1 ))", "0"),
        hostile("a[9223372036854775807]=x; a+=(y); echo ${#a[@]}; echo ${!a[@]}", ""),
        hostile("a[99999999999999999999]=x; echo ${#a[@]}", ""),
        hostile("echo ${a[-1]}; a[-1]=x; echo no", "bad array subscript"),
        hostile("break 99999999999999999999; shift 99999999999; return 99999999999", ""),
        hostile("exit 99999999999999999999999", ""),
        hostile("sleep 0.01 & wait 99999999999999999999", ""),
        hostile("ulimit -n 99999999999999999999; umask 99999; kill -99 $$; echo end", "end"),
        hostile("exec 99999999999</dev/null; echo end", ""),
        hostile("read -n 99999999999 x <<<a; read -t 99999999999999 y <<<b; echo $x$y", "ab"),
        // Bytes.
        hostile(b"echo a\0b \xff\xfe; x=$'\\0a\\xff'; echo ${#x} ${x^^}; [[ \xff == ? ]]; echo \"status $?\"", "status 0"),
        hostile(b"\xff\xfe\0\x01\x7f", "command not found"),
        hostile(b"f\xff() { echo in; }; f\xff; declare -f f\xff; alias \xff=x; \xff", ""),
        hostile(b"case \xff in [\x80-\xff]) echo hit;; esac; echo ${x/\xff/y} $'\\xff'*; printf '%c%q' \xff \xff", ""),
        // What must not change.
        hostile("readonly r=1; declare r=2; export r=3; unset r; r+=4; echo no", "readonly variable"),
        hostile("readonly -f f 2>/dev/null; f() { :; }; readonly -f f; f() { echo no; }; f; echo \"status $?\"", "status 0"),
        hostile("declare -r BASH_VERSINFO; BASH_VERSINFO=x; echo no", "readonly variable"),
        hostile("trap '' KILL STOP; kill -KILL $$; echo no", ""),
    ]
}

#[test]
fn hostile_scripts_end_by_themselves() {
    let cases = table();
    // Less than for a script that nobody has read, so that growing to it takes moments.
    let limits = Limits { memory_bytes: 16 << 20, output_bytes: 4 << 20, ..Limits::HARDENED };
    let bash = bash(limits);
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let done = run(&bash, &case.script, ExecOptions::default());
            let shown = case.script.get(..100).unwrap_or(&case.script).as_bstr();
            let said = [&*done.stdout, &*done.stderr].concat();
            let end = said.get(said.len().saturating_sub(300)..).unwrap_or_default().as_bstr();
            let ended = format!("{shown}: {} {:?}: {end}", done.exit_code, done.ended_by);
            // 134 is what a panic gives.
            let wrong = done.exit_code == 134
                || done.ended_by == EndedBy::Timeout
                || said.contains_str("panicked")
                || said.lines().any(|line| line == b"no")
                || !said.contains_str(case.says);
            wrong.then_some(ended)
        })
        .collect();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
    // The shell is as good as new.
    let after = run(&bash, b"echo fine | cat", ExecOptions::default());
    assert_eq!(after.stdout.as_bstr(), "fine\n");
}

/// A script in which the builtin goes on for ever, or is called for ever.
fn endless(name: &str) -> String {
    let script = match name {
        "." | "source" => "source <(yes :)",
        "command" | "builtin" => return format!("{name} eval 'while :; do :; done'"),
        "compgen" => "f() { while :; do :; done; }; compgen -F f x",
        "eval" => "eval 'while :; do :; done'",
        "exec" => "exec yes >/dev/null",
        "mapfile" | "readarray" => {
            return format!("{name} -c 1 -C : -n 0 -t x < <(while :; do echo; sleep 0.01; done)");
        }
        "read" => "read -d '' x < <(while :; do echo; sleep 0.01; done)",
        "trap" => "trap 'while :; do :; done' EXIT; exit",
        "wait" => "sleep 1000 & wait",
        "kill" => "trap 'kill -USR1 $$' USR1; kill -USR1 $$; while :; do :; done",
        "jobs" => "sleep 1000 & while :; do jobs >/dev/null; done",
        "printf" | "echo" => return format!("while {name} x; do :; done >/dev/null"),
        "exit" | "logout" | "return" | "suspend" => {
            return format!("while :; do ({name}) 2>/dev/null; done");
        }
        "break" | "continue" => return format!("while :; do while :; do {name}; done; done"),
        name => return format!("while :; do {name} </dev/null >/dev/null 2>&1; done"),
    };
    script.to_owned()
}

const ENDLESS: &[&str] = &[
    "while :; do :; done",
    "until false; do :; done",
    "for ((;;)); do :; done",
    "while ((1)); do x=$((x+1)); done",
    "while [[ a == a ]]; do :; done",
    "while :; do x=$(echo a); done",
    "while :; do (:); done",
    "while :; do : | :; done",
    "while :; do echo <(:) >/dev/null; done",
    "f() { while :; do return; done; }; while :; do f; done",
    "yes | while read -r x; do :; done",
    "yes | cat >/dev/null",
    "cat /dev/zero >/dev/null",
    "while :; do sleep 0; done",
    "sleep 1000 | sleep 1000",
    "(sleep 1000)",
    "x=$(sleep 1000)",
    "cat <(sleep 1000)",
    "coproc sleep 1000; wait",
    "select x in a; do :; done < <(while :; do echo 1; done) >/dev/null 2>&1",
    "while :; do case a in b) ;; esac; done",
    "x=a; while :; do y=${x//a/b}; done",
    "while :; do set -- /*/*; done",
    "trap 'while :; do :; done' DEBUG; :",
    "f() { while :; do :; done; }; trap f ERR; false",
    "bash -c 'while :; do :; done'",
    "echo 'while :; do :; done' | bash",
    "time while :; do :; done",
];

/// Every loop, wait and builtin of the shell looks at its cancel. All run at once, so that the test
/// takes as long as the slowest; the bound is for a machine under load.
#[test]
fn everything_ends_when_it_is_cancelled() {
    let bash = bash(Limits::STANDARD);
    let builtins = mesash::special::names().map(endless);
    let scripts: Vec<String> = ENDLESS.iter().map(|&s| s.to_owned()).chain(builtins).collect();
    let cancel = Cancel::new();
    let (done, ended) = std::sync::mpsc::channel();
    for script in &scripts {
        let (bash, done, cancel, script) =
            (bash.clone(), done.clone(), cancel.child(), script.clone());
        std::thread::spawn(move || {
            let options = ExecOptions { cancel: Some(cancel), ..ExecOptions::default() };
            let result = run(&bash, script.as_bytes(), options);
            // Nobody may be waiting any more.
            drop(done.send((script, result.ended_by)));
        });
    }
    let pause = Cancel::new();
    assert!(pause.sleep(Duration::from_millis(200)));
    cancel.cancel(Reason::Interrupt);
    let mut running = scripts;
    while !running.is_empty() {
        match ended.recv_timeout(Duration::from_secs(60)) {
            Ok((script, by)) => {
                running.retain(|other| *other != script);
                assert_ne!(by, EndedBy::Timeout, "{script}");
            }
            Err(_) => panic!("still running: {running:#?}"),
        }
    }
}
