//! Small scripts by a grammar, in bash and here: standard output and status are the same.
//!
//! Runs where the folder `/acme` can be made (as root, or in a namespace of its own).
#![no_main]

use mesash_fuzz::grammar;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let script = grammar::script(data);
    let here = mesash_fuzz::run(script.as_bytes(), &[b"one", b"t w o", b""], b"in 1\nin 2\n");
    let bash = mesash_fuzz::bash(&script, &["one", "t w o", ""], b"in 1\nin 2\n");
    assert!(
        (&here.stdout[..], i32::from(here.exit_code))
            == (&bash.stdout[..], bash.status.code().unwrap_or(-1)),
        "{script}\n--- bash: {:?}\n{}\n--- mesash: {}\n{}",
        bash.status.code(),
        bash.stdout.escape_ascii(),
        here.exit_code,
        here.stdout.escape_ascii(),
    );
});
