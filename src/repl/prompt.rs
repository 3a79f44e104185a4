//! What stands before the cursor: where you are.
//!
//! `local/app [main kxqz]$ ` is the folder, the bookmark and the change that is written to, and the
//! exit status if it is not 0. `PS1` and `PS2` replace it.

use mesafs::backend::ChangeInfo;
use mesafs::mount::Versions;
use mesafs::name::BookmarkName;
use mesafs::{Access, Errno, FileSystem, VPath};
use nu_ansi_term::{Color, Style};

use crate::cli::LazyFileSystem;
use crate::eval::Session;

/// How many letters of a change id are shown at least.
const CHANGE_CHARS: usize = 4;
/// What stands in the place of the change when the access token's time is over.
const EXPIRED: &str = "access expired: remount";
const NEXT: &str = "> ";

/// A prompt, plain and coloured; both have the same width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub plain: String,
    pub styled: String,
}

/// The prompt for a new command.
pub fn first(session: &mut Session, fs: &LazyFileSystem, status: u8) -> Prompt {
    if let Some(own) = variable(session, b"PS1") {
        return own;
    }
    let cwd = session.with_shell(|shell| shell.dirs.cwd.clone()).unwrap_or_else(VPath::root);
    let place = fs.versions().and_then(|versions| place(versions, &cwd));
    draw(&cwd, place.as_deref(), status)
}

/// The prompt for the next line of a command.
pub fn next(session: &mut Session) -> Prompt {
    variable(session, b"PS2").unwrap_or_else(|| Prompt { plain: NEXT.into(), styled: NEXT.into() })
}

/// The prompt that a variable holds, with bash's escapes, if it is set.
fn variable(session: &mut Session, name: &'static [u8]) -> Option<Prompt> {
    let text = session.with_eval(move |eval| eval.prompt_text(name)).flatten()?;
    // `\[` and `\]` enclose what takes no room; the plain form is without it.
    let text = String::from_utf8_lossy(&text).into_owned();
    let (mut plain, mut styled, mut hidden) = (String::new(), String::new(), false);
    for letter in text.chars() {
        match letter {
            '\u{1}' => hidden = true,
            '\u{2}' => hidden = false,
            letter => {
                styled.push(letter);
                if !hidden {
                    plain.push(letter);
                }
            }
        }
    }
    Some(Prompt { plain, styled })
}

/// `main kxqz`, for the checkout that holds `cwd`.
fn place(versions: &dyn Versions, cwd: &VPath) -> Option<String> {
    let checkout = match versions.checkout_at(cwd) {
        Err(error) if error.errno() == Errno::Acces => return Some(EXPIRED.into()),
        checkout => checkout.ok().flatten()?,
    };
    let (change, bookmark) = checkout.current().ok()?;
    Some(describe(&change, bookmark.as_ref(), checkout.access()))
}

fn describe(change: &ChangeInfo, bookmark: Option<&BookmarkName>, access: Access) -> String {
    let id = change.change_id.as_str();
    let id = id.get(..change.prefix_len.max(CHANGE_CHARS)).unwrap_or(id);
    let bookmark = bookmark.map_or(String::new(), |name| format!("{name} "));
    let read_only = if access == Access::ReadOnly || change.immutable { " ro" } else { "" };
    let conflict = if change.conflicted { " conflict" } else { "" };
    format!("{bookmark}{id}{read_only}{conflict}")
}

fn draw(cwd: &VPath, place: Option<&str>, status: u8) -> Prompt {
    let folder = cwd.to_string();
    let folder = match folder.trim_start_matches('/') {
        "" => "/",
        folder => folder,
    };
    let place = place.map_or(String::new(), |place| format!(" [{place}]"));
    let failed = if status == 0 { String::new() } else { format!(" {status}") };
    let paint = |style: Style, text: &str| {
        if text.is_empty() { String::new() } else { style.paint(text).to_string() }
    };
    Prompt {
        plain: format!("{folder}{place}{failed}$ "),
        styled: format!(
            "{}{}{}$ ",
            paint(Color::Blue.bold(), folder),
            paint(Color::Purple.into(), &place),
            paint(Color::Red.into(), &failed),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_says_where_you_are() {
        let drawn = |cwd: &str, place, status| {
            VPath::new(cwd).map(|cwd| draw(&cwd, place, status).plain).unwrap_or_default()
        };
        assert_eq!(drawn("/local/app", Some("main kxqz"), 0), "local/app [main kxqz]$ ");
        assert_eq!(drawn("/", None, 0), "/$ ");
        assert_eq!(drawn("/tmp", None, 2), "tmp 2$ ");
    }
}
