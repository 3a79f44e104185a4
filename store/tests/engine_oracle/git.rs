//! Plain git reads the store, and what is exported.

use std::path::Path;

use mesa_store::engine::{Repository, Tidy};

use crate::fixture::{ann, fixture, name};
use crate::{fsck, git};

#[test]
fn git_reads_the_store_and_what_is_exported() {
    let at = fixture();
    let files: Vec<(String, String)> =
        (0..150).map(|n| (format!("d{}/f{n}", n % 7), format!("content {n}\n"))).collect();
    let mut files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let big = "0123456789abcdef\n".repeat(300_000);
    files.push(("big", &big));
    let main = at.put(&at.main(), &files, 1);
    let (_, active, _) =
        at.repo.checkpoint(&main.change, &name("main"), Some("many files"), &ann()).unwrap();
    let at = at.reopened();
    let edited = at.put(&active, &[("a", "1")], 2);
    assert_eq!(at.text(&edited, "a").as_deref(), Some("1"));
    let store = at.dir().join(".jj/repo/store/git");
    fsck(&store);
    assert_eq!(git(&store, &["log", "--format=%an %s"]), "Ann \nAnn many files\n");
    at.repo.tidy(Tidy::Always).unwrap();
    fsck(&store);
    assert_eq!(git(&store, &["log", "--format=%an %s"]), "Ann \nAnn many files\n");

    let out = at.folder.path().join("out.git");
    at.repo.describe(&active.change, "one file", &ann()).unwrap();
    at.repo.export(&out).unwrap();
    fsck(&out);
    assert_eq!(git(&out, &["log", "--format=%s"]), "one file\nmany files\n");
    assert_eq!(git(&out, &["show", "main~:d3/f3"]), "content 3\n");
    git(at.folder.path(), &["clone", "-q", "out.git", "clone"]);
    assert_eq!(std::fs::read(at.folder.path().join("clone/a")).unwrap(), b"1");
}

#[test]
fn a_well_packed_repository_comes_and_goes_as_it_is() {
    let at = fixture();
    let folder = at.folder.path();
    let source = folder.join("source");
    std::fs::create_dir(&source).unwrap();
    git(&source, &["init", "-q", "-b", "trunk"]);
    // Versions of one long file, which git packs as deltas.
    let mut text: Vec<String> =
        (0..2000_u64).map(|n| format!("line {n} {}\n", n * n * 7919)).collect();
    for version in 0..20 {
        text[version * 50] = format!("changed in {version}\n");
        std::fs::write(source.join("file"), text.concat()).unwrap();
        git(&source, &["add", "file"]);
        git(&source, &["commit", "-q", "-m", &format!("version {version}")]);
    }
    git(&source, &["tag", "-a", "-m", "note", "v1", "HEAD~3"]);
    git(&source, &["repack", "-q", "-a", "-d", "-f"]);
    let packed = |dir: &Path| -> u64 {
        let entries = std::fs::read_dir(dir.join("objects/pack")).unwrap();
        entries
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().extension().is_some_and(|kind| kind == "pack"))
            .map(|entry| entry.metadata().unwrap().len())
            .sum()
    };
    let (repo, report) =
        Repository::import(&source, &folder.join("imported"), &ann(), &mut |_, _| ()).unwrap();
    assert_eq!((report.commits, report.trees, report.tags), (20, 20, 1));
    assert_eq!(report.default_bookmark, name("trunk"));
    let out = folder.join("packed.git");
    repo.export(&out).unwrap();
    fsck(&out);
    assert_eq!(
        git(&out, &["rev-parse", "trunk", "v1"]),
        git(&source, &["rev-parse", "trunk", "v1"])
    );
    let (before, after) = (packed(&source.join(".git")), packed(&out));
    assert!(after < before * 3 / 2, "{before} bytes became {after}");
    assert_eq!(git(&out, &["show", "trunk:file"]), text.concat());

    // Putting packs together keeps the deltas, too.
    let before = packed(&folder.join("imported/.jj/repo/store/git"));
    repo.tidy(Tidy::Always).unwrap();
    fsck(&folder.join("imported/.jj/repo/store/git"));
    assert!(packed(&folder.join("imported/.jj/repo/store/git")) < before * 3 / 2);

    // On top of it, onto what is there.
    let (child, _) = repo.writable_child(&name("trunk"), &ann()).unwrap();
    repo.describe(&child.change, "ours", &ann()).unwrap();
    assert_eq!(repo.export(&out).unwrap().objects, 1);
    fsck(&out);
    assert_eq!(git(&out, &["log", "-2", "--format=%s", "trunk"]), "ours\nversion 19\n");
}
