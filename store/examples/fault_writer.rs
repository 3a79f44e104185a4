//! Writes a fixed script into a store and tells over a socket what was acknowledged, so that a test
//! can stop it anywhere, let its system calls fail, and see that nothing is lost or half there.
//!
//! `make DIR`: an empty store. `write DIR FROM TO`: opens it (which recovers what an earlier run
//! left), tells "opened" on the datagram socket that standard input is, waits for a word and runs
//! the steps; each one's outcome goes out by `sendto` after the call returned, as "N ok" or
//! "N ERRNO"; then the process exits without closing anything. `dump DIR`: recovers, prints the
//! tree, and exits the same way. `close DIR`: opens and closes.

#[path = "../tests/faults/script.rs"]
mod script;

use std::error::Error;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Arc;

use mesa_store::{Author, Store, StoreOptions, Timer};
use mesafs::backend::{Access, Checkout, Pin};
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
        _ => Err("usage: make DIR | write DIR FROM TO | dump DIR | close DIR".into()),
    }
}

fn open(dir: &Path) -> Result<(Store, ApiKey, RepoId, Arc<ManualClock>), Box<dyn Error>> {
    let clock = Arc::new(ManualClock::at_s(script::NOW_S));
    let options = StoreOptions {
        clock: Arc::clone(&clock) as _,
        timer: Timer::Manual,
        segment_bytes_max: SEGMENT_BYTES_MAX,
        ..StoreOptions::default()
    };
    let org = OrgName::new("acme")?;
    let key = ApiKey::from_seed(org.clone(), [7; 32]);
    let repo = RepoId::parse("app", &org)?;
    Ok((Store::open(dir, options)?, key, repo, clock))
}

fn checkout(
    store: &Store,
    key: &ApiKey,
    repo: &RepoId,
    clock: &ManualClock,
) -> Result<Arc<dyn Checkout>, Box<dyn Error>> {
    let token = mint(key, std::slice::from_ref(repo), Scope::Write, 3600, clock, Jti::random()?)?;
    let author = Author { name: "writer".into(), email: "writer@example.org".into() };
    let backend = store.backend(Some(author));
    Ok(backend.open(&token.token, repo, &Pin::Default, Access::ReadWrite)?)
}

fn make(dir: &Path) -> Result<(), Box<dyn Error>> {
    let (store, key, repo, _) = open(dir)?;
    store.add_key(key.org(), key.public(), Scope::Admin, KeyRepos::All)?;
    store.create_repo(&repo, &Author { name: "maker".into(), email: String::new() })?;
    store.close()?;
    Ok(())
}

fn write(dir: &Path, from: u32, to: u32) -> Result<(), Box<dyn Error>> {
    let socket = UnixDatagram::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let (store, key, repo, clock) = open(dir)?;
    let checkout = checkout(&store, &key, &repo, &clock)?;
    socket.send(b"opened")?;
    socket.recv(&mut [0; 8])?;
    for n in from..to {
        let told = match checkout.apply(script::batch(n)) {
            Ok(_) => format!("{n} ok"),
            Err(error) => format!("{n} {}", error.errno().symbol()),
        };
        socket.send(told.as_bytes())?;
        if script::TICKS.contains(&n) {
            store.tick();
        }
    }
    // As if it were killed: nothing is flushed.
    std::process::exit(0);
}

fn dump(dir: &Path) -> Result<(), Box<dyn Error>> {
    let (store, key, repo, clock) = open(dir)?;
    let checkout = checkout(&store, &key, &repo, &clock)?;
    let lines = script::digest(&checkout.root()?)?;
    let mut out = std::io::stdout().lock();
    out.write_all(lines.join("\n").as_bytes())?;
    out.flush()?;
    std::process::exit(0);
}

fn close(dir: &Path) -> Result<(), Box<dyn Error>> {
    let (store, key, repo, clock) = open(dir)?;
    checkout(&store, &key, &repo, &clock)?.close()?;
    store.close()?;
    Ok(())
}
