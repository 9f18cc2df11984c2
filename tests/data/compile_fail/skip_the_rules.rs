//! expect: E0308. A call that was never held against the rules is run.

use crate::guard::{authorize::AuthorizedCall, clear::ClearedCall};

fn planted(call: AuthorizedCall) -> ClearedCall {
    call
}
