//! Writes a fixed script into a store and tells over a socket what was acknowledged, so that a test
//! can stop it anywhere, let its system calls fail, and see that nothing is lost or half there.
//!
//! `make DIR`: an empty store. `write DIR FROM TO`: opens it (which recovers what an earlier run
//! left), tells "opened" on the datagram socket that standard input is, waits for a word and runs
//! the steps; each one's outcome goes out by `sendto` after the call returned, as "N ok" or
//! "N ERRNO"; then the process exits without closing anything. `dump DIR`: recovers, prints the
//! trees, and exits the same way. `close DIR`: opens and closes. `sync DIR WITH`: syncs `app` with a git
//! repository; `bookmarks DIR`: prints where its bookmarks are.

#[path = "../tests/faults/script.rs"]
mod script;

use std::error::Error;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Arc;

use mesa_store::{Author, Store, StoreOptions, Timer};
use mesafs::FsResult;
use mesafs::backend::{Access, Checkout, Pin, Planned};
use mesafs::clock::ManualClock;
use mesafs::name::{OrgName, RepoId};
use mesafs::token::{ApiKey, Jti, KeyRepos, Scope, mint};

/// So small that the script fills several.
const SEGMENT_BYTES_MAX: u64 = 64 << 10;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["make", dir] => make(Path::new(dir)),
        ["write", dir, from, to] => write(Path::new(dir), from.parse()?, to.parse()?),
        ["dump", dir] => dump(Path::new(dir)),
        ["close", dir] => close(Path::new(dir)),
        ["sync", dir, with] => sync(Path::new(dir), Path::new(with)),
        ["bookmarks", dir] => bookmarks(Path::new(dir)),
        _ => Err("usage: make|dump|close|bookmarks DIR, write DIR FROM TO, sync DIR WITH".into()),
    }
}

/// An open store.
struct World {
    store: Store,
    key: ApiKey,
    repos: [RepoId; 2],
    clock: Arc<ManualClock>,
}

fn open(dir: &Path) -> Result<World, Box<dyn Error>> {
    let clock = Arc::new(ManualClock::at_s(script::NOW_S));
    let options = StoreOptions {
        clock: Arc::clone(&clock) as _,
        timer: Timer::Manual,
        segment_bytes_max: SEGMENT_BYTES_MAX,
        ..StoreOptions::default()
    };
    let org = OrgName::new("acme")?;
    let key = ApiKey::from_seed(org.clone(), [7; 32]);
    let repos = [RepoId::parse("app", &org)?, RepoId::parse("lib", &org)?];
    Ok(World { store: Store::open(dir, options)?, key, repos, clock })
}

/// Those of `app` and `lib`.
fn checkouts(world: &World) -> Result<[Arc<dyn Checkout>; 2], Box<dyn Error>> {
    let World { store, key, repos, clock } = world;
    let token = mint(key, repos, Scope::Write, 3600, &**clock, Jti::random()?)?;
    let author = Author { name: "writer".into(), email: "writer@example.org".into() };
    let backend = store.backend(Some(author));
    let open = |repo| backend.open(&token.token, repo, &Pin::Default, Access::ReadWrite);
    let [app, lib] = repos;
    Ok([open(app)?, open(lib)?])
}

fn make(dir: &Path) -> Result<(), Box<dyn Error>> {
    let World { store, key, repos, .. } = open(dir)?;
    store.add_key(key.org(), key.public(), Scope::Admin, KeyRepos::All)?;
    for repo in &repos {
        store.create_repo(repo, &Author { name: "maker".into(), email: String::new() })?;
    }
    store.close()?;
    Ok(())
}

fn write(dir: &Path, from: u32, to: u32) -> Result<(), Box<dyn Error>> {
    let socket = UnixDatagram::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let world = open(dir)?;
    let checkouts = checkouts(&world)?;
    socket.send(b"opened")?;
    socket.recv(&mut [0; 8])?;
    for n in from..to {
        let told = match step(&checkouts, n) {
            Ok(()) => format!("{n} ok"),
            Err(error) => format!("{n} {}", error.errno().symbol()),
        };
        socket.send(told.as_bytes())?;
        if script::TICKS.contains(&n) {
            world.store.tick();
        }
    }
    // As if it were killed: nothing is flushed.
    std::process::exit(0);
}

fn step([app, lib]: &[Arc<dyn Checkout>; 2], n: u32) -> FsResult<()> {
    match script::step(n) {
        script::Step::App(batch) => app.apply(batch).map(drop),
        script::Step::Both(batch, other) => {
            let batch = Planned { batch, version: app.root()?.version };
            let other = Planned { batch: other, version: lib.root()?.version };
            app.apply_together(batch, vec![(&**lib, other)])
        }
    }
}

fn dump(dir: &Path) -> Result<(), Box<dyn Error>> {
    let [app, lib] = checkouts(&open(dir)?)?;
    let lines = script::digest(&app.root()?, &lib.root()?)?;
    let mut out = std::io::stdout().lock();
    out.write_all(lines.join("\n").as_bytes())?;
    out.flush()?;
    std::process::exit(0);
}

fn close(dir: &Path) -> Result<(), Box<dyn Error>> {
    let world = open(dir)?;
    for checkout in checkouts(&world)? {
        checkout.close()?;
    }
    world.store.close()?;
    Ok(())
}

fn sync(dir: &Path, with: &Path) -> Result<(), Box<dyn Error>> {
    let World { store, repos: [app, _], .. } = open(dir)?;
    let author = Author { name: "syncer".into(), email: "syncer@example.org".into() };
    store.sync_repo(&app, Some(with), &author)?;
    std::process::exit(0);
}

fn bookmarks(dir: &Path) -> Result<(), Box<dyn Error>> {
    let world = open(dir)?;
    let [app, _] = checkouts(&world)?;
    for bookmark in app.bookmarks()? {
        let oid = bookmark.commit_oid.ok_or("a bookmark is conflicted")?;
        println!("{} {oid}", bookmark.name);
    }
    std::process::exit(0);
}
