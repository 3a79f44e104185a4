//! What may have been meant by a command that there is not.

use std::sync::Arc;

use mesash_builtins::near::nearest;

use super::scene::{Scene, unquoted};
use crate::syntax::lexeme::{LexemeKind, lex};

/// The commands of `line` that there are not, each with the name that is most like it.
pub fn commands(line: &str, scene: &Scene) -> Vec<(String, String)> {
    let lexed = lex(line.as_bytes(), scene.parser, &Arc::default());
    let named = lexed.lexemes.iter().filter(|lexeme| lexeme.kind == LexemeKind::Command);
    let names = named.filter_map(|lexeme| unquoted(line.get(lexeme.span.clone())?));
    let missing = names.filter(|name| !name.contains('/') && !scene.commands.contains_key(name));
    let near = |name: &str| nearest(name, scene.commands.keys()).cloned();
    missing.filter_map(|name| near(&name).map(|near| (name, near))).collect()
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
