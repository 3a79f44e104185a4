//! `printf`: the format, reused until the arguments are used up.

use bstr::ByteSlice;

use super::escape::{self, Step, Style};
use super::extended::{Extended, Kind};
use super::shell_quote;

/// What went wrong; printing goes on, but for the last three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault<'a> {
    /// The argument is no number of this base (8, 10 or 16), or not only one.
    NotNumber(&'a [u8], u32),
    OutOfRange(&'a [u8]),
    NoHexDigit,
    NoUnicodeDigit(u8),
    /// `%(` with something else than `T` after it.
    NotTime(Option<u8>),
    BadConversion(u8),
    /// The format ends inside a directive.
    NoConversion(&'a [u8]),
    /// A width or precision would make more than the caller allows.
    TooLarge,
}

/// What printing needs of its surroundings.
pub trait Host {
    fn fault(&mut self, fault: &Fault<'_>);
    /// A directive, from its `%` on, whose last letter means nothing.
    fn bad_directive(&mut self, directive: &[u8]) {
        self.fault(&Fault::BadConversion(directive.last().copied().unwrap_or(b'%')));
    }
    /// Whether a quote with nothing behind it is the number 0.
    fn takes_lone_quotes(&self) -> bool {
        true
    }
    /// `%(format)T` of so many seconds since the epoch: -1 is now, -2 when the shell started.
    fn time(&mut self, format: &[u8], seconds: i64) -> Vec<u8>;
    /// What `%q` makes of a text: bash's backslashes, unless a program has its own way.
    fn quote(&mut self, text: &[u8]) -> Vec<u8> {
        shell_quote::backslash(text)
    }
    /// How the backslashes of `%b` are read.
    fn argument_style(&self) -> Style {
        Style::Argument
    }
    /// Whether `%n` is known.
    fn counts(&self) -> bool {
        false
    }
    /// `%n`: so many bytes have been printed.
    fn count(&mut self, _name: &[u8], _bytes: usize) {}
}

/// What printing gives: the status, and whether `\c` or a wrong directive stopped it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Printed {
    pub status: u8,
}

struct Directive {
    minus: bool,
    plus: bool,
    space: bool,
    zero: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

struct Printer<'a> {
    args: std::slice::Iter<'a, &'a [u8]>,
    out: &'a mut Vec<u8>,
    host: &'a mut dyn Host,
    status: u8,
    bytes_max: usize,
}

enum Flow {
    On,
    Stop,
}

/// Prints to `out`, at most `bytes_max` bytes.
pub fn printf<W: AsRef<[u8]>>(
    format: &[u8],
    args: &[W],
    out: &mut Vec<u8>,
    bytes_max: usize,
    host: &mut dyn Host,
) -> Printed {
    let args: Vec<&[u8]> = args.iter().map(AsRef::as_ref).collect();
    let mut printer = Printer { args: args.iter(), out, host, status: 0, bytes_max };
    loop {
        let before = printer.args.len();
        if matches!(printer.once(format), Flow::Stop) || printer.args.len() == 0 {
            break;
        }
        // A format that takes no argument is printed once.
        if printer.args.len() == before {
            break;
        }
        if printer.out.len() > printer.bytes_max {
            printer.fault(&Fault::TooLarge);
            break;
        }
    }
    Printed { status: printer.status }
}

impl<'a> Printer<'a> {
    fn fault(&mut self, fault: &Fault<'_>) {
        self.status = 1;
        self.host.fault(fault);
    }

    fn escape_fault(host: &mut dyn Host, fault: escape::Fault) {
        host.fault(&match fault {
            escape::Fault::NoHexDigit => Fault::NoHexDigit,
            escape::Fault::NoUnicodeDigit(letter) => Fault::NoUnicodeDigit(letter),
        });
    }

    fn once(&mut self, format: &[u8]) -> Flow {
        let mut rest = format;
        while let Some(at) = memchr::memchr2(b'%', b'\\', rest) {
            self.out.extend_from_slice(&rest[..at]);
            let special = rest[at];
            rest = &rest[at..];
            if special == b'\\' {
                let host = &mut *self.host;
                let step = escape::one(&rest[1..], Style::Format, self.out, &mut |fault| {
                    Self::escape_fault(host, fault);
                });
                let Step::Took(taken) = step else { return Flow::Stop };
                rest = &rest[1 + taken..];
            } else {
                match self.directive(rest) {
                    Some(length) => rest = &rest[length..],
                    None => return Flow::Stop,
                }
            }
        }
        self.out.extend_from_slice(rest);
        Flow::On
    }

    /// Prints the directive that `text` starts with; its length, or `None` to stop.
    fn directive(&mut self, text: &[u8]) -> Option<usize> {
        if text.get(1) == Some(&b'%') {
            self.out.push(b'%');
            return Some(2);
        }
        let mut at = 1;
        let mut directive = Directive {
            minus: false,
            plus: false,
            space: false,
            zero: false,
            alternate: false,
            width: 0,
            precision: None,
        };
        while let Some(flag) = text.get(at) {
            match flag {
                b'-' => directive.minus = true,
                b'+' => directive.plus = true,
                b' ' => directive.space = true,
                b'0' => directive.zero = true,
                b'#' => directive.alternate = true,
                b'\'' => {}
                _ => break,
            }
            at += 1;
        }
        if text.get(at) == Some(&b'*') {
            at += 1;
            let width = self.star();
            directive.minus |= width < 0;
            directive.width = width.unsigned_abs() as usize;
        } else {
            directive.width = digits(text, &mut at);
        }
        if text.get(at) == Some(&b'.') {
            at += 1;
            if text.get(at) == Some(&b'*') {
                at += 1;
                directive.precision = usize::try_from(self.star()).ok();
            } else if text.get(at) == Some(&b'-') {
                at += 1;
                digits(text, &mut at);
            } else {
                directive.precision = Some(digits(text, &mut at));
            }
        }
        while text.get(at).is_some_and(|letter| b"hjlLtz".contains(letter)) {
            at += 1;
        }
        let Some(&conversion) = text.get(at) else {
            self.fault(&Fault::NoConversion(text));
            return None;
        };
        let most = directive.width.max(directive.precision.unwrap_or(0));
        if self.out.len().saturating_add(most) > self.bytes_max {
            self.fault(&Fault::TooLarge);
            return None;
        }
        at += 1;
        match conversion {
            b's' => {
                let argument = self.next_text();
                let shown = directive
                    .precision
                    .map_or(argument, |max| &argument[..max.min(argument.len())]);
                self.pad(shown, &directive);
            }
            b'c' => {
                let argument = self.next_text();
                let byte = argument.first().copied().unwrap_or(0);
                self.pad(&[byte], &directive);
            }
            b'b' => {
                let argument = self.next_text();
                let mut text = Vec::with_capacity(argument.len());
                let style = self.host.argument_style();
                let host = &mut *self.host;
                let on = escape::all(argument, style, &mut text, &mut |fault| {
                    Self::escape_fault(host, fault);
                });
                text.truncate(directive.precision.unwrap_or(usize::MAX));
                self.pad(&text, &directive);
                if !on {
                    return None;
                }
            }
            b'q' | b'Q' => {
                let mut argument = self.next_text();
                if conversion == b'Q' {
                    argument =
                        &argument[..directive.precision.unwrap_or(usize::MAX).min(argument.len())];
                }
                let mut text = self.host.quote(argument);
                if conversion == b'q' {
                    text.truncate(directive.precision.unwrap_or(usize::MAX));
                }
                self.pad(&text, &directive);
            }
            b'd' | b'i' => {
                let value = self.signed();
                self.integer(value < 0, value.unsigned_abs(), conversion, &directive);
            }
            b'u' | b'o' | b'x' | b'X' => {
                let value = self.unsigned();
                self.integer(false, value, conversion, &directive);
            }
            b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'a' | b'A' => {
                let value = self.float();
                self.real(value, conversion, &directive);
            }
            b'(' => {
                let Some((format, length)) = time_format(&text[at..]) else {
                    // Without its `)T` the text is printed as it stands, with a warning.
                    let close = text[at..].iter().position(|byte| *byte == b')');
                    let after = close.and_then(|close| text.get(at + close + 1).copied());
                    self.host.fault(&Fault::NotTime(after));
                    self.out.extend_from_slice(&text[..at]);
                    return Some(at);
                };
                let seconds = if self.args.len() == 0 { -1 } else { self.signed() };
                let mut shown = self.host.time(format, seconds);
                shown.truncate(directive.precision.unwrap_or(usize::MAX));
                self.pad(&shown, &directive);
                at += length;
            }
            b'n' if self.host.counts() => {
                let name = self.next_text();
                self.host.count(name, self.out.len());
            }
            _ => {
                self.status = 1;
                self.host.bad_directive(text.get(..at).unwrap_or(text));
                return None;
            }
        }
        Some(at)
    }

    /// What a quoted character stands for; a lone quote may be none.
    fn character(&mut self, argument: &[u8]) -> Option<i64> {
        if matches!(argument, b"'" | b"\"") && !self.host.takes_lone_quotes() {
            self.fault(&Fault::NotNumber(argument, 10));
        }
        character(argument)
    }

    fn next_text(&mut self) -> &'a [u8] {
        self.args.next().copied().unwrap_or_default()
    }

    /// The value of a `*`, which bash holds in an int.
    fn star(&mut self) -> i32 {
        let value = self.signed();
        i32::try_from(value).unwrap_or(if value < 0 { i32::MIN + 1 } else { i32::MAX })
    }

    fn signed(&mut self) -> i64 {
        let Some(&argument) = self.args.next() else { return 0 };
        if let Some(code) = self.character(argument) {
            return code;
        }
        let (negative, magnitude, ok, base) = parse_integer(argument);
        let value = match (negative, magnitude) {
            (_, None) => None,
            (false, Some(magnitude)) => i64::try_from(magnitude).ok(),
            (true, Some(magnitude)) => 0i64.checked_sub_unsigned(magnitude),
        };
        if !ok {
            self.fault(&Fault::NotNumber(argument, base));
        } else if value.is_none() {
            self.host.fault(&Fault::OutOfRange(argument));
        }
        value.unwrap_or(if negative { i64::MIN } else { i64::MAX })
    }

    fn unsigned(&mut self) -> u64 {
        let Some(&argument) = self.args.next() else { return 0 };
        if let Some(code) = self.character(argument) {
            return code as u64;
        }
        let (negative, magnitude, ok, base) = parse_integer(argument);
        if !ok {
            self.fault(&Fault::NotNumber(argument, base));
        } else if magnitude.is_none() {
            self.host.fault(&Fault::OutOfRange(argument));
        }
        match magnitude {
            None => u64::MAX,
            Some(magnitude) if negative => magnitude.wrapping_neg(),
            Some(magnitude) => magnitude,
        }
    }

    fn float(&mut self) -> Extended {
        let Some(&argument) = self.args.next() else { return Extended::ZERO };
        if let Some(code) = self.character(argument) {
            return Extended::from_i64(code);
        }
        let read = Extended::read(argument);
        if read.length < argument.len() || (read.length == 0 && !argument.is_empty()) {
            self.fault(&Fault::NotNumber(argument, 10));
        } else if read.out_of_range {
            self.host.fault(&Fault::OutOfRange(argument));
        }
        read.value
    }

    fn pad(&mut self, text: &[u8], directive: &Directive) {
        let blanks = directive.width.saturating_sub(text.len());
        if !directive.minus {
            self.out.extend(std::iter::repeat_n(b' ', blanks));
        }
        self.out.extend_from_slice(text);
        if directive.minus {
            self.out.extend(std::iter::repeat_n(b' ', blanks));
        }
    }

    fn integer(&mut self, negative: bool, value: u64, conversion: u8, directive: &Directive) {
        let mut digits = match conversion {
            b'o' => format!("{value:o}"),
            b'x' => format!("{value:x}"),
            b'X' => format!("{value:X}"),
            _ => value.to_string(),
        };
        if value == 0 && directive.precision == Some(0) {
            digits.clear();
        }
        if let Some(precision) = directive.precision {
            let zeros = precision.saturating_sub(digits.len());
            digits.insert_str(0, &"0".repeat(zeros));
        }
        if conversion == b'o' && directive.alternate && !digits.starts_with('0') {
            digits.insert(0, '0');
        }
        let prefix = match conversion {
            b'x' if directive.alternate && value != 0 => "0x",
            b'X' if directive.alternate && value != 0 => "0X",
            b'd' | b'i' => sign(negative, directive),
            _ => "",
        };
        let zero = directive.zero && directive.precision.is_none();
        self.number(prefix, digits.as_bytes(), zero, directive);
    }

    fn real(&mut self, value: Extended, conversion: u8, directive: &Directive) {
        let text = value.format(conversion, directive.precision, directive.alternate);
        let finite = matches!(value.kind, Kind::Finite { .. });
        self.number(sign(value.negative, directive), &text, directive.zero && finite, directive);
    }

    fn number(&mut self, prefix: &str, digits: &[u8], zero: bool, directive: &Directive) {
        // Zeros go between the sign (or `0x`) and the digits.
        let (base, digits) = match digits.strip_prefix(b"0x").filter(|_| zero) {
            Some(rest) => ("0x", rest),
            None => ("", digits),
        };
        let length = prefix.len() + base.len() + digits.len();
        let fill = directive.width.saturating_sub(length);
        let zero = zero && !directive.minus;
        if !directive.minus && !zero {
            self.out.extend(std::iter::repeat_n(b' ', fill));
        }
        self.out.extend_from_slice(prefix.as_bytes());
        self.out.extend_from_slice(base.as_bytes());
        if zero {
            self.out.extend(std::iter::repeat_n(b'0', fill));
        }
        self.out.extend_from_slice(digits);
        if directive.minus {
            self.out.extend(std::iter::repeat_n(b' ', fill));
        }
    }
}

fn sign(negative: bool, directive: &Directive) -> &'static str {
    match (negative, directive.plus, directive.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        _ => "",
    }
}

