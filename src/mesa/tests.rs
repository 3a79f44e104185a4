use std::sync::Arc;

use mesafs::clock::{Clock, ManualClock};
use mesafs::token::ApiKey;
use mesafs::{Errno, OrgName, RepoId};
use testkit::MemoryBackend;

use super::*;
use crate::bash::BashOptions;

const NOW_S: i64 = 1_767_323_045;

fn org() -> OrgName {
    OrgName::new("acme").unwrap()
}

/// A client of a backend in memory that has `acme/app` and `acme/docs`.
fn client() -> (Mesa, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at_s(NOW_S));
    let shared = Arc::clone(&clock) as Arc<dyn Clock>;
    let backend = MemoryBackend::new(&org(), Arc::clone(&shared));
    for repo in ["app", "docs"] {
        backend.create_repo(&RepoId::parse(repo, &org()).unwrap());
    }
    // The key that such a backend knows.
    let key = ApiKey::from_seed(org(), [7; 32]);
    let mesa = Mesa::builder().key(key).backend(Arc::new(backend)).clock(shared);
    (mesa.build().unwrap(), clock)
}

#[tokio::test]
async fn files_scripts_and_changes_meet_in_one_mount() {
    let (mesa, _clock) = client();
    let options = MountOptions::new([
        RepoConfig::new("app").bookmark("main"),
        RepoConfig::new("acme/docs").read_only(true),
    ]);
    let fs = mesa.fs().mount(options).await.unwrap();
    fs.write("/acme/app/a", "hi\n").await.unwrap();
    let bash = fs.bash(BashOptions::default());
    let result = bash.exec("cat /acme/app/a; echo x > /acme/app/b").await.unwrap();
    assert_eq!((&result.stdout[..], result.exit_code), (&b"hi\n"[..], 0));
    assert_eq!(&fs.read("/acme/app/b").await.unwrap()[..], b"x\n");
    let refused = fs.write("/acme/docs/x", "x").await;
    assert_eq!(refused.map_err(|error| error.errno()), Err(Errno::RoFs));
    assert_eq!(fs.readdir("/acme").await.unwrap(), ["app", "docs"]);

    let saved = fs.changes().checkpoint("app", Some("First")).await.unwrap();
    let listed = fs.changes().list("app", 0).await.unwrap();
    assert_eq!(listed[0].change_id, saved.active_change_id);
    assert_eq!(listed[1].summary, "First");

    let other = mesa.fs().mount(MountOptions::new(["app"])).await.unwrap();
    assert_eq!(&other.read("/acme/app/a").await.unwrap()[..], b"hi\n");
    fs.close().await.unwrap();
    let closed = fs.read("/acme/app/a").await;
    assert_eq!(closed.map_err(|error| error.errno()), Err(Errno::Io));
    assert!(other.exists("/acme/app/b").await.unwrap());
}

#[tokio::test]
async fn a_mount_is_made_anew_where_the_expired_one_was() {
    let (mesa, clock) = client();
    let options = MountOptions::new([
        RepoConfig::new("app"),
        RepoConfig::new("docs").bookmark("main").read_only(true),
    ]);
    let options = options.ttl(60);
    let old = mesa.fs().mount(options.clone()).await.unwrap();
    let main = mesafs::backend::Revision::Bookmark(mesafs::BookmarkName::new("main").unwrap());
    let change = old.changes().new("app", main, Some("Later")).await.unwrap();
    old.write("/acme/app/a", "one\n").await.unwrap();
    old.write("/tmp/t", "two\n").await.unwrap();
    clock.advance_s(61);
    let denied = old.read("/acme/app/a").await;
    assert_eq!(denied.map_err(|error| error.errno()), Err(Errno::Acces));

    let new = old.again(&mesa, &options).unwrap();
    assert_eq!(new.changes().current("app").await.unwrap().change_id, change);
    assert_eq!(&new.read("/acme/app/a").await.unwrap()[..], b"one\n");
    assert_eq!(&new.read("/tmp/t").await.unwrap()[..], b"two\n");
    let refused = new.write("/acme/docs/x", "x").await;
    assert_eq!(refused.map_err(|error| error.errno()), Err(Errno::RoFs));
    clock.advance_s(61);
    let denied = new.read("/acme/app/a").await;
    assert_eq!(denied.map_err(|error| error.errno()), Err(Errno::Acces));
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let (mesa, _clock) = client();
    let missing = |config: RepoConfig| {
        let mesa = mesa.clone();
        async move {
            match mesa.fs().mount(MountOptions::new([config])).await {
                Err(MountError::NotFound(missing)) => missing.to_string(),
                other => panic!("{other:?}"),
            }
        }
    };
    assert_eq!(missing("none".into()).await, "repository 'acme/none' not found");
    let bookmark = missing(RepoConfig::new("app").bookmark("none")).await;
    assert_eq!(bookmark, "bookmark 'none' not found in 'acme/app'");
    let change =
        missing(RepoConfig::new("app").change_id("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzk")).await;
    assert_eq!(change, "change 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzk' not found in 'acme/app'");
}

