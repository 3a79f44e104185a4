//! The functions of `-l`. They compute with more digits than asked for and cut the rest off.

use num_bigint::BigInt;

use super::number::{Number, TooLong, power_of_ten, room};
use crate::cancel::Cancel;

/// Why there is no result.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    TooLong,
    Cancelled,
}

impl From<TooLong> for Fault {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

/// Fixed-point arithmetic with `places` digits after the point.
struct Fixed<'a> {
    places: usize,
    unit: BigInt,
    cancel: &'a Cancel,
}

impl<'a> Fixed<'a> {
    fn new(places: usize, cancel: &'a Cancel) -> Result<Self, Fault> {
        room(places)?;
        Ok(Self { places, unit: power_of_ten(places), cancel })
    }

    fn of(&self, number: &Number) -> BigInt {
        number.rescaled(self.places).digits
    }

    fn times(&self, one: &BigInt, two: &BigInt) -> BigInt {
        one * two / &self.unit
    }

    fn over(&self, one: &BigInt, two: &BigInt) -> BigInt {
        one * &self.unit / two
    }

    fn root(&self, of: &BigInt) -> BigInt {
        (of * &self.unit).sqrt()
    }

    fn result(&self, value: BigInt, scale: usize) -> Number {
        Number { digits: value, scale: self.places }.rescaled(scale)
    }

    /// Adds up terms, each made from the one before, until they vanish.
    fn series(
        &self,
        first: BigInt,
        mut next: impl FnMut(&BigInt, u32) -> BigInt,
        of: impl Fn(&BigInt, u32) -> BigInt,
    ) -> Result<BigInt, Fault> {
        let mut term = first;
        let mut sum = of(&term, 0);
        let mut count = 0;
        let zero = BigInt::default();
        while term != zero {
            if self.cancel.is_cancelled() {
                return Err(Fault::Cancelled);
            }
            count += 1;
            term = next(&term, count);
            sum += of(&term, count);
        }
        Ok(sum)
    }

    /// The angle whose tangent is `x`.
    fn arctangent(&self, x: &BigInt) -> Result<BigInt, Fault> {
        // Halving the angle three times makes the series short.
        let mut x = x.clone();
        for _ in 0..3 {
            let root = self.root(&(&self.unit + self.times(&x, &x)));
            x = self.over(&x, &(&self.unit + root));
        }
        let square = self.times(&x, &x);
        let sum = self.series(
            x,
            |term, _| -self.times(term, &square),
            |term, count| term / (2 * count + 1),
        )?;
        Ok(sum * 8u32)
    }

    fn pi(&self) -> Result<BigInt, Fault> {
        Ok(self.arctangent(&self.unit)? * 4u32)
    }
}

const GUARD: usize = 12;

/// How many digits the whole part has, about.
fn whole_digits(x: &Number) -> usize {
    x.length().saturating_sub(x.scale)
}

pub(super) fn exponential(x: &Number, scale: usize, cancel: &Cancel) -> Result<Number, Fault> {
    // e^x has about 0.44 x digits.
    let size = x.whole().ok_or(Fault::TooLong)?.unsigned_abs();
    let digits = usize::try_from(size / 2).map_err(|_| Fault::TooLong)?;
    let fixed = Fixed::new(scale + digits + GUARD + 8, cancel)?;
    let halvings = 64 - size.leading_zeros() + 4;
    let small = fixed.of(x) / BigInt::from(2u32).pow(halvings);
    let sum = fixed.series(
        fixed.unit.clone(),
        |term, count| fixed.times(term, &small) / count,
        |term, _| term.clone(),
    )?;
    let mut value = sum;
    for _ in 0..halvings {
        value = fixed.times(&value, &value);
    }
    Ok(fixed.result(value, scale))
}

