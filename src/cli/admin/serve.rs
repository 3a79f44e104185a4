//! `mesash serve`: a store for other processes and machines.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use mesa_server::{Limits, Listen, Server, Service};
use mesa_store::Store;
use serde_json::json;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::{StoreAdmin, answer};
use crate::cli::config::{Settings, plain};
use crate::cli::failure::{FAILED, Failure};
use crate::cli::home::Home;
use crate::cli::notice;
use crate::cli::share;
use crate::cli::signals::Watch;

/// Where a server listens if nothing is said.
const LISTEN_DEFAULT: &str = "127.0.0.1:7480";

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// A loopback address; TLS is a reverse proxy's (default: 127.0.0.1:7480)
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// A Unix socket
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
}

impl Serve {
    /// Serves until SIGINT, SIGTERM or SIGHUP comes.
    pub fn run(self, settings: Settings, json: bool) -> Result<u8, Failure> {
        if settings.server.is_some() {
            return Err(Failure::usage("a store is served: name it with --store"));
        }
        let home = Home::open(&settings, &Watch::default())?;
        notice(&home.made);
        let served = self.serve(&settings, &home.store, json);
        let closed = home.store.close();
        served?;
        closed?;
        Ok(0)
    }

    fn serve(self, settings: &Settings, store: &Store, json: bool) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::new(FAILED, error);
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])
            .map_err(|error| Failure::new(FAILED, plain(&error)))?;
        let mut places = Vec::new();
        match (self.listen, &self.socket) {
            (None, None) => {
                let address =
                    LISTEN_DEFAULT.parse::<SocketAddr>().map_err(|error| failed(&error))?;
                places.push(Listen::Tcp(address));
            }
            (Some(address), _) => places.push(Listen::Tcp(address)),
            (None, Some(_)) => {}
        }
        places.extend(self.socket.clone().map(Listen::Unix));
        let service = Service::new(store.backend(None), Limits::default());
        let service = service.map_err(|error| failed(&error.message))?;
        let service = service.administered(Arc::new(StoreAdmin(store.clone())));
        let mut server = Server::start(service, &places).map_err(|error| failed(&error))?;
        // Processes that name the store and not the server find it there, as they find any other owner.
        if let Err(error) = server.listen(&Listen::Private(share::socket(&settings.store))) {
            notice(&[format!("other processes have to name the server: {error}")]);
        }
        let mut urls: Vec<String> =
            server.addresses().iter().map(|address| format!("http://{address}")).collect();
        urls.extend(self.socket.iter().map(|path| format!("unix:{}", path.display())));
        let text: String = urls.iter().map(|url| format!("listening on {url}\n")).collect();
        answer(json, &text, &json!({ "listening": urls }))?;
        let _signal = signals.forever().next();
        server.stop();
        Ok(())
    }
}
