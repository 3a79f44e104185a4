//! Arithmetic, as text and as a part of the script.
#![no_main]

const SCRIPT: &[u8] = br#"
a=(1 2 3) x=5 y=x z='x+1'; declare -A m=([k]=7); declare -i i
echo $(($1)); (($1)); let "$1"; i=$1; eval "echo \$(( $1 ))"; [[ $1 -eq 0 ]]; echo "${a[$1]}" "${s:$1}"
"#;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mesash_fuzz::run(SCRIPT, &[data], b"");
});
