//! What stands before the cursor: where you are, and what others do meanwhile.
//!
//! `local/app/src [main kx ±3] 2 ⇣5  $ `: the folder, the bookmark and the shortest prefix of the
//! change that is written to, how many files it changes, `×` if it has conflicts, `ro` if it can't be
//! written; the exit status if it is not 0, how long the last command took if that was long, how many
//! minutes the access has left if those are few; and how many paths others have changed since. That
//! last field has a fixed width, so that it may change while a line is typed. `PS1` and `PS2` replace
//! it all. Everything is gathered (`facts.rs`) before a line is read: to paint takes no I/O.

mod custom;
mod facts;

use std::sync::{Arc, OnceLock};

use nu_ansi_term::{Color, Style};

pub use custom::{Numbers, first, next};
pub use facts::{Asker, Facts, Place};

use super::live::{Live, PATHS_MAX};
use super::look::{Look, clean, width};

/// How many columns the count of others' paths takes, with a blank before it.
const LIVE_COLUMNS: usize = 4;
/// A command that took as long is told of.
const SLOW_MS: u128 = 2_000;
/// Fewer minutes of access are told of.
const MINUTES_FEW: u64 = 5;
/// What a prompt must leave of a line.
const ROOM_COLUMNS: usize = 24;
/// A terminal of fewer columns has room for a sign alone.
const COLUMNS_MIN: usize = 20;
/// Where the live field stands in a text that is not finished.
pub(super) const LIVE_MARK: char = '\u{f8ff}';

/// A prompt that reads the live count each time it is painted.
#[derive(Debug)]
pub struct Prompt {
    /// For its width: as wide as each of the others.
    plain: String,
    /// With [`LIVE_MARK`] where the live field stands.
    styled: String,
    /// By count, made when first needed.
    painted: Box<[OnceLock<String>]>,
    live: Arc<Live>,
    look: Look,
}

impl Prompt {
    /// `plain` and `styled` may have [`LIVE_MARK`] in them, once each.
    pub fn new(plain: &str, styled: String, live: &Arc<Live>, look: Look) -> Self {
        let plain = plain.replace(LIVE_MARK, &" ".repeat(LIVE_COLUMNS));
        let painted = (0..=PATHS_MAX).map(|_| OnceLock::new()).collect();
        Self { plain, styled, painted, live: Arc::clone(live), look }
    }

    /// The prompt without colours.
    #[cfg(test)]
    pub fn plain(&self) -> &str {
        &self.plain
    }
}

impl rustyline::Prompt for Prompt {
    fn raw(&self) -> &str {
        &self.plain
    }

    fn styled(&self) -> &str {
        let count = self.live.count().min(PATHS_MAX);
        let Some(painted) = self.painted.get(count) else { return &self.plain };
        painted.get_or_init(|| self.styled.replace(LIVE_MARK, &live_field(count, self.look)))
    }
}

/// The live field, [`LIVE_COLUMNS`] wide.
fn live_field(count: usize, look: Look) -> String {
    if count == 0 {
        return " ".repeat(LIVE_COLUMNS);
    }
    let number = if count >= PATHS_MAX { "++".to_owned() } else { count.to_string() };
    let text = format!("{}{number}", look.pick("⇣", "v"));
    let rest = LIVE_COLUMNS.saturating_sub(1 + width(&text));
    format!(" {}{}", look.paint(Color::Cyan.bold(), &text), " ".repeat(rest))
}

/// One part of a prompt, and how soon it is left out of one that is too wide: the highest first, 0
/// never.
struct Part {
    text: String,
    style: Style,
    cost: u8,
}

/// The prompt that mesash has of its own, for a terminal of `columns`.
pub fn draw(facts: &Facts, live: &Arc<Live>, look: Look, columns: usize) -> Prompt {
    let mut parts = parts(facts, look);
    let limit = columns.saturating_sub(ROOM_COLUMNS).max(columns / 2);
    let total = |parts: &[Part]| -> usize { parts.iter().map(|part| width(&part.text)).sum() };
    for cost in (1..=9).rev() {
        if total(&parts) + LIVE_COLUMNS <= limit {
            break;
        }
        parts.retain(|part| part.cost != cost);
    }
    let (mut plain, mut styled) = (String::new(), String::new());
    for part in &parts {
        plain.push_str(&part.text);
        styled.push_str(&look.paint(part.style, &part.text));
    }
    // A terminal of a few columns has a sign and nothing else.
    if columns < COLUMNS_MIN || width(&plain) + LIVE_COLUMNS > limit {
        (plain, styled) = (String::new(), String::new());
    } else {
        plain.push(LIVE_MARK);
        styled.push(LIVE_MARK);
    }
    plain.push_str("$ ");
    styled.push_str("$ ");
    Prompt::new(&plain, styled, live, look)
}