fn digits(text: &[u8], at: &mut usize) -> usize {
    let mut value = 0usize;
    while let Some(digit) = text.get(*at).filter(|byte| byte.is_ascii_digit()) {
        value = value.saturating_mul(10).saturating_add(usize::from(digit - b'0'));
        *at += 1;
    }
    value
}

/// The format of `%(FORMAT)T` and how long that is after the `(`. Parentheses inside must match.
fn time_format(text: &[u8]) -> Option<(&[u8], usize)> {
    let mut depth = 1;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (text.get(at + 1) == Some(&b'T')).then(|| (&text[..at], at + 2));
        }
    }
    None
}

/// `'A` and `"A`: the number of the character.
fn character(argument: &[u8]) -> Option<i64> {
    let rest = argument.strip_prefix(b"'").or_else(|| argument.strip_prefix(b"\""))?;
    let (letter, _) = bstr::decode_utf8(rest);
    Some(match (letter, rest.first()) {
        (Some(letter), _) => i64::from(u32::from(letter)),
        (None, Some(byte)) => i64::from(*byte),
        (None, None) => 0,
    })
}

/// Sign, magnitude (`None` past 64 bits), whether all was read, and the base.
fn parse_integer(argument: &[u8]) -> (bool, Option<u64>, bool, u32) {
    let text = argument.trim_ascii_start();
    let (negative, text) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let (base, digits) = match text {
        [b'0', b'x' | b'X', rest @ ..] if rest.first().is_some_and(u8::is_ascii_hexdigit) => {
            (16, rest)
        }
        [b'0', ..] => (8, text),
        _ => (10, text),
    };
    let mut value = Some(0u64);
    let mut taken = 0;
    for digit in digits.iter().map_while(|byte| (*byte as char).to_digit(base)) {
        value = value
            .and_then(|value| value.checked_mul(u64::from(base)))
            .and_then(|value| value.checked_add(u64::from(digit)));
        taken += 1;
    }
    // An empty argument counts as 0; so does one that is blank to its end after no digit.
    let ok = taken == digits.len() && (taken > 0 || argument.is_empty());
    let base = if matches!(text, [b'0', b'x' | b'X', ..]) { 16 } else { base };
    let base = if base == 8 && text.len() > 1 && !text[1].is_ascii_digit() { 10 } else { base };
    (negative, value, ok, base)
}

