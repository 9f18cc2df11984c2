//! Helpers for tests that walk the real path: the only way to a stage is the stage before.

mod announcements;
mod fuzz;
pub(crate) mod nodes;
pub(crate) mod nothing;
#[path = "../tests/peer.rs"]
pub(crate) mod peer;
pub(crate) mod random;
#[cfg(unix)]
mod stages;

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
        capability::Capability,
        clock::{Clock, Timestamp},
        id::{CallIds, Principal},
    },
    catalog::{
        config::{Config, ConfigPlace, ReadConfig},
        content::Progress,
        load,
        secret::Secrets,
        snapshot::Catalog,
        surroundings::Surroundings,
    },
    engine::{
        Ticket,
        answer::{Answer, Reply, Respondent},
        ask::Channel,
        steps::recovery::Former,
    },
    guard::{
        agree::Posed,
        call::{CallerKey, Header, IncomingCall, Patience},
    },
};

/// The catalog of these definitions, read from files as always; all of them must be sound.
pub(crate) fn catalog(definitions: &str) -> Catalog {
    catalog_with("", definitions)
}

/// The same with the configuration `config`.
pub(crate) fn catalog_with(config: &str, definitions: &str) -> Catalog {
    let dir = tempfile::tempdir().unwrap();
    let tools = dir.path().join("tools.d");
    std::fs::create_dir(&tools).unwrap();
    std::fs::write(tools.join("tools.yaml"), definitions).unwrap();
    let place = ConfigPlace::new(None, &tools);
    if !config.is_empty() {
        std::fs::write(&place.file, config).unwrap();
    }
    let loaded = load::load(
        &tools,
        ReadConfig::at(&place),
        &[PathBuf::from("/usr/bin"), PathBuf::from("/bin")],
        &Secrets::default(),
        None,
    );
    let told: Vec<String> = loaded.diagnostics.iter().map(|one| one.plain()).collect();
    assert!(loaded.is_clean(), "{told:#?}");
    loaded.catalog
}

/// Compiles definitions that were kept.
pub(crate) fn former() -> Arc<Former> {
    let path = [PathBuf::from("/usr/bin"), PathBuf::from("/bin")];
    Arc::new(move |text| {
        let around = Surroundings {
            path: &path,
            config: &Config::default(),
            secrets: &Secrets::default(),
            inspect_sql: None,
        };
        load::kept(text, &around)
    })
}

/// A call of `tool`, received now.
pub(crate) fn incoming(clock: &dyn Clock, tool: &str, arguments: Value) -> IncomingCall {
    incoming_with(clock, tool, arguments, CallerKey::Absent)
}

/// The same, its operation named by the caller.
pub(crate) fn incoming_with(
    clock: &dyn Clock,
    tool: &str,
    arguments: Value,
    caller_key: CallerKey,
) -> IncomingCall {
    IncomingCall {
        header: Arc::new(Header {
            call_id: CallIds::new().next(Timestamp::from_micros(1_000_000)),
            tool_name: tool.into(),
            principal: Principal::new("local"),
            request_id: "1".into(),
            protocol_version: "2025-11-25",
            client: None,
            capabilities: Capability::ALL.into_iter().collect(),
            trace: None,
            caller_key,
            patience: Patience::Untold,
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
    questions: Receiver<(u64, Posed)>,
    withdrawn: Receiver<u64>,
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

    /// The next question, with the number of its answer.
    pub(crate) fn question(&self) -> (u64, Posed) {
        let patience = Duration::from_secs(20);
        self.questions.recv_timeout(patience).expect("no question")
    }

    /// The questions that were taken back until now.
    pub(crate) fn withdrawn(&self) -> Vec<u64> {
        self.withdrawn.try_iter().collect()
    }
}

struct Ear {
    replies: SyncSender<Reply>,
    questions: SyncSender<(u64, Posed)>,
    withdrawn: SyncSender<u64>,
    /// Whether the answer counts as delivered.
    arrives: bool,
}

impl Respondent for Ear {
    fn progress(&self, _progress: Progress) {}

    fn ask(&self, number: u64, question: &Posed) {
        self.questions.send((number, question.clone())).unwrap();
    }

    fn withdraw(&self, number: u64) {
        self.withdrawn.send(number).unwrap();
    }

    fn answer(self: Box<Self>, answer: Answer) {
        let (reply, delivery) = answer.into_parts();
        if let Some(delivery) = delivery.filter(|_| self.arrives) {
            delivery.happened();
        }
        self.replies.send(reply).unwrap();
    }
}

/// A ticket of a client that is asked while its call is open, and what is heard through it.
pub(crate) fn ticket() -> (Ticket, Heard) {
    ticket_by(Channel::InCall)
}

/// The same; `arrives` says whether the answer counts as delivered.
pub(crate) fn ticket_whose_answer(arrives: bool) -> (Ticket, Heard) {
    ticket_with(Channel::InCall, arrives)
}

/// The same, asked in this way.
pub(crate) fn ticket_by(channel: Channel) -> (Ticket, Heard) {
    ticket_with(channel, true)
}

fn ticket_with(channel: Channel, arrives: bool) -> (Ticket, Heard) {
    let (replied, replies) = sync_channel(2);
    let (asked, questions) = sync_channel(8);
    let (withdraw, withdrawn) = sync_channel(8);
    let cancel = CancelToken::default();
    let ear = Ear {
        replies: replied,
        questions: asked,
        withdrawn: withdraw,
        arrives,
    };
    let ticket = Ticket {
        respondent: Box::new(ear),
        cancel: cancel.clone(),
        channel,
    };
    let heard = Heard {
        replies,
        questions,
        withdrawn,
        cancel,
    };
    (ticket, heard)
}
