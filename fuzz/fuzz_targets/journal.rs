//! A journal that the disk garbled: opening fails, or what opens can be read to its end.
#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use mesa_store::{Author, Store, StoreOptions};
use mesafs::name::{OrgName, RepoId};
use mesafs::path::VPath;
use mesafs::token::{ApiKey, KeyRepos, Scope};
use mesash::mesa::{Mesa, MountOptions};

struct Template {
    folder: tempfile::TempDir,
    key: ApiKey,
}

/// A store as a killed process leaves it: batches that no snapshot holds.
static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    let live = memory_folder();
    let dir = live.path().join("store");
    let store = Store::open(&dir, StoreOptions::default()).unwrap();
    let org = OrgName::new("acme").unwrap();
    let key = ApiKey::generate(org.clone()).unwrap();
    store.add_key(&org, key.public(), Scope::Admin, KeyRepos::All).unwrap();
    let author = Author { name: "A".into(), email: "a@example.com".into() };
    store.create_repo(&RepoId::parse("app", &org).unwrap(), &author).unwrap();
    let mesa = Mesa::builder().key(key.clone()).opened_store(store.clone()).build().unwrap();
    let mount = mesa.fs().mount_blocking(&MountOptions::new(["app"])).unwrap();
    let fs = mount.file_system();
    let at = |path: &str| VPath::new(format!("/acme/app/{path}")).unwrap();
    for count in 0..10 {
        fs.write(&at(&format!("f{count}")), vec![b'x'; 10 << count].into(), 0o644).unwrap();
    }
    fs.create_dir(&at("d"), 0o755, false).unwrap();
    fs.rename(&at("f1"), &at("d/f")).unwrap();
    fs.copy(&at("d"), &at("e"), true).unwrap();
    fs.remove(&at("f2"), false).unwrap();
    let folder = memory_folder();
    copy(&dir, &folder.path().join("store"));
    Template { folder, key }
});

fn memory_folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

fn segments(store: &Path) -> Vec<PathBuf> {
    let listed = fs::read_dir(store.join("journal")).unwrap();
    let mut paths: Vec<_> = listed.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let template = &*TEMPLATE;
    let folder = memory_folder();
    let store = folder.path().join("store");
    copy(&template.folder.path().join("store"), &store);
    let Some(segment) = segments(&store).pop() else { panic!("no journal") };
    let mut bytes = fs::read(&segment).unwrap();
    // Four bytes each: a place, and what is there now; the last odd ones cut the end off.
    let mut edits = data.chunks_exact(4);
    for edit in &mut edits {
        let at = usize::try_from(u32::from_le_bytes([edit[0], edit[1], edit[2], 0])).unwrap();
        let at = at % bytes.len();
        bytes[at] = edit[3];
    }
    let cut = edits.remainder().iter().map(|&byte| usize::from(byte)).sum::<usize>();
    bytes.truncate(bytes.len().saturating_sub(cut));
    fs::write(&segment, bytes).unwrap();
    let client = Mesa::builder().key(template.key.clone()).store(&store).build().unwrap();
    let Ok(mount) = client.fs().mount_blocking(&MountOptions::new(["app"])) else { return };
    let fs = mount.file_system();
    let root = VPath::new("/acme/app").unwrap();
    for entry in fs.read_dir(&root).unwrap() {
        let path = root.join(&entry.name).unwrap();
        if fs.symlink_metadata(&path).unwrap().is_file() {
            fs.read(&path).unwrap();
        }
    }
    mount.close_blocking().unwrap();
});
