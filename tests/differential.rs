//! Every script of `tests/cases` runs in bash and in mesash on an embedded store, in equal folders at
//! the same path; stdout, stderr, exit status and the files left behind must be the same.
//!
//! `MESASH_CASES=TEXT` runs only the cases whose file or name has TEXT in it.

mod embedded;

use std::collections::BTreeSet;
use std::path::Path;

use embedded::Embedded;
use mesafs::VPath;
use mesash::bash::{BashOptions, ExecOptions};
use testkit::cases::{self, Case, Host, Outcome, Subject, enter_root, files::left_in};

/// Where scripts run, on the host too.
const FOLDER: &str = "/acme/app";
const ENV: &[(&str, &str)] =
    &[("HOME", "/home/mesa"), ("LC_ALL", "C.UTF-8"), ("PATH", "/usr/bin:/bin")];

/// mesash on an empty repository, a new one for each case.
struct Mesash {
    embedded: Embedded,
    runtime: tokio::runtime::Runtime,
}

impl Mesash {
    fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        Ok(Self { embedded: Embedded::new()?, runtime })
    }

    fn outcome(&self, case: &Case) -> Result<Outcome, Box<dyn std::error::Error>> {
        let fs = self.embedded.mount()?;
        let env = ENV.iter().map(|&(name, value)| (name.into(), value.into())).collect();
        let options = BashOptions { env, cwd: FOLDER.into(), ..BashOptions::default() };
        let run = ExecOptions {
            stdin: case.stdin.clone().into_bytes().into(),
            args: case.args.iter().map(|arg| arg.as_str().into()).collect(),
            ..ExecOptions::default()
        };
        let ended = self.runtime.block_on(fs.bash(options).exec_with(&case.script, run))?;
        let files = left_in(&*fs.file_system(), &VPath::new(FOLDER)?)?;
        fs.close_blocking()?;
        Ok(Outcome {
            stdout: ended.stdout.to_vec(),
            stderr: ended.stderr.to_vec(),
            status: ended.exit_code.into(),
            files,
        })
    }
}

impl Subject for Mesash {
    fn run(&mut self, case: &Case) -> Result<Outcome, String> {
        self.outcome(case).map_err(|error| error.to_string())
    }
}

fn documented_differences() -> std::io::Result<BTreeSet<String>> {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/differences.md"))?;
    let rows = text.lines().filter_map(|line| line.strip_prefix("| D")?.split_once(' '));
    Ok(rows.map(|(number, _)| format!("D{number}")).collect())
}

#[test]
fn scripts_do_what_bash_does() -> Result<(), Box<dyn std::error::Error>> {
    enter_root("/acme")?;
    let suites = cases::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases"))?;
    let filter = std::env::var("MESASH_CASES").ok();
    let mut host = Host::new(Path::new(FOLDER), ENV)?;
    let mut mesash = Mesash::new()?;
    let report = cases::run(&suites, filter.as_deref(), &mut host, &mut mesash)?;
    print!("{report}");
    let documented = documented_differences()?;
    let stray: Vec<_> = report.differences.iter().filter(|id| !documented.contains(*id)).collect();
    assert!(stray.is_empty(), "differences without a row in docs/differences.md: {stray:?}");
    assert!(report.is_success(), "{} of {} cases failed", report.failures.len(), report.listed);
    Ok(())
}
