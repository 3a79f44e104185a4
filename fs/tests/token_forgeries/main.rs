//! Forged tokens: each is refused for its own reason, and each has a twin that passes.
//!
//! A twin differs from its forgery in the forged thing alone, so that the reason is the only one.
#![expect(clippy::unwrap_used, reason = "tests")]

mod claims;
mod draft;
mod envelope;

use std::collections::{BTreeMap, BTreeSet};

use mesafs::clock::{Clock as _, ManualClock};
use mesafs::token::{Jti, KeyRepos, RegisteredKey, Scope, TokenError, Verifier, mint, mint_admin};
use mesafs::{RepoId, RepoName};

use draft::{Draft, NOW_S, OTHER_SEED, SEED, Signature, draft, jwk, key, org};

struct Row {
    name: &'static str,
    reason: TokenError,
    forged: Draft,
    twin: Draft,
}

fn row(name: &'static str, reason: TokenError, forged: Draft, twin: Draft) -> Row {
    Row { name, reason, forged, twin }
}

fn some_repos(names: &[&str]) -> KeyRepos {
    KeyRepos::Some(names.iter().map(|name| RepoName::new(name).unwrap()).collect::<BTreeSet<_>>())
}

#[test]
fn each_forgery_is_refused_for_its_own_reason_and_its_twin_passes() {
    let tables = [
        envelope::form(),
        envelope::header(),
        envelope::keys(),
        claims::claims(),
        claims::times(),
        claims::grants(),
    ];
    let rows: Vec<_> = tables.into_iter().flatten().collect();
    assert!(rows.len() >= 60, "only {} forgeries", rows.len());
    let mut wrong = Vec::new();
    for Row { name, reason, forged, twin } in &rows {
        let refused = forged.verify();
        if refused.as_ref() != Err(reason) {
            wrong.push(format!("{name}: {refused:?}, not {reason:?}"));
        }
        if let Err(reason) = twin.verify() {
            wrong.push(format!("{name}: its twin is refused: {reason:?}"));
        }
        // No message quotes the token.
        let text = forged.text();
        let said = reason.to_string();
        if text.split('.').any(|part| part.len() > 8 && said.contains(part)) {
            wrong.push(format!("{name}: the message quotes the token"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn what_we_mint_is_what_we_verify() {
    let clock = ManualClock::at_s(NOW_S);
    let repos = ["app", "docs"].map(|name| RepoId::parse(name, &org()).unwrap());
    let jti = Jti::random().unwrap();
    let minted = mint(&key(SEED), &repos, Scope::Read, 60, &clock, jti).unwrap();
    let registered = draft().registered.unwrap();
    let keys = BTreeMap::from([(registered.public.thumbprint(), registered)]);
    let verified = Verifier::new(keys).verify(minted.token.expose(), clock.now_s()).unwrap();
    assert_eq!(verified.grant, minted.grant);
    assert!(verified.grant.covers(&repos[0]));
    assert!(!verified.grant.covers(&RepoId::parse("other", &org()).unwrap()));
}

#[test]
fn what_administers_an_org_opens_nothing_of_it() {
    let clock = ManualClock::at_s(NOW_S);
    let minted = mint_admin(&key(SEED), 60, &clock, Jti::random().unwrap()).unwrap();
    let mut registered = draft().registered.unwrap();
    registered.scope = Scope::Admin;
    let id = registered.public.thumbprint();
    let verifier = Verifier::new(BTreeMap::from([(id.clone(), registered.clone())]));
    let verified = verifier.verify(minted.token.expose(), NOW_S).unwrap();
    assert_eq!(verified.grant, minted.grant);
    assert!(verified.grant.administers());
    assert!(!verified.grant.covers(&RepoId::parse("app", &org()).unwrap()));
    registered.repos = some_repos(&["app"]);
    let narrower = Verifier::new(BTreeMap::from([(id, registered)]));
    assert_eq!(narrower.recheck(&verified, NOW_S), Err(TokenError::RepoBeyondKey));
}

#[test]
fn a_token_ends_while_it_is_in_use() {
    let clock = ManualClock::at_s(NOW_S);
    let repos = [RepoId::parse("app", &org()).unwrap()];
    let jti = Jti::from_bits([1; 16]);
    let minted = mint(&key(SEED), &repos, Scope::Write, 2, &clock, jti).unwrap();
    let registered = draft().registered.unwrap();
    let id = registered.public.thumbprint();
    let verify = |keys: BTreeMap<_, _>| Verifier::new(keys);
    let good = verify(BTreeMap::from([(id.clone(), registered.clone())]));
    let verified = good.verify(minted.token.expose(), clock.now_s()).unwrap();

    clock.advance_ns(1_999_999_999);
    assert_eq!(good.recheck(&verified, clock.now_s()), Ok(()));
    let check = |change: fn(&mut RegisteredKey)| {
        let mut registered = registered.clone();
        change(&mut registered);
        let keys = BTreeMap::from([(id.clone(), registered)]);
        verify(keys).recheck(&verified, clock.now_s())
    };
    assert_eq!(check(|key| key.revoked = true), Err(TokenError::KeyRevoked));
    assert_eq!(check(|key| key.repos = some_repos(&[])), Err(TokenError::RepoBeyondKey));
    let narrower = TokenError::ScopeBeyondKey { asked: Scope::Write, allowed: Scope::Read };
    assert_eq!(check(|key| key.scope = Scope::Read), Err(narrower));
    assert_eq!(
        verify(BTreeMap::new()).recheck(&verified, clock.now_s()),
        Err(TokenError::UnknownKey)
    );

    clock.advance_ns(1);
    assert_eq!(good.recheck(&verified, clock.now_s()), Err(TokenError::Expired));
    assert_eq!(good.verify(minted.token.expose(), clock.now_s()), Err(TokenError::Expired));
}

#[test]
fn a_key_filed_under_a_wrong_id_verifies_nothing() {
    let mut registered = draft().registered.unwrap();
    let id = registered.public.thumbprint();
    registered.public = *key(OTHER_SEED).public();
    let verifier = Verifier::new(BTreeMap::from([(id, registered)]));
    let text = draft().signed(Signature::Ed25519(OTHER_SEED)).text();
    assert_eq!(verifier.verify(&text, NOW_S), Err(TokenError::UnknownKey));
}

/// Every bit of every byte. A flip in the claims or in the signature can only be seen by the
/// signature, unless the text is no longer base64 or no longer of three parts.
#[test]
fn every_flipped_bit_is_refused() {
    let registered = draft().registered.unwrap();
    let keys = BTreeMap::from([(registered.public.thumbprint(), registered)]);
    let verifier = Verifier::new(keys);
    let text = draft().header("jwk", &jwk(SEED)).text();
    assert!(verifier.verify(&text, NOW_S).is_ok());
    let header_end = text.find('.').unwrap();
    let mut flipped_count = 0;
    for at in 0..text.len() {
        for bit in 0..8 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            // A token that isn't text does not even reach the verifier.
            let Ok(flipped) = String::from_utf8(bytes) else { continue };
            let error = match verifier.verify(&flipped, NOW_S) {
                Err(error) => error,
                Ok(_) => panic!("accepted with bit {bit} of byte {at} flipped"),
            };
            flipped_count += 1;
            let form = matches!(error, TokenError::Shape | TokenError::Base64 { .. });
            let expected = form || at <= header_end || error == TokenError::Signature;
            assert!(expected, "byte {at}, bit {bit}: {error:?}");
        }
    }
    assert!(flipped_count >= text.len() * 6);
}
