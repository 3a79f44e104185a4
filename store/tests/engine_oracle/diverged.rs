//! A change that two operations of the real jj moved apart, with the default bookmark on it: its
//! repository can be mounted and read, and the change be made one again.

use std::sync::Arc;

use mesa_store::{Author, Store, StoreOptions};
use mesafs::backend::{Access, ChangeError, ChangeInfo, Checkout, Pin, Revision};
use mesafs::clock::SystemClock;
use mesafs::name::{BookmarkName, OrgName, RepoId};
use mesafs::op::{Batch, BatchId, Op};
use mesafs::path::RepoPath;
use mesafs::token::{ApiKey, Jti, KeyRepos, Scope, mint};
use mesafs::{Errno, FsResult};

use crate::run;

fn write(checkout: &dyn Checkout, id: u128, text: &'static str) -> FsResult<()> {
    let path = RepoPath::new("a").unwrap();
    let ops = vec![Op::Write { path, mode: 0o644, data: text.into() }];
    checkout.apply(Batch { id: BatchId(id), now_ns: 0, ops }).map(drop)
}

#[test]
fn who_mounts_a_divergent_change_can_settle_it() {
    let folder = tempfile::TempDir::new().unwrap();
    let store = Store::open(&folder.path().join("store"), StoreOptions::default()).unwrap();
    let org = OrgName::new("acme").unwrap();
    let (key, repo) =
        (ApiKey::from_seed(org.clone(), [7; 32]), RepoId::parse("app", &org).unwrap());
    let author = Author { name: "Ann".into(), email: "ann@example.com".into() };
    store.add_key(&org, key.public(), Scope::Admin, KeyRepos::All).unwrap();
    store.create_repo(&repo, &author).unwrap();
    let backend = store.backend(Some(author));
    let mounted = |pin: &Pin| -> Arc<dyn Checkout> {
        let repos = std::slice::from_ref(&repo);
        let jti = Jti::random().unwrap();
        let token = mint(&key, repos, Scope::Write, 600, &SystemClock, jti).unwrap().token;
        backend.open(&token, &repo, pin, Access::ReadWrite).unwrap()
    };
    let checkout = mounted(&Pin::Default);
    write(&*checkout, 1, "1\n").unwrap();
    let change = checkout.current().unwrap().0.change_id.to_string();
    checkout.close().unwrap();

    let dir = folder.path().join("store/repos/acme/app");
    let jj = |args: &[&str]| {
        let base = ["--ignore-working-copy", "--no-pager", "--color=never"];
        run(&dir, "jj", &[&base[..], args].concat())
    };
    let ops = jj(&["op", "log", "--no-graph", "-n", "1", "-T", "id"]);
    jj(&["--at-op", ops.trim(), "describe", "-m", "one", &change]);
    jj(&["--at-op", ops.trim(), "describe", "-m", "two", &change]);
    jj(&["log"]);

    let checkout = mounted(&Pin::Default);
    let main = BookmarkName::new("main").unwrap();
    let (open, bookmark) = checkout.current().unwrap();
    assert!(open.divergent && open.change_id.as_str() == change && bookmark.is_some());
    assert_eq!(checkout.bookmarks().unwrap()[0].target, None);
    assert_eq!(write(&*checkout, 2, "2\n").unwrap_err().errno(), Errno::Busy);
    let history = checkout.history().unwrap();
    let both: Vec<ChangeInfo> = history.log("all() ~ root()", 0).unwrap();
    assert!(both.len() == 2 && both.iter().all(|one| one.divergent), "{both:?}");
    // Its id does not say which.
    let by_id = Revision::Change(change.clone());
    let unclear = |result: Result<(), ChangeError>| {
        assert!(matches!(result, Err(ChangeError::Divergent { .. })), "{result:?}");
    };
    unclear(history.abandon(std::slice::from_ref(&by_id)).map(drop));
    unclear(history.set_bookmark(&main, &by_id, None));
    let commit = |text: &str| {
        let found = both.iter().find(|one| one.summary == text).unwrap();
        Revision::Expression(found.commit_oid.to_string())
    };
    history.set_bookmark(&main, &commit("two"), None).unwrap();
    assert!(checkout.bookmarks().unwrap()[0].target.is_some());
    history.abandon(&[commit("one")]).unwrap();
    checkout.edit(&Revision::Bookmark(main)).unwrap();
    let (open, bookmark) = checkout.current().unwrap();
    assert_eq!((open.summary.as_str(), open.divergent, bookmark.is_some()), ("two", false, true));
    write(&*checkout, 3, "3\n").unwrap();
    checkout.close().unwrap();
    store.close().unwrap();
    let log = jj(&["log", "-r", &change, "--no-graph", "-T", "description ++ bookmarks"]);
    assert_eq!(log.trim(), "two\nmain");
}
