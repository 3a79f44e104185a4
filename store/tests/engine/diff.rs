//! What differs between two trees is told path by path.

use crate::fixture::{Fixture, fixture};
use mesafs::tree::ObjectId;

fn diff(at: &Fixture, before: ObjectId, after: ObjectId) -> Vec<String> {
    let mut lines = Vec::new();
    at.repo
        .objects()
        .diff(before, after, &mut |found| {
            let mark = match (found.before, found.after) {
                (None, _) => "+",
                (_, None) => "-",
                _ => "!",
            };
            lines.push(format!("{mark}{}", found.path.as_bstr()));
            true
        })
        .unwrap();
    lines
}

#[test]
fn differences_are_found_where_they_are() {
    let at = fixture();
    let before =
        at.tree(&[("a", "1"), ("b", "1"), ("d/x", "1"), ("d/y", "1"), ("e/z", "1"), ("t", "1")]);
    let after = at.tree(&[
        ("a", "1"),
        ("b", "2"),
        ("c", "1"),
        ("d/x", "1"),
        ("d/y", "2"),
        ("e", "1"),
        ("t/u", "1"),
    ]);
    assert_eq!(diff(&at, before, after), ["!b", "+c", "+e", "-t", "!d/y", "-e/z", "+t/u"]);
    assert_eq!(diff(&at, before, before), Vec::<String>::new());
    let nothing = at.tree(&[]);
    assert_eq!(diff(&at, nothing, before).len(), 6);
    assert_eq!(diff(&at, after, nothing).len(), 7);
    let mut seen = 0;
    let stop = &mut |_| {
        seen += 1;
        false
    };
    at.repo.objects().diff(before, after, stop).unwrap();
    assert_eq!(seen, 1);
    assert!(at.repo.objects().diff(before, ObjectId([1; 20]), &mut |_| true).is_err());
}

#[test]
fn equal_folders_are_not_opened() {
    let at = fixture();
    let many: Vec<(String, String)> =
        (0..300).map(|n| (format!("d{}/f{n}", n % 30), n.to_string())).collect();
    let mut files: Vec<(&str, &str)> =
        many.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let before = at.tree(&files);
    files[7].1 = "edited";
    let after = at.tree(&files);
    let read = at.repo.counters().objects_read();
    assert_eq!(diff(&at, before, after), ["!d7/f7"]);
    assert_eq!(at.repo.counters().objects_read() - read, 4);
}
