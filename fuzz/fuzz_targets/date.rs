//! A date as `date -d` and `touch -d` read it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mesash_fuzz::run_on_fields(br#"date -d "$1"; date -u "+$1"; touch -d "$1" f"#, data);
});
