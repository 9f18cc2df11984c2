//! expect: E0451. A cleared call is made of the parts of another, without the checks.

use crate::guard::clear::ClearedCall;

fn planted(call: ClearedCall) -> ClearedCall {
    ClearedCall { ..call }
}
