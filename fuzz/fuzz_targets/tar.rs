//! An archive of `tar`, compressed or not.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let script = b"cat > a; tar tvf a; tar xf a --transform 's,x,y,'; tar xzf a -O; tar rf a a";
    mesash_fuzz::run(script, &[], data);
});
