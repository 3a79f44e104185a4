//! A store as an HTTP service.
//!
//! [`Service`] answers the calls of docs/protocol.md over any [`mesafs::Backend`], and knows nothing of
//! HTTP; [`Server`] brings it to TCP and Unix sockets. Always true: each call is checked by the
//! backend's own guard under the token that opened the session it is about, so expiry, revocation,
//! scope and path rules hold here as on an embedded store; whatever comes in has a bound. Not here: TLS,
//! which is a reverse proxy's.

mod admin;
mod answers;
mod apply;
mod call;
mod http;
mod read;
mod roots;
mod service;
mod session;
mod stream;

pub use admin::{Administer, Peer};
pub use http::{Listen, Server, ServerError};
pub use service::{Counts, Limits, Service};
