//! Character sets: Unicode's own forms and ISO 8859-1 by hand, the others by encoding_rs.

use encoding_rs::{EncoderResult, Encoding};

/// A character set that can be read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    Ascii,
    Latin1,
    Utf8,
    Utf7,
    /// With a byte order mark; read in either order.
    Utf16,
    Utf32,
    /// Bytes of a unit, and whether the highest comes first; `pairs`: beyond 16 bits by surrogates.
    Units {
        bytes: usize,
        big: bool,
        pairs: bool,
    },
    Table(&'static Encoding),
}

const UTF16LE: Charset = Charset::Units { bytes: 2, big: false, pairs: true };
const UTF16BE: Charset = Charset::Units { bytes: 2, big: true, pairs: true };
const UTF32LE: Charset = Charset::Units { bytes: 4, big: false, pairs: false };
const UTF32BE: Charset = Charset::Units { bytes: 4, big: true, pairs: false };
const UCS2LE: Charset = Charset::Units { bytes: 2, big: false, pairs: false };
const UCS2BE: Charset = Charset::Units { bytes: 2, big: true, pairs: false };

/// Names that glibc knows and encoding_rs does not, or knows as something else.
const NAMES: &[(&str, Charset)] = &[
    ("ASCII", Charset::Ascii),
    ("US-ASCII", Charset::Ascii),
    ("US", Charset::Ascii),
    ("ANSI_X3.4-1968", Charset::Ascii),
    ("ISO646-US", Charset::Ascii),
    ("646", Charset::Ascii),
    ("CP367", Charset::Ascii),
    ("ISO-8859-1", Charset::Latin1),
    ("ISO8859-1", Charset::Latin1),
    ("ISO_8859-1", Charset::Latin1),
    ("ISO88591", Charset::Latin1),
    ("8859_1", Charset::Latin1),
    ("LATIN1", Charset::Latin1),
    ("L1", Charset::Latin1),
    ("CP819", Charset::Latin1),
    ("UTF-8", Charset::Utf8),
    ("UTF8", Charset::Utf8),
    ("UTF-7", Charset::Utf7),
    ("UTF7", Charset::Utf7),
    ("UTF-16", Charset::Utf16),
    ("UTF16", Charset::Utf16),
    ("UNICODE", Charset::Utf16),
    ("UTF-16LE", UTF16LE),
    ("UTF16LE", UTF16LE),
    ("UTF-16BE", UTF16BE),
    ("UTF16BE", UTF16BE),
    ("UTF-32", Charset::Utf32),
    ("UTF32", Charset::Utf32),
    ("UTF-32LE", UTF32LE),
    ("UTF32LE", UTF32LE),
    ("UTF-32BE", UTF32BE),
    ("UTF32BE", UTF32BE),
    ("UCS-2", UCS2LE),
    ("UCS2", UCS2LE),
    ("UCS-2LE", UCS2LE),
    ("UCS-2BE", UCS2BE),
    ("ISO-10646-UCS-2", UCS2LE),
    ("UCS-4", UTF32BE),
    ("UCS4", UTF32BE),
    ("UCS-4BE", UTF32BE),
    ("UCS-4LE", UTF32LE),
    ("WCHAR_T", UTF32LE),
    ("INTERNAL", UTF32LE),
];

/// What else is known, under the name that `-l` shows.
const TABLES: &[&str] = &[
    "BIG5",
    "CP1250",
    "CP1251",
    "CP1252",
    "CP1253",
    "CP1254",
    "CP1255",
    "CP1256",
    "CP1257",
    "CP1258",
    "CP866",
    "CP874",
    "CP932",
    "CP936",
    "CP949",
    "EUC-JP",
    "EUC-KR",
    "GB18030",
    "GBK",
    "ISO-8859-10",
    "ISO-8859-13",
    "ISO-8859-14",
    "ISO-8859-15",
    "ISO-8859-16",
    "ISO-8859-2",
    "ISO-8859-3",
    "ISO-8859-4",
    "ISO-8859-5",
    "ISO-8859-6",
    "ISO-8859-7",
    "ISO-8859-8",
    "KOI8-R",
    "KOI8-U",
    "MACINTOSH",
    "SHIFT_JIS",
    "TIS-620",
    "WINDOWS-31J",
];

