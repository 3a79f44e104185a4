//! Commands beside the real tools: the same arguments, input and files; the same standard output,
//! standard error, status and files left behind.
//!
//! Cases stand in `cases/*.txt`. A line is `COMMAND ARG... [< FILE] [<<< TEXT]` with the shell's
//! quoting; lines that start with `@` make the files that every case of the page begins with:
//! `@file NAME TEXT`, `@dir NAME`, `@link NAME TARGET`, `@mode NAME OCTAL`.
//! `@sorted` compares the lines of the output in sorted order. A line that starts with
//! `!` is a wanted difference, with its reason in the comment above it: it must not panic.
#![expect(clippy::disallowed_methods, reason = "real tools run on the host")]
#![expect(clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod case;
mod host;
mod real;

use std::path::Path;

use case::Page;

/// What a run left.
#[derive(Debug, PartialEq, Eq, Clone)]
pub struct Outcome {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub status: i32,
    pub files: Vec<String>,
}

impl Outcome {
    fn sort(&mut self) {
        let mut lines: Vec<_> = self.stdout.split_inclusive(|&byte| byte == b'\n').collect();
        lines.sort();
        self.stdout = lines.concat();
    }

    fn shown(&self) -> String {
        format!(
            "status {}\n--- stdout\n{}--- stderr\n{}--- files\n{}\n",
            self.status,
            String::from_utf8_lossy(&self.stdout),
            String::from_utf8_lossy(&self.stderr),
            self.files.join("\n"),
        )
    }
}

#[test]
fn commands_do_what_the_real_tools_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/cases");
    let only = std::env::var("CASES").ok();
    let mut pages: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            only.as_ref().is_none_or(|only| only.split(',').any(|one| Some(one) == name.as_deref()))
        })
        .collect();
    pages.sort();
    let (mut run, mut failed) = (0, Vec::new());
    for path in pages {
        let text = std::fs::read_to_string(&path).expect("a page of cases");
        let page = Page::parse(&text);
        for case in &page.cases {
            run += 1;
            let mut ours = host::run(&page, case);
            if case.differs {
                continue;
            }
            let mut theirs = real::run(&page, case);
            if page.sorted {
                ours.sort();
                theirs.sort();
            }
            if ours != theirs {
                failed.push(format!(
                    "== {} line {}: {}\nours: {}theirs: {}",
                    path.display(),
                    case.line,
                    case.text,
                    ours.shown(),
                    theirs.shown()
                ));
            }
        }
    }
    assert!(run > 0, "no cases");
    assert!(failed.is_empty(), "{}\n{} of {run} cases differ", failed.join("\n"), failed.len());
}
