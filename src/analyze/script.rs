//! Reading a whole script, command by command, on a stack that is deep enough.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::job::stack;
use crate::syntax::ast::{CommandKind, CompleteCommand, List};
use crate::syntax::dump::Dump;
use crate::syntax::input::Lines;
use crate::syntax::options::{ParseEnv, ParserOptions};
use crate::syntax::parser::Parser;
use crate::syntax::symbol::Interner;

/// Runs `task` on a thread with a shell's stack; `None` if there can be none.
pub fn on_large_stack<T: Send>(task: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("mesash-analyze".into());
        let thread = builder.stack_size(stack::THREAD_BYTES).spawn_scoped(scope, task).ok()?;
        thread.join().ok()
    })
}

/// Gives each command of a script, whose first line is `line`, to `visit`; the first syntax error.
///
/// Like a run, it reads on with `extglob` after a command that turns it on.
pub fn each_command(
    script: &[u8],
    line: u32,
    interner: &Arc<Interner>,
    mut visit: impl FnMut(&CompleteCommand),
) -> Option<String> {
    let mut parser = Parser::starting_at(Lines::new(script), line, Arc::clone(interner));
    let mut options = ParserOptions::default();
    loop {
        let env = ParseEnv { options, ..ParseEnv::default() };
        match parser.next_command(env) {
            Ok(None) => return None,
            Ok(Some(command)) => {
                options.extglob |= turns_on_extglob(&command.list);
                visit(&command);
            }
            Err(error) => {
                let messages = error.messages().into_iter().next().unwrap_or_default();
                return Some(format!("line {}: {messages}", error.line));
            }
        }
    }
}

/// Whether a command that isn't part of another one is `shopt -s … extglob`.
fn turns_on_extglob(list: &List) -> bool {
    let pipelines = list.items.iter().flat_map(|item| {
        let rest = item.and_or.rest.iter().map(|(_, pipeline)| pipeline);
        std::iter::once(&item.and_or.first).chain(rest)
    });
    pipelines.flat_map(|pipeline| pipeline.commands.iter()).any(|command| {
        let CommandKind::Simple(simple) = &command.kind else { return false };
        let mut words = simple.words.iter().filter_map(|word| word.literal());
        words.next().is_some_and(|name| name == "shopt")
            && words.next().is_some_and(|option| option.starts_with(b"-s"))
            && words.any(|name| name == "extglob")
    })
}

/// The tree of a script as JSON.
pub fn dump(script: &[u8]) -> (Value, Option<String>) {
    let interner = Arc::new(Interner::default());
    let mut commands = Vec::new();
    let error = each_command(script, 1, &interner, |command| {
        commands.push(Dump { names: &interner }.complete_command(command));
    });
    (json!({ "commands": commands, "error": error }), error)
}
