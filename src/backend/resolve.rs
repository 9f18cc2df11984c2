//! From the name of a host to addresses that may be connected to. A name is looked up once, and
//! nothing but what was checked here is connected to, so it cannot be made to mean another
//! address in between.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
};

use crate::catalog::surroundings::Host;

/// Tells the addresses of a name with a port.
pub(crate) type LookUp = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// Asks the system.
///
/// # Errors
/// When it knows none.
pub(crate) fn look_up(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((name, port).to_socket_addrs()?.collect())
}

/// An address that nothing goes to.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to {0}")]
pub(super) struct Forbidden(pub(super) IpAddr);

/// Why there is no address.
#[derive(Debug)]
pub(super) enum Unresolved {
    /// Nobody knows one.
    NotFound,
    /// There is one that the host must not be at.
    Forbidden(Forbidden),
}

/// Of one host more are not tried; the client of requests has no room for them.
const ADDRESSES_MAX: usize = 16;

/// Where the host is: at least one address, and none that it must not be at.
///
/// # Errors
/// When there is none that may be connected to.
pub(super) fn resolve(host: &Host, look_up: LookUp) -> Result<Vec<SocketAddr>, Unresolved> {
    let name = host.name.trim_matches(['[', ']']);
    let mut found = look_up(name, host.port).map_err(|_| Unresolved::NotFound)?;
    // One that must not be reached among others is no accident: none of them is.
    if let Some(bad) = found.iter().find(|one| !host.may_be_at(one.ip())) {
        return Err(Unresolved::Forbidden(Forbidden(bad.ip())));
    }
    found.truncate(ADDRESSES_MAX);
    match found.is_empty() {
        true => Err(Unresolved::NotFound),
        false => Ok(found),
    }
}
