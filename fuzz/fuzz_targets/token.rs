//! Tokens: only the one that was signed passes.
#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use mesafs::clock::ManualClock;
use mesafs::name::{OrgName, RepoId};
use mesafs::token::{ApiKey, Jti, KeyId, KeyRepos, RegisteredKey, Scope, Verifier, mint};

const NOW_S: i64 = 1_700_000_000;

struct World {
    verifier: Verifier<BTreeMap<KeyId, RegisteredKey>>,
    token: String,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let org = OrgName::new("acme").unwrap();
    let key = ApiKey::generate(org.clone()).unwrap();
    let clock = ManualClock::at_s(NOW_S);
    let repos = [RepoId::parse("app", &org).unwrap()];
    let minted = mint(&key, &repos, Scope::Write, 600, &clock, Jti::from_bits([7; 16])).unwrap();
    let public = key.public();
    let registered = RegisteredKey {
        org,
        public: public.clone(),
        scope: Scope::Admin,
        repos: KeyRepos::All,
        revoked: false,
    };
    let verifier = Verifier::new(BTreeMap::from([(public.thumbprint(), registered)]));
    World { verifier, token: minted.token.expose().to_owned() }
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let world = &*WORLD;
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(text == world.token || world.verifier.verify(text, NOW_S).is_err());
    }
    // The good one with some bytes replaced: pairs of a place and a byte.
    let mut bytes = world.token.clone().into_bytes();
    for pair in data.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([pair[0], pair[1]])) % bytes.len();
        bytes[at] = pair[2];
    }
    if let Ok(text) = std::str::from_utf8(&bytes) {
        assert_eq!(world.verifier.verify(text, NOW_S).is_ok(), text == world.token);
    }
});
