//! Shell behaviour as data: scripts that run in bash and in mesash and must do the same.
//!
//! A case file (`tests/cases/SUBJECT.toml`) is a list of `[[case]]` tables. Each script runs as
//! `bash -c SCRIPT mesash` and in mesash, in equal fresh folders at the same absolute path; stdout,
//! stderr, exit status and the files left behind must be the same. Always true: every case that a
//! file lists is run and judged; a file or field that cannot be read is an error, not a skip.
//!
//! Not here: how mesash is run ([`Subject`] is the caller's), and what bash is (`host`).

pub mod files;
mod host;
mod report;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use files::{LeftBehind, left_on_host};
pub use host::{Host, HostError, enter_root};
pub use report::{Failure, Report};

/// One script and what is to be known of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    pub script: String,
    /// Positional parameters, from `$1` on.
    #[serde(default)]
    pub args: Vec<String>,
    #[serde(default)]
    pub stdin: String,
    /// `"mesash"`: bash can't do this, so what is expected stands beside it.
    pub only: Option<Only>,
    /// The id of a wanted difference in `docs/differences.md`; what mesash does stands beside it.
    pub difference: Option<String>,
    /// An issue: the result is wrong, and stands beside it as it is.
    pub wrong: Option<String>,
    pub stdout: Option<String>,
    pub stderr: Option<String>,
    pub status: Option<i32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Only {
    Mesash,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    case: Vec<Case>,
}

/// The cases of one file.
#[derive(Debug, Clone)]
pub struct Suite {
    pub file: PathBuf,
    pub cases: Vec<Case>,
}

/// What a run of a script came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub status: i32,
    pub files: LeftBehind,
}

/// A shell that runs cases: bash on the host, or mesash.
pub trait Subject {
    /// Runs a case in a fresh folder.
    ///
    /// # Errors
    /// What kept it from being run at all.
    fn run(&mut self, case: &Case) -> Result<Outcome, String>;
}

/// Reads every `*.toml` of a folder, sorted by name.
///
/// # Errors
/// The file, and what is wrong with it: unreadable, unknown fields, a name used twice, fields that
/// contradict each other.
pub fn load(dir: &Path) -> Result<Vec<Suite>, String> {
    let entries = fs::read_dir(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|ext| ext == "toml"));
    files.sort();
    files.into_iter().map(load_file).collect()
}

fn load_file(file: PathBuf) -> Result<Suite, String> {
    let fail = |reason: String| format!("{}: {reason}", file.display());
    let text = fs::read_to_string(&file).map_err(|error| fail(error.to_string()))?;
    let parsed: CaseFile = toml::from_str(&text).map_err(|error| fail(error.to_string()))?;
    let mut seen = BTreeMap::new();
    for case in &parsed.case {
        if seen.insert(case.name.as_str(), ()).is_some() {
            return Err(fail(format!("two cases are named {:?}", case.name)));
        }
        case.check().map_err(|reason| fail(format!("{:?}: {reason}", case.name)))?;
    }
    Ok(Suite { file, cases: parsed.case })
}

impl Case {
    /// Whether the expected result stands in the case, rather than being bash's.
    #[must_use]
    pub fn states_its_result(&self) -> bool {
        self.only.is_some() || self.difference.is_some() || self.wrong.is_some()
    }

    fn check(&self) -> Result<(), &'static str> {
        let reasons = [self.only.is_some(), self.difference.is_some(), self.wrong.is_some()];
        if reasons.into_iter().filter(|given| *given).count() > 1 {
            return Err("only one of `only`, `difference` and `wrong` may be given");
        }
        let stated = self.stdout.is_some() || self.stderr.is_some() || self.status.is_some();
        match (self.states_its_result(), stated) {
            (true, false) => Err("it must state `stdout`, `stderr` or `status`"),
            (false, true) => Err("bash states the result; remove `stdout`, `stderr`, `status`"),
            _ => Ok(()),
        }
    }

    /// The script with its literals blanked: cases that differ only there count once.
    #[must_use]
    pub fn shape(&self) -> String {
        let mut shape = String::with_capacity(self.script.len());
        let mut in_word = false;
        for letter in self.script.chars() {
            let literal = letter.is_ascii_digit();
            if !(literal && in_word) {
                shape.push(if literal { '0' } else { letter });
            }
            in_word = literal;
        }
        shape
    }
}

/// Runs every case of `suites` in both and compares.
///
/// # Errors
/// What kept a case from being run in either: nothing is skipped.
pub fn run(
    suites: &[Suite],
    filter: Option<&str>,
    oracle: &mut dyn Subject,
    mesash: &mut dyn Subject,
) -> Result<Report, String> {
    let mut report = Report::default();
    for suite in suites {
        for case in &suite.cases {
            let label = format!("{}: {}", suite.file.display(), case.name);
            if filter.is_some_and(|filter| !label.contains(filter)) {
                continue;
            }
            report.listed += 1;
            let fail = |who: &str, reason: String| format!("{label}: {who}: {reason}");
            let got = mesash.run(case).map_err(|reason| fail("mesash", reason))?;
            let bash = match case.only {
                Some(Only::Mesash) => None,
                None => Some(oracle.run(case).map_err(|reason| fail("bash", reason))?),
            };
            report.judge(label, case, bash, got);
        }
    }
    Ok(report)
}
