//! What this process gives up before it starts anything: every program inherits that for nothing.

use std::{fs, io};

use rustix::{
    fs::Mode,
    process::{Resource, Rlimit, setrlimit, umask},
};

/// Closes everything but the three standard streams, makes files for this user alone, and has no
/// core dumps made. `descriptors` is the folder in which the system lists those of this process.
///
/// # Errors
/// When the system refuses; nothing should be started then.
pub(super) fn shed(descriptors: &str) -> io::Result<()> {
    close_inherited(descriptors)?;
    umask(Mode::RWXG | Mode::RWXO);
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    Ok(setrlimit(Resource::Core, none)?)
}

fn close_inherited(descriptors: &str) -> io::Result<()> {
    let mut open: Vec<i32> = Vec::new();
    for entry in fs::read_dir(descriptors)? {
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
