//! Forgeries of a token's form, header, key and signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mesafs::token::{TOKEN_BYTES_MAX, TokenError};

use crate::draft::{OTHER_SEED, SEED, Signature, draft, jwk, key, kid, object, quoted};
use crate::{Row, row};

pub fn form() -> Vec<Row> {
    let base64 = |part| TokenError::Base64 { part };
    let json = |part| TokenError::Json { part };
    // Members whose lengths leave stray bits in the last character of each part.
    let odd = || {
        let own = draft();
        own.clone()
            .header_text(uneven(object(&own.header)))
            .claims_text(uneven(object(&own.claims)))
    };
    vec![
        row("empty", TokenError::Shape, draft().rewrite(|_| String::new()), draft()),
        row("one part", TokenError::Shape, draft().rewrite(|t| t.replace('.', "")), draft()),
        row(
            "no signature part",
            TokenError::Shape,
            draft().rewrite(|t| t.rsplit_once('.').unwrap().0.to_owned()),
            draft(),
        ),
        row("four parts", TokenError::Shape, draft().rewrite(|t| format!("{t}.")), draft()),
        row(
            "five parts, as an encrypted token has",
            TokenError::Shape,
            draft().rewrite(|t| format!("{t}.AA.AA")),
            draft(),
        ),
        row(
            "longer than any token",
            TokenError::TooLong { bytes: TOKEN_BYTES_MAX + 1, max: TOKEN_BYTES_MAX },
            draft().rewrite(|t| t.to_owned() + &"A".repeat(TOKEN_BYTES_MAX + 1 - t.len())),
            draft(),
        ),
        row(
            "padded header",
            base64("header"),
            draft().rewrite(|t| with_part(t, 0, |part| format!("{part}="))),
            draft(),
        ),
        row(
            "padded claims",
            base64("claims"),
            draft().rewrite(|t| with_part(t, 1, |part| format!("{part}="))),
            draft(),
        ),
        row(
            "padded signature",
            base64("signature"),
            draft().rewrite(|t| format!("{t}==")),
            draft(),
        ),
        row(
            "stray bits in the header",
            base64("header"),
            odd().rewrite(|t| with_part(t, 0, stray_bits)),
            odd(),
        ),
        row(
            "stray bits in the claims",
            base64("claims"),
            odd().rewrite(|t| with_part(t, 1, stray_bits)),
            odd(),
        ),
        row(
            "stray bits in the signature",
            base64("signature"),
            draft().rewrite(|t| with_part(t, 2, stray_bits)),
            draft(),
        ),
        row(
            "the other base64 alphabet",
            base64("signature"),
            draft().rewrite(|t| with_part(t, 2, |part| part.replacen(&part[..1], "+", 1))),
            draft(),
        ),
        row(
            "a newline at the end",
            base64("signature"),
            draft().rewrite(|t| format!("{t}\n")),
            draft(),
        ),
        row("a space before", base64("header"), draft().rewrite(|t| format!(" {t}")), draft()),
        row(
            "a scheme before",
            base64("header"),
            draft().rewrite(|t| format!("Bearer {t}")),
            draft(),
        ),
        row("header not JSON", json("header"), draft().header_text("{"), draft()),
        row("header an array", json("header"), draft().header_text("[]"), draft()),
        row(
            "header with more behind it",
            json("header"),
            draft().header_text(format!("{}{{}}", object(&draft().header))),
            draft().header_text(format!("{}  ", object(&draft().header))),
        ),
        row("claims not JSON", json("claims"), draft().claims_text("claims"), draft()),
        row("claims a string", json("claims"), draft().claims_text("\"x\""), draft()),
    ]
}

