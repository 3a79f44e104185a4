//! Splits a program's text into words.

/// A word of a program.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// A name, or a keyword; `a::b` too.
    Name(String),
    /// `.name`
    Field(String),
    /// `@name`
    Format(String),
    Number(String),
    /// An operator or a bracket.
    Mark(&'static str),
    /// A string is `Quote`, then `Text` and `Open` … `Close` in any number, then `Unquote`.
    Quote,
    Text(String),
    /// `\(`
    Open,
    Close,
    Unquote,
    Invalid,
    End,
}

#[derive(Debug, Clone)]
pub(super) struct Token {
    pub word: Word,
    pub at: usize,
}

/// What is wrong with a program, and at which byte of it.
#[derive(Debug)]
pub(super) struct Fault {
    pub message: String,
    pub at: usize,
}

pub(super) const KEYWORDS: [&str; 19] = [
    "def", "if", "then", "elif", "else", "as", "reduce", "foreach", "try", "catch", "label",
    "import", "include", "and", "or", "end", "__loc__", "module", "break",
];

const MARKS: [&str; 35] = [
    "?//", "//=", "|=", "+=", "-=", "*=", "/=", "%=", "==", "!=", "<=", ">=", "//", "..", "=", "<",
    ">", "+", "-", "*", "/", "%", "|", ",", ".", "?", "(", ")", "[", "]", "{", "}", ":", ";", "$",
];

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    /// The closing brackets that are due.
    due: Vec<Due>,
}

#[derive(PartialEq, Clone, Copy)]
enum Due {
    Bracket(&'static str),
    Interpolation,
}

/// # Errors
/// Only for wrong escapes in strings; other words that cannot be are for the parser to refuse.
pub(super) fn lex(text: &str) -> Result<Vec<Token>, Fault> {
    let mut lexer = Lexer { text, at: 0, tokens: Vec::new(), due: Vec::new() };
    lexer.run()?;
    Ok(lexer.tokens)
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, word: Word, length: usize) {
        self.tokens.push(Token { word, at: self.at });
        self.at += length;
    }

    fn run(&mut self) -> Result<(), Fault> {
        let mut last = 0;
        loop {
            let rest = self.rest();
            let Some(first) = rest.chars().next() else { break };
            last = self.at;
            match first {
                ' ' | '\t' | '\r' | '\n' => {
                    let blank = |letter: char| !matches!(letter, ' ' | '\t' | '\r' | '\n');
                    self.at += rest.find(blank).unwrap_or(rest.len());
                }
                '#' => self.at += comment(rest),
                '"' => {
                    self.push(Word::Quote, 1);
                    last = self.string(last)?;
                }
                ')' if self.due.last() == Some(&Due::Interpolation) => {
                    self.due.pop();
                    self.push(Word::Close, 1);
                    last = self.string(last)?;
                }
                _ => self.plain(first),
            }
        }
        self.tokens.push(Token { word: Word::End, at: last });
        Ok(())
    }

