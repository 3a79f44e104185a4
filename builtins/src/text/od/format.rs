//! Output formats: how wide each unit is, and how it is written.

/// One `-t` format.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    kind: Kind,
    size: usize,
    /// Columns of one unit, the blank before it included.
    columns: usize,
    /// `z`: the bytes as text at the end of the line.
    text: bool,
    big: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Named,
    Character,
    Signed,
    Unsigned,
    Octal,
    Hexadecimal,
    Float,
}

const NAMES: [&str; 33] = [
    "nul", "soh", "stx", "etx", "eot", "enq", "ack", "bel", "bs", "ht", "nl", "vt", "ff", "cr",
    "so", "si", "dle", "dc1", "dc2", "dc3", "dc4", "nak", "syn", "etb", "can", "em", "sub", "esc",
    "fs", "gs", "rs", "us", "sp",
];

impl Format {
    /// Reads a TYPE string such as `x1z` or `d2o1`.
    ///
    /// # Errors
    /// The complaint, without the command's name.
    pub fn parse(text: &[u8], formats: &mut Vec<Self>) -> Result<(), String> {
        let shown = String::from_utf8_lossy(text);
        let mut rest = text;
        while let Some((letter, tail)) = rest.split_first() {
            rest = tail;
            let kind = match letter {
                b'a' => Kind::Named,
                b'c' => Kind::Character,
                b'd' => Kind::Signed,
                b'u' => Kind::Unsigned,
                b'o' => Kind::Octal,
                b'x' => Kind::Hexadecimal,
                b'f' => Kind::Float,
                other => {
                    let letter = char::from(*other);
                    return Err(format!("invalid character '{letter}' in type string ‘{shown}’"));
                }
            };
            let mut size = 1;
            if !matches!(kind, Kind::Named | Kind::Character) {
                (size, rest) = unit_size(kind, rest);
                let known = match kind {
                    Kind::Float => matches!(size, 4 | 8),
                    _ => matches!(size, 1 | 2 | 4 | 8),
                };
                if !known {
                    let what = if kind == Kind::Float { "floating point" } else { "integral" };
                    return Err(format!(
                        "invalid type string ‘{shown}’;\n\
                         this system doesn't provide a {size}-byte {what} type"
                    ));
                }
            }
            let text = rest.first() == Some(&b'z');
            rest = rest.get(usize::from(text)..).unwrap_or_default();
            formats.push(Self { kind, size, columns: 1 + digits_of(kind, size), text, big: false });
        }
        Ok(())
    }

    pub fn size(&self) -> usize {
        self.size
    }

    pub fn big_endian(&mut self) {
        self.big = true;
    }

    /// A line of `width` bytes, of which `line` is what there is.
    pub fn row(&self, line: &[u8], width: usize, out: &mut Vec<u8>) {
        for unit in line.chunks(self.size) {
            let text = self.unit(unit);
            out.resize(out.len() + self.columns.saturating_sub(text.len()), b' ');
            out.extend_from_slice(text.as_bytes());
        }
        if self.text {
            let units = line.len().div_ceil(self.size);
            let missing = (width / self.size).saturating_sub(units);
            out.resize(out.len() + missing * self.columns, b' ');
            out.extend_from_slice(b"  >");
            let shown = |byte: &u8| if matches!(byte, b' '..=b'~') { *byte } else { b'.' };
            out.extend(line.iter().map(shown));
            out.push(b'<');
        }
    }

