//! Regular expressions in each dialect: a match lies in the text and is found again.
#![no_main]

use mesash_builtins::cancel::Cancel;
use mesash_builtins::regex::{Flags, Lines, Regex, Syntax};

const SYNTAXES: &[Syntax] = &[
    Syntax::BASIC,
    Syntax::EXTENDED,
    Syntax::REGCOMP,
    Syntax::GREP,
    Syntax::EGREP,
    Syntax::AWK,
    Syntax::EMACS,
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&how, rest)) = data.split_first() else { return };
    let (pattern, text) = mesash_fuzz::halves(rest);
    let flags = Flags {
        ignore_case: how & 16 != 0,
        lines: Lines::Whole,
        bytes: how & 32 != 0,
        nested_repeats: false,
    };
    let regex = match SYNTAXES.get(usize::from(how & 7)) {
        Some(syntax) => Regex::new(pattern, syntax, flags),
        None => Regex::perl(pattern, flags),
    };
    let Ok(regex) = regex else { return };
    let cancel = Cancel::new();
    // Running out of steps is an answer too.
    let Ok(found) = regex.find_at(text, 0, &cancel) else { return };
    if let Some(found) = &found {
        assert!(found.start <= found.end && found.end <= text.len());
    }
    if let Ok(matches) = regex.is_match(text, &cancel) {
        assert_eq!(matches, found.is_some());
    }
});
