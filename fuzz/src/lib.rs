//! What the fuzz targets share: a mount in memory, and scripts with bounds on everything.

pub mod grammar;

use std::fs::File;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use mesash::bash::{Bash, BashOptions, ExecOptions, ExecResult};
use mesash::eval::Interpreter;
use mesash_builtins::budget::Limits;
use testkit::memory::MemoryMount;

/// A script that takes longer than this is told as one that hangs.
const TIME_MAX_MS: u64 = 5_000;

static INTERPRETER: LazyLock<Interpreter> = LazyLock::new(|| {
    // A caught panic is a finding all the same.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        report(info);
        std::process::abort();
    }));
    Interpreter::new()
});

/// Runs a script on an empty repository of its own.
pub fn run(script: &[u8], args: &[&[u8]], stdin: &[u8]) -> ExecResult {
    let interpreter = INTERPRETER.clone();
    let names = interpreter.command_names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let options = BashOptions {
        env: vec![("PATH".into(), "/usr/bin:/bin".into()), ("LC_ALL".into(), "C.UTF-8".into())],
        cwd: "/acme/app".into(),
        timeout_ms: TIME_MAX_MS,
        limits: Limits { memory_bytes: 64 << 20, output_bytes: 1 << 20, ..Limits::HARDENED },
    };
    let bash = Bash::new(Arc::new(MemoryMount::new(&names).files), interpreter, options);
    let run = ExecOptions {
        stdin: Bytes::copy_from_slice(stdin),
        args: args.iter().map(|arg| (*arg).into()).collect(),
        ..ExecOptions::default()
    };
    pollster::block_on(bash.exec_with(script, run)).expect("a script always comes to something")
}

/// Runs a script whose `$1` and `$2` are the first two NUL-ended fields of `data`, and whose
/// standard input is the rest.
pub fn run_on_fields(script: &[u8], data: &[u8]) -> ExecResult {
    let mut fields = data.splitn(3, |&byte| byte == 0);
    let mut next = || fields.next().unwrap_or_default();
    let (one, two, input) = (next(), next(), next());
    run(script, &[one, two], input)
}

/// What is before the first NUL, and what is behind it.
pub fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    let at = data.iter().position(|&byte| byte == 0).unwrap_or(data.len());
    (&data[..at], data.get(at + 1..).unwrap_or_default())
}

/// Runs a script in the real bash, in an empty `/acme/app` of the host.
pub fn bash(script: &str, args: &[&str], stdin: &[u8]) -> Output {
    let folder = "/acme/app";
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).expect("a folder at the root of the host");
    // From a file: a script that reads nothing must not end its writer.
    let input = "/acme/stdin";
    std::fs::write(input, stdin).expect("a file at the root of the host");
    Command::new("bash")
        .args(["-c", script, "mesash"])
        .args(args)
        .current_dir(folder)
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("LC_ALL", "C.UTF-8"), ("HOME", "/home/mesa")])
        .stdin(File::open(input).expect("what was written"))
        .stderr(Stdio::null())
        .output()
        .expect("bash")
}
