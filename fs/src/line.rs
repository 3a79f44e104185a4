//! The line of a run: what was entered at the prompt, or one top-level command of a script.
//!
//! What a run does to files and to history is told to be its line's. A line's text is made when
//! somebody first asks, for most lines do nothing that is told of.

use std::fmt;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use bstr::{BStr, BString, ByteSlice};

type Make = Box<dyn Fn() -> BString + Send + Sync>;

/// A line of a run.
pub struct Line {
    make: Make,
    text: OnceLock<BString>,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("text", &self.text.get()).finish_non_exhaustive()
    }
}

impl Line {
    #[must_use]
    pub fn new(make: impl Fn() -> BString + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { make: Box::new(make), text: OnceLock::new() })
    }

    /// Whole, as it was entered or as it is printed.
    pub fn text(&self) -> &BStr {
        self.text.get_or_init(|| (self.make)()).as_bstr()
    }
}

/// The line that a run is at; what outlives a line counts as its until the next one begins.
#[derive(Debug, Default)]
pub struct PresentLine(ArcSwapOption<Line>);

impl PresentLine {
    pub fn set(&self, line: Arc<Line>) {
        self.0.store(Some(line));
    }

    #[must_use]
    pub fn get(&self) -> Option<Arc<Line>> {
        self.0.load_full()
    }
}
