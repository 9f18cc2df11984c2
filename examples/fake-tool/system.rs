//! What a process can do to itself, by system.

#[cfg(not(unix))]
pub(super) use elsewhere::*;
#[cfg(unix)]
pub(super) use unix::*;

#[cfg(unix)]
mod unix {
    //! What a Unix process can do to itself.
    use std::{
        error::Error,
        fs::File,
        io,
        sync::{Arc, atomic::AtomicBool},
    };

    use rustix::{
        process::{Signal, getpgrp, getpid, kill_process, setpgid, setsid},
        stdio::{dup2_stderr, dup2_stdout},
    };
    use signal_hook::{consts::SIGTERM, flag};

    pub(crate) fn ignore_term() -> io::Result<()> {
        flag::register(SIGTERM, Arc::new(AtomicBool::new(false))).map(drop)
    }

    pub(crate) fn close_output() -> io::Result<()> {
        dup2_stdout(File::open("/dev/null")?)?;
        Ok(dup2_stderr(File::open("/dev/null")?)?)
    }

    pub(crate) fn begin_group() -> io::Result<()> {
        Ok(setpgid(None, None)?)
    }

    pub(crate) fn begin_session() -> io::Result<()> {
        setsid()?;
        Ok(())
    }

    pub(crate) fn leads_group() -> bool {
        getpgrp() == getpid()
    }

    pub(crate) fn signal_self(name: &str) -> Result<(), Box<dyn Error>> {
        let signal = match name {
            "KILL" => Signal::KILL,
            "TERM" => Signal::TERM,
            "STOP" => Signal::STOP,
            _ => return Err("no such signal".into()),
        };
        Ok(kill_process(getpid(), signal)?)
    }

    /// What the kernel says of this process.
    #[cfg(target_os = "linux")]
    pub(crate) fn told() -> Result<String, Box<dyn Error>> {
        use std::fs;
        let own = std::process::id().to_string();
        let status = fs::read_to_string("/proc/self/status")?;
        let line = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_ascii_whitespace().nth(1).map(str::to_owned))
        };
        // The kernel says 0 for a session that was begun outside our PID namespace, and rustix's
        // `getsid` panics at it.
        let stat = fs::read_to_string("/proc/self/stat")?;
        let (_, after_name) = stat.rsplit_once(')').ok_or("no name")?;
        let session = after_name.split_ascii_whitespace().nth(3);
        let limits = fs::read_to_string("/proc/self/limits")?;
        let limits: Vec<&str> = limits.lines().collect();
        let told = serde_json::json!({
            "leads_group": leads_group(),
            "leads_session": session == Some(own.as_str()),
            "dies_with_parent": rustix::process::parent_process_death_signal()?.is_some(),
            "no_new_privs": line("NoNewPrivs:"),
            "umask": line("Umask:"),
            "ignored": line("SigIgn:"),
            "blocked": line("SigBlk:"),
            "limits": limits,
        });
        Ok(told.to_string())
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn told() -> Result<String, Box<dyn Error>> {
        Err("no kernel says here what a process is".into())
    }
}

#[cfg(not(unix))]
mod elsewhere {
    //! Nothing starts this program here.
    use std::{error::Error, io};

    fn no<T>() -> io::Result<T> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn ignore_term() -> io::Result<()> {
        no()
    }

    pub(crate) fn close_output() -> io::Result<()> {
        no()
    }

    pub(crate) fn begin_group() -> io::Result<()> {
        no()
    }

    pub(crate) fn begin_session() -> io::Result<()> {
        no()
    }

    pub(crate) fn leads_group() -> bool {
        false
    }

    pub(crate) fn signal_self(_name: &str) -> Result<(), Box<dyn Error>> {
        Ok(no()?)
    }

    pub(crate) fn told() -> Result<String, Box<dyn Error>> {
        Ok(no()?)
    }
}
