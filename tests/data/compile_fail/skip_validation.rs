//! expect: E0308. A call that was never held against its schema is authorized.

use crate::guard::{
    authorize::{AuthorizedCall, authorize},
    call::Refused,
    normalize::NormalizedCall,
};

fn planted(call: NormalizedCall) -> Result<AuthorizedCall, Box<Refused>> {
    authorize(call)
}
