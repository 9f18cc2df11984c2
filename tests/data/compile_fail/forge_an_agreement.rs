//! expect: E0451. A call is made out to be agreed to while its question is still open.

use crate::guard::agree::{AgreedCall, AskingCall};

fn planted(_call: AskingCall) -> AgreedCall {
    AgreedCall { parts: loop {}, asking: None }
}
