//! What was done can be looked at, and taken back.

use mesa_store::engine::EngineError;
use mesafs::backend::Backwards;

use crate::fixture::{ann, fixture, name};

#[test]
fn an_earlier_state_comes_back_whole() {
    let at = fixture();
    let first = at.put(&at.main(), &[("f", "1")], 1);
    let point = at.repo.operation();
    let second = at.put(&first, &[("f", "2")], 2);
    let child = at.child(&second, "child", &[("f", "3")]);
    at.repo.move_bookmark(&name("main"), &child.change, Backwards::Refuse, None).unwrap();
    let late = at.repo.operation();

    let log = at.repo.operations(0).unwrap();
    let said: Vec<_> = log.iter().map(|operation| operation.description.as_str()).collect();
    assert_eq!(said[..4], ["move a bookmark", "snapshot", "new change", "snapshot"]);
    assert!(log[1].snapshot && !log[0].snapshot && log[0].ended_ms > 1_700_000_000_000);
    assert_eq!(
        (log[0].id.as_str(), &log[0].parents[..]),
        (late.as_str(), &[log[1].id.clone()][..])
    );
    assert_eq!(at.repo.operations(2).unwrap(), log[..2]);

    let done = at.repo.restore_operation(&point[..16]).unwrap();
    assert_eq!(at.main(), first);
    assert_eq!(done.rewritten.len(), 2);
    let of = |change: &mesafs::name::ChangeId| {
        done.rewritten.iter().find(|rewritten| rewritten.change == *change).unwrap().after.clone()
    };
    assert_eq!((of(&first.change), of(&child.change)), (Some(first.commit.clone()), None));
    at.repo.restore_operation(&late).unwrap();
    assert_eq!(at.main(), child);
    // The journal's positions are not taken back: what they stand for is in the history.
    assert_eq!(at.repo.journal_positions().unwrap()[&first.change], 2);

    let oldest = log.last().unwrap().id.clone();
    for (wrong, no_operation) in [("", true), ("@-", true), ("abcdef0123", true), (&oldest, false)]
    {
        match at.repo.restore_operation(wrong).unwrap_err() {
            EngineError::NoOperation(_) if no_operation => {}
            EngineError::NoBookmark(_) if !no_operation => {}
            error => panic!("{wrong}: {error}"),
        }
    }
}

#[test]
fn a_change_remembers_what_it_was() {
    let at = fixture();
    let made = at.main();
    let first = at.put(&made, &[("f", "1")], 1);
    let second = at.put(&first, &[("f", "2")], 2);
    let history = at.repo.change_history(&made.change, 0).unwrap();
    let commits: Vec<_> = history.iter().map(|(commit, _)| commit.clone()).collect();
    assert_eq!(commits, [second.commit, first.commit, made.commit]);
    let operation = history[0].1.as_ref().unwrap();
    assert_eq!(
        (operation.description.as_str(), operation.id.clone()),
        ("snapshot", at.repo.operation())
    );
    assert_eq!(at.repo.change_history(&made.change, 1).unwrap(), history[..1]);
}

#[test]
fn jj_is_loaded_anew_now_and_then() {
    let at = fixture();
    let main = at.put(&at.main(), &[("f", "1")], 1);
    let (other, _) = at.repo.new_change(&main.commit, "", &ann()).unwrap();
    at.repo.create_bookmark(&name("x"), &main.change).unwrap();
    for round in 0..105 {
        let to = if round % 2 == 0 { &other } else { &main };
        at.repo.move_bookmark(&name("x"), &to.change, Backwards::Allow, None).unwrap();
    }
    assert_eq!(at.repo.resolve_bookmark(&name("x")).unwrap(), other);
    assert_eq!(at.repo.refresh().unwrap(), []);
    assert_eq!(at.text(&at.main(), "f").as_deref(), Some("1"));
}

#[test]
fn an_old_head_that_cannot_be_removed_hides_nothing() {
    let at = fixture();
    let first = at.put(&at.main(), &[("f", "1")], 1);
    // A folder in the place of the old head's file: unlink(2) of it fails.
    let heads = at.dir().join(".jj/repo/op_heads/heads");
    let old = heads.join(at.repo.operation());
    std::fs::remove_file(&old).unwrap();
    std::fs::create_dir_all(old.join("full")).unwrap();

    let second = at.put(&first, &[("f", "2")], 2);
    assert_eq!(at.text(&second, "f").as_deref(), Some("2"));
    std::fs::remove_dir_all(&old).unwrap();
    std::fs::write(&old, "").unwrap();
    // What landed is our own: nobody else replaced a commit.
    assert_eq!(at.repo.refresh().unwrap(), []);
    let third = at.put(&second, &[("f", "3")], 3);
    let at = at.reopened();
    assert_eq!(at.main(), third);
    assert_eq!(at.repo.journal_positions().unwrap()[&third.change], 3);
}
