//! The word before the cursor, and the command that it belongs to.

use super::Scene;

/// What a word is to the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A command's name.
    Command,
    Operand,
    /// The file of a redirection.
    File,
    /// What an assignment gives a variable.
    Value,
}

/// A place in a word from which it is completed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Part {
    /// In bytes of the line.
    pub start: usize,
    /// In bytes of the word's text.
    pub at: usize,
    /// The quote that is open there.
    pub quote: Option<char>,
}

/// The word before the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The whole of it.
    pub whole: Part,
    /// What follows its last `/`, or its `=` or `:` where that begins a path.
    pub name: Part,
    /// What follows the `=` of `--option=`.
    pub value: Option<Part>,
    /// Without its quoting, and with the variables in it that are known.
    pub text: String,
    /// The quote that is open at the cursor.
    pub quote: Option<char>,
    pub role: Role,
    /// The name of the command and its words before this one, without their quoting.
    pub before: Vec<String>,
    /// Where the command begins in the line.
    pub command_start: usize,
    /// `$NAME` at the cursor: where its `$` is, what is there of the name, and whether it has a brace.
    pub variable: Option<(usize, String, bool)>,
    /// It holds what only running it could tell.
    pub opaque: bool,
}

/// Words after which a command's name follows.
const BEFORE_COMMAND: &[&str] = &[
    "if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "exec", "command",
    "builtin", "nohup", "env", "xargs", "nice",
];

impl Word {
    fn new(start: usize, role: Role) -> Self {
        let part = Part { start, at: 0, quote: None };
        Self {
            whole: part,
            name: part,
            value: None,
            text: String::new(),
            quote: None,
            role,
            before: Vec::new(),
            command_start: start,
            variable: None,
            opaque: false,
        }
    }

    /// The last word of `line`.
    pub fn last(line: &str, scene: &Scene) -> Self {
        let mut word = Self::new(0, Role::Command);
        let mut letters = line.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            let after = at + letter.len_utf8();
            match (letter, word.quote) {
                ('\\', quote) if quote != Some('\'') => {
                    if let Some((_, escaped)) = letters.next() {
                        let kept = quote.is_some() && !"\"\\$`".contains(escaped);
                        word.text.extend(kept.then_some('\\'));
                        word.text.push(escaped);
                    }
                }
                (letter, Some(quote)) if letter == quote => word.quote = None,
                ('$', quote) if quote != Some('\'') => {
                    let taken = word.expand(line.get(after..).unwrap_or_default(), at, scene);
                    while letters.next_if(|(next, _)| *next < after + taken).is_some() {}
                }
                ('\'' | '"', None) => word.quote = Some(letter),
                (' ' | '\t', None) => {
                    word.end(line.get(word.whole.start..at).unwrap_or_default(), after);
                }
                ('\n' | ';' | '|' | '&' | '(' | '`', None) => {
                    word = Self::new(after, Role::Command)
                }
                (')', None) => word = Self::new(after, Role::Operand),
                ('<' | '>', None) => {
                    // `2>`: the number is no word.
                    let fresh = Self::new(after, Role::File);
                    let Self { before, command_start, .. } = word;
                    word = Self { before, command_start, ..fresh };
                }
                (letter, _) => {
                    word.text.push(letter);
                    word.part_at(letter, after);
                }
            }
        }
        word
    }

    /// After a letter that may begin a part.
    fn part_at(&mut self, letter: char, start: usize) {
        let part = Part { start, at: self.text.len(), quote: self.quote };
        match (letter, self.quote) {
            ('/', _) => self.name = part,
            ('=', None) if self.role == Role::Command && is_assignment(&self.text) => {
                self.role = Role::Value;
                self.name = part;
            }
            (':', None) if self.role == Role::Value => self.name = part,
            ('=', None) if self.value.is_none() && self.text.starts_with("--") => {
                self.value = Some(part);
                self.name = part;
            }
            _ => {}
        }
    }

    /// A blank ends the word.
    fn end(&mut self, written: &str, after: usize) {
        let mut next = Self::new(after, Role::Operand);
        next.command_start = self.command_start;
        next.before = std::mem::take(&mut self.before);
        match self.role {
            _ if written.is_empty() => {
                next.role = self.role;
                if next.before.is_empty() && next.role == Role::Command {
                    next.command_start = after;
                }
            }
            Role::Command if BEFORE_COMMAND.contains(&written) => {
                next.role = Role::Command;
                next.command_start = after;
            }
            Role::Value => {
                next.role = Role::Command;
                next.command_start = after;
            }
            // A redirection before the command.
            Role::File if next.before.is_empty() => next.role = Role::Command,
            Role::File => {}
            Role::Command | Role::Operand => next.before.push(std::mem::take(&mut self.text)),
        }
        *self = next;
    }

    /// Takes in an expansion, whose `$` is at `dollar`; how much of `rest` belongs to it.
    fn expand(&mut self, rest: &str, dollar: usize, scene: &Scene) -> usize {
        let braced = rest.starts_with('{');
        let inner = if braced { rest.get(1..).unwrap_or_default() } else { rest };
        let is_name = |letter: char| letter == '_' || letter.is_ascii_alphanumeric();
        let len = inner.find(|letter| !is_name(letter)).unwrap_or(inner.len());
        let name = inner.get(..len).unwrap_or_default();
        let after = inner.get(len..).unwrap_or_default();
        if after.is_empty() {
            self.variable = Some((dollar, name.to_owned(), braced));
            return len + usize::from(braced);
        }
        if name.is_empty() || (braced && !after.starts_with('}')) {
            self.opaque = true;
            return 0;
        }
        match scene.variable(name) {
            Some(value) => self.text.push_str(&value),
            None => self.opaque = true,
        }
        len + if braced { 2 } else { 0 }
    }

    /// The text of the word from `part` on.
    pub fn from(&self, part: Part) -> &str {
        self.text.get(part.at..).unwrap_or_default()
    }
}

