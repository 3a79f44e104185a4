//! A format.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mesash_fuzz::run_on_fields(br#"printf -- "$1" 1 x -3 2.5; env printf -- "$1" a"#, data);
});
