//! Splits input into words.

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    Number(String),
    Name(String),
    Text(Vec<u8>),
    Mark(&'static str),
    Newline,
    /// What has been read so far ends here; there may be more.
    End,
}

#[derive(Debug, Clone)]
pub(super) struct Token {
    pub word: Word,
    /// After the word.
    pub line: usize,
}

/// What cannot be split on its own.
pub(super) enum Trouble {
    /// A string or a comment goes on.
    Unfinished { comment: bool },
}

const MARKS: [&str; 33] = [
    "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "==", "<=", ">=", "!=", "&&", "||", "+", "-",
    "*", "/", "%", "^", "=", "<", ">", "!", "(", ")", "[", "]", "{", "}", ",", ";", ".",
];

/// Splits `text`, whose first line has the number `line`. Illegal characters are left out and
/// listed.
pub(super) fn lex(
    text: &[u8],
    mut line: usize,
) -> Result<(Vec<Token>, Vec<(usize, char)>), Trouble> {
    let mut tokens = Vec::new();
    let mut illegal = Vec::new();
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        let mut word = None;
        match byte {
            b'\n' => {
                line += 1;
                word = Some(Word::Newline);
                rest = tail;
            }
            b' ' | b'\t' | b'\r' | 0x0c => rest = tail,
            b'\\' if tail.first() == Some(&b'\n') => {
                line += 1;
                rest = tail.get(1..).unwrap_or_default();
            }
            b'#' => {
                let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                rest = rest.get(end..).unwrap_or_default();
            }
            b'/' if tail.first() == Some(&b'*') => {
                let Some(end) = memchr::memmem::find(tail, b"*/") else {
                    return Err(Trouble::Unfinished { comment: true });
                };
                let body = tail.get(..end).unwrap_or_default();
                line += memchr::memchr_iter(b'\n', body).count();
                rest = tail.get(end + 2..).unwrap_or_default();
            }
            b'"' => {
                let Some(end) = memchr::memchr(b'"', tail) else {
                    return Err(Trouble::Unfinished { comment: false });
                };
                let body = tail.get(..end).unwrap_or_default();
                line += memchr::memchr_iter(b'\n', body).count();
                word = Some(Word::Text(body.to_vec()));
                rest = tail.get(end + 1..).unwrap_or_default();
            }
            b'0'..=b'9' | b'A'..=b'Z' | b'.' if number(rest, &mut line).is_some() => {
                if let Some((text, length)) = number(rest, &mut line) {
                    word = Some(Word::Number(text));
                    rest = rest.get(length..).unwrap_or_default();
                }
            }
            b'a'..=b'z' => {
                let part = |byte: &&u8| {
                    byte.is_ascii_lowercase() || byte.is_ascii_digit() || **byte == b'_'
                };
                let length = rest.iter().take_while(part).count();
                let (name, after) = rest.split_at(length);
                word = Some(Word::Name(String::from_utf8_lossy(name).into_owned()));
                rest = after;
            }
            _ => {
                let mark = MARKS.iter().find(|mark| rest.starts_with(mark.as_bytes()));
                match mark {
                    Some(mark) => {
                        word = Some(Word::Mark(mark));
                        rest = rest.get(mark.len()..).unwrap_or_default();
                    }
                    None => {
                        illegal.push((line, char::from(*byte)));
                        rest = tail;
                    }
                }
            }
        }
        tokens.extend(word.map(|word| Token { word, line }));
    }
    tokens.push(Token { word: Word::End, line });
    Ok((tokens, illegal))
}

/// A number and how long it is; a backslash before a newline may split it.
fn number(text: &[u8], line: &mut usize) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut at = 0;
    let mut point = false;
    let mut lines = 0;
    loop {
        match text.get(at..).unwrap_or_default() {
            [b'\\', b'\n', ..] => {
                at += 2;
                lines += 1;
                continue;
            }
            [digit @ (b'0'..=b'9' | b'A'..=b'F'), ..] => out.push(char::from(*digit)),
            [b'.', ..] if !point => {
                point = true;
                out.push('.');
            }
            _ => break,
        }
        at += 1;
    }
    if !out.bytes().any(|byte| byte != b'.') {
        return None;
    }
    *line += lines;
    Some((out, at))
}
