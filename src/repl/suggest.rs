//! What may have been meant by a command that there is not.

use std::sync::Arc;

use super::scene::{Scene, unquoted};
use crate::syntax::lexeme::{LexemeKind, lex};

/// A name that is further from what was typed is no suggestion: letters added, left out or swapped.
const DISTANCE_MAX: usize = 2;

/// The commands of `line` that there are not, each with the name that is most like it.
pub fn commands(line: &str, scene: &Scene) -> Vec<(String, String)> {
    let lexed = lex(line.as_bytes(), scene.parser, &Arc::default());
    let named = lexed.lexemes.iter().filter(|lexeme| lexeme.kind == LexemeKind::Command);
    let names = named.filter_map(|lexeme| unquoted(line.get(lexeme.span.clone())?));
    let missing = names.filter(|name| !name.contains('/') && !scene.commands.contains_key(name));
    missing.filter_map(|name| nearest(&name, scene).map(|near| (name, near))).collect()
}

fn nearest(name: &str, scene: &Scene) -> Option<String> {
    // Of two letters, two that differ are another word.
    let limit = DISTANCE_MAX.min(name.chars().count().saturating_sub(1) / 2);
    let distances = scene.commands.keys().map(|known| (strsim::osa_distance(name, known), known));
    let (distance, known) = distances.min()?;
    (distance <= limit).then(|| known.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_is_most_like_it_is_meant() {
        let names = ["changes", "cat", "grep", "ls", "bookmarks"];
        let commands_known = names.map(|name| (name.to_owned(), String::new())).into();
        let scene = Scene { commands: commands_known, ..Scene::default() };
        let of = |line: &str| commands(line, &scene);
        let pair = |one: &str, two: &str| (one.to_owned(), two.to_owned());
        assert_eq!(of("chagnes log | gerp x"), [pair("chagnes", "changes"), pair("gerp", "grep")]);
        assert_eq!(of("ls; sl; zzzzzz; ./cta; \"$x\""), []);
    }
}
