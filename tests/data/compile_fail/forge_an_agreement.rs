//! expect: E0451. A call is made out to be agreed to while its question is still open.

use crate::guard::agree::{AgreedCall, AskingCall};

fn planted(call: AskingCall) -> AgreedCall {
    let AskingCall { parts, .. } = call;
    AgreedCall { parts, asking: None }
}
