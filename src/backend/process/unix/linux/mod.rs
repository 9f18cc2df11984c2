//! What Linux alone can do for programs and against them.

mod cookie;
mod journal;
mod keeper;
mod orphans;
mod own;
mod warden;

pub(crate) use keeper::Keeper;
pub(super) use keeper::Kept;
pub(crate) use own::harden;
pub(crate) use warden::run as run_warden;
