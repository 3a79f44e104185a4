//! Keys and an input.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mesash_fuzz::run_on_fields(br#"sort -k "$1"; sort -t "$1" -k 2; sort -V; sort -h"#, data);
});