    fn unit(&self, unit: &[u8]) -> String {
        let mut bytes = [0u8; 8];
        for (slot, byte) in bytes.iter_mut().zip(unit) {
            *slot = *byte;
        }
        if self.big
            && let Some(unit) = bytes.get_mut(..self.size)
        {
            unit.reverse();
        }
        let first = bytes[0];
        let value = u64::from_le_bytes(bytes);
        let bits = 8 * self.size as u32;
        match self.kind {
            Kind::Named => match NAMES.get(usize::from(first & 0x7f)) {
                Some(name) => (*name).to_owned(),
                None if first & 0x7f == 127 => "del".to_owned(),
                None => char::from(first & 0x7f).to_string(),
            },
            Kind::Character => match first {
                0 => "\\0".to_owned(),
                7 => "\\a".to_owned(),
                8 => "\\b".to_owned(),
                9 => "\\t".to_owned(),
                10 => "\\n".to_owned(),
                11 => "\\v".to_owned(),
                12 => "\\f".to_owned(),
                13 => "\\r".to_owned(),
                byte @ b' '..=b'~' => char::from(byte).to_string(),
                byte => format!("{byte:03o}"),
            },
            Kind::Signed => {
                let shift = 64 - bits;
                (((value << shift) as i64) >> shift).to_string()
            }
            Kind::Unsigned => value.to_string(),
            Kind::Octal => format!("{value:0width$o}", width = (bits as usize).div_ceil(3)),
            Kind::Hexadecimal => format!("{value:0width$x}", width = 2 * self.size),
            Kind::Float if self.size == 4 => float(f64::from(f32::from_bits(value as u32)), true),
            Kind::Float => float(f64::from_bits(value), false),
        }
    }
}

/// The size of a unit, by number or by letter, and what follows.
fn unit_size(kind: Kind, text: &[u8]) -> (usize, &[u8]) {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at(digits);
    if digits > 0 {
        let size = std::str::from_utf8(number).ok().and_then(|number| number.parse().ok());
        return (size.unwrap_or(0), rest);
    }
    let float = kind == Kind::Float;
    let named = match text.first() {
        Some(b'C') if !float => 1,
        Some(b'S') if !float => 2,
        Some(b'I') if !float => 4,
        Some(b'L') if !float => 8,
        Some(b'F') if float => 4,
        Some(b'D') if float => 8,
        _ => return (if float { 8 } else { 4 }, text),
    };
    (named, text.get(1..).unwrap_or_default())
}

/// The fewest digits that read back as the same number, in the form of `%g`.
fn float(number: f64, single: bool) -> String {
    if !number.is_finite() {
        let sign = if number.is_sign_negative() { "-" } else { "" };
        return format!("{sign}{}", if number.is_nan() { "nan" } else { "inf" });
    }
    let most = if single { 9 } else { 17 };
    for precision in 1..most {
        let text = general(number, precision);
        let same = match single {
            true => text.parse::<f32>().is_ok_and(|back| back == number as f32),
            false => text.parse::<f64>().is_ok_and(|back| back == number),
        };
        if same {
            return text;
        }
    }
    general(number, most)
}

fn general(number: f64, precision: usize) -> String {
    let text = format!("{number:.*e}", precision - 1);
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    let significant = i32::try_from(precision).unwrap_or(i32::MAX);
    if power < -4 || power >= significant {
        let sign = if power < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trimmed(digits), power.unsigned_abs());
    }
    let decimals = usize::try_from(significant - 1 - power).unwrap_or(0);
    trimmed(&format!("{number:.decimals$}"))
}

fn digits_of(kind: Kind, size: usize) -> usize {
    match (kind, size) {
        (Kind::Named | Kind::Character, _) => 3,
        (Kind::Octal, size) => (8 * size).div_ceil(3),
        (Kind::Hexadecimal, size) => 2 * size,
        (Kind::Signed, 1) => 4,
        (Kind::Signed, 2) => 6,
        (Kind::Signed, 4) => 11,
        (Kind::Signed, _) => 20,
        (Kind::Unsigned, 1) => 3,
        (Kind::Unsigned, 2) => 5,
        (Kind::Unsigned, 4) => 10,
        (Kind::Unsigned, _) => 20,
        (Kind::Float, 4) => 15,
        (Kind::Float, _) => 24,
    }
}

/// Widens formats so that units over the same bytes end at the same column.
pub(super) fn align(formats: &mut [Format], width: usize) {
    let total = |format: &Format| width / format.size.max(1) * format.columns;
    let widest = formats.iter().map(total).max().unwrap_or(0);
    for format in formats.iter_mut() {
        let units = (width / format.size.max(1)).max(1);
        format.columns = widest.div_ceil(units).max(format.columns);
    }
}
