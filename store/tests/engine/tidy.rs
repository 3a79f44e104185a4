//! Files are put together, and nothing is missed.

use mesa_store::engine::{Durability, Moved, Tidy, TidyReport};

use crate::fixture::{Fixture, ann, fixture};

fn counts(at: &Fixture) -> (usize, usize) {
    let objects = at.dir().join(".jj/repo/store/git/objects");
    let mut loose = 0;
    let mut packs = 0;
    for folder in std::fs::read_dir(objects).unwrap().map(|entry| entry.unwrap()) {
        match folder.file_name().to_str() {
            Some("pack") => packs = std::fs::read_dir(folder.path()).unwrap().count() / 2,
            Some(name) if name.len() == 2 => {
                loose += std::fs::read_dir(folder.path()).unwrap().count();
            }
            _ => {}
        }
    }
    (loose, packs)
}

#[test]
fn loose_objects_and_small_packs_become_one_pack() {
    let at = fixture();
    let mut main = at.main();
    let mut states = Vec::new();
    for round in 0..4 {
        let files: Vec<(String, String)> =
            (0..70).map(|n| (format!("f{n}"), format!("{n} in {round}\n"))).collect();
        let mut files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        main = at.put(&main, &files, 1);
        files.push(("more", "x"));
        main = at.put(&main, &files, 1);
        states.push(main.clone());
    }
    let big = vec![b'x'; 5 << 20];
    let mut writer = at.repo.writer();
    let blob = writer.blob(big.len() as u64, &mut big.as_slice()).unwrap();
    writer.finish(Durability::Process).unwrap();
    // One handle has looked around before, and has to look again.
    let objects = at.repo.objects();
    let first = at.repo.commit_root(&states[0].commit).unwrap().tree;
    objects.tree(first).unwrap();

    assert_eq!(at.repo.tidy(Tidy::IfNeeded).unwrap(), TidyReport::default());
    let (loose, packs) = counts(&at);
    assert!(loose > 10 && packs == 4, "{loose} {packs}");
    let report = at.repo.tidy(Tidy::Always).unwrap();
    assert_eq!((report.loose, report.packs), (loose - 1, 4));
    assert_eq!(counts(&at), (1, 1));
    for state in &states {
        let root = at.repo.commit_root(&state.commit).unwrap();
        for entry in objects.tree(root.tree).unwrap() {
            let mesa_store::engine::TreeEntryKind::File { blob, .. } = entry.kind else { panic!() };
            let size = usize::try_from(objects.blob_size(blob).unwrap()).unwrap();
            objects.read(blob, 0, size).unwrap();
        }
    }
    assert_eq!(objects.read(blob, 1 << 20, 3).unwrap(), "xxx");
    assert_eq!(at.repo.tidy(Tidy::Always).unwrap(), TidyReport::default());

    // The writer goes on, and what it adds is put beside what there is.
    let child = at.child(&main, "child", &[("a", "1")]);
    let side = at.child(&states[3], "side", &[("b", "1")]);
    at.repo
        .rebase(std::slice::from_ref(&child.change), Moved::Alone, &[side.commit], &ann())
        .unwrap();
    let at = at.reopened();
    assert_eq!(at.log(&child), "child /side /");
    at.repo.tidy(Tidy::Always).unwrap();
    assert_eq!(at.repo.tidy(Tidy::Always).unwrap().packs, 2);
    assert_eq!(counts(&at), (1, 1));
    assert_eq!(at.text(&at.now(&child), "b").as_deref(), Some("1"));
}
