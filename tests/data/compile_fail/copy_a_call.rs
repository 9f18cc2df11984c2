//! expect: E0277. A cleared call is copied, so that it could be run two times.

use crate::guard::authorize::ClearedCall;

fn planted(call: &ClearedCall) -> ClearedCall {
    ClearedCall::clone(call)
}
