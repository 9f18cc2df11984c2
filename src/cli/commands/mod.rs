//! One file for each command.

pub(crate) mod audit;
pub(crate) mod breaker;
pub(crate) mod budget;
pub(crate) mod call;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod install;
pub(crate) mod lock;
pub(crate) mod log;
pub(crate) mod man;
pub(crate) mod ops;
pub(crate) mod replay_log;
mod rerun;
pub(crate) mod serve;
pub(crate) mod stats;
pub(crate) mod status;
pub(crate) mod tools;
pub(crate) mod top;
pub(crate) mod validate_config;
