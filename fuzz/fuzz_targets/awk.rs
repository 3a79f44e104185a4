//! An awk program and its input.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mesash_fuzz::run_on_fields(br#"awk "$1""#, data);
});
