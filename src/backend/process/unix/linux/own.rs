//! What this process takes upon itself, so that every program it starts inherits it for nothing.

use std::io;

use rustix::{
    process::{getpid, set_child_subreaper},
    thread::set_no_new_privs,
};

use super::{super::shed::shed, Keeper};

/// Hardens this process, and with it every program that it will start: no descriptor that was
/// left open by whoever started us, no new privileges, no core dumps, files for this user
/// alone; and whatever a program leaves behind becomes a child of ours.
///
/// To be called once, before another thread is started and before anything is opened.
///
/// # Errors
/// When the system refuses; nothing should be started then.
pub(crate) fn harden() -> io::Result<Keeper> {
    shed("/proc/self/fd")?;
    set_no_new_privs(true)?;
    set_child_subreaper(Some(getpid()))?;
    Ok(Keeper::of_this_process())
}
