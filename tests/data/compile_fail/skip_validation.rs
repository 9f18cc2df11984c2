//! expect: E0308. A call that was never held against its schema is cleared.

use crate::guard::{
    authorize::{ClearedCall, authorize},
    call::Refused,
    normalize::NormalizedCall,
};

fn planted(call: NormalizedCall) -> Result<ClearedCall, Box<Refused>> {
    authorize(call)
}
