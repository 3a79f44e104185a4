//! A whole script, as someone hostile would write it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mesash_fuzz::run(data, &[b"one", b"", b"t w o"], b"line 1\nline 2\n");
});
