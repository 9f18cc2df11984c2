//! expect: E0382. One admitted call is cleared two times, so that it could be run two times.

use crate::guard::{
    authorize::AuthorizedCall,
    call::Refused,
    clear::{ClearedCall, clear},
};

type Cleared = Result<ClearedCall, Box<Refused>>;

fn planted(call: AuthorizedCall) -> (Cleared, Cleared) {
    (clear(call), clear(call))
}
