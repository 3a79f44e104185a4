//! Who changed what, and by which line.

use std::time::Duration;

use mesafs::backend::{AuditEntry, AuditOp, Description, Revision};
use mesafs::filesystem::{FileSystem, Follow};
use mesafs::line::Line;
use mesafs::mount::Versions as _;
use mesafs::path::RepoPath;
use mesafs::{Checkout, FsResult};

use crate::fixture::{Fixture, author, path, repo};

fn audit(checkout: &dyn Checkout, at: &[&str]) -> Vec<AuditEntry> {
    let paths: Vec<RepoPath> = at.iter().map(|path| RepoPath::new(*path).unwrap()).collect();
    checkout.history().unwrap().audit(&paths, 0).unwrap()
}

fn told(entries: &[AuditEntry]) -> Vec<(AuditOp, String, String)> {
    entries.iter().map(|e| (e.op, e.path.to_string(), e.cause.line.to_string())).collect()
}

#[test]
fn edits_are_told_after_a_crash_as_before() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    store.create_repo(&repo("lib"), &author()).unwrap();
    let mount = fixture.mount(&store, &["app", "lib"]);
    mount.write("/acme/app/by-call", "0")?;
    mount.files.line_begins(Line::new(|| "first".into()));
    mount.write("/acme/app/a", "1")?;
    mount.files.create_dir(&path("/acme/app/d"), 0o755, false)?;
    mount.write("/acme/app/d/x", "2")?;
    mount.files.line_ends().unwrap();
    store.tick();
    mount.files.line_begins(Line::new(|| "second".into()));
    mount.files.rename(&path("/acme/app/d"), &path("/acme/lib/e"))?;
    mount.files.set_mode(&path("/acme/app/a"), 0o600, Follow::Yes)?;
    mount.files.line_ends().unwrap();
    // Some of it is stored, some in the journal alone.
    let killed = fixture.copied();
    let store = killed.open();
    let after = killed.mount(&store, &["app", "lib"]);
    for mount in [&mount, &after] {
        let [app, lib] = [&*mount.checkouts[0], &*mount.checkouts[1]];
        let seen = audit(app, &["d/x"]);
        let first = |op, path: &str| (op, path.to_owned(), "first".to_owned());
        let second = |op, path: &str| (op, path.to_owned(), "second".to_owned());
        assert_eq!(
            told(&seen),
            [second(AuditOp::Remove, "d"), first(AuditOp::Write, "d/x")],
            "what was done to the folder as a whole was done to the file"
        );
        assert_eq!(told(&audit(lib, &["e/x"])), [second(AuditOp::Put, "e")]);
        assert_eq!(
            told(&audit(app, &["a"])),
            [second(AuditOp::SetMode, "a"), first(AuditOp::Write, "a")]
        );
        let all = audit(app, &[]);
        assert_eq!(all.len(), 6);
        assert_eq!(all[5].cause.line, "");
        assert!(all.iter().all(|e| !e.cause.session.is_empty() && e.cause.key == all[0].cause.key));
        assert!(all.is_sorted_by(|one, two| one.version >= two.version));
        // The objects are git's.
        let one = "56a6051ca2b02b04ef92d5150c9ef600403cb1de";
        assert_eq!(
            seen[1].after.map(|id| id.to_string()),
            Some("d8263ee9860594d2806b0dfd1bfd17528b0ba2a4".into())
        );
        assert_eq!(all[4].after.map(|id| id.to_string()), Some(one.into()));
    }
    Ok(())
}

#[test]
fn operations_on_history_are_told_where_they_changed_a_file() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    // As its lines see it.
    let app = &*mount.files.checkouts()[0];
    let history = app.history().unwrap();
    mount.files.create_dir(&path("/acme/app/d"), 0o755, false)?;
    mount.write("/acme/app/d/a", "1")?;
    app.checkpoint(Description::Set("one".into())).unwrap();
    mount.write("/acme/app/d/a", "2")?;
    mount.write("/acme/app/b", "2")?;
    let before = history.operations(1).unwrap().remove(0).id;
    mount.files.line_begins(Line::new(|| "restore".into()));
    let at = |path| RepoPath::new(path).unwrap();
    history.restore(&Revision::here(), &Revision::Expression("@-".into()), &[at("d")]).unwrap();
    mount.files.line_ends()?;
    mount.files.line_begins(Line::new(|| "back".into()));
    history.restore_operation(&before).unwrap();
    mount.files.line_ends()?;
    let wanted = [("back", AuditOp::Write), ("restore", AuditOp::Write)];
    let wanted = wanted.map(|(line, op)| (op, "d/a".to_owned(), line.to_owned()));
    for asked in ["d/a", "d"] {
        let told = told(&audit(app, &[asked]));
        assert_eq!(told.get(..2), Some(&wanted[..]), "{asked}: {told:?}");
        assert_eq!(told.iter().filter(|(op, ..)| *op != AuditOp::MakeDir).count(), 4);
    }
    let entries = audit(app, &["d/a"]);
    assert_eq!((entries[0].version, entries[0].after), (0, entries[1].before));
    // What stayed as it was is not told of.
    assert_eq!(audit(app, &["b"]).len(), 1);
    let one = history.audit(&[at("d/a")], 1).unwrap();
    assert_eq!(told(&one), wanted[..1]);
    Ok(())
}

#[test]
fn the_audit_goes_back_as_far_as_it_is_told() -> FsResult<()> {
    let (mut fixture, store) = Fixture::new();
    store.close().unwrap();
    fixture.options.retention = Duration::from_secs(3600);
    let store = fixture.open();
    let mount = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/a", "1")?;
    store.tick();
    assert_eq!(audit(mount.checkout(), &["a"]).len(), 1);
    fixture.clock.advance_s(3700);
    mount.close();
    let mount = fixture.mounted(vec![
        fixture.checkout(&store, "app", &mesafs::Pin::Default, mesafs::Access::ReadWrite).unwrap(),
    ]);
    mount.write("/acme/app/b", "1")?;
    assert_eq!(told(&audit(mount.checkout(), &[])).len(), 1);
    store.close().unwrap();
    fixture.options.retention = Duration::ZERO;
    let store = fixture.open();
    let mount = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/c", "1")?;
    assert!(audit(mount.checkout(), &["c"]).is_empty());
    Ok(())
}
