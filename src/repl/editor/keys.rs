//! What keys do beyond rustyline's own.

mod named;

use std::sync::Arc;

use parking_lot::Mutex;
use rustyline::{
    Cmd, ConditionalEventHandler, Editor, Event, EventContext, EventHandler, Helper, KeyCode,
    KeyEvent, Modifiers, Movement, RepeatCount,
};

pub use named::{Action, read};

use crate::repl::history::Past;
use crate::repl::menu::{Answer, Menu, Step};

/// What a key asked for that the line editor can't do itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The line is to be worked on in an editor.
    Compose,
    /// The line is to be dropped. The line editor would drop the keys that were typed behind Ctrl-C too.
    Interrupt,
}

/// What the line that ends was ended for.
#[derive(Debug, Clone, Default)]
pub struct Wish(Arc<Mutex<Option<Wanted>>>);

impl Wish {
    /// Asked once for each line.
    pub fn take(&self) -> Option<Wanted> {
        self.0.lock().take()
    }
}

/// A key whose meaning depends on what is typed.
struct When<F>(F);

impl<F: Fn(&EventContext<'_>) -> Option<Cmd> + Send + Sync> ConditionalEventHandler for When<F> {
    fn handle(
        &self,
        _event: &Event,
        _count: RepeatCount,
        _positive: bool,
        context: &EventContext<'_>,
    ) -> Option<Cmd> {
        (self.0)(context)
    }
}

fn when(does: impl Fn(&EventContext<'_>) -> Option<Cmd> + Send + Sync + 'static) -> EventHandler {
    EventHandler::Conditional(Box::new(When(does)))
}

/// Binds the keys.
pub fn bind<H: Helper>(editor: &mut Editor<H, Past>, wish: &Wish, past: &Past, menu: &Menu) {
    bind_menu(editor, menu);
    let at_end = |context: &EventContext<'_>| context.pos() == context.line().len();
    // A word of the hint, or the move that the key is otherwise.
    let word = move |context: &EventContext<'_>| {
        let hint = context.hint_text().filter(|_| at_end(context))?;
        Some(Cmd::Insert(1, first_word(hint).to_owned()))
    };
    let whole = move |context: &EventContext<'_>| {
        (context.hint_text().is_some() && at_end(context)).then_some(Cmd::CompleteHint)
    };
    let key = KeyEvent;
    for event in [
        key(KeyCode::Right, Modifiers::ALT),
        key(KeyCode::Right, Modifiers::CTRL),
        KeyEvent::alt('f'),
    ] {
        editor.bind_sequence(event, when(word));
    }
    for event in [key(KeyCode::End, Modifiers::NONE), KeyEvent::ctrl('E'), KeyEvent::ctrl('F')] {
        editor.bind_sequence(event, when(whole));
    }
    editor.bind_sequence(key(KeyCode::PageUp, Modifiers::NONE), Cmd::HistorySearchBackward);
    editor.bind_sequence(key(KeyCode::PageDown, Modifiers::NONE), Cmd::HistorySearchForward);
    editor
        .bind_sequence(key(KeyCode::Delete, Modifiers::ALT), Cmd::Kill(Movement::BeginningOfLine));
    let past = past.clone();
    let last_word = when(move |_| past.last_word().map(|word| Cmd::Insert(1, word)));
    editor.bind_sequence(KeyEvent::alt('.'), last_word);
    let compose = Event::KeySeq(vec![KeyEvent::ctrl('X'), KeyEvent::ctrl('E')]);
    editor.bind_sequence(compose, ends(wish, Wanted::Compose));
    editor.bind_sequence(KeyEvent::ctrl('C'), ends(wish, Wanted::Interrupt));
    // Nothing is ever stopped.
    editor.bind_sequence(KeyEvent::ctrl('Z'), Cmd::Noop);
}

/// Ends the line, for what is `wanted`.
fn ends(wish: &Wish, wanted: Wanted) -> EventHandler {
    let wish = wish.clone();
    when(move |_| {
        *wish.0.lock() = Some(wanted);
        Some(Cmd::AcceptLine)
    })
}

fn tab(menu: &Menu) -> EventHandler {
    let menu = menu.clone();
    when(move |context| {
        Some(match menu.step(Step::Next, context.line(), context.pos()) {
            Answer::Put | Answer::Nothing => Cmd::Complete,
            Answer::Later => Cmd::Repaint,
        })
    })
}

/// Binds what the config file asks for.
pub fn bind_named<H: Helper>(
    editor: &mut Editor<H, Past>,
    wish: &Wish,
    menu: &Menu,
    named: &[(Event, Action)],
) {
    for (event, action) in named {
        let handler = match action {
            Action::Run(cmd) => cmd.clone().into(),
            Action::Compose => ends(wish, Wanted::Compose),
            Action::Complete => tab(menu),
        };
        editor.bind_sequence(event.clone(), handler);
    }
}

/// Tab opens the menu; in it, it and the arrows choose, Enter takes and Escape goes back.
fn bind_menu<H: Helper>(editor: &mut Editor<H, Past>, menu: &Menu) {
    let key = |code| KeyEvent(code, Modifiers::NONE);
    editor.bind_sequence(key(KeyCode::Tab), tab(menu));
    let moves = [
        (key(KeyCode::BackTab), Step::Previous),
        (key(KeyCode::Up), Step::Up),
        (key(KeyCode::Down), Step::Down),
        (key(KeyCode::Left), Step::Left),
        (key(KeyCode::Right), Step::Right),
        (KeyEvent::ctrl('P'), Step::Up),
        (KeyEvent::ctrl('N'), Step::Down),
    ];
    for (event, step) in moves {
        let menu = menu.clone();
        let go = move |context: &EventContext<'_>| {
            let (line, at) = (context.line(), context.pos());
            let chooses = matches!(step, Step::Previous | Step::Down);
            let takes = if chooses { menu.is_open(line, at) } else { menu.has_choice(line, at) };
            takes.then(|| {
                menu.step(step, line, at);
                Cmd::Complete
            })
        };
        editor.bind_sequence(event, when(go));
    }
    let taken = menu.clone();
    let enter = move |context: &EventContext<'_>| {
        taken.has_choice(context.line(), context.pos()).then(|| {
            taken.close();
            Cmd::Repaint
        })
    };
    editor.bind_sequence(key(KeyCode::Enter), when(enter));
    for event in [key(KeyCode::Esc), KeyEvent::ctrl('G')] {
        let left = menu.clone();
        let escape = move |context: &EventContext<'_>| {
            left.is_open(context.line(), context.pos()).then(|| {
                left.close();
                Cmd::Abort
            })
        };
        editor.bind_sequence(event, when(escape));
    }
}

/// Up to the end of the first word, with the blanks before it.
fn first_word(text: &str) -> &str {
    let begun = text.find(|letter: char| letter.is_alphanumeric()).unwrap_or(text.len());
    let rest = text.get(begun..).unwrap_or_default();
    let end = rest.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(rest.len());
    text.get(..begun + end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_taken_word_by_word() {
        assert_eq!(first_word("o hello/world x"), "o");
        assert_eq!(first_word(" hello/world x"), " hello");
        assert_eq!(first_word("/world x"), "/world");
        assert_eq!(first_word(" --"), " --");
    }
}
