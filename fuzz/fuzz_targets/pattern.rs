//! Patterns against texts: the same answer by every way to ask.
#![no_main]

use mesash_builtins::pattern::{Options, Pattern};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&flags, rest)) = data.split_first() else { return };
    let (pattern, text) = mesash_fuzz::halves(rest);
    let options =
        Options { nocase: flags & 1 != 0, extglob: flags & 2 != 0, bytes: flags & 4 != 0 };
    let compiled = Pattern::new(pattern, options);
    let matches = compiled.is_match(text);
    assert_eq!(matches, Pattern::new(pattern, options).is_match(text));
    if let Some(literal) = compiled.literal()
        && !options.nocase
    {
        assert_eq!(matches, literal == text);
    }
});