/// The names that `-l` lists.
pub(super) fn names() -> Vec<&'static str> {
    let mut names: Vec<_> =
        NAMES.iter().map(|(name, _)| *name).chain(TABLES.iter().copied()).collect();
    names.sort_unstable();
    names
}

impl Charset {
    /// `name` is in upper case.
    pub fn named(name: &str) -> Option<Self> {
        if let Some((_, charset)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Some(*charset);
        }
        let label = match name {
            "CP932" | "MS932" => "SHIFT_JIS".into(),
            "CP936" | "MS936" => "GBK".into(),
            "CP949" | "UHC" => "EUC-KR".into(),
            "CP874" | "TIS620" => "TIS-620".into(),
            "EUCJP" => "EUC-JP".into(),
            "EUCKR" => "EUC-KR".into(),
            "SJIS" | "SHIFTJIS" => "SHIFT_JIS".into(),
            "KOI8R" => "KOI8-R".into(),
            "BIG-5" => "BIG5".into(),
            "LATIN9" | "LATIN-9" => "ISO-8859-15".into(),
            name => match name.strip_prefix("LATIN") {
                Some(number) if number.len() == 1 => format!("L{number}"),
                _ => name.to_owned(),
            },
        };
        // The web's names for these mean something else.
        if matches!(&label[..], "REPLACEMENT" | "X-USER-DEFINED" | "ISO-8859-9" | "ISO-8859-11") {
            return match &label[..] {
                "ISO-8859-9" => Some(Self::Table(encoding_rs::WINDOWS_1254)),
                "ISO-8859-11" => Some(Self::Table(encoding_rs::WINDOWS_874)),
                _ => None,
            };
        }
        Encoding::for_label(label.as_bytes()).map(Self::Table)
    }
}

/// What comes next in the input.
pub(super) enum Decoded {
    /// A character and how many bytes it took.
    Letter(char, usize),
    /// Bytes that stand for nothing: a byte order mark.
    Nothing(usize),
    Invalid(usize),
    Incomplete,
}

pub(super) struct Decoder {
    charset: Charset,
    /// Nothing was read yet.
    fresh: bool,
    /// UTF-7: within base64, with bits left over.
    base64: Option<(u32, u32)>,
    high: Option<u16>,
}

impl Decoder {
    pub fn new(charset: Charset) -> Self {
        Self { charset, fresh: true, base64: None, high: None }
    }

    pub fn next(&mut self, data: &[u8]) -> Decoded {
        let byte = data.first().copied().unwrap_or(0);
        match self.charset {
            Charset::Ascii if byte < 0x80 => Decoded::Letter(char::from(byte), 1),
            Charset::Ascii => Decoded::Invalid(1),
            Charset::Latin1 => Decoded::Letter(char::from(byte), 1),
            Charset::Utf8 => utf8(data),
            Charset::Utf7 => self.utf7(byte),
            Charset::Utf16 | Charset::Utf32 => self.marked(data),
            Charset::Units { bytes, big, pairs } => units(data, bytes, big, pairs),
            Charset::Table(_) if byte < 0x80 => Decoded::Letter(char::from(byte), 1),
            Charset::Table(encoding) => table(data, encoding),
        }
    }

    /// The byte order mark decides.
    fn marked(&mut self, data: &[u8]) -> Decoded {
        let wide = self.charset == Charset::Utf32;
        let (little, big) = if wide { (UTF32LE, UTF32BE) } else { (UTF16LE, UTF16BE) };
        let size = if wide { 4 } else { 2 };
        if std::mem::take(&mut self.fresh) {
            let Some(unit) = data.get(..size) else {
                self.fresh = true;
                return Decoded::Incomplete;
            };
            self.charset = little;
            let mark = |bytes: &[u8]| unit.starts_with(bytes) || unit.ends_with(bytes);
            match wide {
                false if mark(b"\xff\xfe") => return Decoded::Nothing(size),
                true if unit == b"\xff\xfe\0\0" => return Decoded::Nothing(size),
                false if mark(b"\xfe\xff") => self.charset = big,
                true if unit == b"\0\0\xfe\xff" => self.charset = big,
                _ => return self.next(data),
            }
            return Decoded::Nothing(size);
        }
        self.charset = little;
        self.next(data)
    }

