//! Recorded calls made again, one after the other, through everything that decides about a call:
//! either answered with what was recorded, or really run.

mod facts;
mod outcomes;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use anyhow::Context as _;
use tempfile::TempDir;

pub(super) use facts::differences;
use outcomes::Outcomes;

use super::{
    commands::log::unusable,
    compose::{self, Works, World},
    exit::CommandError,
    judge,
};
use crate::{
    backend::process::Keeper,
    base::{
        cancel::CancelToken,
        clock::{Clock, Moment, SystemClock, Timestamp},
        id::{CallId, CallIds},
        limits::TIMEOUT_MAX,
        random::NoWait,
        redact::Redactor,
    },
    catalog::{principal::Claim, snapshot::Catalog, tool::Effect},
    engine::{Ticket, answer::Nobody, ask::Channel},
    guard::call::{CallerKey, Header, Patience},
    ledger::{
        LedgerError,
        admission::REPLAY_OF,
        log::{CallFilter, CallRecord, Found},
        operation::KeySource,
        record::Outcome,
        sqlite::{AuditSync, read::LogReader},
    },
    protocol::version::Version,
};

/// What a call is made again against.
#[derive(Debug)]
pub(super) enum Way {
    /// The recorded outcomes, at the recorded times, on a ledger that is thrown away.
    Simulate,
    /// The world, on the ledger of the recording: reads, and what these tools write.
    Execute {
        /// Tools that may write.
        writes: Vec<String>,
    },
}

/// What became of a recorded call.
pub(super) enum Again {
    /// It was not made, for this reason.
    Left(&'static str),
    /// It was made, and this is its record.
    Made(Box<CallRecord>),
}

/// A recorded call, and the name that its operation goes by when it is made again.
pub(super) struct Recorded {
    call: CallRecord,
    key: CallerKey,
}

impl Recorded {
    /// The row of the call.
    pub(super) fn row(&self) -> i64 {
        self.call.row
    }
}

/// Makes recorded calls again.
pub(super) struct Rerun {
    way: Way,
    /// Where the recording is.
    recording: PathBuf,
    /// Goes with everything in it.
    scratch: TempDir,
    keeper: Arc<Keeper>,
    time: Arc<RecordedTime>,
    outcomes: Arc<Outcomes>,
    ids: CallIds,
    catalog: Catalog,
    redactor: Arc<Redactor>,
}

impl Rerun {
    /// For the calls of the ledger in `recording`, against these tools.
    ///
    /// # Errors
    /// When this process cannot be hardened, or the system gives no folder.
    pub(super) fn new(
        way: Way,
        recording: PathBuf,
        catalog: Catalog,
        redactor: Arc<Redactor>,
    ) -> Result<Self, CommandError> {
        Ok(Self {
            way,
            recording,
            keeper: Arc::new(compose::harden()?),
            scratch: tempfile::tempdir().context("there is no place for a ledger")?,
            time: Arc::default(),
            outcomes: Arc::default(),
            ids: CallIds::new(),
            catalog,
            redactor,
        })
    }

    /// Some of the calls that `filter` takes, in order of arrival.
    ///
    /// # Errors
    /// When the recording cannot be read.
    pub(super) fn read(&self, filter: &CallFilter) -> Result<Vec<Recorded>, LedgerError> {
        let reader = LogReader::open(&self.recording)?;
        let calls = reader.calls(filter).map(|call| {
            let call = call?;
            let key = match self.way {
                Way::Simulate => key(&call, &reader)?,
                Way::Execute { .. } => CallerKey::Absent,
            };
            Ok(Recorded { call, key })
        });
        calls.collect()
    }

    /// Makes the calls again, one after the other, and says what became of each. The ledger is
    /// open either for us to write or for us to read: the locks of a process on a file go when
    /// it lets go of the file anywhere.
    ///
    /// # Errors
    /// When there is no gate to be had, or the records cannot be read.
    pub(super) fn make(
        &mut self,
        recorded: Vec<Recorded>,
    ) -> Result<Vec<(CallRecord, Again)>, CommandError> {
        let state = match self.way {
            Way::Simulate => self.scratch.path().join("state"),
            Way::Execute { .. } => self.recording.clone(),
        };
        let works = Works::assemble(state.clone(), AuditSync::Writes.into(), 1, self.world())?;
        works.catalog.swap(Arc::new(self.catalog.clone()));
        let mut made = Vec::new();
        for Recorded { call, key } in recorded {
            if self.catalog.client().id != call.principal {
                let claim = Claim::Named(call.principal.to_string());
                self.catalog = self.catalog.clone().acting_as(&claim);
                works.catalog.swap(Arc::new(self.catalog.clone()));
            }
            let how = match self.why_left(&call) {
                Some(why) => Err(why),
                None => Ok(self.submit(&works, &call, key)),
            };
            made.push((call, how));
        }
        works.close();
        let reader = LogReader::open_if_any(&state).map_err(unusable)?;
        let again = |how: Result<CallId, &'static str>| -> Result<Again, LedgerError> {
            let found = match (how, &reader) {
                (Err(why), _) => return Ok(Again::Left(why)),
                (Ok(_), None) => Found::Nothing,
                (Ok(id), Some(reader)) => reader.call(&id.to_string())?,
            };
            Ok(match found {
                Found::One(call) => Again::Made(call),
                Found::Nothing | Found::Several(_) => Again::Left("it could not be written down"),
            })
        };
        made.into_iter()
            .map(|(call, how)| Ok((call, again(how).map_err(unusable)?)))
            .collect()
    }

