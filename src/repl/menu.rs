//! The menu of what a word may become, below the line that is typed.
//!
//! The first Tab puts in what all candidates have in common and opens the menu; further ones and the
//! arrows choose. To look for candidates may take long (a folder of many entries, a server that is far): that is
//! done on another thread, and after [`WAIT`] the keys are the user's again; the next Tab finds the
//! answer. The line editor shows the menu as it shows a hint (`editor.rs`), as long as the line is
//! what the menu made of it.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;
use std::time::Duration;

use nu_ansi_term::Style;
use parking_lot::Mutex;

use super::complete::{Found, complete};
use super::look::{Look, clean, cut, width};
use super::scene::Scene;

/// How long a key waits for candidates.
const WAIT: Duration = Duration::from_millis(500);
/// Rows of the menu, where the terminal has so many.
const ROWS_MAX: usize = 12;
/// Between two columns.
const GAP: usize = 2;
/// Names take so many columns at most, if something is said about them.
const NAME_COLUMNS_MAX: usize = 36;

/// A move in the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Next,
    Previous,
    Up,
    Down,
    Left,
    Right,
}

/// What a key of the menu comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The text that [`Menu::take`] gives is to be put in.
    Put,
    /// There is nothing that the word could become.
    Nothing,
    /// It is not known yet.
    Later,
}

#[derive(Default)]
struct State {
    scene: Arc<Scene>,
    found: Option<Found>,
    open: bool,
    selected: Option<usize>,
    /// The line, and where its cursor is, as the menu left them.
    line: String,
    at: usize,
    next: Option<String>,
    /// Candidates that were not there in time, and for what line.
    late: Option<(String, Receiver<Found>)>,
    waiting: bool,
    /// As it is painted.
    styled: String,
    columns: usize,
}

/// The menu; a clone is the same one.
#[derive(Clone, Default)]
pub struct Menu(Arc<Mutex<State>>);

impl Menu {
    pub fn set_scene(&self, scene: Arc<Scene>) {
        let mut state = self.0.lock();
        state.scene = scene;
        state.close();
        state.late = None;
    }

    /// Whether it is shown below this line.
    pub fn is_open(&self, line: &str, at: usize) -> bool {
        self.0.lock().is_open(line, at)
    }

    /// Whether it is shown, and something in it chosen.
    pub fn has_choice(&self, line: &str, at: usize) -> bool {
        let state = self.0.lock();
        state.is_open(line, at) && state.selected.is_some()
    }

    pub fn close(&self) {
        self.0.lock().close();
    }

    /// A key that opens the menu, or moves in it.
    pub fn step(&self, step: Step, line: &str, at: usize) -> Answer {
        let mut state = self.0.lock();
        if state.is_open(line, at) {
            state.go(step);
            return Answer::Put;
        }
        state.close();
        let before = line.get(..at).unwrap_or(line);
        let Some(found) = state.look_up(before) else {
            state.waiting = true;
            (state.line, state.at) = (line.to_owned(), at);
            return Answer::Later;
        };
        match found.candidates.len() {
            0 => return Answer::Nothing,
            1 => state.next = found.whole(0),
            _ => {
                let typed = before.get(found.start()..).unwrap_or_default();
                let common = found.common().filter(|common| common.len() > typed.len());
                state.next = Some(common.unwrap_or_else(|| typed.to_owned()));
                state.open = true;
            }
        }
        state.found = Some(found);
        Answer::Put
    }

    /// Whether a text is to be put in.
    pub fn has_next(&self) -> bool {
        self.0.lock().next.is_some()
    }

    /// Where a text is to be put in, and which.
    pub fn take(&self) -> Option<(usize, String)> {
        let mut state = self.0.lock();
        let start = state.found.as_ref()?.start();
        Some((start, state.next.take()?))
    }

    /// The line is this now that it was put in.
    pub fn left(&self, line: &str, at: usize) {
        let mut state = self.0.lock();
        (state.line, state.at) = (line.to_owned(), at);
    }

