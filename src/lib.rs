//! Tollgate: the trust boundary between a language model and real systems.
#![cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "what only Linux has is used by nobody elsewhere")
)]

mod backend;
mod base;
mod catalog;
mod cli;
mod engine;
mod guard;
mod ledger;
mod observe;
mod protocol;
mod server;
#[cfg(test)]
mod testing;

/// Runs the program with the arguments and streams of this process.
pub fn run() -> std::process::ExitCode {
    cli::run(std::env::args_os())
}
