//! What a run of the cases came to, told so that a person sees the difference at once.

use std::fmt::{self, Write as _};

use super::{Case, Outcome};

/// A case that did not do what it should.
#[derive(Debug, Clone)]
pub struct Failure {
    pub label: String,
    pub script: String,
    /// Which of stdout, stderr, status and files differ, wanted and got.
    pub differs: Vec<(&'static str, String, String)>,
}

/// The counts and failures of a run.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub listed: usize,
    pub passed: usize,
    pub failures: Vec<Failure>,
    /// Ids of wanted differences that were met.
    pub differences: Vec<String>,
}

impl Report {
    pub(super) fn judge(
        &mut self,
        label: String,
        case: &Case,
        bash: Option<Outcome>,
        got: Outcome,
    ) {
        let mut differs = Vec::new();
        let mut compare = |what, wanted: String, got: String| {
            if wanted != got {
                differs.push((what, wanted, got));
            }
        };
        if case.states_its_result() {
            if let Some(stdout) = &case.stdout {
                compare("stdout", shown(stdout.as_bytes()), shown(&got.stdout));
            }
            if let Some(stderr) = &case.stderr {
                compare("stderr", shown(stderr.as_bytes()), shown(&got.stderr));
            }
            if let Some(status) = case.status {
                compare("status", status.to_string(), got.status.to_string());
            }
            if bash.as_ref() == Some(&got) {
                let stale = "a difference from bash that the case states".to_owned();
                compare("result", stale, "what bash does".to_owned());
            }
            self.differences.extend(case.difference.clone());
        } else if let Some(bash) = bash {
            compare("stdout", shown(&bash.stdout), shown(&got.stdout));
            compare("stderr", shown(&bash.stderr), shown(&got.stderr));
            compare("status", bash.status.to_string(), got.status.to_string());
            compare("files", listing(&bash), listing(&got));
        }
        if differs.is_empty() {
            self.passed += 1;
        } else {
            self.failures.push(Failure { label, script: case.script.clone(), differs });
        }
    }

    /// Takes in what another run came to.
    pub fn add(&mut self, other: Self) {
        self.listed += other.listed;
        self.passed += other.passed;
        self.failures.extend(other.failures);
        self.differences.extend(other.differences);
    }

    /// Whether every case that was listed was run, and passed.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.listed > 0 && self.failures.is_empty() && self.passed == self.listed
    }
}

fn shown(bytes: &[u8]) -> String {
    bytes.utf8_chunks().fold(String::new(), |mut text, chunk| {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
        text
    })
}

fn listing(outcome: &Outcome) -> String {
    let lines = outcome
        .files
        .iter()
        .map(|(path, (kind, content))| format!("{} ({kind}): {}", shown(path), shown(content)));
    lines.collect::<Vec<_>>().join("\n")
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failures {
            writeln!(f, "--- {}\n{}", failure.label, failure.script.trim_end())?;
            for (what, wanted, got) in &failure.differs {
                writeln!(f, "  {what}:\n    wanted {wanted:?}\n    got    {got:?}")?;
            }
        }
        writeln!(f, "{} passed, {} failed", self.passed, self.failures.len())
    }
}
