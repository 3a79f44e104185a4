//! `rand()` and `srand()`: the rows of numbers that gawk gives for a seed.
//!
//! BSD's additive feedback generator `x[i] = x[i-63] + x[i-1]` (random(3)), shuffled by Bays and
//! Durham's method; two numbers of it make one of `rand()`.

/// How many words the generator remembers.
const STATE_WORDS: usize = 63;
/// How many numbers wait to be picked. A power of 2.
const SHUFFLED: usize = 512;
/// Numbers that are thrown away after seeding.
const WARM_UP: usize = 10 * STATE_WORDS;
/// One more than the largest number of the generator.
const RANGE: f64 = 2_147_483_648.0;

#[derive(Debug)]
pub(super) struct Random {
    /// The seed in use: what the next `srand()` answers.
    seed: f64,
    generator: Option<Box<Generator>>,
}

#[derive(Debug)]
struct Generator {
    words: [u32; STATE_WORDS],
    at: usize,
    waiting: [u32; SHUFFLED],
    /// The last number given picks the next.
    last: u32,
}

impl Default for Random {
    fn default() -> Self {
        Self { seed: 0.0, generator: None }
    }
}

impl Random {
    /// At least 0 and less than 1.
    pub fn next(&mut self) -> f64 {
        // Without `srand()` the row is that of 1, though `srand()` says that it was 0.
        let generator = self.generator.get_or_insert_with(|| Box::new(Generator::new(1)));
        loop {
            let low = f64::from(generator.next());
            let high = f64::from(generator.next());
            // Adding and taking away drops bits that would be too small to be even.
            let number = 0.5 + (low / RANGE + high) / RANGE - 0.5;
            if number < 1.0 {
                return number;
            }
        }
    }

    /// Starts the row of `seed`; answers the seed before.
    pub fn seed(&mut self, seed: f64) -> f64 {
        // As C takes a number for an unsigned one: its low bits.
        let bits = (seed as i64 as u64 & u64::from(u32::MAX)) as u32;
        self.generator = Some(Box::new(Generator::new(bits)));
        std::mem::replace(&mut self.seed, seed)
    }
}

impl Generator {
    fn new(seed: u32) -> Self {
        let mut words = [seed; STATE_WORDS];
        let mut last = seed;
        for word in words.iter_mut().skip(1) {
            last = minimal_standard(last);
            *word = last;
        }
        let mut generator = Self { words, at: 1, waiting: [0; SHUFFLED], last: 0 };
        for at in 0..SHUFFLED {
            let number = generator.raw();
            if let Some(place) = generator.waiting.get_mut(at) {
                *place = number;
            }
        }
        generator.last = generator.raw();
        for _ in 0..WARM_UP {
            generator.next();
        }
        generator
    }

    fn raw(&mut self) -> u32 {
        let before = (self.at + STATE_WORDS - 1) % STATE_WORDS;
        let added = self.words.get(before).copied().unwrap_or(0);
        let number = match self.words.get_mut(self.at) {
            Some(word) => {
                *word = word.wrapping_add(added);
                *word >> 1
            }
            None => 0,
        };
        self.at = (self.at + 1) % STATE_WORDS;
        number
    }

    fn next(&mut self) -> u32 {
        let fresh = self.raw();
        if let Some(place) = self.waiting.get_mut(self.last as usize % SHUFFLED) {
            self.last = std::mem::replace(place, fresh);
        }
        self.last
    }
}

/// Park and Miller's `16807 * x % (2^31 - 1)`, by Schrage's method over signed words.
fn minimal_standard(word: u32) -> u32 {
    let word = match i64::from(word.cast_signed()) {
        0 => 123_459_876,
        word => word,
    };
    let next = 16_807 * (word % 127_773) - 2_836 * (word / 127_773);
    let next = if next < 0 { next + i64::from(i32::MAX) } else { next };
    (next & i64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seed: Option<f64>) -> String {
        let mut random = Random::default();
        if let Some(seed) = seed {
            random.seed(seed);
        }
        let three = [random.next(), random.next(), random.next()];
        three.map(|number| format!("{number:.6}")).join(" ")
    }

    #[test]
    fn the_rows_are_those_of_gawk() {
        assert_eq!(row(None), "0.924046 0.593909 0.306394");
        assert_eq!(row(Some(1.0)), row(None));
        assert_eq!(row(Some(42.0)), "0.246320 0.396143 0.955075");
        assert!(row(Some(0.0)).starts_with("0.855566 "));
        assert!(row(Some(-1.0)).starts_with("0.796873 "));
        assert!(row(Some(1e10)).starts_with("0.409684 "));
    }
}
