//! Tokens that nobody signed, or that say what no token may: none opens anything.
//!
//! Ten thousand; with `MESASH_DEEP=1` ten times as many.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use mesa_protocol::{Reply, Request, code};
use mesa_server::{Limits, Service};
use mesafs::clock::Clock;
use mesafs::token::{ApiKey, TOKEN_BYTES_MAX};
use mesafs::{Access, OrgName, Pin, RepoId};
use serde_json::{Value, json};
use testkit::MemoryMount;
use testkit::random::Random;

/// The seed of the key that is registered.
const SEED: [u8; 32] = [7; 32];

/// A token that is good, taken apart.
struct Token {
    header: Value,
    claims: Value,
    now_s: i64,
}

/// What is signed, and with what.
struct Draft {
    header: Vec<u8>,
    claims: Vec<u8>,
    key: SigningKey,
    /// Done to the whole.
    finish: fn(&mut Random, String) -> String,
}

fn as_it_is(_: &mut Random, token: String) -> String {
    token
}

impl Draft {
    fn of(header: &Value, claims: &Value) -> Self {
        let bytes = |value| serde_json::to_vec(value).unwrap();
        let (header, claims) = (bytes(header), bytes(claims));
        Self { header, claims, key: SigningKey::from_bytes(&SEED), finish: as_it_is }
    }

    fn sign(self, random: &mut Random) -> String {
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let message = format!("{}.{}", part(&self.header), part(&self.claims));
        let signature = self.key.sign(message.as_bytes()).to_bytes();
        (self.finish)(random, format!("{message}.{}", part(&signature)))
    }
}

/// Values of the wrong kind for a name that is a text or a number or a list.
fn wrong(random: &mut Random, right: &Value) -> Value {
    let all = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!("0"),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}"),
        json!("x".repeat(300)),
        json!([]),
        json!([[]]),
        json!([1]),
        json!({}),
        json!({ "a": right }),
        json!([right]),
        json!(right.to_string()),
    ];
    all[random.at(all.len())].clone()
}

/// Claims that are each wrong, though the right key signs them.
fn wrong_claims(random: &mut Random, token: &Token) -> Value {
    let mut claims = token.claims.clone();
    let now = token.now_s;
    let more = random.below(100_000) as i64;
    let names: Vec<String> = claims.as_object().unwrap().keys().cloned().collect();
    let name = &names[random.at(names.len())];
    match random.below(16) {
        0 => drop(claims.as_object_mut().unwrap().remove(name)),
        1..4 => claims[name] = wrong(random, &token.claims[name]),
        4 => claims[format!("x{more}")] = json!(more),
        5 => claims["exp"] = json!(now - more),
        6 => claims["nbf"] = json!(now + 6 + more),
        7 => claims["iat"] = json!(now + 6 + more),
        8 => claims["exp"] = json!(now + 10_000_000 + more),
        9 => claims["aud"] = json!(format!("mesa-api{more}")),
        10 => claims["iss"] = json!(format!("acme{more}")),
        11 => claims["sub"] = json!(ApiKey::from_seed(org(), seed(random)).thumbprint().as_str()),
        12 => claims["scopes"] = json!([format!("write{more}")]),
        13 => claims["scopes"] = json!(["read", "write", "read"]),
        14 => claims["repos"] = json!(["acme/app", format!("other{more}/app")]),
        _ => {
            let names =
                ["app", "acme/", "/app", "acme/../x", "acme/app/", "acme/a.git", "*", "acme/*"];
            claims["repos"] = json!([names[random.at(names.len())]]);
        }
    }
    claims
}

fn wrong_header(random: &mut Random, token: &Token) -> Value {
    let mut header = token.header.clone();
    let names = ["alg", "typ", "kid"];
    let name = names[random.at(3)];
    let other = ApiKey::from_seed(org(), seed(random));
    match random.below(8) {
        0 => drop(header.as_object_mut().unwrap().remove(name)),
        1..3 => header[name] = wrong(random, &token.header[name]),
        3 => {
            let names =
                ["none", "None", "HS256", "HS512", "RS256", "ES256", "eddsa", "Ed25519", ""];
            header["alg"] = json!(names[random.at(names.len())]);
        }
        4 => header["typ"] = json!(["JWT", "at+jwt", "mesa-at+JWT", ""][random.at(4)]),
        5 => header["kid"] = json!(other.thumbprint().as_str()),
        6 => {
            let x = other.public().encoded();
            header["jwk"] = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
        }
        _ => {
            let names = ["crit", "b64", "jku", "x5u", "x5c", "cty", "zip", "nonce"];
            header[names[random.at(names.len())]] = json!(["b64"]);
        }
    }
    header
}

fn seed(random: &mut Random) -> [u8; 32] {
    std::array::from_fn(|_| random.byte())
}

