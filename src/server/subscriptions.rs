//! Who is told when the tools change.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::{in_flight::Open, outbox::Outbox};
use crate::protocol::{encode, id::RequestId, meta::LogLevel};

/// The key under which everything of a subscription is tagged (MCP 2026-07-28,
/// basic/patterns/subscriptions).
const SUBSCRIPTION_KEY: &str = "io.modelcontextprotocol/subscriptionId";

/// Where a result says who speaks.
const SERVER_KEY: &str = "io.modelcontextprotocol/serverInfo";

/// One `subscriptions/listen` that is open.
struct Listen {
    id: RequestId,
    open: Open,
    tools: bool,
}

#[derive(Default)]
struct State {
    listens: Vec<Listen>,
    legacy: bool,
    log_level: Option<LogLevel>,
}

/// Shared by the reader, which subscribes, and whoever reloads, who tells.
#[derive(Default)]
pub(super) struct Subscriptions {
    state: Mutex<State>,
}

impl Subscriptions {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A legacy client has shaken hands: it is told of changes unasked.
    pub(super) fn legacy_is_ready(&self) {
        self.state().legacy = true;
    }

    /// What a legacy client wants to be told in `notifications/message`.
    pub(super) fn set_log_level(&self, level: LogLevel) {
        self.state().log_level = Some(level);
    }

    /// The level that a legacy client has set; `None`: it wants nothing.
    pub(super) fn log_level(&self) -> Option<LogLevel> {
        self.state().log_level
    }

    /// Acknowledges a subscription and keeps it.
    pub(super) fn listen(&self, outbox: &Outbox, id: RequestId, open: Open, tools: bool) {
        let honoured = if tools {
            json!({"toolsListChanged": true})
        } else {
            json!({})
        };
        let params = tagged(&id, json!({"notifications": honoured}));
        let message =
            encode::notification("notifications/subscriptions/acknowledged", Some(&params));
        let mut state = self.state();
        outbox.push(&message);
        state.listens.push(Listen { id, open, tools });
    }

    /// Tells everyone who wants to know that the tools have changed. `send_if_open` sends a
    /// message of a subscription, if that was not cancelled.
    pub(super) fn tools_changed(&self, outbox: &Outbox, in_flight: &super::in_flight::InFlight) {
        const METHOD: &str = "notifications/tools/list_changed";
        let state = self.state();
        if state.legacy {
            outbox.push(&encode::notification(METHOD, None));
        }
        for listen in state.listens.iter().filter(|listen| listen.tools) {
            let params = tagged(&listen.id, json!({}));
            let message = encode::notification(METHOD, Some(&params));
            in_flight.while_open(&listen.open, || outbox.push(&message));
        }
    }

    /// Ends every open subscription with its final result, which says who speaks as every
    /// modern result does.
    pub(super) fn end(
        &self,
        outbox: &Outbox,
        in_flight: &super::in_flight::InFlight,
        server_info: &Value,
    ) {
        for listen in std::mem::take(&mut self.state().listens) {
            let mut result = tagged(&listen.id, json!({"resultType": "complete"}));
            if let Some(meta) = result.get_mut("_meta").and_then(Value::as_object_mut) {
                meta.insert(SERVER_KEY.to_owned(), server_info.clone());
            }
            let message = encode::result(&listen.id, &result);
            in_flight.complete(listen.open, || outbox.push(&message));
        }
    }
}

fn tagged(id: &RequestId, mut params: Value) -> Value {
    let id: Value = serde_json::from_str(id.as_str()).unwrap_or(Value::Null);
    if let Some(params) = params.as_object_mut() {
        params.insert("_meta".to_owned(), json!({SUBSCRIPTION_KEY: id}));
    }
    params
}