/// Whether `text` is `NAME=`.
fn is_assignment(text: &str) -> bool {
    text.strip_suffix('=').is_some_and(|name| {
        let name = name.strip_suffix('+').unwrap_or(name);
        !name.is_empty()
            && !name.starts_with(|letter: char| letter.is_ascii_digit())
            && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    })
}

/// What a word needs a backslash before.
const SPECIAL: &str = " \t\n!\"#$&'()*;<>?[\\]^`{|}~";

/// `text` as it must be typed from `part` on, in a word whose open quote is `quote`: that quote stays
/// open.
pub fn typed(text: &str, part: Part, quote: Option<char>) -> String {
    let mut out = String::with_capacity(text.len());
    if part.quote != quote {
        out.extend(quote);
    }
    for (at, letter) in text.chars().enumerate() {
        match (quote, letter) {
            (None, '\n') => out.push_str("$'\\n'"),
            (None, '~') if part.at == 0 && at == 0 => out.push('~'),
            // These begin something only where a word begins.
            (None, '#' | '~') if part.at > 0 || at > 0 => out.push(letter),
            (None, letter) if SPECIAL.contains(letter) => out.extend(['\\', letter]),
            (Some('"'), '"' | '$' | '`' | '\\') => out.extend(['\\', letter]),
            (Some('\''), '\'') => out.push_str("'\\''"),
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(line: &str) -> Word {
        let variables = [("HOME".to_owned(), "/home".to_owned())].into();
        Word::last(line, &Scene { variables, ..Scene::default() })
    }

    #[test]
    fn the_word_before_the_cursor_is_found_through_quotes() {
        let table = [
            ("", 0, "", Role::Command),
            ("ec", 0, "ec", Role::Command),
            ("cat a\\ b", 4, "a b", Role::Operand),
            ("cat 'a b", 4, "a b", Role::Operand),
            ("cat \"a\\n$HOME/x", 4, "a\\n/home/x", Role::Operand),
            ("cat x | so", 8, "so", Role::Command),
            ("if tr", 3, "tr", Role::Command),
            ("A=1 en", 4, "en", Role::Command),
            ("A=b", 0, "A=b", Role::Value),
            ("cat <fi", 5, "fi", Role::File),
            ("cat 2> fi", 7, "fi", Role::File),
            ("x=$(ca", 4, "ca", Role::Command),
        ];
        for (line, start, text, role) in table {
            let word = last(line);
            assert_eq!((word.whole.start, &*word.text, word.role), (start, text, role), "{line}");
        }
    }

    #[test]
    fn words_before_it_and_parts_of_it_are_kept() {
        let word = last("X=1 'gr ep' -e \"a b\" >out dir/'sub x/na");
        assert_eq!(word.before, ["gr ep", "-e", "a b"]);
        assert_eq!((word.from(word.name), word.name.quote), ("na", Some('\'')));
        let word = last("tar --file=a/b");
        assert_eq!(word.value.map(|part| word.from(part)), Some("a/b"));
        assert_eq!(word.from(word.name), "b");
        assert_eq!(last("PATH=/bin:/us").name.start, 11);
        assert_eq!(last("echo \"$HO").variable, Some((6, "HO".into(), false)));
        assert_eq!(last("echo ${HO").variable, Some((5, "HO".into(), true)));
        assert!(last("echo $nope/x").opaque && last("echo ${x#y}/z").opaque);
    }

    #[test]
    fn names_are_typed_as_the_shell_reads_them() {
        let bare = Part::default();
        assert_eq!(typed("a b's", bare, None), "a\\ b\\'s");
        assert_eq!(typed("a\nb", bare, None), "a$'\\n'b");
        assert_eq!(typed("a b$", bare, Some('"')), "\"a b\\$");
        assert_eq!(typed("a'b", Part { quote: Some('\''), ..bare }, Some('\'')), "a'\\''b");
        assert_eq!(typed("~/a", bare, None), "~/a");
        assert_eq!(typed("#a", Part { at: 2, ..bare }, None), "#a");
        assert_eq!(typed("#a", bare, None), "\\#a");
    }
}
