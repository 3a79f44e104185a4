//! Who does something, and by which line of which session.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bstr::{BString, ByteSlice};
use mesafs::backend;
use mesafs::line::Line;

use crate::engine::Author;

/// Lines are kept up to this length.
pub(crate) const LINE_BYTES_MAX: usize = 4096;

/// Who writes, and by what.
#[derive(Debug)]
pub(crate) struct Cause {
    /// Tells the causes of one process apart; 0 is [`Cause::nobody`].
    pub id: u64,
    pub author: Author,
    /// The token's id.
    pub session: String,
    pub key: String,
    line: Option<Arc<Line>>,
}

impl Cause {
    pub fn new(author: Author, session: String, key: String, line: Option<Arc<Line>>) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self { id, author, session, key, line })
    }

    /// One that an earlier process noted.
    pub fn recovered(author: Author, session: String, key: String, line: BString) -> Arc<Self> {
        let line = (!line.is_empty()).then(|| Line::new(move || line.clone()));
        Self::new(author, session, key, line)
    }

    /// Who is named where nobody is known.
    pub fn nobody() -> Arc<Self> {
        static NOBODY: OnceLock<Arc<Cause>> = OnceLock::new();
        let nobody = NOBODY.get_or_init(|| {
            let author = Author { name: "mesash".into(), email: String::new() };
            let (session, key) = Default::default();
            Arc::new(Self { id: 0, author, session, key, line: None })
        });
        Arc::clone(nobody)
    }

    /// Whether this is the cause of what `line` does.
    pub fn is_of(&self, line: Option<&Arc<Line>>) -> bool {
        match (&self.line, line) {
            (None, None) => true,
            (Some(own), Some(line)) => Arc::ptr_eq(own, line),
            _ => false,
        }
    }

    pub fn has_line(&self) -> bool {
        self.line.is_some()
    }

    /// The line's text, cut where it is very long; empty if there is no line.
    pub fn line(&self) -> BString {
        let Some(line) = &self.line else { return BString::default() };
        let text = line.text();
        match text.get(..LINE_BYTES_MAX) {
            Some(beginning) => [beginning, b"..."].concat().into(),
            None => text.to_owned(),
        }
    }

    pub fn told(&self) -> backend::Cause {
        backend::Cause {
            author: self.author.name.clone(),
            author_email: self.author.email.clone(),
            session: self.session.clone(),
            key: self.key.clone(),
            line: self.line(),
        }
    }

    /// What an operation's record says of it.
    pub fn attributes(&self) -> Vec<(String, String)> {
        let mut attributes = vec![(engine_names::WHO.to_owned(), self.author.name.clone())];
        let mut add = |name: &str, text: String| {
            if !text.is_empty() {
                attributes.push((name.to_owned(), text));
            }
        };
        add(engine_names::EMAIL, self.author.email.clone());
        add(engine_names::SESSION, self.session.clone());
        add(engine_names::KEY, self.key.clone());
        add(engine_names::LINE, self.line().to_str_lossy().into_owned());
        attributes
    }
}

use crate::engine::cause as engine_names;
