//! Prime factors: small primes first, then Pollard's rho (Brent's form) with Miller and Rabin's
//! test. Numbers below 2^64 are worked on in machine words.

use num_bigint::BigUint;

use crate::prelude::*;

/// How many steps go by between two looks at the cancel and two common divisors.
const STEPS: usize = 128;

/// Trial divisors reach to here.
const SMALL_MAX: u64 = 1 << 12;

/// All prime factors, in ascending order.
pub(super) fn factors(ctx: &Context<'_>, number: &BigUint) -> Result<Vec<BigUint>, CommandError> {
    let mut found = Vec::new();
    let mut rest = number.clone();
    if rest == BigUint::ZERO || rest == BigUint::from(1u8) {
        return Ok(found);
    }
    let mut divisor = 2u64;
    while divisor < SMALL_MAX {
        while &rest % divisor == BigUint::ZERO {
            rest /= divisor;
            found.push(divisor.into());
        }
        divisor += if divisor == 2 { 1 } else { 2 };
    }
    let one = BigUint::from(1u8);
    let mut open = if rest == one { Vec::new() } else { vec![rest] };
    while let Some(number) = open.pop() {
        ctx.check()?;
        let small = u64::try_from(&number).ok();
        let prime = match small {
            Some(small) => is_prime_word(small),
            None => is_prime(ctx, &number)?,
        };
        if prime {
            found.push(number);
            continue;
        }
        let divisor = match small {
            Some(small) => divisor_word(ctx, small)?.into(),
            None => divisor_of(ctx, &number)?,
        };
        open.push(&number / &divisor);
        open.push(divisor);
    }
    found.sort();
    Ok(found)
}

fn times(a: u64, b: u64, modulus: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(modulus)) as u64
}

fn power(mut base: u64, mut exponent: u64, modulus: u64) -> u64 {
    let mut result = 1;
    base %= modulus;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, base, modulus);
        }
        base = times(base, base, modulus);
        exponent >>= 1;
    }
    result
}

/// The witnesses that decide for every number below 2^64.
const WITNESSES: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];

fn is_prime_word(number: u64) -> bool {
    if number < SMALL_MAX * SMALL_MAX {
        // All smaller factors have been taken out.
        return true;
    }
    let twos = (number - 1).trailing_zeros();
    let odd = (number - 1) >> twos;
    WITNESSES.iter().all(|&witness| {
        let mut x = power(witness, odd, number);
        if x == 1 || x == number - 1 {
            return true;
        }
        for _ in 1..twos {
            x = times(x, x, number);
            if x == number - 1 {
                return true;
            }
        }
        false
    })
}

fn common(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A divisor of a composite number, neither 1 nor the number.
fn divisor_word(ctx: &Context<'_>, number: u64) -> Result<u64, CommandError> {
    for constant in 1u64.. {
        let step = |x: u64| {
            ((u128::from(times(x, x, number)) + u128::from(constant)) % u128::from(number)) as u64
        };
        let (mut y, mut length, mut divisor) = (2u64, 1usize, 1u64);
        let (mut x, mut start) = (y, y);
        while divisor == 1 {
            x = y;
            for _ in 0..length {
                y = step(y);
            }
            let mut done = 0;
            while done < length && divisor == 1 {
                ctx.check()?;
                start = y;
                let mut product = 1;
                for _ in 0..STEPS.min(length - done) {
                    y = step(y);
                    product = times(product, x.abs_diff(y), number);
                }
                divisor = common(product, number);
                done += STEPS;
            }
            length *= 2;
        }
        if divisor == number {
            // Too many at once: go through the last piece one by one.
            divisor = 1;
            while divisor == 1 {
                start = step(start);
                divisor = common(x.abs_diff(start), number);
            }
        }
        if divisor != number {
            return Ok(divisor);
        }
    }
    Ok(1)
}

fn is_prime(ctx: &Context<'_>, number: &BigUint) -> Result<bool, CommandError> {
    let one = BigUint::from(1u8);
    let less = number - &one;
    let twos = less.trailing_zeros().unwrap_or(0);
    let odd = &less >> twos;
    // Enough that a composite number passes about never.
    let witnesses =
        WITNESSES.into_iter().chain([41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97]);
    'witness: for witness in witnesses {
        ctx.check()?;
        let mut x = BigUint::from(witness).modpow(&odd, number);
        if x == one || x == less {
            continue;
        }
        for _ in 1..twos {
            x = &x * &x % number;
            if x == less {
                continue 'witness;
            }
        }
        return Ok(false);
    }
    Ok(true)
}

fn common_divisor(a: &BigUint, b: &BigUint) -> BigUint {
    let (mut a, mut b) = (a.clone(), b.clone());
    while b != BigUint::ZERO {
        let rest = &a % &b;
        a = std::mem::replace(&mut b, rest);
    }
    a
}

fn distance(a: &BigUint, b: &BigUint) -> BigUint {
    if a > b { a - b } else { b - a }
}

fn divisor_of(ctx: &Context<'_>, number: &BigUint) -> Result<BigUint, CommandError> {
    let one = BigUint::from(1u8);
    for constant in 1u64.. {
        let step = |x: &BigUint| (x * x + constant) % number;
        let (mut y, mut length, mut divisor) = (BigUint::from(2u8), 1usize, one.clone());
        let (mut x, mut start) = (y.clone(), y.clone());
        while divisor == one {
            x.clone_from(&y);
            for nth in 0..length {
                y = step(&y);
                if nth % STEPS == 0 {
                    ctx.check()?;
                }
            }
            let mut done = 0;
            while done < length && divisor == one {
                ctx.check()?;
                start.clone_from(&y);
                let mut product = one.clone();
                for _ in 0..STEPS.min(length - done) {
                    y = step(&y);
                    product = product * distance(&x, &y) % number;
                }
                divisor = common_divisor(&product, number);
                done += STEPS;
            }
            length *= 2;
        }
        if divisor == *number {
            divisor = one.clone();
            while divisor == one {
                start = step(&start);
                divisor = common_divisor(&distance(&x, &start), number);
            }
        }
        if divisor != *number {
            return Ok(divisor);
        }
    }
    Ok(one)
}
