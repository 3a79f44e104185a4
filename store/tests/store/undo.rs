//! Lines that are taken back and done again, whatever they did.

use mesafs::VPath;
use mesafs::filesystem::{FileSystem, Follow};
use mesafs::line::Line;
use mesafs::mount::{Direction, Stray, Versions as _};
use mesafs::stat::FileKind;
use proptest::prelude::*;

use crate::fixture::{Fixture, Mounted, author, path, repo};

/// What is to be seen: path, kind, mode, content.
type Seen = Vec<(String, FileKind, u32, Vec<u8>)>;

fn seen(mount: &Mounted) -> Seen {
    let mut seen = Vec::new();
    let mut folders = vec!["/acme/app".to_owned(), "/acme/lib".to_owned()];
    while let Some(folder) = folders.pop() {
        for (name, stat) in mount.files.read_dir_stats(&path(&folder)).unwrap() {
            let at = format!("{folder}/{name}");
            let content = match stat.kind {
                FileKind::File => mount.files.read(&path(&at)).unwrap().to_vec(),
                FileKind::Symlink => mount.files.read_link(&path(&at)).unwrap().to_vec(),
                _ => Vec::new(),
            };
            if stat.kind == FileKind::Directory {
                folders.push(at.clone());
            }
            seen.push((at, stat.kind, stat.mode, content));
        }
    }
    seen.sort_by(|one, other| one.0.cmp(&other.0));
    seen
}

fn act(mount: &Mounted, (what, one, other): (u8, u8, u8)) {
    let at = |n: u8| -> VPath {
        let repo = if n & 8 == 0 { "app" } else { "lib" };
        path(&format!(
            "/acme/{repo}/{}",
            ["a", "b", "d", "d/a", "d/b", "d/e", "d/e/f", "g"][usize::from(n & 7)]
        ))
    };
    let files = &mount.files;
    // What cannot be done is not done.
    drop(match what {
        0 | 1 => files.write(&at(one), format!("{other}\n").into(), 0o644),
        2 => files.append(&at(one), "more\n".into(), 0o644),
        3 => files.create_dir(&at(one), 0o755, true),
        4 => files.remove(&at(one), true),
        5 => files.rename(&at(one), &at(other)),
        6 => files.copy(&at(one), &at(other), true),
        7 => files.set_mode(&at(one), 0o700 | u32::from(other & 7), Follow::Yes),
        _ => files.symlink(b"a", &at(one)),
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every line back, every line again: all trees in between are met.
    #[test]
    fn lines_go_back_and_forth(
        lines in prop::collection::vec(prop::collection::vec((0..9u8, 0..16u8, 0..16u8), 1..5), 1..8),
        stored in 0..8usize,
    ) {
        let (fixture, store) = Fixture::new();
        store.create_repo(&repo("lib"), &author()).unwrap();
        let mount = fixture.mount(&store, &["app", "lib"]);
        let mut states = vec![seen(&mount)];
        for (at, line) in lines.iter().enumerate() {
            mount.files.line_begins(Line::new(move || at.to_string().into()));
            line.iter().for_each(|step| act(&mount, *step));
            mount.files.line_ends().unwrap();
            if at == stored {
                store.tick();
            }
            let now = seen(&mount);
            if states.last() != Some(&now) {
                states.push(now);
            }
        }
        let go = |direction| {
            mount.files.line_begins(Line::new(|| "undo".into()));
            let done = mount.files.replay(1, direction, Stray::Leave);
            mount.files.line_ends().unwrap();
            done
        };
        for _ in 0..2 {
            let mut at = states.len() - 1;
            while let Ok(done) = go(Direction::Undo) {
                prop_assert!(done.iter().flat_map(|line| &line.repos).all(|repo| repo.left.is_empty()));
                let now = seen(&mount);
                if now != states[at] {
                    at -= 1;
                    prop_assert_eq!(&now, &states[at]);
                }
            }
            prop_assert_eq!(at, 0);
            store.tick();
            while go(Direction::Redo).is_ok() {
                let now = seen(&mount);
                if now != states[at] {
                    at += 1;
                    prop_assert_eq!(&now, &states[at]);
                }
            }
            prop_assert_eq!(at, states.len() - 1);
        }
    }
}
