//! History expansion: `!!`, `!n`, `!-n`, `!word`, `!?part?`, `!$`, `:s/a/b/`, `^a^b` and their like, as
//! bash does them while `histexpand` is on.

use std::sync::Arc;

use crate::syntax::lexeme::{LexemeKind, lex};

/// What a line came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expanded {
    /// There was nothing to expand.
    Same,
    To(String),
    /// `:p`: it is shown and kept, and does not run.
    Print(String),
    /// The message, after the shell's name.
    Failed(String),
}

/// Expands `line`; `past` are the lines before it, oldest first, of which the last has the number
/// `last`.
pub fn expand(line: &str, past: &[String], last: usize) -> Expanded {
    let mut work = Work { past, last, print: false, changed: false };
    match work.line(line) {
        Err(message) => Expanded::Failed(message),
        Ok(text) if work.print => Expanded::Print(text),
        Ok(text) if work.changed => Expanded::To(text),
        Ok(_) => Expanded::Same,
    }
}

/// The words of a line, operators among them, as history expansion counts them.
pub fn words(line: &str) -> Vec<String> {
    let lexed = lex(line.as_bytes(), Default::default(), &Arc::default());
    let mut words = Vec::new();
    let mut end = 0;
    for lexeme in &lexed.lexemes {
        // What stands in another word is a part of it.
        let inner = matches!(
            lexeme.kind,
            LexemeKind::String | LexemeKind::Expansion | LexemeKind::Comment | LexemeKind::Fault
        );
        if inner || lexeme.span.start < end {
            continue;
        }
        end = lexeme.span.end;
        words.extend(line.get(lexeme.span.clone()).map(str::to_owned));
    }
    if words.is_empty() { line.split_whitespace().map(str::to_owned).collect() } else { words }
}

struct Work<'a> {
    past: &'a [String],
    last: usize,
    print: bool,
    changed: bool,
}

type Result<T> = std::result::Result<T, String>;

/// A text that is read letter by letter.
struct Letters<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Letters<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let here = self.peek() == Some(wanted);
        if here {
            self.at += wanted.len_utf8();
        }
        here
    }

    fn number(&mut self) -> Option<usize> {
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let number = self.rest().get(..digits)?.parse().ok()?;
        self.at += digits;
        Some(number)
    }

    fn until(&mut self, stops: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(stops).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }
}

