//! expect: E0382. One admitted call is cleared two times, so that it could be run two times.

use crate::guard::{
    authorize::{ClearedCall, authorize},
    call::Refused,
    validate::ValidCall,
};

type Cleared = Result<ClearedCall, Box<Refused>>;

fn planted(call: ValidCall) -> (Cleared, Cleared) {
    (authorize(call), authorize(call))
}
