//! Reads pages of cases.

/// What stands there before a case runs.
#[derive(Debug)]
pub enum Setup {
    File(String, Vec<u8>),
    Dir(String),
    Link(String, String),
    Mode(String, u32),
}

#[derive(Debug)]
pub struct Case {
    pub line: usize,
    pub text: String,
    pub argv: Vec<Vec<u8>>,
    pub stdin: Vec<u8>,
    pub env: Vec<(String, String)>,
    pub differs: bool,
}

#[derive(Debug, Default)]
pub struct Page {
    pub setup: Vec<Setup>,
    pub cases: Vec<Case>,
    /// Lines of output are compared in sorted order: the host's directories have none.
    pub sorted: bool,
}

impl Page {
    pub fn parse(text: &str) -> Self {
        let mut page = Self::default();
        for (at, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if line == "@sorted" {
                page.sorted = true;
                continue;
            }
            if let Some(setup) = line.strip_prefix('@') {
                page.setup.push(parse_setup(setup));
                continue;
            }
            let (text, differs) = line.strip_prefix('!').map_or((line, false), |line| (line, true));
            page.cases.push(parse_case(at + 1, text, differs, &page.setup));
        }
        page
    }
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn parse_setup(line: &str) -> Setup {
    let words = words(line);
    match words.iter().map(|(word, _)| &word[..]).collect::<Vec<_>>()[..] {
        [b"file", name, text] => Setup::File(text_of(name), text.to_vec()),
        [b"file", name] => Setup::File(text_of(name), Vec::new()),
        [b"dir", name] => Setup::Dir(text_of(name)),
        [b"link", name, target] => Setup::Link(text_of(name), text_of(target)),
        [b"mode", name, mode] => {
            Setup::Mode(text_of(name), u32::from_str_radix(&text_of(mode), 8).expect("a mode"))
        }
        _ => panic!("no setup: {line}"),
    }
}

fn parse_case(line: usize, text: &str, differs: bool, setup: &[Setup]) -> Case {
    let mut case = Case {
        line,
        text: text.to_owned(),
        argv: Vec::new(),
        stdin: Vec::new(),
        env: Vec::new(),
        differs,
    };
    let mut words = words(text).into_iter();
    while let Some((word, quoted)) = words.next() {
        match (&word[..], quoted) {
            (b"<", false) => {
                let name = text_of(&words.next().expect("a file").0);
                let found = setup.iter().find_map(|setup| match setup {
                    Setup::File(known, text) if *known == name => Some(text.clone()),
                    _ => None,
                });
                case.stdin = found.unwrap_or_else(|| panic!("line {line}: no file {name}"));
            }
            (b"<<<", false) => case.stdin = words.next().expect("a text").0,
            (word, _)
                if case.argv.is_empty()
                    && word.contains(&b'=')
                    && word.first().is_some_and(u8::is_ascii_uppercase) =>
            {
                let text = text_of(word);
                let (name, value) = text.split_once('=').expect("an assignment");
                case.env.push((name.to_owned(), value.to_owned()));
            }
            _ => case.argv.push(word),
        }
    }
    case
}

/// Splits a line into words, with `'…'`, `"…"`, `$'…'` and `\`; whether each was quoted at all.
fn words(line: &str) -> Vec<(Vec<u8>, bool)> {
    let mut words = Vec::new();
    let mut word: Option<(Vec<u8>, bool)> = None;
    let mut rest = line.bytes().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b' ' => words.extend(word.take()),
            b'\'' => {
                let (text, quoted) = word.get_or_insert_default();
                *quoted = true;
                text.extend(rest.by_ref().take_while(|&byte| byte != b'\''));
            }
            b'$' if rest.peek() == Some(&b'\'') => {
                rest.next();
                let (text, quoted) = word.get_or_insert_default();
                *quoted = true;
                ansi(&mut rest, text);
            }
            b'"' => {
                let (text, quoted) = word.get_or_insert_default();
                *quoted = true;
                while let Some(byte) = rest.next() {
                    match byte {
                        b'"' => break,
                        b'\\' if matches!(rest.peek(), Some(b'"' | b'\\' | b'$' | b'`')) => {
                            text.extend(rest.next());
                        }
                        byte => text.push(byte),
                    }
                }
            }
            b'\\' => {
                let (text, quoted) = word.get_or_insert_default();
                *quoted = true;
                text.extend(rest.next());
            }
            byte => word.get_or_insert_default().0.push(byte),
        }
    }
    words.extend(word);
    words
}

fn ansi(rest: &mut impl Iterator<Item = u8>, text: &mut Vec<u8>) {
    let mut rest = rest.peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b'\'' => return,
            b'\\' => match rest.next() {
                Some(b'n') => text.push(b'\n'),
                Some(b't') => text.push(b'\t'),
                Some(b'r') => text.push(b'\r'),
                Some(b'0') => text.push(0),
                Some(b'x') => {
                    let mut digit = || {
                        let byte = rest.next().expect("a digit");
                        (byte as char).to_digit(16).expect("a digit") as u8
                    };
                    let high = digit();
                    text.push(high * 16 + digit());
                }
                Some(other) => text.push(other),
                None => return,
            },
            byte => text.push(byte),
        }
    }
}
