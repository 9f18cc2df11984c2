//! expect: E0451. A cleared call is made of the parts of another, without the checks.

use crate::guard::authorize::ClearedCall;

fn planted(call: ClearedCall) -> ClearedCall {
    ClearedCall { ..call }
}
