//! expect: E0451. An agreement is turned into one that nobody was asked for.

use crate::guard::agree::AgreedCall;

fn planted(call: AgreedCall) -> AgreedCall {
    AgreedCall { asking: None, ..call }
}
