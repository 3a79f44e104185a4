//! Two texts, and the way back by their difference.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mesash_fuzz::run_on_fields(br#"printf %s "$1" > a; cat > b; diff a b; diff -u a b"#, data);
});
