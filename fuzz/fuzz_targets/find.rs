//! An expression of find.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mesash_fuzz::run_on_fields(br#"mkdir -p d/e; > d/f; eval "set -- $1"; find d "$@""#, data);
});
