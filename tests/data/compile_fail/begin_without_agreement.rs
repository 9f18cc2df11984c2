//! expect: E0308. A call that a person has to agree to first is run as it is.

use crate::guard::{
    agree::{AgreedCall, agree},
    clear::ClearedCall,
};

fn planted(call: ClearedCall) -> AgreedCall {
    agree(call)
}
