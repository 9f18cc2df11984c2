//! The client's resolver: the one of all backends, for the one host of a request.

use std::sync::Arc;

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
    backend::resolve::{LookUp, Unresolved, resolve},
    catalog::surroundings::Host,
};

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
        let found = resolve(&self.host, self.look_up).map_err(|unresolved| match unresolved {
            Unresolved::NotFound => Error::HostNotFound,
            Unresolved::Forbidden(forbidden) => Error::Other(Box::new(forbidden)),
        })?;
        let mut resolved = self.empty();
        for address in found {
            resolved.push(address);
        }
        Ok(resolved)
    }
}
