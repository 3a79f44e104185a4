//! Format strings: units of `[COUNT][/BYTES] "TEXT"`, taken apart into conversions.

/// What a conversion shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing: only the text around it.
    Text,
    Signed,
    /// `o`, `u`, `x`, `X`.
    Unsigned(u8),
    /// `e`, `E`, `f`, `g`, `G`.
    Float(u8),
    Char,
    String,
    /// The offset, in base `d`, `o` or `x`.
    Address(u8),
    /// The same, once at the end.
    EndAddress(u8),
    /// Characters with C's escapes.
    Escaped,
    /// Characters, those that are not printable as dots.
    Printable,
    /// Characters by their names in ASCII.
    Named,
}

/// One conversion with the text before and after it.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub before: Vec<u8>,
    pub kind: Kind,
    pub flags: Vec<u8>,
    pub width: usize,
    pub precision: Option<usize>,
    pub bytes: usize,
    pub after: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(super) struct Unit {
    pub repeat: usize,
    repeat_given: bool,
    pub bytes: usize,
    pub parts: Vec<Part>,
}

/// A whole format string.
#[derive(Debug, Clone)]
pub(super) struct Format {
    pub units: Vec<Unit>,
}

/// Fields are no wider than this.
const WIDTH_MAX: usize = 4096;
/// A unit is not repeated, and shows no more bytes, than this.
const COUNT_MAX: usize = 1 << 16;

impl Format {
    /// # Errors
    /// The message, in hexdump's words.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let bad = || format!("bad format {{{}}}", String::from_utf8_lossy(text));
        let mut units = Vec::new();
        let mut rest = text.trim_ascii_start();
        while !rest.is_empty() {
            let number = |rest: &mut &[u8]| -> Result<Option<usize>, String> {
                let count = rest.iter().take_while(|digit| digit.is_ascii_digit()).count();
                let (digits, tail) = rest.split_at(count);
                *rest = tail;
                if digits.is_empty() {
                    return Ok(None);
                }
                let digits = std::str::from_utf8(digits).ok();
                let number: Option<usize> = digits.and_then(|digits| digits.parse().ok());
                number.filter(|number| *number <= COUNT_MAX).map(Some).ok_or_else(bad)
            };
            let repeat = number(&mut rest)?;
            if repeat.is_some() && !matches!(rest.first(), Some(b' ' | b'\t' | b'/')) {
                return Err(bad());
            }
            rest = rest.trim_ascii_start();
            let mut bytes = None;
            if let Some(tail) = rest.strip_prefix(b"/") {
                rest = tail.trim_ascii_start();
                bytes = number(&mut rest)?;
                if bytes.is_some() && !rest.first().is_some_and(u8::is_ascii_whitespace) {
                    return Err(bad());
                }
                rest = rest.trim_ascii_start();
            }
            rest = rest.strip_prefix(b"\"").ok_or_else(bad)?;
            let end = rest.iter().position(|&byte| byte == b'"').ok_or_else(bad)?;
            let (body, tail) = rest.split_at(end);
            rest = tail.get(1..).unwrap_or_default().trim_ascii_start();
            units.push(Unit::new(repeat, bytes, &unescape(body))?);
        }
        Ok(Self { units })
    }

    /// How many bytes of input it shows.
    pub fn bytes(&self) -> usize {
        self.units.iter().map(|unit| unit.repeat * unit.bytes).sum()
    }

    /// Repeats the last unit until the whole block is shown, if its count was left open, and takes
    /// the blank off after a repeated unit's last turn.
    pub fn stretch(&mut self, block: usize) {
        let bytes = self.bytes();
        if let Some(last) = self.units.last_mut()
            && bytes < block
            && !last.repeat_given
            && last.bytes > 0
        {
            last.repeat += (block - bytes) / last.bytes;
        }
    }
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next() {
            None => b'\\',
            Some(b'a') => 7,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'v') => 11,
            Some(b'0') => 0,
            Some(other) => *other,
        });
    }
    out
}

