//! The conversation: who asked what in which era, what is still open, and what is answered.

mod asks;
mod batch;
mod calls;
pub(crate) mod connection;
mod in_flight;
mod listing;
mod methods;
mod outbox;
mod respond;
mod session;
mod subscriptions;
mod told;
mod translate;

use std::time::Duration;

pub(crate) use outbox::AtOnce;

/// What the server says of itself and how it lists.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// `serverInfo.name`.
    pub(crate) name: String,
    /// `serverInfo.version`.
    pub(crate) version: &'static str,
    /// What the model is told at the beginning.
    pub(crate) instructions: Option<String>,
    /// How long the first message waits for the definitions, to tell what was left out of them.
    pub(crate) patience: Duration,
    /// Tools on one page of `tools/list`; `None`: all on one.
    pub(crate) page_size: Option<usize>,
    /// Whether the tools may change while the process runs.
    pub(crate) reloads: bool,
}