impl Work<'_> {
    fn line(&mut self, line: &str) -> Result<String> {
        if let Some(text) = line.strip_prefix('^') {
            return self.quick(line, text);
        }
        let mut letters = Letters { text: line, at: 0 };
        let mut out = String::new();
        let mut quote = None;
        while let Some(letter) = letters.next() {
            match (letter, quote) {
                ('\\', quote) if quote != Some('\'') => {
                    out.push('\\');
                    out.extend(letters.next());
                }
                ('\'', None) | ('"', None) => {
                    quote = Some(letter);
                    out.push(letter);
                }
                (letter, Some(open)) if letter == open => {
                    quote = None;
                    out.push(letter);
                }
                ('!', quote) if quote != Some('\'') && self.begins(&letters, quote, &out) => {
                    let mut before = out.clone();
                    let text = self.event(&mut letters, &mut before)?;
                    self.changed = true;
                    out.push_str(&text);
                }
                (letter, _) => out.push(letter),
            }
        }
        Ok(out)
    }

    /// Whether an expansion begins behind this `!`.
    fn begins(&self, letters: &Letters<'_>, quote: Option<char>, before: &str) -> bool {
        // `$!`, `${!x}`, `[!a]`
        if before.ends_with(['$', '[']) || before.ends_with("${") {
            return false;
        }
        match letters.peek() {
            None | Some(' ' | '\t' | '\n' | '\r' | '=' | '(') => false,
            Some('"') if quote == Some('"') => false,
            Some(_) => true,
        }
    }

    /// `^old^new^`
    fn quick(&mut self, line: &str, text: &str) -> Result<String> {
        let mut parts = text.splitn(3, '^');
        let (old, new) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let rest = parts.next().unwrap_or_default();
        let last = self.past.last().ok_or_else(|| format!("{line}: event not found"))?;
        if old.is_empty() || !last.contains(old) {
            return Err(format!(":s{line}: substitution failed"));
        }
        self.changed = true;
        Ok(format!("{}{rest}", last.replacen(old, new, 1)))
    }

    /// What stands behind a `!`.
    fn event(&mut self, letters: &mut Letters<'_>, before: &mut String) -> Result<String> {
        let begun = letters.at;
        let named = |letters: &Letters<'_>| {
            format!("!{}", letters.text.get(begun..letters.at).unwrap_or_default())
        };
        let mut searched = None;
        let found = match letters.peek() {
            Some('!') => {
                letters.next();
                self.past.last().cloned()
            }
            Some('#') => {
                letters.next();
                Some(std::mem::take(before))
            }
            // Without an event it is the last line.
            Some('$' | '^' | '*' | ':') => self.past.last().cloned(),
            Some('-') if letters.rest().get(1..2).is_some_and(is_digit) => {
                letters.next();
                let back = letters.number().unwrap_or(0);
                self.past.len().checked_sub(back).and_then(|at| self.past.get(at)).cloned()
            }
            Some(letter) if letter.is_ascii_digit() => {
                let number = letters.number().unwrap_or(0);
                let first = (self.last + 1).saturating_sub(self.past.len());
                number.checked_sub(first).and_then(|at| self.past.get(at)).cloned()
            }
            Some('?') => {
                letters.next();
                let part = letters.until(|letter| matches!(letter, '?' | '\n'));
                letters.eat('?');
                searched = Some(part.to_owned());
                self.past.iter().rev().find(|line| line.contains(part)).cloned()
            }
            _ => {
                let start = letters
                    .until(|letter| letter.is_whitespace() || ":^$*;&()|<>\"'".contains(letter));
                self.past.iter().rev().find(|line| line.starts_with(start)).cloned()
            }
        };
        let line = found.ok_or_else(|| format!("{}: event not found", named(letters)))?;
        let text = self.chosen(letters, &line, searched.as_deref())?;
        self.modified(letters, text)
    }

    /// The words that a designator takes from `line`.
    fn chosen(
        &self,
        letters: &mut Letters<'_>,
        line: &str,
        searched: Option<&str>,
    ) -> Result<String> {
        let begun = letters.at;
        let colon = letters.eat(':');
        let is_word = |letter: char| {
            letter.is_ascii_digit() || "^$*".contains(letter) || colon && "-%".contains(letter)
        };
        if !letters
            .peek()
            .is_some_and(|letter| is_word(letter) && (colon || "^$*".contains(letter)))
        {
            letters.at = begun;
            return Ok(line.to_owned());
        }
        let words = words(line);
        let last = words.len().saturating_sub(1);
        if letters.eat('%') {
            let hit = searched.and_then(|part| words.iter().find(|word| word.contains(part)));
            return Ok(hit.cloned().unwrap_or_default());
        }
        if letters.eat('*') {
            return Ok(words.get(1..).unwrap_or_default().join(" "));
        }
        let from = if letters.eat('^') {
            1
        } else if letters.eat('$') {
            last
        } else if letters.peek() == Some('-') {
            0
        } else {
            letters.number().unwrap_or(0)
        };
        let to = if letters.eat('*') {
            last
        } else if letters.eat('-') {
            if letters.eat('$') {
                last
            } else if letters.eat('^') {
                1
            } else {
                // `x-` is all but the last.
                letters.number().unwrap_or(last.saturating_sub(1))
            }
        } else {
            from
        };
        let specifier = || letters.text.get(begun..letters.at).unwrap_or_default();
        match words.get(from..=to) {
            Some(chosen) if from <= to => Ok(chosen.join(" ")),
            _ if from == to + 1 => Ok(String::new()),
            _ => Err(format!("{}: bad word specifier", specifier())),
        }
    }

    fn modified(&mut self, letters: &mut Letters<'_>, mut text: String) -> Result<String> {
        let mut last: Option<(String, String)> = None;
        while letters.peek() == Some(':') {
            let begun = letters.at;
            letters.next();
            let everywhere = letters.eat('g') || letters.eat('a');
            match letters.next() {
                Some('h') => text = text.rsplit_once('/').map_or(text.clone(), |(h, _)| h.into()),
                Some('t') => text = text.rsplit('/').next().unwrap_or_default().to_owned(),
                Some('r') => text = text.rsplit_once('.').map_or(text.clone(), |(r, _)| r.into()),
                Some('e') => {
                    text = text.rfind('.').map_or(String::new(), |at| text.split_off(at));
                }
                Some('p') => self.print = true,
                Some('q') => text = format!("'{}'", text.replace('\'', "'\\''")),
                Some('x') => {
                    let quoted = text
                        .split_whitespace()
                        .map(|word| format!("'{}'", word.replace('\'', "'\\''")));
                    text = quoted.collect::<Vec<_>>().join(" ");
                }
                Some('s') => {
                    let Some(mark) = letters.next() else {
                        return Err(":s: substitution failed".into());
                    };
                    let old = letters.until(|letter| letter == mark).to_owned();
                    letters.eat(mark);
                    let new = letters.until(|letter| letter == mark || letter == '\n').to_owned();
                    letters.eat(mark);
                    let new = new.replace('&', &old);
                    text = substituted(&text, &old, &new, everywhere, letters, begun)?;
                    last = Some((old, new));
                }
                Some('&') => {
                    if let Some((old, new)) = &last {
                        text = substituted(&text, old, new, everywhere, letters, begun)?;
                    }
                }
                _ => {
                    letters.at = begun;
                    break;
                }
            }
        }
        Ok(text)
    }
}

