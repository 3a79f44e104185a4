//! `#:` lines at the head of a script: options of the program, for this script.
//!
//! ```text
//! #!/usr/bin/env mesash
//! #: -r app@main --ttl 600
//! ```
//!
//! They stand at the head, before the first line that is neither `#!` nor `#:`; what the command line
//! says wins.

use std::ffi::OsString;
use std::path::Path;

use bstr::ByteSlice;

use super::args::Options;
use super::failure::Failure;

/// How many header lines are read.
const LINES_MAX: usize = 100;

/// The options at the head of a script. Only a `.mesash` file, or one whose `#!` line names mesash,
/// has them; for another they are comments.
///
/// # Errors
/// [`Failure`] that names the line.
pub fn read(path: &Path, script: &[u8]) -> Result<Options, Failure> {
    let mut options = Options::default();
    let first = script.lines().next().unwrap_or_default();
    let ours = first.starts_with(b"#!") && first.contains_str("mesash");
    if !ours && path.extension().is_none_or(|extension| extension != "mesash") {
        return Ok(options);
    }
    for (at, line) in script.lines().take(LINES_MAX).enumerate() {
        let Some(text) = line.strip_prefix(b"#:") else {
            if at == 0 && line.starts_with(b"#!") {
                continue;
            }
            break;
        };
        let fail =
            |reason: &str| Failure::usage(format!("{}: line {}: {reason}", path.display(), at + 1));
        let text = text.to_str().map_err(|_| fail("not UTF-8"))?;
        let words = shlex::split(text).ok_or_else(|| fail("unfinished quoting"))?;
        let words = words.into_iter().map(OsString::from).collect();
        options.read_header(words).map_err(|failure| fail(&failure.message))?;
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesa::RepoConfig;

    fn head(name: &str, script: &str) -> Result<Options, String> {
        read(Path::new(name), script.as_bytes()).map_err(|failure| failure.message)
    }

    #[test]
    fn options_stand_at_the_head() {
        let script =
            "#!/usr/bin/env mesash\n#: -r app@main --ttl 600\n#: --cwd '/local/a b'\n\n#: -e\n";
        let options = head("job", script).unwrap();
        assert_eq!(options.repos, [RepoConfig::new("app").bookmark("main")]);
        assert_eq!((options.ttl_s, options.cwd), (Some(600), Some("/local/a b".into())));
        assert_eq!(options.shell, []);
        assert_eq!(head("a.mesash", "#: --ttl 5\n").unwrap().ttl_s, Some(5));
        assert_eq!(head("a.sh", "#: --ttl 5\n").unwrap().ttl_s, None);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let fault = |script| head("a.mesash", script).unwrap_err();
        assert_eq!(fault("#: -r app\n#: --bogus\n"), "a.mesash: line 2: --bogus: invalid option");
        assert_eq!(fault("#: 'x\n"), "a.mesash: line 1: unfinished quoting");
        assert_eq!(fault("#: echo\n"), "a.mesash: line 1: echo: not an option");
    }
}