    fn plain(&mut self, first: char) {
        let rest = self.rest();
        let name = |text: &str| {
            let part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            let starts =
                text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
            if starts { text.find(|letter| !part(letter)).unwrap_or(text.len()) } else { 0 }
        };
        let of = |from: usize, to: usize| rest.get(from..to).unwrap_or_default().to_owned();
        if first == '.' {
            let length = name(rest.get(1..).unwrap_or_default());
            if length > 0 {
                let field = of(1, 1 + length);
                return self.push(Word::Field(field), 1 + length);
            }
        }
        if first == '@' {
            let part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            let tail = rest.get(1..).unwrap_or_default();
            let length = tail.find(|letter| !part(letter)).unwrap_or(tail.len());
            if length > 0 {
                let format = of(1, 1 + length);
                return self.push(Word::Format(format), 1 + length);
            }
        }
        let number = number_length(rest);
        if number > 0 {
            let number_text = of(0, number);
            return self.push(Word::Number(number_text), number);
        }
        let mut length = name(rest);
        if length > 0 {
            while rest.get(length..).is_some_and(|tail| tail.starts_with("::")) {
                match name(rest.get(length + 2..).unwrap_or_default()) {
                    0 => break,
                    more => length += 2 + more,
                }
            }
            let name = of(0, length);
            return self.push(Word::Name(name), length);
        }
        let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) else {
            return self.push(Word::Invalid, first.len_utf8());
        };
        match *mark {
            "(" => self.due.push(Due::Bracket(")")),
            "[" => self.due.push(Due::Bracket("]")),
            "{" => self.due.push(Due::Bracket("}")),
            ")" | "]" | "}" => {
                if self.due.last() != Some(&Due::Bracket(mark)) {
                    return self.push(Word::Invalid, 1);
                }
                self.due.pop();
            }
            _ => {}
        }
        self.push(Word::Mark(mark), mark.len());
    }

    /// The text of a string up to its end or to an interpolation; gives where the last word began.
    fn string(&mut self, mut last: usize) -> Result<usize, Fault> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start;
        loop {
            match (bytes.get(at), bytes.get(at + 1)) {
                (None, _) | (Some(b'"'), _) | (Some(b'\\'), Some(b'(') | None) => break,
                (Some(b'\\'), Some(_)) => at += 2,
                _ => at += 1,
            }
        }
        if at > start {
            let raw = self.text.get(start..at).unwrap_or_default();
            let text = super::read::unescape(raw.as_bytes()).map_err(|message| {
                let message = format!(
                    "{message} at line 1, column {} (while parsing '\"{raw}\"')",
                    raw.len() + 2
                );
                Fault { message, at: start }
            })?;
            last = start;
            self.push(Word::Text(String::from_utf8_lossy(&text).into_owned()), at - start);
        }
        match bytes.get(at) {
            Some(b'"') => {
                last = at;
                self.push(Word::Unquote, 1);
            }
            Some(_) if bytes.get(at + 1) == Some(&b'(') => {
                last = at;
                self.due.push(Due::Interpolation);
                self.push(Word::Open, 2);
            }
            Some(_) => {
                last = at;
                self.push(Word::Invalid, 1);
            }
            None => {}
        }
        Ok(last)
    }
}

/// A comment ends with its line; a backslash before the line's end continues it.
fn comment(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'\n', _) => break,
            (b'\\', Some(b'\n' | b'\\')) => at += 2,
            _ => at += 1,
        }
    }
    at
}

fn number_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let digits = |from: usize| {
        bytes
            .get(from..)
            .unwrap_or_default()
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let mut length = digits(0);
    if bytes.get(length) == Some(&b'.') {
        let fraction = digits(length + 1);
        if length > 0 || fraction > 0 {
            length += 1 + fraction;
        }
    }
    if length > 0 && matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        match digits(length + 1 + sign) {
            0 => {}
            exponent => length += 1 + sign + exponent,
        }
    }
    length
}

impl Word {
    /// As syntax errors name it.
    pub fn named(&self) -> String {
        match self {
            Self::Name(name) if KEYWORDS.contains(&name.as_str()) => name.clone(),
            Self::Name(_) => "IDENT".into(),
            Self::Field(_) => "FIELD".into(),
            Self::Format(_) => "FORMAT".into(),
            Self::Number(_) => "LITERAL".into(),
            Self::Mark(mark) if mark.len() > 1 => (*mark).into(),
            Self::Mark(mark) => format!("'{mark}'"),
            Self::Quote => "QQSTRING_START".into(),
            Self::Text(_) => "QQSTRING_TEXT".into(),
            Self::Open => "QQSTRING_INTERP_START".into(),
            Self::Close => "QQSTRING_INTERP_END".into(),
            Self::Unquote => "QQSTRING_END".into(),
            Self::Invalid => "INVALID_CHARACTER".into(),
            Self::End => "$end".into(),
        }
    }
}
