//! What a token does not allow is not done, and what it does not cover is not told of.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mesa_protocol::{Reply, Request, SessionId, code};
use mesa_remote::RemoteBackend;
use mesa_server::{Limits, Service};
use mesafs::backend::OpenError;
use mesafs::token::{AccessToken, ApiKey, Jti, KeyRepos, Scope, mint};
use mesafs::{Access, Backend, Checkout, Errno, Pin};

use crate::seeds::{About, requests};
use crate::site::{By, Site, address, batch, path, repo, token, write};

/// Long enough for any machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn signed(site: &Site, key: &ApiKey, names: &[&str], scope: Scope) -> AccessToken {
    let repos: Vec<_> = names.iter().map(|name| repo(name)).collect();
    mint(key, &repos, scope, 3600, &*site.clock, Jti::random().unwrap()).unwrap().token
}

/// Another key, which may do so much.
fn another(site: &Site, seed: u8, scope: Scope, repos: KeyRepos) -> ApiKey {
    let key = ApiKey::from_seed(site.key.org().clone(), [seed; 32]);
    site.store.add_key(key.org(), key.public(), scope, repos).unwrap();
    key
}

fn service(site: &Site) -> Service {
    Service::new(site.store.backend(None), Limits::default()).unwrap()
}

fn asked(
    service: &Service,
    token: &AccessToken,
    name: &str,
    access: Access,
) -> Result<Reply, String> {
    let open = Request::Open { repo: repo(name), pin: Pin::Default, access };
    let answer = service.call(token.expose(), open);
    answer.map_err(|error| format!("{} {}", error.code, error.message.replace(name, "NAME")))
}

