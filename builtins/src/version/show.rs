//! How changes are shown: one line each, or JSON with stable names.
//!
//! Marks and words are jj's: `@` the change that is open, `○` another, `◆` an immutable one, `×` a
//! conflicted one; `(empty)`, `(no description set)`.

use mesafs::Checkout;
use mesafs::backend::ChangeInfo;
use mesafs::name::{BookmarkName, ChangeId, CommitOid};
use nu_ansi_term::{Color, Style};
use serde_json::{Value, json};

use super::compare::Changed;
use super::place::failed;
use crate::age::ago;
use crate::prelude::*;

/// How many letters of ids are shown.
const ID_CHARS: usize = 8;

/// The open change of a checkout, and the bookmark that the checkout is on.
pub(super) struct Current {
    pub change: ChangeInfo,
    pub bookmark: Option<BookmarkName>,
}

impl Current {
    pub fn of(checkout: &dyn Checkout) -> Result<Self, CommandError> {
        let (change, bookmark) =
            checkout.current().map_err(|error| failed("look up the change", checkout, error))?;
        Ok(Self { change, bookmark })
    }

    pub fn json(&self, checkout: &dyn Checkout) -> Value {
        let mut value = change_json(&self.change, true);
        if let Value::Object(fields) = &mut value {
            fields.insert("repo".into(), checkout.repo().to_string().into());
            let bookmark = self.bookmark.as_ref().map(BookmarkName::as_str);
            fields.insert("bookmark".into(), bookmark.into());
        }
        value
    }
}

/// What is coloured, if anything is.
pub(super) struct Look {
    colour: bool,
    now_ms: i64,
}

