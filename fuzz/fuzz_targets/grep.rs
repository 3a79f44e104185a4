//! A pattern and what is searched.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mesash_fuzz::run_on_fields(br#"grep -- "$1"; grep -nE -- "$1"; grep -cP -- "$1""#, data);
});
