//! Helpers for tests that walk the real path: the only way to a stage is the stage before.

mod fuzz;
pub(crate) mod random;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Duration,
};

use serde_json::Value;

use crate::{
    base::{
        cancel::CancelToken,
        clock::{Clock, Timestamp},
        id::{CallIds, Principal},
    },
    catalog::{config::ReadConfig, content::Progress, load, snapshot::Catalog},
    engine::{
        Ticket,
        answer::{Answer, Reply, Respondent},
    },
    guard::call::{Header, IncomingCall},
};

/// The catalog of these definitions, read from files as always; all of them must be sound.
pub(crate) fn catalog(definitions: &str) -> Catalog {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("tools.yaml"), definitions).unwrap();
    let loaded = load::load(
        dir.path(),
        ReadConfig::default(),
        &[PathBuf::from("/usr/bin"), PathBuf::from("/bin")],
    );
    let told: Vec<String> = loaded.diagnostics.iter().map(|one| one.plain()).collect();
    assert!(loaded.is_clean(), "{told:#?}");
    loaded.catalog
}

/// A call of `tool`, received now.
pub(crate) fn incoming(clock: &dyn Clock, tool: &str, arguments: Value) -> IncomingCall {
    IncomingCall {
        header: Arc::new(Header {
            call_id: CallIds::new().next(Timestamp::from_micros(1_000_000)),
            tool_name: tool.to_owned(),
            principal: Principal::new("local"),
            request_id: "1".to_owned(),
            protocol_version: "2025-11-25",
            client: None,
            trace_id: None,
            received: clock.now(),
            received_wall: clock.wall(),
        }),
        raw_arguments: arguments.to_string().into(),
        arguments,
    }
}

/// What a call told, for the test to look at.
pub(crate) struct Heard {
    replies: Receiver<Reply>,
    /// Cancels the call.
    pub(crate) cancel: CancelToken,
}

impl Heard {
    /// The one answer; a failure bound, not a wait, stands behind it.
    pub(crate) fn reply(&self) -> Reply {
        self.replies
            .recv_timeout(Duration::from_secs(20))
            .expect("no answer")
    }
}

struct Ear(SyncSender<Reply>);

impl Respondent for Ear {
    fn progress(&self, _progress: Progress) {}

    fn answer(self: Box<Self>, answer: Answer) {
        self.0.send(answer.into_reply()).unwrap();
    }
}

/// A ticket and what is heard through it.
pub(crate) fn ticket() -> (Ticket, Heard) {
    let (tell, replies) = sync_channel(2);
    let cancel = CancelToken::default();
    let ticket = Ticket {
        respondent: Box::new(Ear(tell)),
        cancel: cancel.clone(),
    };
    (ticket, Heard { replies, cancel })
}
