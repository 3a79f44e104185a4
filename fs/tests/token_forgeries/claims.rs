//! Forgeries of claims: their types, times, scopes and repositories.

use mesafs::OrgName;
use mesafs::token::{KeyRepos, Scope, TokenError};

use crate::draft::{Draft, NOW_S, OTHER_SEED, draft, kid, quoted};
use crate::{Row, row, some_repos};

pub fn claims() -> Vec<Row> {
    const NAMES: [&str; 9] = ["iss", "sub", "aud", "iat", "nbf", "exp", "jti", "scopes", "repos"];
    let mut rows = Vec::new();
    for name in NAMES {
        let again = draft().claims.iter().find(|(own, _)| own == name).unwrap().1.clone();
        let wanted = match name {
            "iat" | "nbf" | "exp" => "integer",
            "scopes" | "repos" => "array of strings",
            _ => "string",
        };
        rows.extend([
            row("missing", TokenError::ClaimMissing { name }, draft().without_claim(name), draft()),
            row(
                "twice",
                TokenError::ClaimDuplicate { name: name.to_owned() },
                draft().add_claim(name, &again),
                draft(),
            ),
            row("null", claim_type(name, wanted, "null"), draft().claim(name, "null"), draft()),
            row(
                "boolean",
                claim_type(name, wanted, "boolean"),
                draft().claim(name, "true"),
                draft(),
            ),
            row(
                "an object",
                claim_type(name, wanted, "object"),
                draft().claim(name, &format!("{{\"{name}\":{again}}}")),
                draft(),
            ),
        ]);
    }
    for name in ["iat", "nbf", "exp"] {
        let integer = |found| claim_type(name, "integer", found);
        let value = draft().claims.iter().find(|(own, _)| own == name).unwrap().1.clone();
        let forged = |raw: &str| draft().claim(name, raw);
        rows.extend([
            row("a string", integer("string"), forged(&quoted(&value)), draft()),
            row("a float", integer("float"), forged(&format!("{value}.0")), draft()),
            row("with an exponent", integer("float"), forged("18e8"), draft()),
            row("negative", TokenError::ClaimNegative { name }, forged("-1"), draft()),
            row(
                "negative beyond 64 bits",
                integer("float"),
                forged("-9223372036854775809"),
                draft(),
            ),
            row("huge", TokenError::ClaimHuge { name }, forged("18446744073709551615"), draft()),
            row(
                "beyond i64",
                TokenError::ClaimHuge { name },
                forged("9223372036854775808"),
                draft(),
            ),
            row("the year 10000", TokenError::ClaimHuge { name }, forged("253402300800"), draft()),
            row("beyond 64 bits", integer("float"), forged("18446744073709551616"), draft()),
            row("in a list", integer("array"), forged(&format!("[{value}]")), draft()),
        ]);
    }
    let iss = |raw: &str| draft().claim("iss", raw);
    let jti = |raw: &str| draft().claim("jti", raw);
    rows.extend([
        row("another issuer", TokenError::Issuer, iss("\"other\""), draft()),
        row("issuer in capitals", TokenError::Issuer, iss("\"ACME\""), draft()),
        row("issuer empty", TokenError::Issuer, iss("\"\""), draft()),
        row("issuer with a slash", TokenError::Issuer, iss("\"acme/\""), draft()),
        row(
            "the key of another org",
            TokenError::Issuer,
            draft().key(|key| key.org = OrgName::new("other").unwrap()),
            draft(),
        ),
        row(
            "another subject",
            TokenError::Subject,
            draft().claim("sub", &quoted(&kid(OTHER_SEED))),
            draft(),
        ),
        row("another audience", TokenError::Audience, draft().claim("aud", "\"mesa\""), draft()),
        row(
            "a list of audiences",
            claim_type("aud", "string", "array"),
            draft().claim("aud", r#"["mesa-api"]"#),
            draft(),
        ),
        row("an empty id", TokenError::Jti, jti("\"\""), draft()),
        row("a short id", TokenError::Jti, jti("\"AAAA\""), jti("\"AAAAAAAAAAAAAAAA\"")),
        row("an id with a newline", TokenError::Jti, jti("\"AQEBAQEBAQEBAQEBAQEBAQ\\n\""), draft()),
        row(
            "an unknown claim",
            TokenError::ClaimUnexpected { name: "admin".to_owned() },
            draft().claim("admin", "true"),
            draft(),
        ),
        row(
            "a claim twice, once escaped",
            TokenError::ClaimDuplicate { name: "exp".to_owned() },
            draft().add_claim(r"\u0065xp", "253402300799"),
            draft(),
        ),
    ]);
    rows
}

pub fn times() -> Vec<Row> {
    let exp = |at_s: i64| draft().claim("exp", &at_s.to_string());
    let nbf = |at_s: i64| draft().claim("nbf", &at_s.to_string());
    let iat = |at_s: i64| draft().claim("iat", &at_s.to_string());
    vec![
        row(
            "at its end",
            TokenError::Expired,
            exp(NOW_S + 60).at(NOW_S + 60),
            exp(NOW_S + 60).at(NOW_S + 59),
        ),
        row(
            "an hour late",
            TokenError::Expired,
            draft().at(NOW_S + 7200),
            draft().at(NOW_S + 3599),
        ),
        row("at the end of time", TokenError::Expired, draft().at(i64::MAX), draft()),
        row("not yet valid", TokenError::NotYetValid, nbf(NOW_S + 6), nbf(NOW_S + 5)),
        row(
            "a verifier's clock far behind",
            TokenError::NotYetValid,
            draft().at(NOW_S - 6),
            draft().at(NOW_S - 5),
        ),
        row("a clock before all time", TokenError::NotYetValid, draft().at(i64::MIN), draft()),
        row("issued in the future", TokenError::IssuedInFuture, iat(NOW_S + 6), iat(NOW_S + 5)),
        row("a life of 86401 s", TokenError::Lifetime, exp(NOW_S + 86_401), exp(NOW_S + 86_400)),
        row(
            "a life of a century",
            TokenError::Lifetime,
            exp(NOW_S + 3_153_600_000),
            exp(NOW_S + 1),
        ),
        row("no life", TokenError::Lifetime, exp(NOW_S), exp(NOW_S + 1)),
        row("an end before its issue", TokenError::Lifetime, exp(NOW_S - 1), exp(NOW_S + 1)),
        row("exp zero", TokenError::Lifetime, exp(0), exp(NOW_S + 1)),
        row(
            "valid only after its end",
            TokenError::Lifetime,
            exp(NOW_S + 3).claim("nbf", &(NOW_S + 3).to_string()),
            exp(NOW_S + 3).claim("nbf", &(NOW_S + 2).to_string()),
        ),
    ]
}

pub fn grants() -> Vec<Row> {
    let scopes = |raw: &str| draft().claim("scopes", raw);
    let repos = |raw: &str| draft().claim("repos", raw);
    let of_strings = |name, found| claim_type(name, "array of strings", found);
    let beyond = |asked, allowed| TokenError::ScopeBeyondKey { asked, allowed };
    let app_only = |draft: Draft| draft.key(|key| key.repos = some_repos(&["app", "docs"]));
    vec![
        row("no scopes", TokenError::ScopesEmpty, scopes("[]"), scopes(r#"["read"]"#)),
        row("an unknown scope", TokenError::ScopeUnknown, scopes(r#"["read","root"]"#), draft()),
        row("a scope in capitals", TokenError::ScopeUnknown, scopes(r#"["READ"]"#), draft()),
        row("scopes in one word", TokenError::ScopeUnknown, scopes(r#"["read write"]"#), draft()),
        row("any scope", TokenError::ScopeUnknown, scopes(r#"["*"]"#), draft()),
        row("a scope twice", TokenError::ScopeTwice, scopes(r#"["read","read"]"#), draft()),
        row("scopes a string", of_strings("scopes", "string"), scopes("\"write\""), draft()),
        row("scopes of numbers", of_strings("scopes", "array"), scopes("[1]"), draft()),
        row(
            "admin by a key for writing",
            beyond(Scope::Admin, Scope::Write),
            scopes(r#"["admin"]"#),
            scopes(r#"["write"]"#),
        ),
        row(
            "admin hidden before read",
            beyond(Scope::Admin, Scope::Write),
            scopes(r#"["admin","read"]"#),
            scopes(r#"["write","read"]"#),
        ),
        row(
            "write by a key for reading",
            beyond(Scope::Write, Scope::Read),
            draft().key(|key| key.scope = Scope::Read),
            scopes(r#"["read"]"#).key(|key| key.scope = Scope::Read),
        ),
        row("no repositories", TokenError::ReposEmpty, repos("[]"), draft()),
        row("repos a string", of_strings("repos", "string"), repos("\"acme/app\""), draft()),
        row("repos of null", of_strings("repos", "array"), repos("[null]"), draft()),
        row("a bare repository", TokenError::RepoForm, repos(r#"["app"]"#), draft()),
        row("all repositories", TokenError::RepoForm, repos(r#"["acme/*"]"#), draft()),
        row(
            "the whole org by a key for some of it",
            TokenError::RepoBeyondKey,
            admin(some_repos(&["app"])),
            admin(KeyRepos::All),
        ),
        row(
            "the whole org beside a repository",
            TokenError::RepoForm,
            admin(KeyRepos::All).claim("repos", r#"["acme/*","acme/app"]"#),
            admin(KeyRepos::All),
        ),
        row(
            "another org as a whole",
            TokenError::RepoForm,
            admin(KeyRepos::All).claim("repos", r#"["other/*"]"#),
            admin(KeyRepos::All),
        ),
        row(
            "the whole org for writing, by a key that may administer it",
            TokenError::RepoForm,
            admin(KeyRepos::All).claim("scopes", r#"["read","write"]"#),
            admin(KeyRepos::All),
        ),
        row("a path as repository", TokenError::RepoForm, repos(r#"["acme/app/x"]"#), draft()),
        row("a way out", TokenError::RepoForm, repos(r#"["acme/../other"]"#), draft()),
        row("an empty name", TokenError::RepoForm, repos(r#"["acme/"]"#), draft()),
        row("a repository in capitals", TokenError::RepoForm, repos(r#"["acme/App"]"#), draft()),
        row(
            "a repository twice",
            TokenError::RepoTwice,
            repos(r#"["acme/app","acme/app"]"#),
            repos(r#"["acme/app","acme/docs"]"#),
        ),
        row(
            "another org's repository",
            TokenError::RepoOtherOrg,
            repos(r#"["other/app"]"#),
            draft(),
        ),
        row(
            "another org's beside its own",
            TokenError::RepoOtherOrg,
            repos(r#"["acme/app","other/app"]"#),
            repos(r#"["acme/app","acme/other"]"#),
        ),
        row(
            "a repository beyond the key's",
            TokenError::RepoBeyondKey,
            app_only(repos(r#"["acme/app","acme/secret"]"#)),
            app_only(repos(r#"["acme/app","acme/docs"]"#)),
        ),
        row(
            "a key for no repository",
            TokenError::RepoBeyondKey,
            draft().key(|key| key.repos = some_repos(&[])),
            draft().key(|key| key.repos = some_repos(&["app"])),
        ),
    ]
}

/// A token that administers the org, by a key for `repos`.
fn admin(repos: KeyRepos) -> Draft {
    let mut draft = draft().claim("scopes", r#"["admin"]"#).claim("repos", r#"["acme/*"]"#);
    let key = draft.registered.as_mut().unwrap();
    (key.scope, key.repos) = (Scope::Admin, repos);
    draft
}

fn claim_type(name: &'static str, wanted: &'static str, found: &'static str) -> TokenError {
    TokenError::ClaimType { name, wanted, found }
}
