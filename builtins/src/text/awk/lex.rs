//! Tokens of an awk program.

use bytes::Bytes;

/// What is wrong with a program, and where.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub message: String,
    pub line: u32,
    /// The offset in the program that a caret points at, where one does.
    pub at: Option<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(Bytes),
    Regex(Bytes),
    /// `@/…/`: a regular expression as a value.
    StrongRegex(Bytes),
    Name(Bytes),
    /// A name with `(` right behind it, which is not taken.
    Function(Bytes),
    /// `@` and a name, with `(` right behind it.
    Indirect(Bytes),
    Word(Word),
    /// An operator or bracket, as it is written.
    Sign(&'static str),
    Newline,
    End,
}

macro_rules! words {
    ($($name:ident = $text:literal,)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Word { $($name,)* }

        impl Word {
            fn by_name(name: &[u8]) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

words! {
    Begin = b"BEGIN",
    BeginFile = b"BEGINFILE",
    Break = b"break",
    Case = b"case",
    Continue = b"continue",
    Default = b"default",
    Delete = b"delete",
    Do = b"do",
    Else = b"else",
    EndRule = b"END",
    EndFile = b"ENDFILE",
    Exit = b"exit",
    For = b"for",
    Func = b"func",
    Function = b"function",
    Getline = b"getline",
    If = b"if",
    In = b"in",
    Next = b"next",
    NextFile = b"nextfile",
    Print = b"print",
    Printf = b"printf",
    Return = b"return",
    Switch = b"switch",
    While = b"while",
}

/// Longest first, so that the first that fits is the token.
const SIGNS: &[&str] = &[
    "**=", "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "**", "==", "<=", ">=",
    "!=", ">>", "!~", "|&", "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^",
    "!", ">", "<", "|", "?", ":", "~", "$", "=",
];

#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    pub line: u32,
    /// Where the last token starts.
    pub start: usize,
    /// Complaints that stop nothing, with their lines.
    pub warnings: Vec<(u32, String)>,
    /// What `@namespace` put before names, with its `::`; empty for `awk`.
    namespace: Vec<u8>,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, line: 1, start: 0, warnings: Vec::new(), namespace: Vec::new() }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn fail<T>(&self, message: impl Into<String>) -> Result<T, SyntaxError> {
        Err(SyntaxError { message: message.into(), line: self.line, at: Some(self.start) })
    }

    /// The next token; `regex` tells whether a `/` begins a regular expression here.
    pub fn next(&mut self, regex: bool) -> Result<Token, SyntaxError> {
        loop {
            match self.peek(0) {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\\') if self.peek(1) == Some(b'\n') => self.skip_line(2),
                Some(b'\\') if self.peek(1) == Some(b'\r') && self.peek(2) == Some(b'\n') => {
                    self.skip_line(3);
                }
                Some(b'#') => {
                    let rest = self.text.get(self.at..).unwrap_or_default();
                    self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                }
                _ => break,
            }
        }
        self.start = self.at;
        let Some(byte) = self.peek(0) else { return Ok(Token::End) };
        if byte == b'@' && self.peek(1) == Some(b'/') && regex {
            self.at += 1;
            let Token::Regex(pattern) = self.regex()? else { return Ok(Token::End) };
            return Ok(Token::StrongRegex(pattern));
        }
        if self.enters_namespace()? {
            return self.next(regex);
        }
        if byte == b'@'
            && self.peek(1).is_some_and(|next| next.is_ascii_alphabetic() || next == b'_')
        {
            let before = self.at;
            self.at += 1;
            if let Token::Function(name) = self.name() {
                return Ok(Token::Indirect(name));
            }
            self.at = before;
        }
        match byte {
            b'\n' => {
                self.skip_line(1);
                Ok(Token::Newline)
            }
            b'"' => self.string(),
            b'/' if regex => self.regex(),
            b'0'..=b'9' => Ok(self.number()),
            b'.' if self.peek(1).is_some_and(|next| next.is_ascii_digit()) => Ok(self.number()),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => Ok(self.name()),
            _ => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                match SIGNS.iter().find(|sign| rest.starts_with(sign.as_bytes())) {
                    Some(sign) => {
                        self.at += sign.len();
                        Ok(Token::Sign(match *sign {
                            "**" => "^",
                            "**=" => "^=",
                            sign => sign,
                        }))
                    }
                    None => self.fail(format!("invalid char '{}' in expression", char::from(byte))),
                }
            }
        }
    }

    fn skip_line(&mut self, bytes: usize) {
        self.at += bytes;
        self.line += 1;
    }

    fn number(&mut self) -> Token {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if rest.first() == Some(&b'0') && matches!(rest.get(1), Some(b'x' | b'X')) {
            let digits = rest.get(2..).unwrap_or_default();
            let digits: Vec<u8> =
                digits.iter().copied().take_while(u8::is_ascii_hexdigit).collect();
            if !digits.is_empty() {
                self.at += 2 + digits.len();
                let value = digits.iter().fold(0.0, |n, digit| {
                    n * 16.0 + f64::from(char::from(*digit).to_digit(16).unwrap_or(0))
                });
                return Token::Number(value);
            }
        }
        let (number, used) = super::value::leading_number(rest);
        self.at += used.max(1);
        let digits = rest.get(..used).unwrap_or_default();
        // As in C, a leading zero makes a constant octal.
        if digits.len() > 1
            && digits.first() == Some(&b'0')
            && digits.iter().all(|d| matches!(d, b'0'..=b'7'))
        {
            return Token::Number(digits.iter().fold(0.0, |n, d| n * 8.0 + f64::from(d - b'0')));
        }
        Token::Number(number)
    }

    fn name(&mut self) -> Token {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let word_len = |text: &[u8]| {
            text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
        };
        let mut len = word_len(rest);
        // `space::name`; `awk::name` is the name alone.
        let inner = rest.get(len..).unwrap_or_default().strip_prefix(b"::").map_or(0, word_len);
        if inner > 0 {
            len += 2 + inner;
        }
        let name = rest.get(..len).unwrap_or_default();
        self.at += len;
        if let Some(word) = Word::by_name(name) {
            return Token::Word(word);
        }
        let name = match name.strip_prefix(b"awk::") {
            Some(plain) => Bytes::copy_from_slice(plain),
            None if inner > 0 || self.is_common(name) => Bytes::copy_from_slice(name),
            None => [self.namespace.as_slice(), name].concat().into(),
        };
        if self.peek(0) == Some(b'(') { Token::Function(name) } else { Token::Name(name) }
    }

    /// Whether a name is the same in every namespace: a function of awk's, or in capitals.
    fn is_common(&self, name: &[u8]) -> bool {
        self.namespace.is_empty()
            || name.iter().all(u8::is_ascii_uppercase)
            || super::ast::Builtin::by_name(name).is_some()
    }

    /// Takes `@namespace "NAME"`, if it is next.
    fn enters_namespace(&mut self) -> Result<bool, SyntaxError> {
        const DIRECTIVE: &[u8] = b"@namespace";
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some(after) = rest.strip_prefix(DIRECTIVE) else { return Ok(false) };
        let blanks = after.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if after.get(blanks) != Some(&b'"') {
            return Ok(false);
        }
        self.at += DIRECTIVE.len() + blanks;
        let Token::Text(name) = self.string()? else { return Ok(false) };
        let starts = name.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
        if !starts || !name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
            let name = String::from_utf8_lossy(&name);
            let message =
                format!("error: namespace name `{name}' must meet identifier naming rules");
            return Err(SyntaxError { message, line: self.line, at: None });
        }
        self.namespace = match name.as_ref() {
            b"awk" => Vec::new(),
            name => [name, b"::"].concat(),
        };
        Ok(true)
    }

    fn string(&mut self) -> Result<Token, SyntaxError> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek(0) {
                None | Some(b'\n') => return self.fail("unterminated string"),
                Some(b'"') => break,
                Some(b'\\') => {
                    if self.peek(1) == Some(b'\n') {
                        self.line += 1;
                    }
                    self.at += 2;
                }
                Some(_) => self.at += 1,
            }
        }
        let raw = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        let line = self.line;
        let text = unescape(raw, &mut |letter| {
            let letter = char::from(letter);
            let message = format!("escape sequence `\\{letter}' treated as plain `{letter}'");
            self.warnings.push((line, message));
        });
        Ok(Token::Text(text.into()))
    }

    fn regex(&mut self) -> Result<Token, SyntaxError> {
        self.at += 1;
        let mut out = Vec::new();
        let mut bracket = false;
        loop {
            match self.peek(0) {
                None | Some(b'\n') => {
                    // The caret stands behind the slash.
                    self.start += 1;
                    return self.fail("unterminated regexp");
                }
                Some(b'/') if !bracket => break,
                Some(b'\\') => {
                    match self.peek(1) {
                        Some(b'/') => out.push(b'/'),
                        Some(next) => out.extend_from_slice(&[b'\\', next]),
                        None => out.push(b'\\'),
                    }
                    self.at += 2;
                }
                Some(byte) => {
                    if byte == b'[' && !bracket {
                        bracket = true;
                        out.push(byte);
                        self.at += 1;
                        // `]` right after `[` or `[^` is a member.
                        if self.peek(0) == Some(b'^') {
                            out.push(b'^');
                            self.at += 1;
                        }
                        if self.peek(0) == Some(b']') {
                            out.push(b']');
                            self.at += 1;
                        }
                        continue;
                    }
                    if byte == b'[' && bracket && matches!(self.peek(1), Some(b':' | b'.' | b'=')) {
                        let rest = self.text.get(self.at + 2..).unwrap_or_default();
                        let close = [self.peek(1).unwrap_or(b':'), b']'];
                        if let Some(len) = rest.windows(2).position(|pair| pair == close) {
                            out.extend_from_slice(
                                self.text.get(self.at..self.at + len + 4).unwrap_or_default(),
                            );
                            self.at += len + 4;
                            continue;
                        }
                    }
                    if byte == b']' {
                        bracket = false;
                    }
                    out.push(byte);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        Ok(Token::Regex(out.into()))
    }
}

/// The escapes of a string (POSIX awk, "Lexical Conventions"); those that mean nothing lose their
/// backslash and are `told`.
pub(super) fn unescape(raw: &[u8], told: &mut dyn FnMut(u8)) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let Some((letter, tail)) = rest.split_first() else {
            out.push(b'\\');
            break;
        };
        rest = tail;
        match letter {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'v' => out.push(11),
            b'\\' => out.push(b'\\'),
            b'"' => out.push(b'"'),
            b'\n' => {}
            b'0'..=b'7' => {
                let mut value = u32::from(letter - b'0');
                for _ in 0..2 {
                    match rest.split_first() {
                        Some((digit @ b'0'..=b'7', tail)) => {
                            value = value * 8 + u32::from(digit - b'0');
                            rest = tail;
                        }
                        _ => break,
                    }
                }
                out.push(value as u8);
            }
            b'x' => {
                let digits =
                    rest.iter().take(2).take_while(|byte| byte.is_ascii_hexdigit()).count();
                let (hex, tail) = rest.split_at(digits);
                if digits == 0 {
                    out.extend_from_slice(b"x");
                } else {
                    let value = hex.iter().fold(0u32, |n, digit| {
                        n * 16 + char::from(*digit).to_digit(16).unwrap_or(0)
                    });
                    out.push(value as u8);
                    rest = tail;
                }
            }
            other => {
                told(*other);
                out.push(*other);
            }
        }
    }
    out
}

impl Lexer<'_> {
    /// Whether `word` is the next name after blanks, newlines, semicolons and comments.
    pub fn word_after_ends(&self, word: &[u8]) -> bool {
        let mut at = self.at;
        loop {
            match self.text.get(at) {
                Some(b' ' | b'\t' | b'\r' | b'\n' | b';') => at += 1,
                Some(b'#') => {
                    let rest = self.text.get(at..).unwrap_or_default();
                    at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                }
                _ => break,
            }
        }
        let rest = self.text.get(at..).unwrap_or_default();
        let after = rest.get(word.len());
        rest.starts_with(word)
            && after.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
    }
}
