//! `umask`.

use super::{Call, Special, options};
use crate::eval::{Eval, Step};

pub const UMASK: Special = Special {
    name: "umask",
    synopsis: "[-p] [-S] [mode]",
    summary: "Display or set file mode mask.",
    run: umask,
    ..Special::BASE
};

fn symbolic(mask: u32) -> String {
    let part = |shift: u32| {
        let allowed = !mask >> shift & 7;
        let letters = [(4, 'r'), (2, 'w'), (1, 'x')];
        letters.iter().filter(|(bit, _)| allowed & bit != 0).map(|(_, l)| *l).collect::<String>()
    };
    format!("u={},g={},o={}", part(6), part(3), part(0))
}

/// What is wrong with a symbolic mode.
enum Wrong {
    Operator(u8),
    Character(u8),
}

/// The mask that a symbolic mode gives, changing `mask`.
fn parse(text: &[u8], mask: u32) -> Result<u32, Wrong> {
    let mut allowed = !mask & 0o777;
    for clause in text.split(|&byte| byte == b',') {
        let mut at = 0;
        let mut who = 0;
        while let Some(letter) = clause.get(at) {
            who |= match letter {
                b'u' => 0o700,
                b'g' => 0o070,
                b'o' => 0o007,
                b'a' => 0o777,
                _ => break,
            };
            at += 1;
        }
        let who = if who == 0 { 0o777 } else { who };
        let Some(mut operator) = clause.get(at).copied() else { return Err(Wrong::Operator(0)) };
        loop {
            if !matches!(operator, b'+' | b'-' | b'=') {
                return Err(Wrong::Operator(operator));
            }
            at += 1;
            let mut bits = 0;
            while let Some(letter) = clause.get(at) {
                bits |= match letter {
                    b'r' => 0o444,
                    b'w' => 0o222,
                    b'x' => 0o111,
                    b'X' => 0o111,
                    b'+' | b'-' | b'=' => break,
                    other => return Err(Wrong::Character(*other)),
                };
                at += 1;
            }
            match operator {
                b'+' => allowed |= bits & who,
                b'-' => allowed &= !(bits & who),
                _ => allowed = (allowed & !who) | (bits & who),
            }
            match clause.get(at) {
                Some(next) => operator = *next,
                None => break,
            }
        }
    }
    Ok(!allowed & 0o777)
}

fn umask(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "Sp") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let (letters, command) = (given.has(b'S'), given.has(b'p'));
    let Some(mode) = given.rest.first() else {
        let mask = eval.shell.umask;
        let text = if letters { symbolic(mask) } else { format!("{mask:04o}") };
        let head = match (command, letters) {
            (true, true) => "umask -S ",
            (true, false) => "umask ",
            _ => "",
        };
        return eval.print(call, format!("{head}{text}\n").into_bytes());
    };
    if mode.first().is_some_and(u8::is_ascii_digit) {
        let digits = std::str::from_utf8(mode).ok();
        let mask = digits.and_then(|text| u32::from_str_radix(text, 8).ok());
        let Some(mask) = mask.filter(|&mask| mask <= 0o7777) else {
            return eval.fail(call, &[mode, b": octal number out of range"]);
        };
        eval.shell.umask = mask & 0o777;
        return Ok(0);
    }
    match parse(mode, eval.shell.umask) {
        Ok(mask) => eval.shell.umask = mask,
        Err(Wrong::Operator(byte)) => {
            return eval.fail(call, &[b"`", &[byte], b"': invalid symbolic mode operator"]);
        }
        Err(Wrong::Character(byte)) => {
            return eval.fail(call, &[b"`", &[byte], b"': invalid symbolic mode character"]);
        }
    }
    if letters {
        return eval.print(call, format!("{}\n", symbolic(eval.shell.umask)).into_bytes());
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbolic_modes_change_the_mask() {
        let mask = |text: &str, mask| parse(text.as_bytes(), mask).ok();
        assert_eq!(mask("u=rwx,g=,o=", 0o022), Some(0o077));
        assert_eq!(mask("a=x", 0), Some(0o666));
        assert_eq!(mask("g-w+x", 0o777), Some(0o767));
        assert_eq!(symbolic(0o022), "u=rwx,g=rx,o=rx");
    }
}
