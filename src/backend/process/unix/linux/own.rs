//! What this process takes upon itself, so that every program it starts inherits it for nothing.

use std::{fs, io};

use rustix::{
    fs::Mode,
    process::{Resource, Rlimit, getpid, set_child_subreaper, setrlimit, umask},
    thread::set_no_new_privs,
};

use super::Keeper;

/// Hardens this process, and with it every program that it will start: no descriptor that was
/// left open by whoever started us, no new privileges, no core dumps, files for this user
/// alone; and whatever a program leaves behind becomes a child of ours.
///
/// To be called once, before another thread is started and before anything is opened.
///
/// # Errors
/// When the system refuses; nothing should be started then.
pub(crate) fn harden() -> io::Result<Keeper> {
    close_inherited()?;
    umask(Mode::RWXG | Mode::RWXO);
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    set_no_new_privs(true)?;
    set_child_subreaper(Some(getpid()))?;
    Ok(Keeper::of_this_process())
}

/// Closes everything but the three standard streams.
fn close_inherited() -> io::Result<()> {
    let mut open: Vec<i32> = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        open.extend(
            entry?
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<i32>().ok()),
        );
    }
    for fd in open.into_iter().filter(|fd| *fd > 2) {
        // The list was read through one of them, which is closed already.
        let _closed = nix::unistd::close(fd);
    }
    Ok(())
}
