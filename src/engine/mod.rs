//! The work: takes a call from the guard to its answer. Begin reading at [`pipeline`].

pub(crate) mod answer;
pub(crate) mod ask;
mod attempt;
mod attempts;
mod background;
mod brevity;
mod conclude;
mod demands;
pub(crate) mod discreet;
mod fetch;
mod gate;
mod joins;
pub(crate) mod kept;
mod key;
mod ledger_key;
pub(crate) mod lookup;
mod notice;
pub(crate) mod parts;
mod pipeline;
mod prepare;
mod queue;
mod release;
mod request_state;
mod schedule;
mod settle;
mod sleepers;
pub(crate) mod steps;
mod stored;
#[cfg(test)]
pub(crate) mod tests;
mod unstarted;
pub(crate) mod verify;
mod workers;

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Condvar, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use self::{
    answer::Respondent,
    ask::{Asks, Channel, Unanswered},
    discreet::Discreet,
    gate::Gate,
    joins::Joins,
    queue::Queue,
    steps::recovery::{self, Former, GoneOn, Recovery},
};
use serde_json::Value;

use crate::{
    backend::Backend,
    base::{
        cancel::{CancelToken, Cancelled},
        clock::Clock,
        id::CallId,
        limits::{CHECK_QUEUE_MAX, STOP_PATIENCE},
        random::Random,
        redact::Redactor,
    },
    catalog::in_force::InForce,
    guard::call::{IncomingCall, Refused},
    ledger::{Coming, Ledger, LedgerError},
};

/// Where the answer of a call goes, and the client's wish to have none.
pub(crate) struct Ticket {
    /// Takes the answer; dropped unused only when the process ends.
    pub(crate) respondent: Box<dyn Respondent>,
    /// Fires when the client cancels the call.
    pub(crate) cancel: CancelToken,
    /// How the person behind the client is asked.
    pub(crate) channel: Channel,
}

/// What the engine is made of; put together by `cli`.
pub(crate) struct Parts {
    /// What can be called.
    pub(crate) catalog: Arc<InForce>,
    /// What survives.
    pub(crate) ledger: Arc<dyn Ledger>,
    /// The world.
    pub(crate) backend: Arc<dyn Backend>,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Chance.
    pub(crate) random: Arc<dyn Random>,
    /// What hides the secrets that tools are given.
    pub(crate) redactor: Arc<Redactor>,
    /// How a definition that was in force once becomes a tool again.
    pub(crate) former: Arc<Former>,
    /// How many programs run side by side.
    pub(crate) workers: usize,
}

/// Runs calls. One thread, the gate, decides what is decided here and now, in its place whoever brings
/// a few small calls while it sleeps, and workers do what may wait for the world, one call at a time each. What
/// waits for nothing is done by whoever says that it has begun.
pub(crate) struct Engine {
    shared: Arc<Shared>,
    gate: Arc<Gate>,
}

/// What the engine's threads have in common.
struct Shared {
    catalog: Arc<InForce>,
    ledger: Arc<dyn Ledger>,
    backend: Discreet,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    redactor: Arc<Redactor>,
    tokens: Mutex<attempts::Tokens>,
    queue: Queue,
    threads: workers::Threads,
    joins: Joins,
    /// Calls that are not answered yet.
    open: AtomicUsize,
    /// Where it is waited for that there is none, under a lock of its own.
    idle: (Mutex<()>, Condvar),
    running: Mutex<HashMap<CallId, CancelToken>>,
    asks: Asks,
    key: OnceLock<ledger_key::Key>,
    checks: lookup::Memory,
    brevity: brevity::Brevity,
    former: Arc<Former>,
    recovery: Recovery,
}

