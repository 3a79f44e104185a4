//! `expr`: evaluate expressions.

mod value;

use value::Value;

use crate::prelude::*;
use crate::regex::{Captures, Flags, Regex, Syntax};

pub const EXPR: Command = Command {
    name: "expr",
    synopsis: "expr EXPRESSION\nexpr OPTION",
    summary: "Print the value of EXPRESSION to standard output.\n\nFrom lowest to highest precedence: ARG1 | ARG2, ARG1 & ARG2, comparisons\n(< <= = != >= >), + and -, * / and %, STRING : REGEXP, then\nmatch STRING REGEXP, substr STRING POS LENGTH, index STRING CHARS,\nlength STRING, + TOKEN and ( EXPRESSION ).\n\nExit status is 0 if EXPRESSION is neither null nor 0, 1 if it is, 2 if it is\nsyntactically invalid.",
    options: &[],
    examples: &[
        Example { about: "Arithmetic.", script: "expr 6 '*' '(' 3 + 4 ')'", prints: "42\n" },
        Example {
            about: "A part of a string.",
            script: "expr readme.txt : '.*\\.\\(.*\\)'",
            prints: "txt\n",
        },
    ],
    order: Order::Raw,
    usage_status: 2,
    run: expr,
    ..Command::BASE
};

/// How deep parentheses may nest.
const DEPTH_MAX: usize = 1000;

/// Ends `expr` with status 2.
fn wrong(message: impl AsRef<[u8]>) -> CommandError {
    CommandError::Fail(message.as_ref().to_vec(), ExitStatus(2))
}

fn expr(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let mut words = args.operands();
    match words {
        [only] if only == "--help" || only == "--version" => {
            let text = if only == "--help" {
                crate::args::help_text(&EXPR)
            } else {
                crate::args::version_text(&EXPR)
            };
            ctx.stdout.put(text.as_bytes())?;
            return Ok(ExitStatus::SUCCESS);
        }
        [first, rest @ ..] if first == "--" => words = rest,
        _ => {}
    }
    if words.is_empty() {
        return Err(usage("missing operand"));
    }
    let mut parser = Parser { ctx, words, at: 0, depth: 0 };
    let result = parser.either(Evaluate::Yes)?;
    if let Some(extra) = parser.words.get(parser.at) {
        return Err(wrong(format!("syntax error: unexpected argument {}", marked(extra))));
    }
    let mut text = result.text();
    text.push(b'\n');
    ctx.stdout.put(&text)?;
    Ok(if result.is_null() { ExitStatus::FAILURE } else { ExitStatus::SUCCESS })
}

/// Whether what is parsed has an effect, or is the side of `|` or `&` that does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Evaluate {
    Yes,
    No,
}

struct Parser<'a, 'c> {
    ctx: &'a Context<'c>,
    words: &'a [BString],
    at: usize,
    depth: usize,
}

impl Parser<'_, '_> {
    fn next_is(&mut self, word: &str) -> bool {
        let found = self.words.get(self.at).is_some_and(|next| next == word);
        self.at += usize::from(found);
        found
    }

