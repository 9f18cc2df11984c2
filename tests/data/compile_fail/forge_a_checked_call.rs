//! expect: E0451. A call is called checked although nobody looked anything up.

use crate::{engine::lookup::CheckedCall, guard::agree::AgreedCall};

fn planted(call: AgreedCall) -> CheckedCall {
    CheckedCall { call, status: None }
}
