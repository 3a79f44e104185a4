//! Words in every place where they are expanded.
#![no_main]

const SCRIPT: &[u8] = br#"
a=(1 '2 3' '' 4) s='x*y  z' e= n=10; declare -A m=([k]=v ['a b']=w); declare -n r=s
eval "printf '[%s]' $1"; eval "x=$1"; eval "x=($1)"; eval "case $1 in $1) ;; esac"
eval "[[ $1 == $1 ]]"; eval "cat <<< $1"; eval "cat <<X
$1
X"
"#;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mesash_fuzz::run(SCRIPT, &[data], b"");
});
