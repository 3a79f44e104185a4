//! What xargs reads.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mesash_fuzz::run_on_fields(br#"xargs echo; xargs -I {} echo "$1""#, data);
});