    fn utf7(&mut self, byte: u8) -> Decoded {
        let Some((bits, count)) = self.base64 else {
            return match byte {
                b'+' => {
                    self.base64 = Some((0, 0));
                    Decoded::Nothing(1)
                }
                0..0x80 => Decoded::Letter(char::from(byte), 1),
                _ => Decoded::Invalid(1),
            };
        };
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => {
                self.base64 = None;
                return match byte {
                    b'-' if (bits, count) == (0, 0) => Decoded::Letter('+', 1),
                    b'-' => Decoded::Nothing(1),
                    byte => Decoded::Letter(char::from(byte), 1),
                };
            }
        };
        let (bits, count) = (bits << 6 | u32::from(value), count + 6);
        if count < 16 {
            // A mark that something was there, so that `+-` is told from `+A-`.
            self.base64 = Some((bits, count));
            return Decoded::Nothing(1);
        }
        let unit = (bits >> (count - 16)) as u16;
        let count = count - 16;
        self.base64 = Some((bits & ((1 << count) - 1), count));
        match (self.high.take(), unit) {
            (None, 0xd800..0xdc00) => {
                self.high = Some(unit);
                Decoded::Nothing(1)
            }
            (Some(high), 0xdc00..0xe000) => {
                let code = 0x10000 + (u32::from(high - 0xd800) << 10) + u32::from(unit - 0xdc00);
                char::from_u32(code)
                    .map_or(Decoded::Invalid(1), |letter| Decoded::Letter(letter, 1))
            }
            (None, unit) => char::from_u32(u32::from(unit))
                .map_or(Decoded::Invalid(1), |letter| Decoded::Letter(letter, 1)),
            (Some(_), _) => Decoded::Invalid(1),
        }
    }
}

fn utf8(data: &[u8]) -> Decoded {
    let (letter, used) = bstr::decode_utf8(data);
    match letter {
        Some(letter) => Decoded::Letter(letter, used),
        None => {
            let needed = match data.first() {
                Some(0xc2..=0xdf) => 2,
                Some(0xe0..=0xef) => 3,
                Some(0xf0..=0xf4) => 4,
                _ => 1,
            };
            // What is there may be the beginning of a character.
            let fitting = used == data.len() && data.len() < needed;
            if fitting { Decoded::Incomplete } else { Decoded::Invalid(used.max(1)) }
        }
    }
}

fn units(data: &[u8], bytes: usize, big: bool, pairs: bool) -> Decoded {
    let unit = |at: usize| {
        let unit = data.get(at..at + bytes)?;
        let fold = |code: u32, byte: &u8| code << 8 | u32::from(*byte);
        Some(if big { unit.iter().fold(0, fold) } else { unit.iter().rev().fold(0, fold) })
    };
    let Some(first) = unit(0) else { return Decoded::Incomplete };
    if pairs && (0xd800..0xdc00).contains(&first) {
        return match unit(bytes) {
            None => Decoded::Incomplete,
            Some(second @ 0xdc00..0xe000) => {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                char::from_u32(code).map_or(Decoded::Invalid(2 * bytes), |letter| {
                    Decoded::Letter(letter, 2 * bytes)
                })
            }
            Some(_) => Decoded::Invalid(bytes),
        };
    }
    char::from_u32(first).map_or(Decoded::Invalid(bytes), |letter| Decoded::Letter(letter, bytes))
}

/// Characters of more than one byte are tried as long as they may get.
fn table(data: &[u8], encoding: &'static Encoding) -> Decoded {
    for len in 1..=4 {
        let Some(piece) = data.get(..len) else { return Decoded::Incomplete };
        let decoded = encoding.decode_without_bom_handling_and_without_replacement(piece);
        if let Some(text) = decoded
            && let Some(letter) = text.chars().next()
        {
            return Decoded::Letter(letter, len);
        }
        if encoding.is_single_byte() {
            break;
        }
    }
    Decoded::Invalid(1)
}

