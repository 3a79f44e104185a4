//! The 80-bit floating point of x86's `long double`, which bash's and GNU's `printf` and `seq`
//! count in: read from text exactly rounded, printed exactly.

/// The widest precision and exponent text that is worth reading digit by digit.
const DIGITS_MAX: usize = 5000;
const EXPONENT_MAX: i64 = 20_000;
const MIN_EXPONENT: i32 = -16_445;
const MAX_EXPONENT: i32 = 16_384 - 64;

/// A number: `mantissa * 2^exponent`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extended {
    pub negative: bool,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    NaN,
    Infinite,
    /// The top bit of the mantissa is set, unless the number is zero or the exponent the least.
    Finite {
        mantissa: u64,
        exponent: i32,
    },
}

/// An unsigned integer of any size, least digit first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Big(Vec<u32>);

impl Big {
    fn from_u64(value: u64) -> Self {
        let mut big = Self(vec![value as u32, (value >> 32) as u32]);
        big.trim();
        big
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    fn multiply_add(&mut self, factor: u32, addend: u32) {
        let mut carry = u64::from(addend);
        for digit in &mut self.0 {
            let product = u64::from(*digit) * u64::from(factor) + carry;
            *digit = product as u32;
            carry = product >> 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn multiply_power(&mut self, base: u32, mut power: u32) {
        // The largest power of 5 or 10 that fits in 32 bits at a time.
        let (step, value) = if base == 5 { (13, 1_220_703_125) } else { (9, 1_000_000_000) };
        while power >= step {
            self.multiply_add(value, 0);
            power -= step;
        }
        self.multiply_add(base.pow(power), 0);
    }

    fn divide_small(&mut self, divisor: u32) -> u32 {
        let mut rest = 0u64;
        for digit in self.0.iter_mut().rev() {
            let value = (rest << 32) | u64::from(*digit);
            *digit = (value / u64::from(divisor)) as u32;
            rest = value % u64::from(divisor);
        }
        self.trim();
        rest as u32
    }

    fn bits(&self) -> u32 {
        self.0.last().map_or(0, |top| self.0.len() as u32 * 32 - top.leading_zeros())
    }

    fn shift_left(&mut self, by: u32) {
        if self.is_zero() {
            return;
        }
        let (words, bits) = ((by / 32) as usize, by % 32);
        if bits > 0 {
            let mut carry = 0u32;
            for digit in &mut self.0 {
                let value = (u64::from(*digit) << bits) | u64::from(carry);
                *digit = value as u32;
                carry = (value >> 32) as u32;
            }
            if carry > 0 {
                self.0.push(carry);
            }
        }
        if words > 0 {
            self.0.splice(0..0, std::iter::repeat_n(0, words));
        }
    }

    fn bit(&self, at: u32) -> bool {
        self.0.get((at / 32) as usize).is_some_and(|word| word >> (at % 32) & 1 == 1)
    }

    fn any_below(&self, at: u32) -> bool {
        (0..at).any(|bit| self.bit(bit))
    }

    fn less(&self, other: &Self) -> bool {
        if self.0.len() != other.0.len() {
            return self.0.len() < other.0.len();
        }
        self.0.iter().rev().lt(other.0.iter().rev())
    }

    fn subtract(&mut self, other: &Self) {
        let mut borrow = 0i64;
        for (at, digit) in self.0.iter_mut().enumerate() {
            let value =
                i64::from(*digit) - i64::from(other.0.get(at).copied().unwrap_or(0)) - borrow;
            *digit = value as u32;
            borrow = i64::from(value < 0);
        }
        self.trim();
    }

    fn decimal(mut self) -> Vec<u8> {
        let mut groups = Vec::new();
        while !self.is_zero() {
            groups.push(self.divide_small(1_000_000_000));
        }
        let mut text = String::new();
        for (at, group) in groups.iter().rev().enumerate() {
            use std::fmt::Write;
            let _ = if at == 0 { write!(text, "{group}") } else { write!(text, "{group:09}") };
        }
        text.into_bytes()
    }
}

/// How a text was read as a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Read {
    pub value: Extended,
    /// How many bytes were part of the number; 0 if there was none.
    pub length: usize,
    /// Too large or too small to be held.
    pub out_of_range: bool,
}

impl Extended {
    pub const ZERO: Self =
        Self { negative: false, kind: Kind::Finite { mantissa: 0, exponent: 0 } };

    #[must_use]
    pub fn from_i64(value: i64) -> Self {
        let mut number = Self::rounded(value.unsigned_abs(), 0, false).0;
        number.negative = value < 0;
        number
    }

    /// `mantissa * 2^exponent`, with a sticky bit for what lies below.
    fn rounded(mantissa: u64, exponent: i32, sticky: bool) -> (Self, bool) {
        if mantissa == 0 {
            return (Self::ZERO, sticky);
        }
        let shift = mantissa.leading_zeros();
        let (mantissa, exponent) = (mantissa << shift, exponent - shift as i32);
        if exponent > MAX_EXPONENT {
            return (Self { negative: false, kind: Kind::Infinite }, true);
        }
        if exponent < MIN_EXPONENT {
            let down = (MIN_EXPONENT - exponent) as u32;
            if down > 64 {
                return (Self::ZERO, true);
            }
            let wide = u128::from(mantissa) << 64 >> down;
            let (kept, lost) = ((wide >> 64) as u64, wide as u64);
            let half = 1u64 << 63;
            let up = lost > half || (lost == half && (sticky || kept & 1 == 1));
            let kind = Kind::Finite { mantissa: kept + u64::from(up), exponent: MIN_EXPONENT };
            return (Self { negative: false, kind }, true);
        }
        (Self { negative: false, kind: Kind::Finite { mantissa, exponent } }, false)
    }

    /// The nearest number to `big * 2^exponent`, and whether it is out of range.
    fn from_big(big: &Big, exponent: i32, sticky: bool) -> (Self, bool) {
        let bits = big.bits();
        if bits <= 64 {
            let low = u64::from(big.0.first().copied().unwrap_or(0));
            let high = u64::from(big.0.get(1).copied().unwrap_or(0));
            return Self::rounded(high << 32 | low, exponent, sticky);
        }
        let drop = bits - 64;
        let mut mantissa = 0u64;
        for bit in 0..64 {
            mantissa |= u64::from(big.bit(drop + bit)) << bit;
        }
        let mut exponent = exponent + drop as i32;
        let below = sticky || big.any_below(drop - 1);
        if big.bit(drop - 1) && (below || mantissa & 1 == 1) {
            let (sum, carried) = mantissa.overflowing_add(1);
            mantissa = sum;
            if carried {
                mantissa = 1 << 63;
                exponent += 1;
            }
        }
        Self::rounded(mantissa, exponent, below)
    }

    /// Reads a number as `strtold` does: blanks, a sign, decimal or hexadecimal, `inf`, `nan`.
    #[must_use]
    pub fn read(text: &[u8]) -> Read {
        let blanks =
            text.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 11).count();
        let mut at = blanks;
        let negative = match text.get(at) {
            Some(b'-') => true,
            Some(b'+') => false,
            _ => {
                at = at.wrapping_sub(1);
                false
            }
        };
        at = at.wrapping_add(1);
        let rest = text.get(at..).unwrap_or_default();
        let starts =
            |word: &[u8]| rest.len() >= word.len() && rest[..word.len()].eq_ignore_ascii_case(word);
        let special = |kind, length: usize| Read {
            value: Self { negative, kind },
            length: at + length,
            out_of_range: false,
        };
        if starts(b"infinity") {
            return special(Kind::Infinite, 8);
        }
        if starts(b"inf") {
            return special(Kind::Infinite, 3);
        }
        if starts(b"nan") {
            return special(Kind::NaN, 3);
        }
        let read =
            if starts(b"0x") { read_hex(&rest[2..]).map(|(v, l, r)| (v, l + 2, r)) } else { None };
        let read = read.or_else(|| read_decimal(rest));
        let Some((mut value, length, out_of_range)) = read else {
            return Read { value: Self::ZERO, length: 0, out_of_range: false };
        };
        value.negative = negative;
        Read { value, length: at + length, out_of_range }
    }

    /// Every digit of the value's magnitude, and how many stand before the decimal point.
    fn digits(mantissa: u64, exponent: i32) -> (Vec<u8>, i32) {
        let mut big = Big::from_u64(mantissa);
        if exponent >= 0 {
            big.shift_left(exponent as u32);
            let digits = big.decimal();
            let point = digits.len() as i32;
            return (digits, point);
        }
        let down = exponent.unsigned_abs();
        let zeros = mantissa.trailing_zeros().min(down);
        let down = if mantissa == 0 { 0 } else { down - zeros };
        let mut big = Big::from_u64(if mantissa == 0 { 0 } else { mantissa >> zeros });
        big.multiply_power(5, down);
        let digits = big.decimal();
        let point = digits.len() as i32 - down as i32;
        (digits, point)
    }

    /// `%f`, `%e`, `%g` or `%a` (or their capitals) without sign and padding. `alternate` is `#`.
    #[must_use]
    pub fn format(&self, conversion: u8, precision: Option<usize>, alternate: bool) -> Vec<u8> {
        let upper = conversion.is_ascii_uppercase();
        let mut text = match self.kind {
            Kind::NaN => b"nan".to_vec(),
            Kind::Infinite => b"inf".to_vec(),
            Kind::Finite { mantissa, exponent } => match conversion.to_ascii_lowercase() {
                b'a' => hex(mantissa, exponent, precision, alternate),
                letter => {
                    let (digits, point) = Self::digits(mantissa, exponent);
                    let precision = precision.unwrap_or(6);
                    match letter {
                        b'f' => fixed(&digits, point, precision, alternate),
                        b'e' => scientific(&digits, point, precision, alternate),
                        _ => general(&digits, point, precision.max(1), alternate),
                    }
                }
            },
        };
        if upper {
            text.make_ascii_uppercase();
        }
        text
    }
}

fn read_decimal(text: &[u8]) -> Option<(Extended, usize, bool)> {
    let mut digits = Big::default();
    let (mut scale, mut seen, mut kept, mut sticky) = (0i64, false, 0usize, false);
    let (mut at, mut fraction) = (0, false);
    while let Some(&byte) = text.get(at) {
        match byte {
            b'0'..=b'9' => {
                seen = true;
                if kept < DIGITS_MAX {
                    digits.multiply_add(10, u32::from(byte - b'0'));
                    kept += usize::from(!digits.is_zero());
                    scale -= i64::from(fraction);
                } else {
                    sticky |= byte != b'0';
                    scale += i64::from(!fraction);
                }
            }
            b'.' if !fraction => fraction = true,
            _ => break,
        }
        at += 1;
    }
    if !seen {
        return None;
    }
    if let Some((exponent, taken)) = exponent(text.get(at..).unwrap_or_default(), b'e') {
        scale = scale.saturating_add(exponent);
        at += taken;
    }
    digits.trim();
    if digits.is_zero() {
        return Some((Extended::ZERO, at, false));
    }
    let scale = scale.clamp(-EXPONENT_MAX - DIGITS_MAX as i64, EXPONENT_MAX) as i32;
    if scale >= 0 {
        digits.multiply_power(10, scale as u32);
        let (value, range) = Extended::from_big(&digits, 0, sticky);
        return Some((value, at, range));
    }
    // digits / 10^-scale = digits / 5^-scale * 2^scale: long division to 66 bits and a sticky one.
    let mut divisor = Big::from_u64(1);
    divisor.multiply_power(5, scale.unsigned_abs());
    let shift = divisor.bits() as i32 - digits.bits() as i32;
    if shift > 0 {
        digits.shift_left(shift as u32);
    } else {
        divisor.shift_left(shift.unsigned_abs());
    }
    let mut quotient = Big::default();
    for _ in 0..67 {
        quotient.multiply_add(2, 0);
        if !digits.less(&divisor) {
            digits.subtract(&divisor);
            if quotient.is_zero() {
                quotient = Big::from_u64(1);
            } else if let Some(low) = quotient.0.first_mut() {
                *low |= 1;
            }
        }
        digits.shift_left(1);
    }
    let exponent = scale - shift - 66;
    let (value, range) = Extended::from_big(&quotient, exponent, sticky || !digits.is_zero());
    Some((value, at, range))
}

fn read_hex(text: &[u8]) -> Option<(Extended, usize, bool)> {
    let mut digits = Big::default();
    let (mut scale, mut seen, mut at, mut fraction) = (0i64, false, 0, false);
    while let Some(&byte) = text.get(at) {
        match (byte as char).to_digit(16) {
            Some(digit) => {
                seen = true;
                if digits.0.len() < 64 {
                    digits.multiply_add(16, digit);
                    digits.trim();
                    scale -= if fraction { 4 } else { 0 };
                } else if !fraction {
                    scale += 4;
                }
            }
            None if byte == b'.' && !fraction => fraction = true,
            None => break,
        }
        at += 1;
    }
    if !seen {
        return None;
    }
    if let Some((exponent, taken)) = exponent(text.get(at..).unwrap_or_default(), b'p') {
        scale = scale.saturating_add(exponent);
        at += taken;
    }
    let scale = scale.clamp(-40_000, 40_000) as i32;
    let (value, range) = Extended::from_big(&digits, scale, false);
    Some((value, at, range))
}

/// `e+12`: the exponent and its length, if there is one.
fn exponent(text: &[u8], letter: u8) -> Option<(i64, usize)> {
    if !text.first()?.eq_ignore_ascii_case(&letter) {
        return None;
    }
    let negative = text.get(1) == Some(&b'-');
    let start = 1 + usize::from(matches!(text.get(1), Some(b'-' | b'+')));
    let mut value = 0i64;
    let mut at = start;
    while let Some(digit) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
        value = (value * 10 + i64::from(digit - b'0')).min(1_000_000);
        at += 1;
    }
    (at > start).then_some((if negative { -value } else { value }, at))
}

