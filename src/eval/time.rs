//! `time`: how long a pipeline took, by `TIMEFORMAT`.

use std::time::{Duration, Instant};

use super::Eval;
use crate::state::names;
use crate::syntax::ast::TimeFormat;

const SHELL_FORMAT: &[u8] = b"\nreal\t%3lR\nuser\t%3lU\nsys\t%3lS";
const POSIX_FORMAT: &[u8] = b"real %2R\nuser %2U\nsys %2S";

/// When a pipeline was started. Threads share their processor time, so what the shell used itself
/// is told as user time, and no system time.
#[derive(Debug)]
pub struct Started {
    real: Instant,
}

impl Started {
    pub fn now(_eval: &Eval) -> Self {
        Self { real: Instant::now() }
    }
}

/// Says how long it took.
pub fn report(eval: &mut Eval, format: TimeFormat, started: &Started) {
    let real = started.real.elapsed();
    let text = match format {
        TimeFormat::Posix => POSIX_FORMAT.to_vec(),
        TimeFormat::Shell => match eval.shell.scalar(names::TIMEFORMAT) {
            Some(own) => own.to_vec(),
            None => SHELL_FORMAT.to_vec(),
        },
    };
    if text.is_empty() {
        return;
    }
    let mut out = Vec::new();
    if let Err(bad) = fill(&text, real, Duration::ZERO, Duration::ZERO, &mut out) {
        eval.complain(&[b"TIMEFORMAT: `", &[bad], b"': invalid format character"]);
        return;
    }
    out.push(b'\n');
    eval.put_error(&out);
}

fn fill(
    format: &[u8],
    real: Duration,
    user: Duration,
    system: Duration,
    out: &mut Vec<u8>,
) -> Result<(), u8> {
    let mut bytes = format.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut precision = 3;
        let mut long = false;
        let mut next = bytes.next();
        if let Some(digit) = next.filter(u8::is_ascii_digit) {
            precision = usize::from(digit - b'0').min(3);
            next = bytes.next();
        }
        if next == Some(b'l') {
            long = true;
            next = bytes.next();
        }
        let time = match next {
            None => {
                out.push(b'%');
                return Ok(());
            }
            Some(b'%') => {
                out.push(b'%');
                continue;
            }
            Some(b'R') => real,
            Some(b'U') => user,
            Some(b'S') => system,
            Some(b'P') => {
                let used = (user + system).as_secs_f64() / real.as_secs_f64().max(1e-9) * 100.0;
                out.extend_from_slice(format!("{used:.2}").as_bytes());
                continue;
            }
            Some(other) => return Err(other),
        };
        seconds(time, precision, long, out);
    }
    Ok(())
}

fn seconds(time: Duration, precision: usize, long: bool, out: &mut Vec<u8>) {
    let mut whole = time.as_secs();
    if long {
        out.extend_from_slice(format!("{}m", whole / 60).as_bytes());
        whole %= 60;
    }
    out.extend_from_slice(whole.to_string().as_bytes());
    if precision > 0 {
        let digits = format!("{:03}", time.subsec_millis());
        out.push(b'.');
        out.extend_from_slice(digits.as_bytes().get(..precision).unwrap_or_default());
    }
    if long {
        out.push(b's');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_filled_as_bash_fills_them() {
        let filled = |format: &[u8]| {
            let mut out = Vec::new();
            let real = Duration::from_millis(61_234);
            let done = fill(format, real, Duration::ZERO, Duration::ZERO, &mut out);
            done.map(|()| String::from_utf8_lossy(&out).into_owned())
        };
        assert_eq!(filled(b"%R %1lR %0R %9U%%"), Ok("61.234 1m1.2s 61 0.000%".into()));
        assert_eq!(filled(b"%x"), Err(b'x'));
    }
}