impl Unit {
    fn new(repeat: Option<usize>, bytes: Option<usize>, text: &[u8]) -> Result<Self, String> {
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = text;
        let mut before = Vec::new();
        while let Some(at) = rest.iter().position(|&byte| byte == b'%') {
            let (head, tail) = rest.split_at(at);
            match parts.last_mut() {
                Some(part) => part.after.extend_from_slice(head),
                None => before.extend_from_slice(head),
            }
            let (part, tail) = Part::new(tail.get(1..).unwrap_or_default(), bytes)?;
            parts.push(Part { before: std::mem::take(&mut before), ..part });
            rest = tail;
        }
        match parts.last_mut() {
            Some(part) => part.after.extend_from_slice(rest),
            None => parts.push(Part { before: rest.to_vec(), ..Part::text() }),
        }
        let shown = parts.iter().filter(|part| part.bytes > 0).count();
        if bytes.is_some() && shown > 1 {
            return Err("byte count with multiple conversion characters".into());
        }
        let sum = parts.iter().map(|part| part.bytes).sum();
        Ok(Self {
            repeat: repeat.unwrap_or(1),
            repeat_given: repeat.is_some(),
            bytes: bytes.filter(|_| shown > 0).unwrap_or(sum),
            parts,
        })
    }
}

impl Part {
    fn text() -> Self {
        Self {
            before: Vec::new(),
            kind: Kind::Text,
            flags: Vec::new(),
            width: 0,
            precision: None,
            bytes: 0,
            after: Vec::new(),
        }
    }

    /// Reads a conversion after its `%`; what follows it.
    fn new(text: &[u8], bytes: Option<usize>) -> Result<(Self, &[u8]), String> {
        let mut part = Self::text();
        let mut rest = text;
        let number = |rest: &mut &[u8]| {
            let count = rest.iter().take_while(|digit| digit.is_ascii_digit()).count();
            let (digits, tail) = rest.split_at(count);
            *rest = tail;
            let digits = std::str::from_utf8(digits).unwrap_or_default();
            digits.parse::<usize>().unwrap_or(0).min(WIDTH_MAX)
        };
        let flags = rest.iter().take_while(|byte| b"#-+ 0".contains(byte)).count();
        let (head, tail) = rest.split_at(flags);
        part.flags = head.to_vec();
        rest = tail;
        part.width = number(&mut rest);
        if let Some(tail) = rest.strip_prefix(b".") {
            rest = tail;
            part.precision = Some(number(&mut rest));
        }
        let (letter, tail) = match rest {
            [b'_', letter, tail @ ..] => (vec![b'_', *letter], tail),
            [letter, tail @ ..] => (vec![*letter], tail),
            [] => (Vec::new(), rest),
        };
        let shown = String::from_utf8_lossy(&letter).into_owned();
        let unknown = || format!("bad conversion character %{shown}");
        rest = tail;
        let allowed = |allowed: &[usize], own: usize| match bytes {
            None | Some(0) => Ok(own),
            Some(bytes) if allowed.contains(&bytes) => Ok(bytes),
            Some(_) => Err(format!("bad byte count for conversion character {shown}")),
        };
        match &letter[..] {
            b"c" => (part.kind, part.bytes) = (Kind::Char, allowed(&[1], 1)?),
            b"d" | b"i" => (part.kind, part.bytes) = (Kind::Signed, allowed(&[1, 2, 4, 8], 4)?),
            [letter @ (b'o' | b'u' | b'x' | b'X')] => {
                (part.kind, part.bytes) = (Kind::Unsigned(*letter), allowed(&[1, 2, 4, 8], 4)?);
            }
            [letter @ (b'e' | b'E' | b'f' | b'g' | b'G')] => {
                (part.kind, part.bytes) = (Kind::Float(*letter), allowed(&[4, 8], 8)?);
            }
            b"s" => {
                part.kind = Kind::String;
                part.bytes = match (bytes, part.precision) {
                    (Some(bytes), _) if bytes > 0 => bytes,
                    (_, Some(precision)) => precision,
                    _ => return Err("%s requires a precision or a byte count".into()),
                };
            }
            b"_c" => (part.kind, part.bytes) = (Kind::Escaped, allowed(&[1], 1)?),
            b"_p" => (part.kind, part.bytes) = (Kind::Printable, allowed(&[1], 1)?),
            b"_u" => (part.kind, part.bytes) = (Kind::Named, allowed(&[1], 1)?),
            [b'_', letter @ (b'a' | b'A')] => {
                let (base, tail) = match rest {
                    [base @ (b'd' | b'o' | b'x'), tail @ ..] => (*base, tail),
                    _ => return Err(unknown()),
                };
                rest = tail;
                part.kind = match letter {
                    b'a' => Kind::Address(base),
                    _ => Kind::EndAddress(base),
                };
            }
            _ => return Err(unknown()),
        }
        // A colour: `_L[red]`.
        if let Some(tail) = rest.strip_prefix(b"_L[") {
            let end = tail.iter().position(|&byte| byte == b']').ok_or_else(unknown)?;
            rest = tail.get(end + 1..).unwrap_or_default();
        }
        Ok((part, rest))
    }
}