/// Rounds to `keep` digits, half to even (all digits are there, so a tie is a true tie). True if
/// a digit was carried out at the front.
fn round(digits: &mut Vec<u8>, keep: usize) -> bool {
    if digits.len() <= keep {
        return false;
    }
    let tail = digits.split_off(keep);
    let rest = tail[1..].iter().any(|digit| *digit != b'0');
    let odd = digits.last().is_some_and(|digit| digit % 2 == 1);
    let up = tail[0] > b'5' || (tail[0] == b'5' && (rest || odd));
    if !up {
        return false;
    }
    for digit in digits.iter_mut().rev() {
        if *digit == b'9' {
            *digit = b'0';
        } else {
            *digit += 1;
            return false;
        }
    }
    digits.insert(0, b'1');
    true
}

fn fixed(digits: &[u8], point: i32, precision: usize, alternate: bool) -> Vec<u8> {
    let mut digits = digits.to_vec();
    let mut point = point;
    if point < 0 {
        digits.splice(0..0, std::iter::repeat_n(b'0', point.unsigned_abs() as usize));
        point = 0;
    }
    let mut whole = point as usize;
    if round(&mut digits, whole + precision) {
        whole += 1;
    }
    let mut out = if whole == 0 { b"0".to_vec() } else { digits[..whole].to_vec() };
    if precision > 0 || alternate {
        out.push(b'.');
    }
    let fraction = digits.get(whole..).unwrap_or_default();
    out.extend_from_slice(fraction);
    out.extend(std::iter::repeat_n(b'0', precision - fraction.len().min(precision)));
    out
}

