//! An archive of `zip`, and a stream of `gzip`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let script = b"cat > a; unzip -l a; unzip -p a; unzip -o -d d a; zip a a; gzip -dc < a; gzip -l a";
    mesash_fuzz::run(script, &[], data);
});