/// A fault in bash's words, without `printf: `.
#[must_use]
pub fn bash_message(fault: &Fault<'_>) -> Vec<u8> {
    let shown = |byte: &Option<u8>| byte.map(char::from).map_or(String::new(), String::from);
    match fault {
        Fault::NotNumber(word, base) => {
            let kind = match base {
                8 => "invalid octal number",
                16 => "invalid hex number",
                _ => "invalid number",
            };
            [word, ": ".as_bytes(), kind.as_bytes()].concat()
        }
        Fault::OutOfRange(word) => {
            [b"warning: ", *word, b": Numerical result out of range"].concat()
        }
        Fault::NoHexDigit => b"missing hex digit for \\x".to_vec(),
        Fault::NoUnicodeDigit(letter) => {
            format!("missing unicode digit for \\{}", *letter as char).into_bytes()
        }
        Fault::NotTime(after) => {
            format!("warning: `{}': invalid time format specification", shown(after)).into_bytes()
        }
        Fault::BadConversion(letter) => {
            [b"`".as_slice(), &[*letter], b"': invalid format character"].concat()
        }
        Fault::NoConversion(text) => {
            [b"`", text.as_bytes(), b"': missing format character"].concat()
        }
        Fault::TooLarge => b"output too large".to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::BString;

    #[derive(Default)]
    struct Said(Vec<String>);
    impl Host for Said {
        fn fault(&mut self, fault: &Fault<'_>) {
            self.0.push(String::from_utf8_lossy(&bash_message(fault)).into_owned());
        }
        fn time(&mut self, format: &[u8], seconds: i64) -> Vec<u8> {
            super::super::strftime::strftime(format, seconds, &jiff::tz::TimeZone::UTC)
        }
    }

    fn printed(format: &str, args: &[&str]) -> (String, u8, Vec<String>) {
        let args: Vec<BString> = args.iter().map(|arg| BString::from(*arg)).collect();
        let (mut out, mut said) = (Vec::new(), Said::default());
        let done = printf(format.as_bytes(), &args, &mut out, 1 << 20, &mut said);
        (String::from_utf8_lossy(&out).into_owned(), done.status, said.0)
    }

    /// Each answer is what bash 5.2 prints.
    #[test]
    fn directives_print_as_in_bash() {
        let table: &[(&str, &[&str], &str)] = &[
            (
                "%i %u %o %x %X",
                &["-5", "-5", "-5", "-5", "010"],
                "-5 18446744073709551611 1777777777777777777773 fffffffffffffffb 8",
            ),
            (
                "%5.2s|%-5c|%05d|%+d|% d|%#x|%.3d",
                &["abc", "x", "3", "4", "5", "255", "7"],
                "   ab|x    |00003|+4| 5|0xff|007",
            ),
            ("%d %s|", &["1", "a", "2"], "1 a|2 |"),
            ("%*d|%-*d|%.*f|", &["5", "1", "5", "1", "2", "3.14159"], "    1|1    |3.14|"),
            ("%b|", &["a\\tb\\0101\\x41"], "a\tbAA|"),
            ("%q|%10q", &["a b", "c"], "a\\ b|         c"),
            ("%(%Y-%m-%d)T", &["0"], "1970-01-01"),
            ("\\101\\0101\\8", &[], "A\u{8}1\\8"),
            ("%d %d", &["'A", "\"é"], "65 233"),
            ("%s\\n", &[], "\n"),
            ("%-05d|%x", &["3"], "3    |0"),
        ];
        for (format, args, want) in table {
            assert_eq!(printed(format, args).0, *want, "{format}");
        }
    }

    #[test]
    fn faults_are_bashs() {
        let table = [
            ("%d", "abc", "0", 1, "abc: invalid number"),
            ("%d", "3x", "3", 1, "3x: invalid number"),
            ("%d", "0x1g", "1", 1, "0x1g: invalid hex number"),
            ("%d", "08", "0", 1, "08: invalid octal number"),
            ("%d", "0b1", "0", 1, "0b1: invalid number"),
            ("%y", "", "", 1, "`y': invalid format character"),
            ("a%5", "", "a", 1, "`%5': missing format character"),
        ];
        for (format, arg, out, status, message) in table {
            assert_eq!(printed(format, &[arg]), (out.into(), status, vec![message.to_owned()]));
        }
        let (out, status, _) = printed("%d", &["99999999999999999999"]);
        assert_eq!((out.as_str(), status), ("9223372036854775807", 0));
        assert_eq!(printed("%99999999d", &["1"]).1, 1);
    }
}