    fn world(&self) -> World {
        match self.way {
            Way::Simulate => World {
                clock: self.time.clone(),
                backend: self.outcomes.clone(),
                random: Arc::new(NoWait),
                redactor: Arc::clone(&self.redactor),
            },
            Way::Execute { .. } => {
                let redactor = Arc::clone(&self.redactor);
                World::real(Arc::clone(&self.keeper), &self.recording, redactor)
            }
        }
    }

    /// Makes one call again and waits for its end; the id that it has in the ledger.
    fn submit(&self, works: &Works, call: &CallRecord, key: CallerKey) -> CallId {
        let (id, at) = match self.way {
            Way::Simulate => {
                self.time.set(call.received);
                self.outcomes.expect(call);
                (call.call_id, (self.time.now(), self.time.wall()))
            }
            Way::Execute { .. } => {
                let wall = SystemClock.wall();
                (self.ids.next(wall), (SystemClock.now(), wall))
            }
        };
        let header = Arc::new(Header {
            client: Some(concat!("tollgate replay-log ", env!("CARGO_PKG_VERSION")).into()),
            protocol_version: Version::V2026_07_28.as_str(),
            caller_key: key,
            patience: Patience::Untold,
            ..judge::header(id, &call.tool, &call.principal, at)
        });
        let ticket = Ticket {
            respondent: Box::new(Nobody),
            cancel: CancelToken::default(),
            channel: Channel::InCall,
        };
        match judge::incoming(header, &call.raw_arguments) {
            Ok(incoming) => works.engine.submit(incoming, ticket),
            Err(refused) => works.engine.refuse(refused, ticket),
        }
        // As long as the tool may take.
        let _answered = works.engine.drain(TIMEOUT_MAX);
        id
    }

    /// Why a call is not made again.
    fn why_left(&self, call: &CallRecord) -> Option<&'static str> {
        let tool = self.catalog.find(&call.tool);
        let outcome = call.end.as_ref().map(|end| end.outcome);
        let is_asking = tool.is_some_and(|tool| !tool.asks.is_empty());
        let has_secrets = tool.is_some_and(|tool| tool.input.has_secrets());
        match (outcome, &self.way) {
            (None, _) => Some("still running"),
            (Some(Outcome::Asked), _) => Some("answered with a question"),
            (Some(_), _) if is_asking => Some("a person has to be asked"),
            (Some(_), _) if has_secrets => Some("its secrets are not recorded"),
            (Some(_), Way::Simulate) if tool.is_some_and(|tool| tool.steps().is_some()) => {
                Some("what each of its steps gave is not recorded")
            }
            (Some(_), Way::Simulate) => tool
                .filter(|tool| !tool.checks.is_empty())
                .map(|_| "its tool looks something up"),
            (Some(Outcome::Refused), Way::Execute { .. }) => Some("refused, so never run"),
            (Some(_), Way::Execute { writes }) => tool
                .filter(|tool| tool.effect != Effect::Read && !writes.contains(&call.tool))
                .map(|_| "it writes; `--allow-writes` was not given for its tool"),
        }
    }
}

/// A name for the operation of a call whose caller had given it one: the name itself is in no
/// ledger, and any other does as well as long as it is the same for the same operation.
fn key(call: &CallRecord, recording: &LogReader) -> Result<CallerKey, LedgerError> {
    if call.effect.as_deref() == Some("read") {
        return Ok(CallerKey::Absent);
    }
    let status = call
        .end
        .as_ref()
        .and_then(|end| end.backend_status.as_deref());
    let row = match status.and_then(|status| status.strip_prefix(REPLAY_OF)) {
        None => Some(call.row),
        Some(first) => match recording.call(first)? {
            Found::One(first) => Some(first.row),
            Found::Nothing | Found::Several(_) => None,
        },
    };
    let operation = row
        .map(|row| recording.operation_of(row))
        .transpose()?
        .flatten();
    let named = operation.filter(|operation| operation.source == KeySource::Meta);
    Ok(named.map_or(CallerKey::Absent, |operation| {
        CallerKey::Given(operation.id.to_string())
    }))
}

/// The time of the recording, which stands still while a call is made.
#[derive(Debug, Default)]
struct RecordedTime(AtomicI64);

impl RecordedTime {
    fn set(&self, at: Timestamp) {
        self.0.fetch_max(at.as_micros(), Ordering::SeqCst);
    }
}

impl Clock for RecordedTime {
    fn now(&self) -> Moment {
        let micros = self.0.load(Ordering::SeqCst);
        Moment::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    fn wall(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}
