//! A call as a server gets it: it is read and answered, whatever it is.
#![no_main]

use std::sync::{Arc, LazyLock};

use mesa_protocol::{Reply, Request, decode, encode};
use mesa_server::{Limits, Service};
use mesafs::backend::{Access, Pin};
use mesafs::name::{OrgName, RepoId};
use testkit::memory::MemoryMount;

#[path = "../../server/tests/fuzzed/seeds.rs"]
mod seeds;

struct World {
    memory: MemoryMount,
    app: RepoId,
    token: String,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let memory = MemoryMount::new(&[]);
    let app = RepoId::parse("app", &OrgName::new("acme").unwrap()).unwrap();
    let token = memory.backend.token(std::slice::from_ref(&app)).expose().to_owned();
    World { memory, app, token }
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let World { memory, app, token } = &*WORLD;
    let backend = Arc::new(memory.backend.clone());
    let service = Service::new(backend, Limits::default()).unwrap();
    let open = Request::Open { repo: app.clone(), pin: Pin::Default, access: Access::ReadWrite };
    let Ok(Reply::Opened(opened)) = service.call(token, open) else { panic!("it does not open") };
    let about =
        seeds::About { session: opened.session, root: opened.root.number, repo: app.clone() };
    let seeds = seeds::requests(&about);
    // Either the message itself, or a well formed one with some bytes replaced: a place and a byte.
    let mut messages = vec![data.to_vec()];
    if let [first, rest @ ..] = data {
        let mut bytes = encode(&seeds[usize::from(*first) % seeds.len()]).unwrap();
        for part in rest.chunks_exact(3) {
            let at = usize::from(u16::from_le_bytes([part[0], part[1]])) % bytes.len();
            bytes[at] = part[2];
        }
        messages.push(bytes);
    }
    for message in messages {
        if let Ok(request) = decode::<Request>(&message) {
            drop(service.call(token, request));
        }
    }
    let root = Request::Root { session: opened.session };
    // It may have been closed by its number.
    assert!(!matches!(service.call(token, root), Ok(Reply::Ok)));
    service.close();
});