fn parts(facts: &Facts, look: Look) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut part = |text: String, style: Style, cost: u8| parts.push(Part { text, style, cost });
    let folder = clean(&facts.cwd);
    let folder = folder.trim_start_matches('/');
    // The folder's last name is what is needed most.
    match (folder.split_once('/'), folder.is_empty()) {
        (_, true) => part("/".into(), Color::Blue.bold(), 0),
        (None, _) => part(folder.into(), Color::Blue.bold(), 0),
        (Some((org, rest)), _) => {
            part(format!("{org}/"), Style::new().dimmed(), 8);
            let (above, last) = match rest.rfind('/') {
                Some(at) => rest.split_at(at + 1),
                None => ("", rest),
            };
            part(above.into(), Color::Blue.bold(), 7);
            part(last.into(), Color::Blue.bold(), 1);
        }
    }
    let purple: Style = Color::Purple.into();
    match &facts.place {
        Place::None => {}
        Place::Expired => part(" [access expired: remount]".into(), Color::Red.into(), 2),
        Place::Change { bookmark, change, changed, conflicted, read_only } => {
            part(" [".into(), purple, 3);
            if let Some(bookmark) = bookmark {
                part(format!("{} ", clean(bookmark)), purple, 5);
            }
            part(change.clone(), purple, 3);
            if let Some(changed) = changed.filter(|&changed| changed > 0) {
                part(format!(" {}{changed}", look.pick("±", "+-")), Color::Yellow.into(), 6);
            }
            if *conflicted {
                part(format!(" {}", look.pick("×", "x")), Color::Red.bold(), 3);
            }
            if *read_only {
                part(" ro".into(), purple, 4);
            }
            part("]".into(), purple, 3);
        }
    }
    if facts.status != 0 {
        part(format!(" {}", facts.status), Color::Red.into(), 2);
    }
    if facts.took.as_millis() >= SLOW_MS {
        part(format!(" {}", told(facts.took.as_secs())), Color::Yellow.into(), 9);
    }
    if let Some(minutes) = facts.minutes_left.filter(|&minutes| minutes < MINUTES_FEW) {
        part(format!(" {minutes}m left"), Color::Red.into(), 4);
    }
    parts
}

/// `3s`, `2m05s`, `1h02m`
fn told(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mesafs::event::Invalidation;
    use mesafs::path::RealPath;
    use rustyline::Prompt as _;

    use super::*;

    const ASCII: Look = Look { colors: false, unicode: false, dumb: false };
    const UNICODE: Look = Look { unicode: true, ..ASCII };

    fn facts() -> Facts {
        Facts {
            cwd: "/acme/app/src/lib".into(),
            place: Place::Change {
                bookmark: Some("main".into()),
                change: "kx".into(),
                changed: Some(3),
                conflicted: true,
                read_only: false,
            },
            status: 2,
            took: Duration::from_secs(125),
            minutes_left: Some(4),
        }
    }

    #[test]
    fn the_prompt_says_where_you_are() {
        let live = Live::new(Default::default());
        let drawn = |look, columns| draw(&facts(), &live, look, columns).plain().to_owned();
        let whole = "acme/app/src/lib [main kx ±3 ×] 2 2m05s 4m left    $ ";
        assert_eq!(drawn(UNICODE, 200), whole);
        assert_eq!(drawn(ASCII, 80), "acme/app/src/lib [main kx +-3 x] 2 2m05s 4m left    $ ");
        assert_eq!(drawn(UNICODE, 60), "lib [main kx ±3 ×] 2 4m left    $ ");
        assert_eq!(drawn(UNICODE, 40), "lib [kx ×] 2    $ ");
        assert_eq!(drawn(UNICODE, 8), "$ ");
        let root = Facts { cwd: "/".into(), ..Facts::default() };
        assert_eq!(draw(&root, &live, ASCII, 80).plain(), "/    $ ");
        let evil = Facts { cwd: "/a/b\x1b[2J".into(), ..Facts::default() };
        assert_eq!(draw(&evil, &live, ASCII, 80).plain(), "a/b?[2J    $ ");
    }

    #[test]
    fn what_others_do_changes_no_width() {
        let live = Live::new(Default::default());
        let prompt = draw(&facts(), &live, UNICODE, 200);
        let mut seen = Vec::new();
        for number in 0..150 {
            seen.push(prompt.styled().to_owned());
            assert_eq!(width(prompt.styled()), width(prompt.raw()));
            let name = format!("f{number}");
            let path = RealPath::from_names([b"acme".as_slice(), name.as_bytes()]);
            let event = Invalidation { path, recursive: false, version: number, own: false };
            live.take(&event, UNICODE);
            // The same path counts once, and what one did oneself not at all.
            live.take(&event, UNICODE);
            live.take(&Invalidation { own: true, ..event }, UNICODE);
        }
        assert!(seen[0].ends_with("4m left    $ "), "{}", seen[0]);
        assert!(seen[7].ends_with(" ⇣7 $ "), "{}", seen[7]);
        assert!(seen[42].ends_with(" ⇣42$ "), "{}", seen[42]);
        assert!(seen[149].ends_with(" ⇣++$ "), "{}", seen[149]);
        live.begin();
        assert_eq!(prompt.styled(), seen[0]);
    }
}