pub(super) fn logarithm(x: &Number, scale: usize, cancel: &Cancel) -> Result<Number, Fault> {
    if x.is_zero() || x.is_negative() {
        // As bc has it: (1 - 10^scale) / 1.
        let value = BigInt::from(1) - power_of_ten(scale);
        return Ok(Number { digits: value, scale: 0 }.rescaled(scale));
    }
    let fixed = Fixed::new(scale + whole_digits(x) + x.scale + GUARD, cancel)?;
    let mut value = fixed.of(x);
    let mut doublings = 0u32;
    let near = &fixed.unit / 8u32;
    loop {
        let distance = &value - &fixed.unit;
        if distance.magnitude() <= near.magnitude() {
            break;
        }
        if cancel.is_cancelled() {
            return Err(Fault::Cancelled);
        }
        value = fixed.root(&value);
        doublings += 1;
    }
    let y = fixed.over(&(&value - &fixed.unit), &(&value + &fixed.unit));
    let square = fixed.times(&y, &y);
    let sum = fixed.series(
        y,
        |term, _| fixed.times(term, &square),
        |term, count| term / (2 * count + 1),
    )?;
    let value = sum * BigInt::from(2u32).pow(doublings + 1);
    Ok(fixed.result(value, scale))
}

/// The sine, or with `quarter` the cosine.
fn circular(x: &Number, scale: usize, quarter: bool, cancel: &Cancel) -> Result<Number, Fault> {
    let fixed = Fixed::new(scale + whole_digits(x) + GUARD, cancel)?;
    let pi = fixed.pi()?;
    let mut angle = fixed.of(x);
    if quarter {
        angle += &pi / 2u32;
    }
    let turn = &pi * 2u32;
    angle %= &turn;
    let square = fixed.times(&angle, &angle);
    let sum = fixed.series(
        angle,
        |term, count| -(fixed.times(term, &square) / (2 * count) / (2 * count + 1)),
        |term, _| term.clone(),
    )?;
    Ok(fixed.result(sum, scale))
}

pub(super) fn sine(x: &Number, scale: usize, cancel: &Cancel) -> Result<Number, Fault> {
    if x.is_zero() { Ok(0.into()) } else { circular(x, scale, false, cancel) }
}

pub(super) fn cosine(x: &Number, scale: usize, cancel: &Cancel) -> Result<Number, Fault> {
    // The only one that is a whole number.
    if x.is_zero() { Ok(Number::from(1).rescaled(scale)) } else { circular(x, scale, true, cancel) }
}

pub(super) fn arctangent(x: &Number, scale: usize, cancel: &Cancel) -> Result<Number, Fault> {
    if x.is_zero() {
        return Ok(0.into());
    }
    let fixed = Fixed::new(scale + whole_digits(x) + GUARD, cancel)?;
    let value = fixed.arctangent(&fixed.of(x))?;
    Ok(fixed.result(value, scale))
}

pub(super) fn bessel(
    order: &Number,
    x: &Number,
    scale: usize,
    cancel: &Cancel,
) -> Result<Number, Fault> {
    let order = order.whole().ok_or(Fault::TooLong)?;
    let count = u32::try_from(order.unsigned_abs()).map_err(|_| Fault::TooLong)?;
    room(usize::try_from(count).unwrap_or(usize::MAX))?;
    let size = usize::try_from(x.whole().ok_or(Fault::TooLong)?.unsigned_abs())
        .map_err(|_| Fault::TooLong)?;
    let fixed = Fixed::new(scale + size + whole_digits(x) + GUARD, cancel)?;
    let half = fixed.of(x) / 2u32;
    let mut first = fixed.unit.clone();
    for step in 1..=count {
        if cancel.is_cancelled() {
            return Err(Fault::Cancelled);
        }
        first = fixed.times(&first, &half) / step;
    }
    let square = fixed.times(&half, &half);
    let sum = fixed.series(
        first,
        |term, step| -(fixed.times(term, &square) / step / (step + count)),
        |term, _| term.clone(),
    )?;
    let odd = order < 0 && count % 2 == 1;
    Ok(fixed.result(if odd { -sum } else { sum }, scale))
}
