//! The path of a call as it should be gone. Must compile: else the other cases prove nothing.

use crate::{
    catalog::snapshot::Catalog,
    guard::{
        agree::{Consent, agree},
        authorize::authorize,
        call::{IncomingCall, Refused},
        normalize::normalize,
        resolve::resolve,
        clear::clear,
        validate::validate,
    },
};

fn planted(call: IncomingCall, catalog: &Catalog) -> Result<Consent, Box<Refused>> {
    clear(authorize(validate(normalize(resolve(call, catalog)?)?)?)?).map(agree)
}