    /// What is to be shown below the line, for a terminal of this size.
    pub fn shown(&self, line: &str, at: usize, look: Look, size: (usize, usize)) -> Option<String> {
        let mut state = self.0.lock();
        if state.waiting && state.line == line && state.at == at {
            state.waiting = false;
            let text = format!("\nlooking{} Tab asks again", look.pick("…", "..."));
            state.styled = look.paint(Style::new().dimmed(), &text);
            return Some(text);
        }
        if !state.is_open(line, at) {
            return None;
        }
        let (plain, styled) = state.draw(look, size)?;
        state.styled = styled;
        Some(plain)
    }

    /// What [`Menu::shown`] gave last, in colours.
    pub fn styled(&self) -> String {
        self.0.lock().styled.clone()
    }
}

impl State {
    fn is_open(&self, line: &str, at: usize) -> bool {
        self.open && self.line == line && self.at == at
    }

    fn close(&mut self) {
        (self.open, self.waiting, self.selected, self.next) = (false, false, None, None);
        self.found = None;
    }

    /// The candidates for `line`; `None` if they are not there in time.
    fn look_up(&mut self, line: &str) -> Option<Found> {
        if let Some((asked, late)) = self.late.take() {
            match late.try_recv() {
                Ok(found) if asked == line => return Some(found),
                Err(TryRecvError::Empty) if asked == line => return self.wait(asked, late),
                _ => {}
            }
        }
        let (send, receive) = mpsc::sync_channel(1);
        let (scene, asked) = (Arc::clone(&self.scene), line.to_owned());
        let named = thread::Builder::new().name("mesa-complete".into());
        let spawned = named.spawn(move || {
            // Whoever asked may have given up.
            let _ = send.send(complete(&scene, &asked));
        });
        match spawned {
            Ok(_) => self.wait(line.to_owned(), receive),
            Err(_) => Some(complete(&self.scene, line)),
        }
    }

    fn wait(&mut self, line: String, receive: Receiver<Found>) -> Option<Found> {
        match receive.recv_timeout(WAIT) {
            Ok(found) => Some(found),
            Err(_) => {
                self.late = Some((line, receive));
                None
            }
        }
    }

    fn go(&mut self, step: Step) {
        let Some(found) = &self.found else { return };
        let count = found.candidates.len();
        let rows = count.div_ceil(self.columns.max(1));
        let last = count.saturating_sub(1);
        let selected = match (self.selected, step) {
            (None, Step::Previous | Step::Up) => last,
            (None, _) => 0,
            (Some(at), Step::Next | Step::Down) => (at + 1) % count.max(1),
            (Some(0), Step::Previous | Step::Up) => last,
            (Some(at), Step::Previous | Step::Up) => at - 1,
            (Some(at), Step::Right) => {
                if at + rows <= last {
                    at + rows
                } else {
                    at % rows.max(1)
                }
            }
            (Some(at), Step::Left) => match at.checked_sub(rows) {
                Some(at) => at,
                None => (0..self.columns)
                    .rev()
                    .map(|column| column * rows + at)
                    .find(|at| *at <= last)
                    .unwrap_or(at),
            },
        };
        self.selected = Some(selected);
        self.next = found.whole(selected);
    }

