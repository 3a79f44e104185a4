//! Programs that others wrote in Bash, as Debian and npm ship them: their own tests and sessions
//! with them do in mesash what they do in bash, byte for byte.
//!
//! The packages are brought here by the test (`apt-get download`, `npm pack`) and kept below
//! `CARGO_TARGET_TMPDIR`. `MESASH_CASES=TEXT` runs only the cases whose file or name has TEXT in it.

mod embedded;

use std::path::{Path, PathBuf};

use embedded::Embedded;
use mesafs::VPath;
use mesash::bash::{BashOptions, ExecOptions};
use testkit::cases::{self, Case, Host, Outcome, Subject, Suite, enter_root, files::left_in};
use testkit::packages;

/// Where programs are and run, on the host too.
const FOLDER: &str = "/acme/app";
const ENV: &[(&str, &str)] = &[
    ("HOME", "/acme/app"),
    ("LC_ALL", "C.UTF-8"),
    ("PATH", "/usr/bin:/bin"),
    ("TERM", "dumb"),
    ("USER", "mesa"),
];
/// How long one case may take, unoptimized.
const CASE_TIME_MAX_MS: u64 = 60_000;

/// mesash on a repository that holds a program, a new one for each case.
struct Mesash {
    embedded: Embedded,
    runtime: tokio::runtime::Runtime,
    /// What every case finds in its folder.
    template: PathBuf,
}

impl Mesash {
    fn new(template: PathBuf) -> Result<Self, Box<dyn std::error::Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        Ok(Self { embedded: Embedded::new()?, runtime, template })
    }

    fn outcome(&self, case: &Case) -> Result<Outcome, Box<dyn std::error::Error>> {
        let fs = self.embedded.mount()?;
        let folder = VPath::new(FOLDER)?;
        packages::bring_in(&self.template, &*fs.file_system(), &folder)?;
        let env = ENV.iter().map(|&(name, value)| (name.into(), value.into())).collect();
        let options = BashOptions {
            env,
            cwd: FOLDER.into(),
            timeout_ms: CASE_TIME_MAX_MS,
            ..BashOptions::default()
        };
        let run = ExecOptions {
            stdin: case.stdin.clone().into_bytes().into(),
            args: case.args.iter().map(|arg| arg.as_str().into()).collect(),
            ..ExecOptions::default()
        };
        let ended = self.runtime.block_on(fs.bash(options).exec_with(&case.script, run))?;
        let files = left_in(&*fs.file_system(), &folder)?;
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

#[test]
fn programs_do_what_they_do_in_bash() -> Result<(), Box<dyn std::error::Error>> {
    enter_root("/acme")?;
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs");
    let filter = std::env::var("MESASH_CASES").ok();
    let manifests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let entries: Result<Vec<_>, _> = std::fs::read_dir(manifests)?.collect();
    let mut files: Vec<PathBuf> = entries?.iter().map(std::fs::DirEntry::path).collect();
    files.sort();
    let mut host = Host::new(Path::new(FOLDER), ENV)?;
    let mut total = cases::Report::default();
    for file in files {
        let program = packages::load(&file)?;
        let wanted = |case: &Case| {
            let label = format!("{}: {}", file.display(), case.name);
            filter.as_ref().is_none_or(|filter| label.contains(filter))
        };
        if !program.case.iter().any(wanted) {
            continue;
        }
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let laid_out = packages::lay_out(&program, &name, &cache)?;
        host.start_from(&laid_out);
        let mut mesash = Mesash::new(laid_out)?;
        let suite = Suite { file, cases: program.case };
        total.add(cases::run(&[suite], filter.as_deref(), &mut host, &mut mesash)?);
    }
    print!("{total}");
    assert!(total.is_success(), "{} of {} cases failed", total.failures.len(), total.listed);
    Ok(())
}
