//! `getopts`.

use super::{Call, Special};
use crate::eval::{Eval, Step, Unwind, expand};
use crate::state::names::is_identifier;
use crate::state::{GetoptsState, Str, names};

pub const GETOPTS: Special = Special {
    name: "getopts",
    synopsis: "optstring name [arg ...]",
    summary: "Parse option arguments.",
    run: getopts,
    ..Special::BASE
};

/// What the next option is.
enum Found {
    Option(u8, Option<Str>),
    Unknown(u8),
    NoArgument(u8),
    End,
}

fn getopts(eval: &mut Eval, call: &Call<'_>) -> Step {
    let args = match call.args.split_first() {
        Some((first, rest)) if first.as_bytes() == b"--" => rest,
        Some((first, _)) if first.len() > 1 && first.starts_with(b"-") => {
            let letter = first.get(1).copied().unwrap_or_default();
            eval.say(call, &[&[b'-', letter], b": invalid option"]);
            return eval.usage(call);
        }
        _ => call.args,
    };
    let [spec, name, own @ ..] = args else { return eval.usage(call) };
    let words: Vec<Str> =
        if own.is_empty() { eval.shell.positional.as_slice().to_vec() } else { own.to_vec() };
    let silent = spec.starts_with(b":");
    let spec = spec.strip_prefix(b":").unwrap_or(spec);
    let mut state = eval.shell.getopts;
    if state.word == 0 {
        let index = eval.shell.text(names::OPTIND);
        let index = index.and_then(|text| std::str::from_utf8(&text).ok()?.trim().parse().ok());
        state = GetoptsState { word: index.unwrap_or(1).max(1), within: 0 };
    }
    let found = next(&words, spec, &mut state);
    let says = eval.shell.text(names::OPTERR).is_none_or(|text| text.as_ref() != b"0");
    let (shown, argument, status): (Vec<u8>, Option<Str>, u8) = match found {
        Found::Option(letter, argument) => (vec![letter], argument, 0),
        Found::Unknown(letter) => {
            if !silent && says {
                say(eval, b"illegal option -- ", letter);
            }
            (vec![b'?'], silent.then(|| Str::new(&[letter])), 0)
        }
        Found::NoArgument(letter) => {
            if !silent && says {
                say(eval, b"option requires an argument -- ", letter);
            }
            let shown = if silent { b':' } else { b'?' };
            (vec![shown], silent.then(|| Str::new(&[letter])), 0)
        }
        Found::End => (vec![b'?'], None, 1),
    };
    eval.set_simple(names::OPTIND, Str::number(state.word as i64))?;
    // Setting OPTIND starts anew; this is where it really stands.
    eval.shell.getopts = state;
    match argument {
        Some(argument) => eval.set_simple(names::OPTARG, argument)?,
        None => {
            let unset = eval.shell.unset(names::OPTARG);
            eval.checked(unset)?;
        }
    }
    if !is_identifier(name) {
        eval.say(call, &[b"`", name, b"': not a valid identifier"]);
        return Ok(1);
    }
    let set = expand::assign_name(&mut eval.shell, &mut eval.rt, name, Str::from(shown), false);
    match set {
        Ok(()) => Ok(status),
        Err(error) => match eval.assignment_failed(call, error) {
            Ok(_) => Ok(if status == 0 { 2 } else { status }),
            Err(unwind) => Err::<u8, Unwind>(unwind),
        },
    }
}

fn say(eval: &Eval, text: &[u8], letter: u8) {
    let zero = eval.shell.zero.as_bytes();
    eval.put_error(&[zero, b": ", text, &[letter], b"\n"].concat());
}

fn next(words: &[Str], spec: &[u8], state: &mut GetoptsState) -> Found {
    let Some(word) = words.get(state.word - 1) else {
        state.within = 0;
        state.word = words.len() + 1;
        return Found::End;
    };
    if state.within == 0 {
        if word.len() < 2 || !word.starts_with(b"-") {
            return Found::End;
        }
        if word.as_bytes() == b"--" {
            state.word += 1;
            return Found::End;
        }
        state.within = 1;
    }
    let letter = word.get(state.within).copied().unwrap_or_default();
    state.within += 1;
    let rest = word.get(state.within..).unwrap_or_default();
    let advance = |state: &mut GetoptsState| {
        state.word += 1;
        state.within = 0;
    };
    let known = spec.iter().position(|&known| known == letter && letter != b':');
    let Some(at) = known else {
        if rest.is_empty() {
            advance(state);
        }
        return Found::Unknown(letter);
    };
    if spec.get(at + 1) != Some(&b':') {
        if rest.is_empty() {
            advance(state);
        }
        return Found::Option(letter, None);
    }
    let attached = (!rest.is_empty()).then(|| Str::new(rest));
    advance(state);
    if attached.is_some() {
        return Found::Option(letter, attached);
    }
    match words.get(state.word - 1) {
        Some(argument) => {
            state.word += 1;
            Found::Option(letter, Some(argument.clone()))
        }
        None => Found::NoArgument(letter),
    }
}
