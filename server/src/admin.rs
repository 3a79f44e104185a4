//! Administration: what is done with the store as a whole, for whoever may.

use std::fmt;

use mesa_protocol::{Admin, AdminAnswer, AdminCall, Author, ErrorBody, Reply, code};
use mesafs::OrgName;
use mesafs::token::{AccessToken, Grant, TokenError};

use crate::service::Service;

/// Who is at the other end of a connection, as far as the host can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    Anyone,
    /// A process of this process's user, on this machine: it may name folders.
    SameUser,
    /// Such a one, on the socket in the store's own folder: it could open the store itself, so it needs
    /// no token to administer it.
    Owner,
}

/// A store, as far as it is administered.
pub trait Administer: Send + Sync + fmt::Debug {
    /// What a token to administer an org by grants.
    ///
    /// # Errors
    /// [`TokenError`]: why not.
    fn authorize(&self, token: &AccessToken) -> Result<Grant, TokenError>;

    /// Does `call`, which is about `org` alone. What is made has the author that the call names.
    ///
    /// # Errors
    /// [`ErrorBody`], as it is told to the client.
    fn administer(&self, org: &OrgName, call: AdminCall) -> Result<AdminAnswer, ErrorBody>;
}

fn refused(text: &str) -> ErrorBody {
    ErrorBody::new(code::REFUSED, text)
}

impl Service {
    pub(crate) fn administer(
        &self,
        peer: Peer,
        token: &str,
        admin: Admin,
    ) -> Result<Reply, ErrorBody> {
        let Some(desk) = &self.admin else {
            return Err(refused("this server is not administered over its sockets"));
        };
        let Admin { org, mut call } = admin;
        let mut author = None;
        if peer < Peer::Owner || !token.is_empty() {
            let refuse = |error: TokenError| ErrorBody::new(code::UNAUTHORIZED, error.to_string());
            let grant = desk.authorize(&AccessToken::new(token.to_owned())).map_err(refuse)?;
            if grant.org != org {
                return Err(refuse(TokenError::Issuer));
            }
            let name = grant.key.author_name(&grant.org);
            author = Some(Author { name, email: String::new() });
        }
        if call.names_folder() && peer == Peer::Anyone {
            return Err(refused(
                "folders are named on the server's machine: by its user, over a Unix socket",
            ));
        }
        if call.repo().is_some_and(|repo| repo.org != org) {
            return Err(refused("a repository of another org"));
        }
        if let AdminCall::CreateRepo { author: named, .. }
        | AdminCall::Import { author: named, .. }
        | AdminCall::Sync { author: named, .. } = &mut call
        {
            // Only who could write it into the store is believed who they are.
            let own = named.take().filter(|_| peer > Peer::Anyone);
            *named = own.or(author);
        }
        Ok(Reply::Admin(desk.administer(&org, call)?))
    }
}
