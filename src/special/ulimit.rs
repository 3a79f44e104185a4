//! `ulimit`. The run's own budget is what limits it; the numbers here are kept and shown, so that
//! scripts which set and read them go on.

use super::{Call, Special, options};
use crate::eval::{Eval, Step};
use crate::state::Str;

pub const ULIMIT: Special = Special {
    name: "ulimit",
    synopsis: "[-SHabcdefiklmnpqrstuvxPRT] [limit]",
    summary: "Modify shell resource limits.",
    run: ulimit,
    ..Special::BASE
};

/// Letter, description, unit, value at the start.
const RESOURCES: &[(u8, &str, &str, Option<u64>)] = &[
    (b'R', "real-time non-blocking time ", "microseconds, ", None),
    (b'c', "core file size", "blocks, ", Some(0)),
    (b'd', "data seg size", "kbytes, ", None),
    (b'e', "scheduling priority", "", Some(0)),
    (b'f', "file size", "blocks, ", None),
    (b'i', "pending signals", "", None),
    (b'l', "max locked memory", "kbytes, ", None),
    (b'm', "max memory size", "kbytes, ", None),
    (b'n', "open files", "", Some(1024)),
    (b'p', "pipe size", "512 bytes, ", Some(8)),
    (b'q', "POSIX message queues", "bytes, ", Some(819_200)),
    (b'r', "real-time priority", "", Some(0)),
    (b's', "stack size", "kbytes, ", Some(8192)),
    (b't', "cpu time", "seconds, ", None),
    (b'u', "max user processes", "", None),
    (b'v', "virtual memory", "kbytes, ", None),
    (b'x', "file locks", "", None),
];

/// The limits that were changed, soft and hard, by letter.
#[derive(Debug, Clone, Default)]
pub struct UserLimits {
    changed: Vec<(u8, bool, Option<u64>)>,
}

impl UserLimits {
    fn get(&self, letter: u8, hard: bool, start: Option<u64>) -> Option<u64> {
        let mut changed = self.changed.iter().rev();
        let found = changed.find(|(known, is_hard, _)| *known == letter && *is_hard == hard);
        found.map_or(start, |(_, _, value)| *value)
    }

    fn set(&mut self, letter: u8, hard: bool, value: Option<u64>) {
        self.changed.retain(|(known, is_hard, _)| *known != letter || *is_hard != hard);
        self.changed.push((letter, hard, value));
    }
}

fn shown(value: Option<u64>) -> String {
    value.map_or_else(|| "unlimited".to_owned(), |value| value.to_string())
}

fn ulimit(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "SHabcdefiklmnpqrstuvxPRT") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let (soft, hard) = (given.has(b'S'), given.has(b'H'));
    let letters: Vec<u8> = given
        .letters
        .iter()
        .map(|given| given.letter)
        .filter(|letter| !b"SHa".contains(letter))
        .collect();
    let letters = if letters.is_empty() { vec![b'f'] } else { letters };
    if given.has(b'a') {
        let mut out = String::new();
        for resource in RESOURCES {
            out.push_str(&described(eval, resource, hard && !soft));
        }
        return eval.print(call, out.into_bytes());
    }
    let Some(limit) = given.rest.first() else {
        let mut out = String::new();
        for letter in &letters {
            let Some(resource) = RESOURCES.iter().find(|known| known.0 == *letter) else {
                continue;
            };
            if letters.len() > 1 {
                out.push_str(&described(eval, resource, hard && !soft));
            } else {
                let value = eval.rt.user_limits.get(*letter, hard && !soft, resource.3);
                out.push_str(&shown(value));
                out.push('\n');
            }
        }
        return eval.print(call, out.into_bytes());
    };
    for letter in letters {
        let Some(resource) = RESOURCES.iter().find(|known| known.0 == letter) else { continue };
        if let Err(status) = set(eval, call, resource, limit, soft, hard) {
            return Ok(status);
        }
    }
    Ok(0)
}

fn described(
    eval: &Eval,
    resource: &(u8, &'static str, &'static str, Option<u64>),
    hard: bool,
) -> String {
    let (letter, name, unit, start) = resource;
    let value = eval.rt.user_limits.get(*letter, hard, *start);
    let unit = format!("({unit}-{})", char::from(*letter));
    let width = 40usize.saturating_sub(name.len());
    format!("{name}{unit:>width$} {}\n", shown(value))
}

fn set(
    eval: &mut Eval,
    call: &Call<'_>,
    resource: &(u8, &'static str, &'static str, Option<u64>),
    limit: &Str,
    soft: bool,
    hard: bool,
) -> Result<(), u8> {
    let (letter, name, _, start) = *resource;
    let limits = &eval.rt.user_limits;
    let (now, most) = (limits.get(letter, false, start), limits.get(letter, true, None));
    let value = match limit.as_bytes() {
        b"unlimited" => None,
        b"soft" => now,
        b"hard" => most,
        text => {
            let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
            if number.is_none() {
                eval.say(call, &[limit, b": invalid number"]);
                return Err(1);
            }
            number
        }
    };
    let (both, max) = (soft == hard, most.unwrap_or(u64::MAX));
    let wanted = value.unwrap_or(u64::MAX);
    let refused = wanted > max || (hard && !soft && wanted < now.unwrap_or(u64::MAX));
    if refused {
        let reason: &[u8] = if wanted > max {
            b": cannot modify limit: Operation not permitted"
        } else {
            b": cannot modify limit: Invalid argument"
        };
        eval.say(call, &[name.as_bytes(), reason]);
        return Err(1);
    }
    if soft || both {
        eval.rt.user_limits.set(letter, false, value);
    }
    if hard || both {
        eval.rt.user_limits.set(letter, true, value);
    }
    Ok(())
}
