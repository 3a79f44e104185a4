//! Writes a fixed script into a store and tells over a socket what was acknowledged, so that a test
//! can stop it anywhere, let its system calls fail, and see that nothing is lost or half there.
//!
//! `fault_writer make DIR`: an empty store. `write DIR FD FROM`: opens it (which recovers what an
//! earlier run left) and runs the script from step FROM; each step's outcome goes out by `sendto`
//! on FD after the call returned, as "N ok" or "N ERRNO"; at the end the process exits without
//! closing anything. `dump DIR`: opens it and prints the tree.

#[path = "../tests/faults/script.rs"]
mod script;

use std::error::Error;
use std::os::fd::FromRawFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Arc;

use mesa_store::{Author, Store, StoreOptions, Timer};
use mesafs::backend::{Access, Checkout, Pin};
use mesafs::clock::ManualClock;
use mesafs::name::{OrgName, RepoId};
use mesafs::token::{ApiKey, Jti, KeyRepos, Scope, mint};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["make", dir] => make(Path::new(dir)),
        ["write", dir, fd, from] => write(Path::new(dir), fd.parse()?, from.parse()?),
        ["dump", dir] => dump(Path::new(dir)),
        _ => Err("usage: fault_writer make DIR | write DIR FD FROM | dump DIR".into()),
    }
}

fn open(dir: &Path) -> Result<(Store, ApiKey, RepoId, Arc<ManualClock>), Box<dyn Error>> {
    let clock = Arc::new(ManualClock::at_s(script::NOW_S));
    let options = StoreOptions {
        clock: Arc::clone(&clock) as _,
        timer: Timer::Manual,
        segment_bytes_max: script::SEGMENT_BYTES_MAX,
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

#[expect(unsafe_code, reason = "the descriptor comes from the parent process")]
fn write(dir: &Path, fd: i32, from: u32) -> Result<(), Box<dyn Error>> {
    // SAFETY: the parent hands over an open socket that nothing else here uses.
    let socket = unsafe { UnixDatagram::from_raw_fd(fd) };
    let (store, key, repo, clock) = open(dir)?;
    let checkout = checkout(&store, &key, &repo, &clock)?;
    for n in from..script::STEPS {
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
    for line in script::digest(&checkout.root()?)? {
        println!("{line}");
    }
    checkout.close()?;
    store.close()?;
    Ok(())
}
