//! What no server can beat: a bare loop that starts a program, reads what it prints, and waits.

use std::{
    io::Read as _,
    process::{Command, Stdio},
    thread,
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};

use crate::{report::Figures, server::Program};

/// What the server gives every program.
const ENVIRONMENT: [(&str, &str); 2] = [
    (
        "PATH",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ),
    ("LANG", "C.UTF-8"),
];

/// Starts `program` so many times on `depth` threads. It gets what a tool gets: the same
/// environment, by which programs choose what they load, no input, and the same attention.
pub(crate) fn measure(program: &Program, calls: usize, depth: usize) -> Result<Figures> {
    let share = calls.div_ceil(depth.max(1));
    let begun = Instant::now();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..depth.max(1))
            .map(|_| scope.spawn(|| (0..share).try_for_each(|_| once(program))))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|_| Ok(())))
    })?;
    let count = u32::try_from(share * depth.max(1))?;
    let rate = f64::from(count) / begun.elapsed().as_secs_f64();
    Ok(Figures(vec![("calls/s", rate)]))
}

/// `posix_spawn`: an absolute path and no closure before `execve`.
fn once(program: &Program) -> Result<()> {
    let mut child = Command::new(&program.path)
        .args(&program.arguments)
        .env_clear()
        .envs(ENVIRONMENT)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", program.path.display()))?;
    let mut printed = Vec::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_end(&mut printed)?;
    }
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_end(&mut printed)?;
    }
    let status = child.wait()?;
    ensure!(status.success(), "{program} ended with {status}");
    Ok(())
}