#[tokio::test]
async fn a_mount_ends_with_its_token() {
    let (mesa, clock) = client();
    let fs = mesa.fs().mount(MountOptions::new(["app"]).ttl(60)).await.unwrap();
    fs.write("/acme/app/a", "x").await.unwrap();
    clock.advance_s(60);
    let expired = fs.read("/acme/app/a").await.unwrap_err();
    assert_eq!(expired.to_string(), "Permission denied (access token expired)");
    let again = mesa.fs().mount(MountOptions::new(["app"]).ttl(60)).await.unwrap();
    assert_eq!(&again.read("/acme/app/a").await.unwrap()[..], b"x");
}

#[tokio::test]
async fn a_key_that_is_not_registered_is_unauthorized() {
    let backend = MemoryBackend::new(&org(), Arc::new(SystemClock));
    let key = ApiKey::generate(org()).unwrap();
    let mesa = Mesa::builder().key(key).backend(Arc::new(backend)).build().unwrap();
    let refused = mesa.fs().mount(MountOptions::new(["app"])).await;
    assert!(matches!(refused, Err(MountError::Unauthorized(_))), "{refused:?}");
}

#[test]
fn a_client_says_which_option_is_wrong() {
    let refused = |builder: MesaBuilder| match builder.build() {
        Err(MountError::InvalidOptions { option, reason }) => (option, reason),
        other => panic!("{other:?}"),
    };
    let key = || ApiKey::from_seed(org(), [7; 32]);
    assert_eq!(refused(Mesa::builder()).0, "api_key");
    let secret = "mesa_acme_not-the-key";
    let unread = refused(Mesa::builder().api_key(secret));
    assert_eq!(unread.0, "api_key");
    assert!(!unread.1.contains("not-the-key"));
    assert_eq!(refused(Mesa::builder().key(key())).0, "store");
    let other = refused(Mesa::builder().key(key()).org("other").store("/nowhere"));
    assert_eq!(other, ("org", "the API key is of org 'acme', not 'other'".to_owned()));
    assert_eq!(refused(Mesa::builder().key(key()).org("Bad!").store("/nowhere")).0, "org");
    let text = key().expose();
    let shown = format!("{:?}", Mesa::builder().key(key()).store("/nowhere").build().unwrap());
    assert!(!shown.contains(&text[10..20]), "{shown}");
}

#[tokio::test]
async fn mounts_share_a_store_and_the_last_one_closes_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let key = ApiKey::generate(org()).unwrap();
    {
        let store = Store::open(&path, StoreOptions::default()).unwrap();
        let all = mesafs::token::KeyRepos::All;
        store.add_key(&org(), key.public(), mesafs::token::Scope::Write, all).unwrap();
        let author = Author { name: "A".into(), email: "a@example.com".into() };
        store.create_repo(&RepoId::parse("app", &org()).unwrap(), &author).unwrap();
        store.close().unwrap();
    }
    let client = || Mesa::builder().key(key.clone()).store(&path).build().unwrap();
    let mesa = client();
    let one = mesa.fs().mount(MountOptions::new(["app"])).await.unwrap();
    let two = mesa.fs().mount(MountOptions::new(["app"])).await.unwrap();
    let busy = client().fs().mount(MountOptions::new(["app"])).await;
    let this = std::process::id();
    match busy {
        Err(MountError::Store(mesa_store::StoreError::Busy { pid, .. })) => assert_eq!(pid, this),
        other => panic!("{other:?}"),
    }
    one.write("/acme/app/a", "x").await.unwrap();
    one.close().await.unwrap();
    assert_eq!(&two.read("/acme/app/a").await.unwrap()[..], b"x");
    two.close().await.unwrap();
    let again = client().fs().mount(MountOptions::new(["app"])).await.unwrap();
    assert_eq!(&again.read("/acme/app/a").await.unwrap()[..], b"x");
}