pub(super) struct Encoder {
    charset: Charset,
    fresh: bool,
    /// UTF-7: within base64, with bits left over.
    base64: Option<(u32, u32)>,
}

impl Encoder {
    pub fn new(charset: Charset) -> Self {
        Self { charset, fresh: true, base64: None }
    }

    /// False, and nothing written, if the character has no place in it.
    pub fn put(&mut self, letter: char, out: &mut Vec<u8>) -> bool {
        let code = u32::from(letter);
        match self.charset {
            Charset::Ascii | Charset::Latin1 => {
                let limit = if self.charset == Charset::Ascii { 0x80 } else { 0x100 };
                match u8::try_from(code) {
                    Ok(byte) if code < limit => out.push(byte),
                    _ => return false,
                }
            }
            Charset::Utf8 => {
                out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Charset::Utf7 => self.utf7(letter, out),
            Charset::Utf16 | Charset::Utf32 => {
                let wide = self.charset == Charset::Utf32;
                if std::mem::take(&mut self.fresh) {
                    out.extend_from_slice(if wide { b"\xff\xfe\0\0" } else { b"\xff\xfe" });
                }
                return put_units(letter, if wide { UTF32LE } else { UTF16LE }, out);
            }
            units @ Charset::Units { .. } => return put_units(letter, units, out),
            Charset::Table(encoding) => {
                if code < 0x80 {
                    out.push(code as u8);
                    return true;
                }
                let mut text = [0; 4];
                let text = letter.encode_utf8(&mut text);
                let mut buffer = [0; 16];
                let (result, _, written) = encoding
                    .new_encoder()
                    .encode_from_utf8_without_replacement(text, &mut buffer, true);
                if result != EncoderResult::InputEmpty {
                    return false;
                }
                out.extend_from_slice(buffer.get(..written).unwrap_or_default());
            }
        }
        true
    }

    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if let Some((bits, count)) = self.base64.take() {
            if count > 0 {
                out.push(base64(bits << (6 - count)));
            }
            out.push(b'-');
        }
    }

    fn utf7(&mut self, letter: char, out: &mut Vec<u8>) {
        let direct = letter.is_ascii_alphanumeric() || "'(),-./:? \t\r\n".contains(letter);
        if direct {
            if let Some((bits, count)) = self.base64.take() {
                if count > 0 {
                    out.push(base64(bits << (6 - count)));
                }
                // Only letters that could belong to it need an end.
                if letter.is_ascii_alphanumeric() || "+/-".contains(letter) {
                    out.push(b'-');
                }
            }
            out.push(letter as u8);
            return;
        }
        if letter == '+' && self.base64.is_none() {
            out.extend_from_slice(b"+-");
            return;
        }
        if self.base64.is_none() {
            out.push(b'+');
        }
        let (mut bits, mut count) = self.base64.unwrap_or((0, 0));
        for unit in letter.encode_utf16(&mut [0; 2]) {
            bits = bits << 16 | u32::from(*unit);
            count += 16;
            while count >= 6 {
                count -= 6;
                out.push(base64(bits >> count));
            }
            bits &= (1 << count) - 1;
        }
        self.base64 = Some((bits, count));
    }
}

fn base64(value: u32) -> u8 {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    LETTERS.get((value & 63) as usize).copied().unwrap_or(b'A')
}

fn put_units(letter: char, charset: Charset, out: &mut Vec<u8>) -> bool {
    let Charset::Units { bytes, big, pairs } = charset else { return false };
    let mut put = |code: u32| {
        let all = code.to_be_bytes();
        let unit = all.get(4 - bytes..).unwrap_or_default();
        if big { out.extend(unit) } else { out.extend(unit.iter().rev()) }
    };
    let code = u32::from(letter);
    if bytes == 4 || code < 0x10000 {
        put(code);
        return true;
    }
    if pairs {
        letter.encode_utf16(&mut [0; 2]).iter().for_each(|&unit| put(u32::from(unit)));
    }
    pairs
}
