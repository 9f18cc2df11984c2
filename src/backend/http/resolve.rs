//! From the name of a host to addresses that may be connected to. A name is looked up once, and
//! nothing but what was checked here is connected to, so it cannot be made to mean another
//! address in between.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    sync::Arc,
};

use ureq::{
    Error,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

use crate::{
    base::url::{is_private, is_public},
    catalog::surroundings::Host,
};

/// Tells the addresses of a name with a port.
pub(crate) type LookUp = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// Asks the system.
///
/// # Errors
/// When it knows none.
pub(crate) fn look_up(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((name, port).to_socket_addrs()?.collect())
}

/// An address that no request goes to.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to {0}")]
pub(super) struct Forbidden(pub(super) IpAddr);

/// Resolves the one host of a request.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) host: Arc<Host>,
    pub(super) look_up: LookUp,
}

impl Resolver for Checked {
    fn resolve(
        &self,
        _uri: &Uri,
        _config: &Config,
        _timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let name = self.host.name.trim_matches(['[', ']']);
        let found = (self.look_up)(name, self.host.port).map_err(|_| Error::HostNotFound)?;
        // One that must not be reached among others is no accident: none of them is.
        if let Some(bad) = found.iter().find(|one| !self.may_reach(one.ip())) {
            return Err(Error::Other(Box::new(Forbidden(bad.ip()))));
        }
        let mut resolved = self.empty();
        for address in found.into_iter().take(ADDRESSES_MAX) {
            resolved.push(address);
        }
        match resolved.is_empty() {
            true => Err(Error::HostNotFound),
            false => Ok(resolved),
        }
    }
}

/// What there is room for.
const ADDRESSES_MAX: usize = 16;

impl Checked {
    fn may_reach(&self, address: IpAddr) -> bool {
        is_public(address) || (self.host.is_private && is_private(address))
    }
}
