//! Many scripts at once in one process: each of three stages, on one mount of an embedded store.
//!
//! usage: execs [COUNT]   (1000 if none is given; a whole number)

use std::time::Instant;

use futures_util::future::join_all;
use mesa_store::{Author, Store, StoreOptions};
use mesafs::name::{OrgName, RepoId};
use mesafs::token::{ApiKey, KeyRepos, Scope};
use mesash::bash::BashOptions;
use mesash::mesa::{Mesa, MountOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count: usize = std::env::args().nth(1).map_or(Ok(1000), |count| count.parse())?;
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("store"), StoreOptions::default())?;
    let org = OrgName::new("acme")?;
    let key = ApiKey::generate(org.clone())?;
    store.add_key(&org, key.public(), Scope::Admin, KeyRepos::All)?;
    let author = Author { name: "A".into(), email: "a@example.com".into() };
    store.create_repo(&RepoId::parse("app", &org)?, &author)?;
    let mesa = Mesa::builder().key(key).opened_store(store.clone()).build()?;
    let fs = mesa.fs().mount_blocking(&MountOptions::new(["app"]))?;
    let bash = fs.bash(BashOptions { cwd: "/acme/app".into(), ..BashOptions::default() });

    let started = Instant::now();
    let scripts: Vec<String> =
        (0..count).map(|count| format!("seq {count} | tail -n 1 | tee f{count}")).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let ended = runtime.block_on(join_all(scripts.iter().map(|script| bash.exec(script))));
    let took = started.elapsed();
    let mut right = 0;
    for (count, ended) in ended.into_iter().enumerate() {
        let expected = if count == 0 { String::new() } else { format!("{count}\n") };
        right += usize::from(ended?.stdout == expected);
    }
    println!("{right} of {count} scripts right, {} ms", took.as_millis());
    fs.close_blocking()?;
    store.close()?;
    if right == count { Ok(()) } else { Err("a script went wrong".into()) }
}