/// The order of the curve's group: a signature with that added to its second half is as true, in
/// arithmetic, and another text.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn other_signature(random: &mut Random, token: String) -> String {
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    match random.below(6) {
        0 => {
            let mut carry = 0;
            for (byte, more) in signature[32..].iter_mut().zip(ORDER) {
                let sum = u16::from(*byte) + u16::from(more) + carry;
                *byte = sum.to_le_bytes()[0];
                carry = sum >> 8;
            }
        }
        1 => signature.fill(0),
        2 => signature.truncate(random.at(64)),
        3 => signature.push(random.byte()),
        4 => signature.rotate_left(32),
        _ => signature[random.at(64)] ^= 1 << random.below(8),
    }
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn other_text(random: &mut Random, token: String) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let at = random.at(3);
    let bytes = URL_SAFE_NO_PAD.decode(&parts[at]).unwrap();
    match random.below(12) {
        0 => parts[at] = format!("{}=", parts[at]),
        1 => parts[at] = URL_SAFE.encode([&bytes[..], b"x"].concat()),
        2 => parts[at] = STANDARD.encode([&bytes[..], b"\xff\xff"].concat()),
        3 => parts[at].insert(random.at(20), [' ', '\n', '\t', '\0', '%', '\u{e9}'][random.at(6)]),
        4 => drop(parts.remove(at)),
        5 => parts.insert(at, parts[at].clone()),
        6 => parts[at].clear(),
        7 => parts.reverse(),
        8 => parts[at] = parts[at].to_uppercase(),
        9 => return format!("{token}."),
        10 => return format!("Bearer {token}"),
        _ => return token + &"A".repeat(TOKEN_BYTES_MAX),
    }
    parts.join(".")
}

fn touched(random: &mut Random, token: String) -> String {
    let mut bytes = token.into_bytes();
    for _ in 0..=random.below(3) {
        if bytes.is_empty() {
            break;
        }
        let at = random.at(bytes.len());
        match random.below(4) {
            0 => drop(bytes.remove(at)),
            1 => bytes.insert(at, b'A' + (random.byte() % 26)),
            2 => bytes.truncate(at + 1),
            _ => bytes[at] = b"-._Az09"[random.at(7)],
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Puts a member of the object twice, the false one before or behind the true one.
fn twice(random: &mut Random, object: &Value) -> Vec<u8> {
    let members = object.as_object().unwrap();
    let (name, value) = members.iter().nth(random.at(members.len())).unwrap();
    let false_one = format!("{}:{}", json!(name), wrong(random, value));
    let text = object.to_string();
    let inner = &text[1..text.len() - 1];
    let whole = if random.once_in(2) {
        format!("{{{false_one},{inner}}}")
    } else {
        format!("{{{inner},{false_one}}}")
    };
    whole.into_bytes()
}

/// A token that must not pass, and how it was made.
fn forged(random: &mut Random, token: &Token) -> (&'static str, String) {
    let good = || Draft::of(&token.header, &token.claims);
    let (name, draft) = match random.below(11) {
        0 => ("another key", Draft { key: SigningKey::from_bytes(&seed(random)), ..good() }),
        1 => {
            let other = seed(random);
            let (mut header, mut claims) = (token.header.clone(), token.claims.clone());
            let id = ApiKey::from_seed(org(), other).thumbprint();
            header["kid"] = json!(id.as_str());
            claims["sub"] = json!(id.as_str());
            let key = SigningKey::from_bytes(&other);
            ("a key that is not registered", Draft { key, ..Draft::of(&header, &claims) })
        }
        2..4 => ("claims", Draft::of(&token.header, &wrong_claims(random, token))),
        4..6 => ("header", Draft::of(&wrong_header(random, token), &token.claims)),
        6 => ("claims twice", Draft { claims: twice(random, &token.claims), ..good() }),
        7 => ("header twice", Draft { header: twice(random, &token.header), ..good() }),
        8 => ("signature", Draft { finish: other_signature, ..good() }),
        9 => ("text", Draft { finish: other_text, ..good() }),
        _ => ("touched", Draft { finish: touched, ..good() }),
    };
    (name, draft.sign(random))
}

fn org() -> OrgName {
    OrgName::new("acme").unwrap()
}

#[test]
fn no_forged_token_opens_anything() {
    let memory = MemoryMount::new(&[]);
    let app = RepoId::parse("app", &org()).unwrap();
    let good = memory.backend.token(std::slice::from_ref(&app));
    let good = good.expose().to_owned();
    let service = Service::new(Arc::new(memory.backend.clone()), Limits::default()).unwrap();
    let part = |at: usize| -> Value {
        let text = good.split('.').nth(at).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
    };
    let token = Token { header: part(0), claims: part(1), now_s: memory.clock.now_s() };
    let mut random = Random::new(1);
    let ask = |token: &str, request: Request| service.call(token, request);
    let open = || Request::Open { repo: app.clone(), pin: Pin::Default, access: Access::ReadOnly };
    // What is put together from the same parts passes: what follows fails for its own reason.
    let same = Draft::of(&token.header, &token.claims).sign(&mut random);
    let Ok(Reply::Opened(opened)) = ask(&same, open()) else { panic!("the good one is refused") };
    let deep = std::env::var_os("MESASH_DEEP").is_some_and(|value| value == "1");
    let count = if deep { 100_000 } else { 10_000 };
    let mut told: BTreeMap<(&str, String), u32> = BTreeMap::new();
    for _ in 0..count {
        let (kind, forged) = forged(&mut random, &token);
        if forged == good || forged == same {
            continue;
        }
        let refused = match ask(&forged, open()) {
            Err(refused) => refused,
            Ok(_) => panic!("{kind}: {forged}"),
        };
        assert_eq!(refused.code, code::UNAUTHORIZED, "{kind}: {}: {forged}", refused.message);
        assert!(ask(&forged, Request::Repos).is_err(), "{kind}: {forged}");
        let of_session = Request::Root { session: opened.session };
        assert!(ask(&forged, of_session).is_err(), "{kind}: {forged}");
        *told.entry((kind, refused.message.to_string())).or_default() += 1;
    }
    // Every way was gone, and led to reasons of its own.
    let kinds = told.keys().map(|(kind, _)| kind).collect::<std::collections::BTreeSet<_>>().len();
    assert!(kinds == 9 && told.len() > 60, "{told:#?}");
    assert!(ask(&same, Request::Root { session: opened.session }).is_ok());
}
