//! Programs on Unix: process groups, pipes that never block, one `poll` for everything.

mod bell;
mod inherit;
mod leash;
mod pipe;
mod progress;
mod shed;
mod supervise;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(not(target_os = "linux"))]
mod portable;
#[cfg(not(target_os = "linux"))]
use portable as platform;

#[cfg(target_os = "linux")]
#[path = "exit_linux.rs"]
mod exit;
#[cfg(not(target_os = "linux"))]
#[path = "exit_portable.rs"]
mod exit;

/// The portable way is tried on Linux too, or nobody would know whether it works.
#[cfg(all(test, target_os = "linux"))]
mod exit_portable;

/// They look into `/proc`.
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;

pub(in crate::backend) use platform::outlast;
pub(crate) use platform::{Keeper, harden, run_shim, run_warden};
pub(in crate::backend) use supervise::run;
