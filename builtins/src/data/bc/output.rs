//! Prints numbers in any base, and breaks long lines.

use num_bigint::BigInt;

use super::number::{Number, power_of_ten};
use crate::prelude::*;

/// Standard output with the column that it is in.
#[derive(Debug)]
pub(super) struct Printer {
    column: usize,
    /// 0: lines are never broken.
    width: usize,
}

impl Printer {
    pub fn new(width: usize) -> Self {
        Self { column: 0, width }
    }

    /// A number's characters; a backslash ends a line that is full.
    pub fn number(&mut self, number: &Number, base: u32, out: &mut Output) -> FsResult<()> {
        let mut text = Vec::new();
        for letter in shown(number, base).bytes() {
            self.column += 1;
            if self.width > 0 && self.column == self.width - 1 {
                text.extend_from_slice(b"\\\n");
                self.column = 1;
            }
            text.push(letter);
        }
        out.put(&text)
    }

    pub fn text(&mut self, text: &[u8], out: &mut Output) -> FsResult<()> {
        match text.rfind_byte(b'\n') {
            Some(last) => self.column = text.len() - last - 1,
            None => self.column += text.len(),
        }
        out.put(text)
    }
}

fn shown(number: &Number, base: u32) -> String {
    if number.is_zero() {
        return "0".into();
    }
    let sign = if number.is_negative() { "-" } else { "" };
    if base == 10 {
        let digits = number.digits.magnitude().to_string();
        if number.scale == 0 {
            return format!("{sign}{digits}");
        }
        let padded = format!("{digits:0>width$}", width = number.scale);
        let (whole, fraction) = padded.split_at(padded.len() - number.scale);
        return format!("{sign}{whole}.{fraction}");
    }
    let unit = power_of_ten(number.scale);
    let magnitude = BigInt::from(number.digits.magnitude().clone());
    let whole = &magnitude / &unit;
    let mut text = sign.to_owned();
    for digit in digits_of(whole, base) {
        push_digit(digit, base, true, &mut text);
    }
    if number.scale > 0 {
        text.push('.');
        let mut fraction = magnitude % &unit;
        // As many digits as it takes to tell the fraction as exactly as its decimal digits do.
        let mut reach = BigInt::from(1u32);
        let limit = &unit;
        let mut first = true;
        while &reach < limit {
            fraction *= base;
            let digit = &fraction / &unit;
            fraction %= &unit;
            push_digit(u32::try_from(digit).unwrap_or(0), base, !first, &mut text);
            first = false;
            reach *= base;
        }
    }
    text
}

/// The digits of a number that is not negative, the highest first; none for zero.
fn digits_of(number: BigInt, base: u32) -> Vec<u32> {
    if base <= 256 {
        let (_, digits) = number.to_radix_be(base);
        let digits: Vec<u32> = digits.into_iter().map(u32::from).collect();
        return if digits == [0] { Vec::new() } else { digits };
    }
    let mut digits = Vec::new();
    let mut rest = number;
    let zero = BigInt::default();
    while rest > zero {
        digits.push(u32::try_from(&rest % base).unwrap_or(0));
        rest /= base;
    }
    digits.reverse();
    digits
}

/// A hexadecimal digit; above base 16 a decimal number of fixed width after a blank.
fn push_digit(digit: u32, base: u32, blank: bool, text: &mut String) {
    if base <= 16 {
        text.push(char::from_digit(digit, 16).unwrap_or('0').to_ascii_uppercase());
        return;
    }
    if blank {
        text.push(' ');
    }
    let width = (base - 1).to_string().len();
    text.push_str(&format!("{digit:0>width$}"));
}