    /// The menu, without and with colours; each row begins with a newline.
    fn draw(&mut self, look: Look, (columns, rows): (usize, usize)) -> Option<(String, String)> {
        let found = self.found.as_ref()?;
        // Without colours the chosen one is marked before its name.
        let mark = if look.colors { 0 } else { 2 };
        let room = columns.saturating_sub(1 + mark);
        let tells = found.candidates.iter().any(|one| !one.about.is_empty());
        let widest = found.candidates.iter().map(|one| width(&one.shown)).max().unwrap_or(0);
        let name =
            if tells { widest.min(NAME_COLUMNS_MAX).min(room / 2) } else { widest.min(room) };
        self.columns = if tells { 1 } else { ((room + GAP) / (name + mark + GAP)).max(1) };
        let total = found.candidates.len().div_ceil(self.columns);
        let high = (rows / 2).saturating_sub(1).clamp(1, ROWS_MAX);
        let at_row = self.selected.map_or(0, |at| at % total.max(1));
        let first = at_row.saturating_sub(high - 1).min(total.saturating_sub(high));
        let (mut plain, mut styled) = (String::new(), String::new());
        for row in first..total.min(first + high) {
            let mut line = (String::new(), String::new());
            for column in 0..self.columns {
                let index = column * total + row;
                let Some(one) = found.candidates.get(index) else { continue };
                let chosen = self.selected == Some(index);
                let text = clean(&one.shown);
                let text = cut(&text, name);
                let pad = " ".repeat(name.saturating_sub(width(text)) + GAP);
                let sign = match mark {
                    0 => "",
                    _ if chosen => "> ",
                    _ => "  ",
                };
                let style = if chosen { Style::new().reverse() } else { Style::new() };
                line.0 += &format!("{sign}{text}{pad}");
                line.1 += &format!("{sign}{}{pad}", look.paint(style, text));
                let about = clean(&one.about);
                let about = cut(&about, room.saturating_sub(name + GAP));
                line.0 += about;
                line.1 += &look.paint(Style::new().dimmed(), about);
            }
            plain += &format!("\n{}", line.0.trim_end());
            styled += &format!("\n{}", line.1.trim_end());
        }
        if total > high {
            let at = self.selected.map_or(String::new(), |at| format!("{} of ", at + 1));
            let text = format!("({at}{})", found.candidates.len());
            plain += &format!("\n{text}");
            styled += &format!("\n{}", look.paint(Style::new().dimmed(), &text));
        }
        Some((plain, styled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look { colors: false, unicode: true, dumb: false };

    fn menu(names: &[&str]) -> Menu {
        let commands = names.iter().map(|name| ((*name).to_owned(), String::new())).collect();
        let menu = Menu::default();
        menu.set_scene(Arc::new(Scene { commands, ..Scene::default() }));
        menu
    }

    /// What the line is after a key.
    fn key(menu: &Menu, step: Step, line: &str) -> String {
        assert_eq!(menu.step(step, line, line.len()), Answer::Put);
        let mut line = line.to_owned();
        if let Some((start, text)) = menu.take() {
            line.replace_range(start.., &text);
        }
        menu.left(&line, line.len());
        line
    }

    #[test]
    fn the_menu_is_walked_by_rows_and_columns() {
        let menu = menu(&["ma", "mb", "mc", "md", "me"]);
        let line = key(&menu, Step::Next, "m");
        assert_eq!(line, "m");
        let shown = |line: &str| menu.shown(line, line.len(), PLAIN, (13, 24));
        assert_eq!(shown("m").as_deref(), Some("\n  ma    md\n  mb    me\n  mc"));
        let mut line = line;
        let moves = [
            (Step::Down, "ma "),
            (Step::Right, "md "),
            (Step::Right, "ma "),
            (Step::Left, "md "),
            (Step::Previous, "mc "),
            (Step::Right, "mc "),
        ];
        for (step, wanted) in moves {
            line = key(&menu, step, &line);
            assert_eq!(line, wanted, "{step:?}");
        }
        assert_eq!(shown("mc ").as_deref(), Some("\n  ma    md\n  mb    me\n> mc"));
        // Another line has no menu.
        assert_eq!(shown("mc x"), None);
        assert_eq!(menu.step(Step::Next, "zz", 2), Answer::Nothing);
    }

    #[test]
    fn what_is_alone_or_common_is_put_in() {
        let menu = menu(&["changes", "chmod", "ls"]);
        assert_eq!(key(&menu, Step::Next, "l"), "ls ");
        assert_eq!(key(&menu, Step::Next, "c"), "ch");
        assert!(menu.is_open("ch", 2));
    }

    #[test]
    fn a_long_menu_scrolls() {
        let names: Vec<String> = (0..500).map(|n| format!("n{n:03}")).collect();
        let menu = menu(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let line = key(&menu, Step::Next, "n");
        let shown = menu.shown(&line, 1, PLAIN, (10, 10)).unwrap();
        assert_eq!(shown, "\n  n000\n  n001\n  n002\n  n003\n(500)");
        let line = key(&menu, Step::Up, &line);
        let shown = menu.shown(&line, line.len(), PLAIN, (10, 10)).unwrap();
        assert_eq!(shown, "\n  n496\n  n497\n  n498\n> n499\n(500 of 500)");
    }
}
