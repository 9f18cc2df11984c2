//! Whether this principal may make this call: judged on exactly the values that will be run.

use super::{call::Refused, normalize::Parts, rules::allowed, validate::ValidCall};
use crate::catalog::principal;

/// A call that its principal may make.
#[derive(Debug)]
pub(crate) struct AuthorizedCall {
    parts: Parts,
}

impl AuthorizedCall {
    pub(super) fn into_parts(self) -> Parts {
        self.parts
    }
}

/// Decides whether the call may be made: every condition of the tool's `allow` must be true.
/// Until principals can be configured, `client` is who started the process, without roles.
///
/// # Errors
/// `FORBIDDEN`, also where a condition cannot be evaluated.
pub(crate) fn authorize(call: ValidCall) -> Result<AuthorizedCall, Box<Refused>> {
    let parts = call.into_parts();
    if parts.tool.allow.is_empty() {
        return Ok(AuthorizedCall { parts });
    }
    let client = principal::client(&parts.header.principal);
    match allowed(&parts.tool.allow, parts.facts(&client, &[])) {
        Ok(()) => Ok(AuthorizedCall { parts }),
        Err(refusal) => Err(parts.refuse("authorize", refusal.problem, refusal.log)),
    }
}
