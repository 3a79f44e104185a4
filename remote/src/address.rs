//! Where a server is.

use std::path::PathBuf;
use std::str::FromStr;

use reqwest::Url;

/// Where a server is: `http://localhost:7480`, `https://mesa.example.com`, `unix:/run/mesa.sock`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// Ends in no slash.
    Http(String),
    Unix(PathBuf),
}

/// Why a text is no [`Address`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    #[error("'{0}' is no server address: use https://HOST, http://localhost:PORT or unix:PATH")]
    Form(String),
    /// Whoever is on the way could read the token.
    #[error("'{0}' is not on this machine: use https")]
    Plain(String),
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let form = || AddressError::Form(text.to_owned());
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() { Err(form()) } else { Ok(Self::Unix(path.into())) };
        }
        let url = Url::parse(text).map_err(|_| form())?;
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let host = url.host_str().filter(|_| bare).ok_or_else(form)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(host) => {}
            "http" => return Err(AddressError::Plain(text.to_owned())),
            _ => return Err(form()),
        }
        Ok(Self::Http(url.as_str().trim_end_matches('/').to_owned()))
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_no_further_than_this_machine() {
        let http = |text: &str| Ok(Address::Http(text.to_owned()));
        assert_eq!("http://localhost:7480/".parse(), http("http://localhost:7480"));
        assert_eq!("http://127.0.0.1:1".parse(), http("http://127.0.0.1:1"));
        assert_eq!("http://[::1]:1".parse(), http("http://[::1]:1"));
        assert_eq!("https://mesa.example.com/x".parse(), http("https://mesa.example.com/x"));
        assert_eq!("unix:/run/s".parse(), Ok(Address::Unix("/run/s".into())));
        let plain = |text: &str| Err::<Address, _>(AddressError::Plain(text.to_owned()));
        assert_eq!("http://example.com".parse(), plain("http://example.com"));
        assert_eq!("http://127.0.0.1.example.com".parse(), plain("http://127.0.0.1.example.com"));
        for wrong in ["", "unix:", "localhost:80", "ftp://localhost", "https://a:b@c", "/run/s"] {
            assert_eq!(wrong.parse::<Address>(), Err(AddressError::Form(wrong.to_owned())));
        }
    }
}
