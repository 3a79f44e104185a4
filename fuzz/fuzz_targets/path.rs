//! Paths: what is accepted keeps its rules.
#![no_main]

use mesafs::path::{RepoPath, VPath, resolve_path};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (base, path) = mesash_fuzz::halves(data);
    if let Ok(path) = VPath::new(path) {
        let bytes = path.as_bstr();
        assert!(bytes.starts_with(b"/") && bytes.len() <= 4096 && !bytes.contains(&0));
    }
    if let Ok(path) = resolve_path(base, path) {
        let resolved = resolve_path("/", path.as_bstr()).unwrap();
        assert_eq!(resolved, path);
        assert!(path.components().all(|name| name != b"." && name != b".." && !name.is_empty()));
    }
    if let Ok(path) = RepoPath::new(path) {
        assert!(path.names().all(|name| !name.eq_ignore_ascii_case(b".git")));
    }
});