impl Look {
    /// Colours if standard output is a terminal and `NO_COLOR` is unset or empty.
    pub fn of(ctx: &Context<'_>) -> Self {
        let refused = ctx.var("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colour: ctx.stdout.is_terminal() && !refused, now_ms: ctx.clock.now_ms() }
    }

    pub fn paint(&self, style: Style, text: &str) -> String {
        if self.colour && !text.is_empty() {
            style.paint(text).to_string()
        } else {
            text.to_owned()
        }
    }

    /// As [`Look::paint`], for bytes.
    pub fn put(&self, out: &mut Vec<u8>, style: Style, text: &[u8]) {
        if self.colour && !text.is_empty() && style != Style::new() {
            out.extend_from_slice(style.prefix().to_string().as_bytes());
            out.extend_from_slice(text);
            out.extend_from_slice(style.suffix().to_string().as_bytes());
        } else {
            out.extend_from_slice(text);
        }
    }

    /// jj's letter for what became of a file, in its colour.
    pub fn letter(&self, changed: &Changed) -> String {
        let letter = changed.letter();
        let colour = match letter {
            'A' => Color::Green,
            'D' => Color::Red,
            _ => Color::Cyan,
        };
        self.paint(colour.into(), &letter.to_string())
    }

    /// A change id, its shortest unique prefix highlighted.
    pub fn id(&self, id: &ChangeId, prefix_len: usize) -> String {
        let id = id.as_str();
        let shown = ID_CHARS.max(prefix_len).min(id.len());
        let (prefix, rest) = id[..shown].split_at(prefix_len.min(shown));
        let prefix = self.paint(Color::Magenta.bold(), prefix);
        prefix + &self.paint(Style::new().dimmed(), rest)
    }

    pub fn bookmark(&self, name: &str) -> String {
        self.paint(Color::Purple.into(), name)
    }

    /// The description, or jj's words for what lacks one, behind what else there is to know.
    pub fn description(&self, change: &ChangeInfo) -> String {
        let mut marks = self.marks(change).join(" ");
        if !marks.is_empty() {
            marks.push(' ');
        }
        marks + &self.text(change)
    }

    /// jj's words for what is wrong with a change.
    fn marks(&self, change: &ChangeInfo) -> Vec<String> {
        let all = [(change.divergent, "(divergent)"), (change.conflicted, "(conflict)")];
        let marks = all.into_iter().filter(|(is, _)| *is);
        marks.map(|(_, mark)| self.paint(Color::Red.into(), mark)).collect()
    }

    /// As [`Look::description`], but for what is wrong.
    fn text(&self, change: &ChangeInfo) -> String {
        let empty =
            if change.empty { self.paint(Color::Green.into(), "(empty) ") } else { String::new() };
        let text = match change.summary.as_str() {
            "" => self.paint(Color::Yellow.into(), "(no description set)"),
            summary => summary.to_owned(),
        };
        empty + &text
    }

    /// jj's line for the root, below which nothing is.
    pub fn root(&self) -> String {
        let id =
            self.paint(Color::Magenta.bold(), "z") + &self.paint(Style::new().dimmed(), "zzzzzzz");
        format!(
            "{id} {} {}",
            self.paint(Color::Green.into(), "root()"),
            self.paint(Color::Blue.into(), "00000000")
        )
    }

    pub fn mark(&self, change: &ChangeInfo, current: bool) -> String {
        match change {
            _ if current => self.paint(Color::Green.bold(), "@"),
            change if change.conflicted => self.paint(Color::Red.into(), "×"),
            change if change.immutable => self.paint(Color::Cyan.into(), "◆"),
            _ => "○".to_owned(),
        }
    }

    pub fn root_mark(&self) -> String {
        self.paint(Color::Cyan.into(), "◆")
    }

    pub fn oid(&self, oid: &CommitOid) -> String {
        self.paint(Color::Blue.into(), short(oid.as_str()))
    }

    pub fn bookmarks(&self, change: &ChangeInfo) -> String {
        let names: Vec<_> =
            change.bookmarks.iter().map(|name| self.bookmark(name.as_str())).collect();
        names.join(" ")
    }

    /// How long ago it was.
    pub fn when(&self, then_ms: i64) -> String {
        ago(self.now_ms, then_ms)
    }

    /// One line for a change, without its newline.
    pub fn line(&self, change: &ChangeInfo, current: bool) -> String {
        let mark = self.mark(change, current);
        let id = self.id(&change.change_id, change.prefix_len);
        let oid = self.oid(&change.commit_oid);
        let when = self.when(change.committed_ms);
        let mut line = format!("{mark} {id} {oid}  {when:15}");
        if !change.bookmarks.is_empty() {
            line.push_str(&format!("  [{}]", self.bookmarks(change)));
        }
        line.push_str("  ");
        line + &self.description(change)
    }

    /// The two lines that a log shows of a change.
    pub fn entry(&self, change: &ChangeInfo) -> [String; 2] {
        let id = self.id(&change.change_id, change.prefix_len);
        let author = self.paint(Color::Yellow.into(), named(&change.author, "name"));
        let when = self.paint(Color::Cyan.into(), &self.when(change.committed_ms));
        let oid = self.oid(&change.commit_oid);
        let mut words = vec![id, author, when, self.bookmarks(change), oid];
        words.extend(self.marks(change));
        words.retain(|word| !word.is_empty());
        [words.join(" "), self.text(change)]
    }
}

/// A name or email, or jj's words for what lacks one.
pub(super) fn named<'a>(text: &'a str, what: &'static str) -> &'a str {
    match (text, what) {
        ("", "name") => "(no name set)",
        ("", _) => "(no email set)",
        (text, _) => text,
    }
}

fn short(id: &str) -> &str {
    id.get(..ID_CHARS).unwrap_or(id)
}

pub(super) fn change_json(change: &ChangeInfo, current: bool) -> Value {
    let bookmarks: Vec<_> = change.bookmarks.iter().map(BookmarkName::as_str).collect();
    json!({
        "change_id": change.change_id.as_str(),
        "commit_oid": change.commit_oid.as_str(),
        "description": change.description.trim_end(),
        "parents": change.parents.iter().map(CommitOid::as_str).collect::<Vec<_>>(),
        "bookmarks": bookmarks,
        "author": change.author,
        "author_email": change.author_email,
        "committed_ms": change.committed_ms,
        "empty": change.empty,
        "immutable": change.immutable,
        "conflict": change.conflicted,
        "divergent": change.divergent,
        "current": current,
    })
}

/// Prints a value as one line.
pub(super) fn put_json(ctx: &mut Context<'_>, value: &Value) -> CommandResult {
    ctx.stdout.put(format!("{value}\n").as_bytes())?;
    Ok(ExitStatus::SUCCESS)
}
