//! Sets and an input.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mesash_fuzz::run_on_fields(br#"tr -- "$1" "$2"; tr -d -- "$1"; tr -cs -- "$1" x"#, data);
});
