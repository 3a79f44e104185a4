//! Exact fractions: what is scaled by thousands must not be rounded on the way.

use num_bigint::BigInt;

/// How a fraction becomes whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    Up,
    Down,
    FromZero,
    TowardsZero,
    Nearest,
}

/// A fraction. The denominator is positive.
#[derive(Debug, Clone)]
pub(super) struct Ratio {
    above: BigInt,
    below: BigInt,
}

pub(super) fn ten_to(power: usize) -> BigInt {
    BigInt::from(10).pow(u32::try_from(power).unwrap_or(u32::MAX))
}

impl Ratio {
    /// `digits` with the last `places` of them after the point.
    pub fn decimal(digits: BigInt, places: usize) -> Self {
        Self { above: digits, below: ten_to(places) }
    }

    pub fn times(mut self, factor: &BigInt) -> Self {
        self.above *= factor;
        self
    }

    pub fn over(mut self, divisor: &BigInt) -> Self {
        self.below *= divisor;
        self
    }

    pub fn is_zero(&self) -> bool {
        self.above == BigInt::ZERO
    }

    fn is_negative(&self) -> bool {
        self.above < BigInt::ZERO
    }

    /// Whether it is less than `bound`, but for its sign.
    pub fn is_below(&self, bound: u32) -> bool {
        let above = if self.is_negative() { -&self.above } else { self.above.clone() };
        above < &self.below * bound
    }

    /// How many times ten goes into it before it is below ten.
    pub fn magnitude(&self) -> usize {
        let mut divided = self.clone();
        let mut power = 0;
        while !divided.is_below(10) {
            divided.below *= 10;
            power += 1;
        }
        power
    }

    pub fn round(&self, how: Round) -> BigInt {
        let whole = &self.above / &self.below;
        let rest = &self.above % &self.below;
        if rest == BigInt::ZERO {
            return whole;
        }
        let negative = self.is_negative();
        let away = match how {
            Round::Up => !negative,
            Round::Down => negative,
            Round::FromZero => true,
            Round::TowardsZero => false,
            Round::Nearest => {
                let rest = if negative { -&rest } else { rest };
                rest * 2 >= self.below
            }
        };
        match (away, negative) {
            (false, _) => whole,
            (true, false) => whole + 1,
            (true, true) => whole - 1,
        }
    }

    /// As `printf` would write it: with so many places, halves to even.
    pub fn fixed(&self, places: usize) -> String {
        let negative = self.is_negative();
        let above = if negative { -&self.above } else { self.above.clone() };
        let scaled = above * ten_to(places);
        let mut whole = &scaled / &self.below;
        let twice = (&scaled % &self.below) * 2;
        if twice > self.below || (twice == self.below && &whole % 2 != BigInt::ZERO) {
            whole += 1;
        }
        let mut digits = whole.to_string();
        if digits.len() <= places {
            digits.insert_str(0, &"0".repeat(places + 1 - digits.len()));
        }
        if places > 0 {
            digits.insert(digits.len() - places, '.');
        }
        if negative { format!("-{digits}") } else { digits }
    }

    /// As `%g` would write it.
    pub fn general(&self) -> String {
        let magnitude = self.magnitude();
        if magnitude < 6 {
            let text = self.fixed(5 - magnitude);
            let text = if text.contains('.') { text.trim_end_matches('0') } else { &text };
            return text.trim_end_matches('.').into();
        }
        let mut magnitude = magnitude;
        let mut text = self.clone().over(&ten_to(magnitude)).fixed(5);
        // What is rounded up to ten has one more digit in front.
        if text.trim_start_matches('-').starts_with("10") {
            magnitude += 1;
            text = self.clone().over(&ten_to(magnitude)).fixed(5);
        }
        let text = text.trim_end_matches('0').trim_end_matches('.');
        format!("{text}e+{magnitude:02}")
    }
}