#[test]
fn a_revoked_key_ends_its_mounts_and_nobody_elses() {
    let site = Site::new(By::Tcp);
    let key = another(&site, 9, Scope::Write, KeyRepos::All);
    let remote = RemoteBackend::new(&address(site.place()), site.clock()).unwrap();
    let token = signed(&site, &key, &["app"], Scope::Write);
    let open = || remote.open(&token, &repo("app"), &Pin::Default, Access::ReadWrite);
    let (mount, other) = (open().unwrap(), site.open("app"));
    mount.apply(batch(1, vec![write("f", "x")])).unwrap();
    site.store.revoke_key(key.thumbprint().as_str()).unwrap();
    let revoked = Instant::now();
    assert!(matches!(open(), Err(OpenError::Unauthorized(_))));
    let written = mount.apply(batch(2, vec![write("f", "y")]));
    assert_eq!(written.map(drop).map_err(|error| error.errno()), Err(Errno::Acces));
    // Reads ask nobody; the stream's end tells.
    while mount.root().is_ok() {
        assert!(revoked.elapsed() < PATIENCE, "it is still read");
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("a mount of a revoked key was ended after {:?}", revoked.elapsed());
    assert_eq!(mount.root().unwrap_err().errno(), Errno::Acces);
    assert!(other.root().unwrap().lookup(&path("f")).is_ok());
}

#[test]
fn a_stream_of_a_revoked_key_ends_though_nobody_calls() {
    let site = Site::new(By::Socket);
    let key = another(&site, 9, Scope::Read, KeyRepos::All);
    let remote = RemoteBackend::new(&address(site.place()), site.clock()).unwrap();
    let token = signed(&site, &key, &["app"], Scope::Read);
    let mount = remote.open(&token, &repo("app"), &Pin::Default, Access::ReadOnly).unwrap();
    site.store.revoke_key(key.thumbprint().as_str()).unwrap();
    let revoked = Instant::now();
    while mount.root().is_ok() {
        assert!(revoked.elapsed() < PATIENCE, "it is still read");
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("an idle mount of a revoked key was ended after {:?}", revoked.elapsed());
}

#[test]
fn what_a_token_does_not_cover_is_not_told_of() {
    let site = Site::new(By::Socket);
    let service = service(&site);
    let only = KeyRepos::Some(BTreeSet::from([repo("app").repo]));
    let narrow = another(&site, 9, Scope::Write, only);
    // Tokens of a key that may sign for all, and for one, name that one alone.
    for key in [&site.key, &narrow] {
        let token = signed(&site, key, &["app"], Scope::Write);
        let told = ["lib", "none", "app2"]
            .map(|name| asked(&service, &token, name, Access::ReadOnly).unwrap_err());
        assert_eq!(told[0], "no_repo repository 'acme/NAME' not found");
        assert!(told.iter().all(|other| *other == told[0]), "{told:?}");
        let mut took = [Vec::new(), Vec::new()];
        for turn in 0..400 {
            let began = Instant::now();
            let refused = asked(&service, &token, ["lib", "none"][turn % 2], Access::ReadOnly);
            took[turn % 2].push(began.elapsed());
            assert!(refused.is_err());
        }
        took.iter_mut().for_each(|times| times.sort());
        println!("not told of in {:?}, missing in {:?}", took[0][100], took[1][100]);
        let Ok(Reply::Repos(repos)) = service.call(token.expose(), Request::Repos) else {
            panic!("no list");
        };
        assert_eq!(repos, [repo("app")]);
    }
    // A token that names more than its key may is good for nothing, whether that is there or not.
    let told = ["lib", "none"].map(|name| {
        let token = signed(&site, &narrow, &["app", name], Scope::Write);
        asked(&service, &token, "app", Access::ReadOnly).unwrap_err()
    });
    assert!(told[0] == told[1] && told[0].starts_with("unauthorized "), "{told:?}");
}

#[test]
fn another_tokens_session_is_as_one_that_never_was() {
    let site = Site::new(By::Socket);
    let service = service(&site);
    let open = |token: &AccessToken| match asked(&service, token, "app", Access::ReadWrite) {
        Ok(Reply::Opened(opened)) => opened,
        other => panic!("{other:?}"),
    };
    let (own, other) = (token(&["app"], &*site.clock), token(&["app"], &*site.clock));
    let (opened, others) = (open(&own), open(&other));
    let about = |session| About { session, root: others.root.number, repo: repo("app") };
    // What is asked about a session that is another's, or nobody's, is answered in the same way.
    let told = [others.session, SessionId(5)].map(|session| {
        let answers = requests(&about(session)).into_iter().filter(|request| {
            !matches!(request, Request::Repos | Request::Open { .. } | Request::Close { .. })
        });
        answers.map(|request| service.call(own.expose(), request).unwrap_err()).collect::<Vec<_>>()
    });
    assert_eq!(told[0], told[1]);
    assert!(told[0].iter().all(|error| error.code == code::NO_SESSION), "{:?}", told[0]);
    assert!(service.call(own.expose(), Request::Root { session: opened.session }).is_ok());
}

#[test]
fn who_may_read_changes_nothing() {
    let site = Site::new(By::Socket);
    let mount = site.open("app");
    mount.apply(batch(1, vec![write("log", "x")])).unwrap();
    let state = |mount: &Arc<dyn Checkout>| {
        let history = mount.history().unwrap();
        let operations = history.operations(0).unwrap();
        (mount.root().unwrap().version, operations, mount.bookmarks().unwrap())
    };
    let before = state(&mount);
    let service = service(&site);
    let read = signed(&site, &site.key, &["app"], Scope::Read);
    let write_too = token(&["app"], &*site.clock);
    assert!(asked(&service, &read, "app", Access::ReadWrite).is_err());
    // A token that may only read, and a mount that was asked for to read.
    for token in [&read, &write_too] {
        let Ok(Reply::Opened(opened)) = asked(&service, token, "app", Access::ReadOnly) else {
            panic!("it does not open");
        };
        let (session, root) = (opened.session, opened.root.number);
        for request in requests(&About { session, root, repo: repo("app") }) {
            if matches!(request, Request::Open { .. }) {
                continue;
            }
            let told = format!("{request:?}");
            let applies = matches!(request, Request::Apply { .. });
            let answer = service.call(token.expose(), request);
            assert!(!(applies && answer.is_ok()), "{told}");
        }
    }
    assert_eq!(state(&mount), before);
}
