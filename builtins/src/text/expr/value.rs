//! Values: strings that may be numbers of any size.

use std::cmp::Ordering;

use num_bigint::BigInt;

use crate::prelude::*;

#[derive(Debug, Clone)]
pub(super) enum Value {
    Number(BigInt),
    Text(BString),
}

impl Value {
    pub fn number(number: i64) -> Self {
        Self::Number(number.into())
    }

    pub fn count(count: usize) -> Self {
        Self::Number(count.into())
    }

    pub fn text(&self) -> Vec<u8> {
        match self {
            Self::Number(number) => number.to_string().into_bytes(),
            Self::Text(text) => text.to_vec(),
        }
    }

    /// Nothing, or zero however it is written.
    pub fn is_null(&self) -> bool {
        match self {
            Self::Number(number) => *number == BigInt::ZERO,
            Self::Text(text) => {
                let digits = text.strip_prefix(b"-").unwrap_or(text);
                text.is_empty() || (!digits.is_empty() && digits.iter().all(|&digit| digit == b'0'))
            }
        }
    }

    fn as_number(&self) -> Option<BigInt> {
        match self {
            Self::Number(number) => Some(number.clone()),
            Self::Text(text) => {
                let digits = text.strip_prefix(b"-").unwrap_or(text);
                if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
                    return None;
                }
                BigInt::parse_bytes(text, 10)
            }
        }
    }

    /// Where in a string, or how much of it; beyond all strings if it is huge.
    pub fn position(&self) -> Option<usize> {
        let number = self.as_number()?;
        if number < BigInt::ZERO {
            return None;
        }
        Some(usize::try_from(&number).unwrap_or(usize::MAX))
    }

    /// As numbers if both are, else as strings.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self.as_number(), other.as_number()) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => self.text().cmp(&other.text()),
        }
    }

    pub fn calculate(&self, operator: &str, other: &Self) -> Result<Self, &'static str> {
        let (Some(left), Some(right)) = (self.as_number(), other.as_number()) else {
            return Err("non-integer argument");
        };
        Ok(Self::Number(match operator {
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            _ if right == BigInt::ZERO => return Err("division by zero"),
            "/" => left / right,
            _ => left % right,
        }))
    }
}
