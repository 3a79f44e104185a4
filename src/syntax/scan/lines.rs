//! Line numbers of the commands in `$(…)` that goes over several lines.
//!
//! Bash reads such commands again when they run, counting from the line where the parenthesis closes:
//! the first command has that line's number. The commands of a substitution inside of it have been
//! numbered by their own parenthesis.

use std::sync::Arc;

use crate::syntax::ast::{Command, CommandKind, List, Pipeline};

/// Numbers the commands of `list` from `line` on.
pub fn count_from(list: &mut List, line: u32) {
    let first = list.items.first().and_then(|item| item.and_or.first.commands.first());
    let Some(by) = first.and_then(|command| line.checked_sub(command.line)) else { return };
    if by > 0 {
        move_list(list, by);
    }
}

// What is shared with the text of a word is left alone: it belongs to an inner substitution.
fn move_list(list: &mut List, by: u32) {
    for item in &mut list.items {
        let Some(and_or) = Arc::get_mut(&mut item.and_or) else { continue };
        move_pipeline(&mut and_or.first, by);
        and_or.rest.iter_mut().for_each(|(_, pipeline)| move_pipeline(pipeline, by));
    }
}

fn move_pipeline(pipeline: &mut Pipeline, by: u32) {
    pipeline.line += by;
    if let Some(commands) = Arc::get_mut(&mut pipeline.commands) {
        commands.iter_mut().for_each(|command| move_command(command, by));
    }
}

fn move_command(command: &mut Command, by: u32) {
    command.line += by;
    command.redirects.iter_mut().for_each(|redirect| redirect.line += by);
    let shared = |list: &mut Arc<List>| {
        if let Some(list) = Arc::get_mut(list) {
            move_list(list, by);
        }
    };
    let body = |command: &mut Arc<Command>| {
        if let Some(command) = Arc::get_mut(command) {
            move_command(command, by);
        }
    };
    match &mut command.kind {
        CommandKind::Simple(_) | CommandKind::Cond(_) | CommandKind::Arith(_) => {}
        CommandKind::Group(list) | CommandKind::Subshell(list) => shared(list),
        CommandKind::If(node) => {
            for (condition, body) in &mut node.branches {
                move_list(condition, by);
                move_list(body, by);
            }
            node.otherwise.iter_mut().for_each(|list| move_list(list, by));
        }
        CommandKind::While(node) => {
            move_list(&mut node.condition, by);
            move_list(&mut node.body, by);
        }
        CommandKind::For(node) | CommandKind::Select(node) => move_list(&mut node.body, by),
        CommandKind::ArithFor(node) => move_list(&mut node.body, by),
        CommandKind::Case(node) => {
            node.clauses.iter_mut().for_each(|clause| move_list(&mut clause.body, by));
        }
        CommandKind::Function(function) => {
            if let Some(function) = Arc::get_mut(function) {
                function.line += by;
                body(&mut function.body);
            }
        }
        CommandKind::Coproc(node) => body(&mut node.body),
    }
}