    /// Which of `words` comes next.
    fn one_of(&mut self, words: &[&'static str]) -> Option<&'static str> {
        words.iter().copied().find(|word| self.next_is(word))
    }

    /// A word must follow.
    fn more(&self) -> Result<&BString, CommandError> {
        self.words.get(self.at).ok_or_else(|| {
            let last = self.at.checked_sub(1).and_then(|at| self.words.get(at));
            let last = last.map_or(BStr::new(""), |word| word.as_bstr());
            wrong(format!("syntax error: missing argument after {}", marked(last)))
        })
    }

    fn either(&mut self, evaluate: Evaluate) -> Result<Value, CommandError> {
        let mut left = self.both(evaluate)?;
        while self.next_is("|") {
            let needed = if left.is_null() { evaluate } else { Evaluate::No };
            let right = self.both(needed)?;
            if left.is_null() {
                left = if right.is_null() { Value::number(0) } else { right };
            }
        }
        Ok(left)
    }

    fn both(&mut self, evaluate: Evaluate) -> Result<Value, CommandError> {
        let mut left = self.comparison(evaluate)?;
        while self.next_is("&") {
            let needed = if left.is_null() { Evaluate::No } else { evaluate };
            let right = self.comparison(needed)?;
            if left.is_null() || right.is_null() {
                left = Value::number(0);
            }
        }
        Ok(left)
    }

    fn comparison(&mut self, evaluate: Evaluate) -> Result<Value, CommandError> {
        let mut left = self.sum(evaluate)?;
        while let Some(operator) = self.one_of(&["<", "<=", "=", "==", "!=", ">=", ">"]) {
            let right = self.sum(evaluate)?;
            let order = left.compare(&right);
            let holds = match operator {
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                "!=" => order.is_ne(),
                ">=" => order.is_ge(),
                ">" => order.is_gt(),
                _ => order.is_eq(),
            };
            left = Value::number(i64::from(evaluate == Evaluate::Yes && holds));
        }
        Ok(left)
    }

    fn sum(&mut self, evaluate: Evaluate) -> Result<Value, CommandError> {
        let mut left = self.product(evaluate)?;
        while let Some(operator) = self.one_of(&["+", "-"]) {
            let right = self.product(evaluate)?;
            if evaluate == Evaluate::Yes {
                left = left.calculate(operator, &right).map_err(wrong)?;
            }
        }
        Ok(left)
    }

    fn product(&mut self, evaluate: Evaluate) -> Result<Value, CommandError> {
        let mut left = self.matching(evaluate)?;
        while let Some(operator) = self.one_of(&["*", "/", "%"]) {
            let right = self.matching(evaluate)?;
            if evaluate == Evaluate::Yes {
                left = left.calculate(operator, &right).map_err(wrong)?;
            }
        }
        Ok(left)
    }

    fn matching(&mut self, evaluate: Evaluate) -> Result<Value, CommandError> {
        let mut left = self.function(evaluate)?;
        while self.next_is(":") {
            let right = self.function(evaluate)?;
            if evaluate == Evaluate::Yes {
                left = self.matched(&left, &right)?;
            }
        }
        Ok(left)
    }

    fn function(&mut self, evaluate: Evaluate) -> Result<Value, CommandError> {
        // Signs of a name that stand alone here are read as names.
        match self.one_of(&["+", "length", "match", "index", "substr"]) {
            None => self.operand(evaluate),
            Some("+") => {
                let word = self.more()?.clone();
                self.at += 1;
                Ok(Value::Text(word))
            }
            Some("length") => {
                let text = self.argument(evaluate)?.text();
                Ok(Value::count(self.length(&text)))
            }
            Some("match") => {
                let text = self.argument(evaluate)?;
                let pattern = self.argument(evaluate)?;
                if evaluate == Evaluate::No {
                    return Ok(text);
                }
                self.matched(&text, &pattern)
            }
            Some("index") => {
                let text = self.argument(evaluate)?.text();
                let wanted = self.argument(evaluate)?.text();
                Ok(Value::count(index(&text, &wanted)))
            }
            Some(_) => {
                let text = self.argument(evaluate)?.text();
                let start = self.argument(evaluate)?;
                let length = self.argument(evaluate)?;
                Ok(Value::Text(substring(&text, start.position(), length.position()).into()))
            }
        }
    }

    /// An argument of a function.
    fn argument(&mut self, evaluate: Evaluate) -> Result<Value, CommandError> {
        self.nested(|parser| parser.function(evaluate))
    }

    fn nested(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<Value, CommandError>,
    ) -> Result<Value, CommandError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(wrong("expression is nested too deeply"));
        }
        let value = parse(self);
        self.depth -= 1;
        value
    }

    fn operand(&mut self, evaluate: Evaluate) -> Result<Value, CommandError> {
        self.more()?;
        if self.next_is("(") {
            let value = self.nested(|parser| parser.either(evaluate))?;
            if self.next_is(")") {
                return Ok(value);
            }
            return Err(wrong(match self.words.get(self.at) {
                Some(other) => {
                    format!("syntax error: expecting ')' instead of {}", marked(other))
                }
                None => {
                    let last = self.at.checked_sub(1).and_then(|at| self.words.get(at));
                    let last = last.map_or(BStr::new(""), |word| word.as_bstr());
                    format!("syntax error: expecting ')' after {}", marked(last))
                }
            }));
        }
        if self.next_is(")") {
            return Err(wrong("syntax error: unexpected ')'"));
        }
        let word = self.more()?.clone();
        self.at += 1;
        Ok(Value::Text(word))
    }

    /// The first group, or how many characters match from the start on.
    fn matched(&self, text: &Value, pattern: &Value) -> Result<Value, CommandError> {
        let (text, pattern) = (text.text(), pattern.text());
        let flags = Flags { bytes: self.ctx.bytes_locale(), ..Flags::default() };
        let regex = Regex::new(&pattern, &Syntax::BASIC, flags);
        let regex = regex.map_err(|error| wrong(error.to_string()))?;
        let mut captures = Captures::new();
        regex.captures_at(&text, 0, &self.ctx.cancel, &mut captures)?;
        let whole = captures.get(0).filter(|span| span.start == 0);
        if regex.groups() > 0 {
            let group = whole.and_then(|_| captures.get(1)).and_then(|span| text.get(span));
            return Ok(Value::Text(group.unwrap_or_default().into()));
        }
        let matched = whole.and_then(|span| text.get(span)).unwrap_or_default();
        Ok(Value::count(self.length(matched)))
    }

    /// In characters, which are bytes in such a locale.
    fn length(&self, text: &[u8]) -> usize {
        if self.ctx.bytes_locale() { text.len() } else { text.chars().count() }
    }
}

/// The place of the first character of `text` that is in `wanted`, counted from 1; else 0.
fn index(text: &[u8], wanted: &[u8]) -> usize {
    let pieces = |text: &[u8]| {
        text.char_indices().map(|(start, end, _)| text[start..end].to_vec()).collect::<Vec<_>>()
    };
    let wanted = pieces(wanted);
    pieces(text).iter().position(|piece| wanted.contains(piece)).map_or(0, |at| at + 1)
}

fn substring(text: &[u8], start: Option<usize>, length: Option<usize>) -> &[u8] {
    let (Some(start), Some(length)) = (start, length) else { return b"" };
    if start == 0 || length == 0 {
        return b"";
    }
    let mut places = text.char_indices().map(|(from, _, _)| from).skip(start - 1);
    let Some(from) = places.next() else { return b"" };
    let to = places.nth(length - 1).unwrap_or(text.len());
    text.get(from..to).unwrap_or_default()
}