fn scientific(digits: &[u8], point: i32, precision: usize, alternate: bool) -> Vec<u8> {
    let mut digits = digits.to_vec();
    let mut exponent = if digits.is_empty() { 0 } else { point - 1 };
    if round(&mut digits, precision + 1) {
        exponent += 1;
    }
    digits.resize(precision + 1, b'0');
    let mut out = vec![digits[0]];
    if precision > 0 || alternate {
        out.push(b'.');
    }
    out.extend_from_slice(&digits[1..]);
    let sign = if exponent < 0 { '-' } else { '+' };
    out.extend_from_slice(format!("e{sign}{:02}", exponent.abs()).as_bytes());
    out
}

fn general(digits: &[u8], point: i32, precision: usize, alternate: bool) -> Vec<u8> {
    let mut rounded = digits.to_vec();
    let mut exponent = if digits.is_empty() { 0 } else { point - 1 };
    if round(&mut rounded, precision) {
        exponent += 1;
    }
    let small = exponent < -4 || exponent >= precision as i32;
    let mut out = if small {
        scientific(digits, point, precision - 1, alternate)
    } else {
        fixed(digits, point, (precision as i32 - 1 - exponent) as usize, alternate)
    };
    if !alternate {
        let end = if small {
            out.iter().position(|b| *b == b'e').unwrap_or(out.len())
        } else {
            out.len()
        };
        if out[..end].contains(&b'.') {
            let mut keep = end;
            while out[keep - 1] == b'0' {
                keep -= 1;
            }
            if out[keep - 1] == b'.' {
                keep -= 1;
            }
            out.drain(keep..end);
        }
    }
    out
}