pub fn header() -> Vec<Row> {
    let missing = |name| TokenError::HeaderMissing { name };
    let algorithm = |found: &str| TokenError::Algorithm { found: found.to_owned() };
    let duplicate = |name: &str| TokenError::HeaderDuplicate { name: name.to_owned() };
    let unexpected = |name: &str| TokenError::HeaderUnexpected { name: name.to_owned() };
    let with_jwk = || draft().header("jwk", &jwk(SEED));
    let crit = || draft().header("crit", r#"["exp"]"#);
    vec![
        row(
            "alg none, unsigned",
            algorithm("none"),
            draft().header("alg", "\"none\"").signed(Signature::Empty),
            draft(),
        ),
        row("alg none, signed", algorithm("none"), draft().header("alg", "\"none\""), draft()),
        row("alg None", algorithm("None"), draft().header("alg", "\"None\""), draft()),
        row(
            "alg in small letters",
            algorithm("eddsa"),
            draft().header("alg", "\"eddsa\""),
            draft(),
        ),
        row(
            "the alg of RFC 9864",
            algorithm("Ed25519"),
            draft().header("alg", "\"Ed25519\""),
            draft(),
        ),
        row(
            "HS256 with the public key as secret",
            algorithm("HS256"),
            draft().header("alg", "\"HS256\"").signed(Signature::Hs256WithPublicKey),
            draft(),
        ),
        row(
            "EdDSA in the header, HMAC as signature",
            TokenError::Signature,
            draft().signed(Signature::Hs256WithPublicKey),
            draft(),
        ),
        row("ES256", algorithm("ES256"), draft().header("alg", "\"ES256\""), draft()),
        row("no alg", missing("alg"), draft().without_header("alg"), draft()),
        row("alg null", header_type("alg", "null"), draft().header("alg", "null"), draft()),
        row(
            "alg a list",
            header_type("alg", "array"),
            draft().header("alg", r#"["EdDSA"]"#),
            draft(),
        ),
        row("alg twice", duplicate("alg"), draft().add_header("alg", "\"EdDSA\""), draft()),
        row(
            "alg twice, once escaped",
            duplicate("alg"),
            draft().add_header(r"\u0061lg", "\"none\""),
            draft(),
        ),
        row("another typ", TokenError::Typ, draft().header("typ", "\"JWT\""), draft()),
        row("typ at+jwt", TokenError::Typ, draft().header("typ", "\"at+jwt\""), draft()),
        row("typ in capitals", TokenError::Typ, draft().header("typ", "\"MESA-AT+JWT\""), draft()),
        row("no typ", missing("typ"), draft().without_header("typ"), draft()),
        row("typ a number", header_type("typ", "integer"), draft().header("typ", "1"), draft()),
        row("no kid", missing("kid"), draft().without_header("kid"), draft()),
        row("no kid but a jwk", missing("kid"), with_jwk().without_header("kid"), with_jwk()),
        row("kid a number", header_type("kid", "integer"), draft().header("kid", "1"), draft()),
        row("kid empty", TokenError::KeyIdForm, draft().header("kid", "\"\""), draft()),
        row(
            "kid a path",
            TokenError::KeyIdForm,
            draft().header("kid", "\"../../../../etc/passwd\""),
            draft(),
        ),
        row(
            "kid twice",
            duplicate("kid"),
            draft().add_header("kid", &quoted(&kid(OTHER_SEED))),
            draft(),
        ),
        row("crit", TokenError::Critical, crit(), draft()),
        row("crit empty", TokenError::Critical, draft().header("crit", "[]"), draft()),
        row("unencoded payload", unexpected("b64"), draft().header("b64", "false"), draft()),
        row("jku", unexpected("jku"), draft().header("jku", "\"https://example.com\""), draft()),
        row("x5c", unexpected("x5c"), draft().header("x5c", "[]"), draft()),
        row("x5u", unexpected("x5u"), draft().header("x5u", "\"\""), draft()),
        row("zip", unexpected("zip"), draft().header("zip", "\"DEF\""), draft()),
        row("cty", unexpected("cty"), draft().header("cty", "\"JWT\""), draft()),
        row("a nameless member", unexpected(""), draft().header("", "1"), draft()),
    ]
}

pub fn keys() -> Vec<Row> {
    let other = || draft().signed(Signature::Ed25519(OTHER_SEED));
    let with_jwk = || draft().header("jwk", &jwk(SEED));
    let x = key(SEED).public().encoded();
    vec![
        row("another key", TokenError::Signature, other(), draft()),
        row(
            "another key carried as jwk under the registered id",
            TokenError::JwkMismatch,
            other().header("jwk", &jwk(OTHER_SEED)),
            with_jwk(),
        ),
        row(
            "another key carried as jwk under its own id",
            TokenError::UnknownKey,
            other().header("jwk", &jwk(OTHER_SEED)).header("kid", &quoted(&kid(OTHER_SEED))),
            with_jwk(),
        ),
        row(
            "another key, the registered one carried as jwk",
            TokenError::Signature,
            other().header("jwk", &jwk(SEED)),
            with_jwk(),
        ),
        row(
            "another key under its own id",
            TokenError::UnknownKey,
            other().header("kid", &quoted(&kid(OTHER_SEED))),
            draft(),
        ),
        row(
            "another id",
            TokenError::UnknownKey,
            draft().header("kid", &quoted(&kid(OTHER_SEED))),
            draft(),
        ),
        row("a key never registered", TokenError::UnknownKey, draft().unregistered(), draft()),
        row(
            "a revoked key",
            TokenError::KeyRevoked,
            draft().key(|key| key.revoked = true),
            draft(),
        ),
        row(
            "jwk a string",
            TokenError::HeaderType { name: "jwk", wanted: "object", found: "string" },
            draft().header("jwk", &quoted(&x)),
            with_jwk(),
        ),
        row("jwk empty", TokenError::JwkForm, draft().header("jwk", "{}"), with_jwk()),
        row(
            "jwk with the private half",
            TokenError::JwkForm,
            draft().header("jwk", &jwk(SEED).replace('}', ",\"d\":\"AA\"}")),
            with_jwk(),
        ),
        row(
            "jwk of another curve",
            TokenError::JwkForm,
            draft().header("jwk", &jwk(SEED).replace("Ed25519", "X25519")),
            with_jwk(),
        ),
        row(
            "jwk with two keys",
            TokenError::JwkForm,
            draft().header("jwk", &jwk(OTHER_SEED).replace('}', &format!(",\"x\":\"{x}\"}}"))),
            with_jwk(),
        ),
        row(
            "jwk twice",
            TokenError::HeaderDuplicate { name: "jwk".to_owned() },
            with_jwk().add_header("jwk", &jwk(OTHER_SEED)),
            with_jwk(),
        ),
        row("empty signature", TokenError::Signature, draft().signed(Signature::Empty), draft()),
        row(
            "a signature cut short",
            TokenError::Signature,
            draft().rewrite(|t| {
                with_part(t, 2, |part| {
                    let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
                    URL_SAFE_NO_PAD.encode(&bytes[..63])
                })
            }),
            draft(),
        ),
        row(
            "a signature of zeros",
            TokenError::Signature,
            draft().rewrite(|t| with_part(t, 2, |_| URL_SAFE_NO_PAD.encode([0; 64]))),
            draft(),
        ),
        row(
            "the same signature, its scalar grown by the group's order",
            TokenError::Signature,
            draft().rewrite(|t| with_part(t, 2, grow_scalar)),
            draft(),
        ),
        row(
            "claims of another token under this signature",
            TokenError::Signature,
            draft().rewrite(|t| {
                with_part(t, 1, |_| {
                    let claims = draft().claim("repos", r#"["acme/secret"]"#).claims;
                    URL_SAFE_NO_PAD.encode(object(&claims))
                })
            }),
            draft(),
        ),
    ]
}

/// Adds the order of Ed25519's group to the scalar half of a signature.
fn grow_scalar(part: &str) -> String {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
    let mut carry = 0;
    for (byte, order) in bytes[32..].iter_mut().zip(ORDER) {
        carry += u16::from(*byte) + u16::from(order);
        *byte = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Replaces the `nth` part of a token's text.
fn with_part(token: &str, nth: usize, change: impl Fn(&str) -> String) -> String {
    let parts = token.split('.').enumerate();
    let parts: Vec<_> =
        parts.map(|(at, part)| if at == nth { change(part) } else { part.to_owned() }).collect();
    parts.join(".")
}

/// Lengthens JSON by white space to where the last character of its base64 has stray bits.
fn uneven(mut json: String) -> String {
    while json.len().is_multiple_of(3) {
        json.push(' ');
    }
    json
}

/// Flips a bit of the last character that no byte holds: another text for the same bytes.
fn stray_bits(part: &str) -> String {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = part.chars().last().unwrap();
    let digit = DIGITS.find(last).unwrap() ^ 1;
    format!("{}{}", &part[..part.len() - 1], &DIGITS[digit..=digit])
}

fn header_type(name: &'static str, found: &'static str) -> TokenError {
    TokenError::HeaderType { name, wanted: "string", found }
}