impl Engine {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(crate) fn start(parts: Parts) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(parts));
        workers::start(&shared)?;
        let gate = Gate::new(&shared);
        Ok(Self { shared, gate })
    }

    /// A call is about to be taken in, and no other with it.
    pub(crate) fn announce(&self) {
        self.shared.ledger.announce(Coming::Alone);
    }

    /// Takes a call in. Waits while the gate is behind; never for the world.
    pub(crate) fn submit(&self, call: IncomingCall, ticket: Ticket) {
        self.shared.opened();
        pipeline::arrive(&self.shared, &self.gate, call, ticket);
    }

    /// Takes in a `tools/call` that could not even be understood: it is written down and
    /// answered like any other refusal.
    pub(crate) fn refuse(&self, refused: Box<Refused>, ticket: Ticket) {
        self.shared.opened();
        release::refuse(&self.shared, refused, ticket);
    }

    /// Waits until every call that was taken in is answered, at most `patience`. Whether they
    /// all were.
    pub(crate) fn drain(&self, patience: Duration) -> bool {
        let (lock, idle) = &self.shared.idle;
        let is_open = |_: &mut ()| self.shared.open.load(Ordering::SeqCst) > 0;
        let guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = idle.wait_timeout_while(guard, patience, is_open);
        let (mut guard, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !is_open(&mut guard)
    }

    /// Takes what a client answered to the question of this number; one that is not open is
    /// ignored.
    pub(crate) fn answered(&self, number: u64, answer: Result<Value, Unanswered>) {
        ask::answered(&self.shared, number, answer);
    }

    /// Goes on with the steps of processes that have died.
    pub(crate) fn recover(&self) {
        recovery::wake(&self.shared);
    }

    /// Goes on with the steps of the operation that the call `id` began, because the person `by`
    /// says so; on the calling thread, to their end.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub(crate) fn go_on(&self, id: CallId, by: &str) -> Result<GoneOn, LedgerError> {
        recovery::go_on_for(&self.shared, id, by)
    }

    /// Says that the client will answer nothing any more.
    pub(crate) fn input_ended(&self) {
        ask::input_ended(&self.shared);
    }

    /// Stops fast: calls that wait are refused, running programs are told to end.
    pub(crate) fn stop(&self) {
        self.shared.queue.stop();
        ask::give_up(&self.shared, Unanswered::Stopped(Cancelled::Shutdown));
        self.shared.joins.hurry();
        let running: Vec<CancelToken> = self.shared.running().values().cloned().collect();
        for token in running {
            token.fire(Cancelled::Shutdown);
        }
    }

    /// Stops, and ends the threads. Calls that are still open are stopped, written down and
    /// answered; what cannot be ended in time is left to the next start's recovery.
    pub(crate) fn close(&self) {
        self.stop();
        let all_answered = self.drain(STOP_PATIENCE);
        self.shared.queue.close();
        self.shared.joins.close();
        if all_answered {
            workers::join_all(&self.shared);
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close();
    }
}

/// A running program that [`Engine::stop`] can reach; leaves the list when dropped.
struct Registered<'a> {
    shared: &'a Shared,
    call_id: CallId,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.shared.running().remove(&self.call_id);
    }
}

impl Shared {
    fn new(parts: Parts) -> Self {
        Self {
            catalog: parts.catalog,
            ledger: parts.ledger,
            backend: Discreet::new(parts.backend, Arc::clone(&parts.redactor)),
            clock: parts.clock,
            random: parts.random,
            redactor: parts.redactor,
            tokens: Mutex::default(),
            queue: Queue::new(CHECK_QUEUE_MAX, parts.workers.max(1)),
            threads: workers::Threads::default(),
            joins: Joins::default(),
            open: AtomicUsize::new(0),
            idle: Default::default(),
            running: Mutex::new(HashMap::new()),
            asks: Asks::default(),
            key: OnceLock::new(),
            checks: lookup::Memory::default(),
            brevity: brevity::Brevity::default(),
            former: parts.former,
            recovery: Recovery::default(),
        }
    }

    fn tokens(&self) -> std::sync::MutexGuard<'_, attempts::Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn register(&self, call_id: CallId, cancel: &CancelToken) -> Registered<'_> {
        self.running().insert(call_id, cancel.clone());
        if self.queue.is_stopping() {
            cancel.fire(Cancelled::Shutdown);
        }
        Registered {
            shared: self,
            call_id,
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<CallId, CancelToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened(&self) {
        self.open.fetch_add(1, Ordering::SeqCst);
    }

    fn closed(&self) {
        if self.open.fetch_sub(1, Ordering::SeqCst) > 1 {
            return;
        }
        // Whoever waits has either not looked yet or sleeps: nothing is between the two.
        let (lock, idle) = &self.idle;
        drop(lock.lock().unwrap_or_else(PoisonError::into_inner));
        idle.notify_all();
    }
}