/// `0x8.8p-3`: the top four bits stand before the point, as glibc prints the x87 format.
fn hex(mantissa: u64, exponent: i32, precision: Option<usize>, alternate: bool) -> Vec<u8> {
    let mut exponent = if mantissa == 0 { 0 } else { exponent + 60 };
    let mut wide = u128::from(mantissa);
    if let Some(precision) = precision.filter(|precision| *precision < 15) {
        let drop = 4 * (15 - precision as u32);
        let (kept, lost, half) = (wide >> drop, wide & ((1 << drop) - 1), 1u128 << (drop - 1));
        let up = lost > half || (lost == half && kept & 1 == 1);
        wide = (kept + u128::from(up)) << drop;
        if wide >> 64 > 0 {
            wide >>= 4;
            exponent += 4;
        }
    }
    let text = format!("{wide:016x}");
    let (lead, tail) = text.split_at(1);
    let mut tail = match precision {
        Some(precision) if precision <= 15 => tail[..precision].to_owned(),
        Some(precision) => format!("{tail:0<precision$}"),
        None => tail.trim_end_matches('0').to_owned(),
    };
    if !tail.is_empty() || alternate {
        tail.insert(0, '.');
    }
    format!("0x{lead}{tail}p{exponent:+}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, conversion: u8, precision: Option<usize>) -> String {
        let read = Extended::read(text.as_bytes());
        let sign = if read.value.negative { "-" } else { "" };
        sign.to_owned() + &String::from_utf8_lossy(&read.value.format(conversion, precision, false))
    }

    /// Each answer is what bash's `printf` prints on x86-64.
    #[test]
    fn numbers_print_as_long_doubles() {
        let table = [
            ("0.1", b'f', Some(20), "0.10000000000000000000"),
            ("0.1", b'f', Some(30), "0.100000000000000000001355252716"),
            ("2.675", b'f', Some(2), "2.67"),
            ("0.5", b'f', Some(0), "0"),
            ("1.5", b'f', Some(0), "2"),
            ("9.999", b'f', Some(2), "10.00"),
            ("1e10", b'f', None, "10000000000.000000"),
            ("3.5", b'e', None, "3.500000e+00"),
            ("0", b'e', Some(2), "0.00e+00"),
            ("100000", b'g', None, "100000"),
            ("1000000", b'g', None, "1e+06"),
            ("0.0001", b'g', None, "0.0001"),
            ("0.00001234", b'G', None, "1.234E-05"),
            ("1", b'a', None, "0x8p-3"),
            ("0x1p3", b'f', None, "8.000000"),
            ("-12.5", b'f', Some(1), "-12.5"),
            ("inf", b'F', None, "INF"),
            ("1e-4950", b'g', None, "1.09356e-4950"),
        ];
        for (text, conversion, precision, want) in table {
            assert_eq!(shown(text, conversion, precision), want, "{text}");
        }
    }

    #[test]
    fn reading_stops_where_the_number_ends() {
        assert_eq!(Extended::read(b"1x").length, 1);
        assert_eq!(Extended::read(b" -2.5e").length, 5);
        assert_eq!(Extended::read(b"abc").length, 0);
        assert!(Extended::read(b"1e5000").out_of_range);
    }
}
