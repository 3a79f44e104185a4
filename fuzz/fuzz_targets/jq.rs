//! A filter of `jq`, and an input that is read whole, as a stream and as lines.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let script = br#"cat > in; jq -c "$1" in; jq -c --stream . in; jq -R . in; yq . in"#;
    mesash_fuzz::run_on_fields(script, data);
});
