//! Revisions are named in jj's language.

use mesa_store::engine::EngineError;

use crate::fixture::{ann, fixture, name};

#[test]
fn sets_of_revisions_are_found() {
    let at = fixture();
    let base = at.put(&at.main(), &[("f", "1")], 1);
    let a = at.child(&base, "first line", &[("f", "2")]);
    let b = at.child(&a, "b", &[("f", "2"), ("d/g", "3")]);
    at.repo.create_bookmark(&name("topic/x"), &b.change).unwrap();
    let find = |text: &str| at.repo.revisions(text, Some(&a.commit), &ann(), 0).unwrap();
    let all = [b.commit.clone(), a.commit.clone(), base.commit.clone()];
    for (text, wanted) in [
        ("@", &all[1..2]),
        ("@-", &all[2..]),
        ("@+", &all[..1]),
        ("topic/x", &all[..1]),
        ("all() ~ root()", &all[..]),
        ("main..topic/x", &all[..2]),
        ("main::topic/x", &all[..]),
        ("subject(exact:'first line')", &all[1..2]),
        ("files(d)", &all[..1]),
        ("mine() & heads(all())", &all[..1]),
        (&a.change.as_str()[..12], &all[1..2]),
        (&b.commit.as_str()[..12], &all[..1]),
        ("none()", &[]),
    ] {
        assert_eq!(find(text), wanted, "{text}");
    }
    assert_eq!(at.repo.revisions("all()", None, &ann(), 2).unwrap().len(), 2);
    for wrong in ["", "nowhere", "f(", "x y", "@@@"] {
        let error = at.repo.revisions(wrong, Some(&a.commit), &ann(), 0).unwrap_err();
        assert!(matches!(error, EngineError::Revision { .. }), "{wrong}: {error}");
    }
    let error = at.repo.revisions("@", None, &ann(), 0).unwrap_err();
    assert!(matches!(error, EngineError::Revision { .. }), "{error}");
    // Asking changes nothing.
    assert_eq!(at.repo.operations(1).unwrap()[0].description, "create a bookmark");
}