fn is_digit(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn substituted(
    text: &str,
    old: &str,
    new: &str,
    everywhere: bool,
    letters: &Letters<'_>,
    begun: usize,
) -> Result<String> {
    if old.is_empty() || !text.contains(old) {
        let spelled = letters.text.get(begun..letters.at).unwrap_or_default();
        return Err(format!("{spelled}: substitution failed"));
    }
    Ok(if everywhere { text.replace(old, new) } else { text.replacen(old, new, 1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_words_and_modifiers_are_bashs() {
        let past: Vec<String> = ["echo one two three", "ls -l /tmp/a.txt", "grep 'x y' f | wc -l"]
            .map(String::from)
            .to_vec();
        let to = |line: &str| match expand(line, &past, 3) {
            Expanded::To(text) => text,
            other => format!("{other:?}"),
        };
        // What bash 5.2 prints for the same history.
        let table = [
            ("!!", "grep 'x y' f | wc -l"),
            ("sudo !!", "sudo grep 'x y' f | wc -l"),
            ("!1", "echo one two three"),
            ("!-2", "ls -l /tmp/a.txt"),
            ("!e", "echo one two three"),
            ("!?tmp?", "ls -l /tmp/a.txt"),
            ("cat !$", "cat -l"),
            ("cat !ls:$", "cat /tmp/a.txt"),
            ("cat !1:1", "cat one"),
            ("cat !1:2-3", "cat two three"),
            ("cat !1:2*", "cat two three"),
            ("cat !1:1-", "cat one two"),
            ("cat !1*", "cat one two three"),
            ("cat !^", "cat 'x y'"),
            ("cat !ls:$:h", "cat /tmp"),
            ("cat !ls:$:t:r", "cat a"),
            ("cat !ls:$:e", "cat .txt"),
            ("!1:s/one/uno/", "echo uno two three"),
            ("!1:gs/o/0/", "ech0 0ne tw0 three"),
            ("^grep^rg", "rg 'x y' f | wc -l"),
            ("echo !#", "echo echo "),
            ("echo \"!!\"", "echo \"grep 'x y' f | wc -l\""),
        ];
        for (line, wanted) in table {
            assert_eq!(to(line), wanted, "{line}");
        }
        for line in ["echo '!!'", "echo \\!x", "a != b", "echo !", "echo $!", "[ ! -f x ]", "${!x}"]
        {
            assert_eq!(expand(line, &past, 3), Expanded::Same, "{line}");
        }
        assert_eq!(expand("!1:p", &past, 3), Expanded::Print("echo one two three".into()));
        let failed = |line: &str| match expand(line, &past, 3) {
            Expanded::Failed(message) => message,
            other => format!("{other:?}"),
        };
        assert_eq!(failed("!nope"), "!nope: event not found");
        assert_eq!(failed("!9"), "!9: event not found");
        assert_eq!(failed("^a b^c"), ":s^a b^c: substitution failed");
        assert_eq!(failed("!1:9"), ":9: bad word specifier");
        assert_eq!(failed("!1:s/z/y/"), ":s/z/y/: substitution failed");
    }
}
