//! expect: E0277. A cleared call is copied, so that it could be run two times.

use crate::guard::clear::ClearedCall;

fn planted(call: &ClearedCall) -> ClearedCall {
    ClearedCall::clone(call)
}
