//! Decimal numbers: an integer and how many of its digits stand after the point.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};

/// How many digits a number may have.
pub(super) const DIGITS_MAX: usize = 1_000_000;

/// A result would have more digits than [`DIGITS_MAX`].
#[derive(Debug, Clone, Copy)]
pub(super) struct TooLong;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    pub digits: BigInt,
    pub scale: usize,
}

pub(super) fn power_of_ten(exponent: usize) -> BigInt {
    BigInt::from(10u32).pow(u32::try_from(exponent).unwrap_or(u32::MAX))
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self { digits: number.into(), scale: 0 }
    }
}

impl Number {
    pub fn is_zero(&self) -> bool {
        self.digits.sign() == Sign::NoSign
    }

    pub fn is_negative(&self) -> bool {
        self.digits.sign() == Sign::Minus
    }

    /// The same number with `scale` digits after the point; what is beyond them is cut off.
    pub fn rescaled(&self, scale: usize) -> Self {
        let digits = match scale.cmp(&self.scale) {
            Ordering::Equal => self.digits.clone(),
            Ordering::Greater => &self.digits * power_of_ten(scale - self.scale),
            Ordering::Less => &self.digits / power_of_ten(self.scale - scale),
        };
        Self { digits, scale }
    }

    fn aligned(&self, other: &Self) -> (BigInt, BigInt, usize) {
        let scale = self.scale.max(other.scale);
        (self.rescaled(scale).digits, other.rescaled(scale).digits, scale)
    }

    pub fn compare(&self, other: &Self) -> Ordering {
        let (one, two, _) = self.aligned(other);
        one.cmp(&two)
    }

    pub fn add(&self, other: &Self) -> Self {
        let (one, two, scale) = self.aligned(other);
        Self { digits: one + two, scale }
    }

    pub fn negated(&self) -> Self {
        Self { digits: -&self.digits, scale: self.scale }
    }

    pub fn subtract(&self, other: &Self) -> Self {
        self.add(&other.negated())
    }

    pub fn multiply(&self, other: &Self, scale: usize) -> Result<Self, TooLong> {
        room(self.length() + other.length())?;
        let full = Self { digits: &self.digits * &other.digits, scale: self.scale + other.scale };
        let wanted = full.scale.min(scale.max(self.scale).max(other.scale));
        Ok(full.rescaled(wanted))
    }

    /// The quotient with `scale` digits; the divisor is not zero.
    pub fn divide(&self, other: &Self, scale: usize) -> Result<Self, TooLong> {
        room(self.length() + other.scale + scale)?;
        let shifted = &self.digits * power_of_ten(scale + other.scale);
        let divisor = &other.digits * power_of_ten(self.scale);
        Ok(Self { digits: shifted / divisor, scale })
    }

    /// What a division to `scale` digits leaves.
    pub fn modulo(&self, other: &Self, scale: usize) -> Result<Self, TooLong> {
        let quotient = self.divide(other, scale)?;
        let wanted = self.scale.max(scale + other.scale);
        let product =
            Self { digits: quotient.digits * &other.digits, scale: quotient.scale + other.scale };
        Ok(self.subtract(&product).rescaled(wanted))
    }

    /// `exponent` is the whole part of the exponent.
    pub fn power(&self, exponent: i64, scale: usize) -> Result<Self, TooLong> {
        if exponent == 0 {
            return Ok(1.into());
        }
        let times = usize::try_from(exponent.unsigned_abs()).map_err(|_| TooLong)?;
        let length = if self.is_unit() { 1 } else { self.length() };
        room(length.saturating_mul(times))?;
        let count = u32::try_from(times).map_err(|_| TooLong)?;
        let full = Self { digits: self.digits.pow(count), scale: self.scale.saturating_mul(times) };
        if exponent < 0 {
            return Self::from(1).divide(&full, scale);
        }
        let wanted = full.scale.min(scale.max(self.scale));
        Ok(full.rescaled(wanted))
    }

    fn is_unit(&self) -> bool {
        self.scale == 0 && self.digits.magnitude() <= &1u32.into()
    }

    /// The root of a number that is not negative.
    pub fn root(&self, scale: usize) -> Result<Self, TooLong> {
        let wanted = scale.max(self.scale);
        room(self.length() / 2 + wanted * 2)?;
        let shifted = self.rescaled(wanted * 2);
        Ok(Self { digits: shifted.digits.sqrt(), scale: wanted })
    }

    /// An upper bound of the number of digits, cheaply.
    pub fn length(&self) -> usize {
        let bits = usize::try_from(self.digits.bits()).unwrap_or(usize::MAX / 2);
        (bits / 3 + 1).max(self.scale)
    }

    /// What `length` says: all digits that count.
    pub fn digit_count(&self) -> usize {
        let text = self.digits.magnitude().to_string();
        let whole = text.len().saturating_sub(self.scale);
        if text.len() <= self.scale || self.is_zero() {
            return self.scale.max(1);
        }
        whole + self.scale
    }

    /// The whole part, if it is not too large.
    pub fn whole(&self) -> Option<i64> {
        i64::try_from(self.rescaled(0).digits).ok()
    }
}

/// # Errors
/// [`TooLong`] if a result of about `digits` digits is too long.
pub(super) fn room(digits: usize) -> Result<(), TooLong> {
    if digits > DIGITS_MAX * 4 { Err(TooLong) } else { Ok(()) }
}

/// Reads a constant in base `base`: a lone digit stands for itself, in others a digit that is too
/// large counts as the largest.
pub(super) fn read(text: &str, base: u32) -> Result<Number, TooLong> {
    let text = text.trim_start_matches('0');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    room(text.len())?;
    let digit = |letter: char| letter.to_digit(16).unwrap_or(0);
    if whole.len() + fraction.len() <= 1 && !text.contains('.') {
        return Ok(Number { digits: whole.chars().next().map_or(0, digit).into(), scale: 0 });
    }
    let value = |digits: &str| {
        if base == 10 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return digits.parse().unwrap_or_default();
        }
        digits
            .chars()
            .fold(BigInt::default(), |number, letter| number * base + digit(letter).min(base - 1))
    };
    let whole = value(whole);
    if fraction.is_empty() {
        return Ok(Number { digits: whole, scale: 0 });
    }
    let scale = fraction.len();
    let part = Number { digits: value(fraction), scale: 0 };
    let part = if base == 10 {
        Number { scale, ..part }
    } else {
        let count = u32::try_from(scale).unwrap_or(u32::MAX);
        let divisor = Number { digits: BigInt::from(base).pow(count), scale: 0 };
        part.divide(&divisor, scale)?
    };
    Ok(Number { digits: whole, scale: 0 }.add(&part))
}
