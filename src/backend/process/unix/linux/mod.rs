//! What Linux alone can do for programs and against them.

mod confine;
mod cookie;
mod heirs;
mod journal;
mod keeper;
mod orphans;
mod own;
mod shim;
mod warden;

pub(in crate::backend) use heirs::outlast;
pub(crate) use keeper::Keeper;
pub(super) use keeper::Kept;
pub(crate) use own::harden;
pub(crate) use shim::run as run_shim;
pub(super) use shim::{Orders, command as shim_command};
pub(crate) use warden::run as run_warden;
