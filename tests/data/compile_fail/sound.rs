//! The path of a call as it should be gone. Must compile: else the other cases prove nothing.

use crate::{
    catalog::catalog::Catalog,
    guard::{
        authorize::{ClearedCall, authorize},
        call::{IncomingCall, Refused},
        normalize::normalize,
        resolve::resolve,
        validate::validate,
    },
};

fn planted(call: IncomingCall, catalog: &Catalog) -> Result<ClearedCall, Box<Refused>> {
    authorize(validate(normalize(resolve(call, catalog)?)?)?)
}
