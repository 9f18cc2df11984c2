//! The path of a call, top to bottom.
//!
//! [`arrive`] on the reader's thread binds the call to a tool; [`check`] on the gate (or on the
//! reader's thread, see [`gate`](super::gate)) takes it through the guard and asks the ledger to
//! begin; [`run`], once the beginning is committed, invokes the backend on a worker (or, where
//! nothing can wait, on the thread that tells so) and asks the ledger to finish; the ledger's commit
//! releases the answer. Each stage consumes what only the stage before can make.

use std::{sync::Arc, time::Duration};

use super::{
    Shared, Ticket,
    answer::{Answer, Body, Delivery},
    ask,
    attempt::Times,
    background,
    conclude::conclude,
    fetch,
    gate::Gate,
    joins, key,
    ledger_key::with_key,
    lookup::{self, CheckedCall},
    notice,
    prepare::{Doing, contained, judged, prepare, release, stopped},
    queue::{Place, Taken, WorkJob},
    release::{
        Recorded, answer_when_decided, answer_when_recorded, not_begun, recorded, refuse,
        refuse_unless_known, replayed,
    },
    settle,
    steps::{self, End},
    unstarted, verify,
};
use crate::{
    backend::Work,
    base::{
        clock::Moment,
        failpoint::{self, Point},
        problem::Effects,
    },
    catalog::tool::Effect,
    guard::{
        agree::AgreedCall,
        authorize::authorize,
        call::{IncomingCall, Refusal},
        clear::clear,
        normalize::normalize,
        resolve::resolve,
        validate::validate,
    },
    ledger::{
        IntentReceipt, LedgerError,
        admission::{Admission, Begun, Decided, Demands, Notes},
        operation::Operation,
    },
};

mod arrived;

pub(super) use arrived::Arrived;

/// A call that everybody agreed to and whose backend knows what to do, but whose tool wants to
/// look something up first.
pub(super) struct LookUp {
    call: AgreedCall,
    work: Doing,
    ticket: Ticket,
    asked: (Demands, Option<Box<Operation>>),
    checked: Moment,
    since: Moment,
}

/// A call that may begin and whose backend knows what to do.
pub(super) struct Prepared {
    pub(super) call: CheckedCall,
    work: Doing,
    pub(super) ticket: Ticket,
    pub(super) place: Option<Place>,
    /// When the guard had decided.
    checked: Moment,
    /// When its time began: it was received or, where a person was asked, agreed to.
    pub(super) since: Moment,
    /// The ledger is told when the answer reached the client.
    notes_delivery: bool,
    /// The call has waited for another of its operation; the last pause.
    pub(super) waited: Option<Duration>,
}

/// A call whose beginning is in the ledger: the receipt says so.
pub(super) struct Started {
    prepared: Prepared,
    receipt: IntentReceipt,
    notes: Notes,
}

/// Takes a call in, on the reader's thread.
pub(super) fn arrive(shared: &Arc<Shared>, gate: &Arc<Gate>, call: IncomingCall, ticket: Ticket) {
    failpoint::pass(Point::CallTaken);
    match resolve(call, &shared.catalog.get()) {
        Ok(call) => gate.check(Arrived { call, ticket }),
        Err(refused) => refuse(shared, refused, ticket),
    }
}

/// What a worker has taken, or the gate as nobody else had the time.
pub(super) fn take_turn(shared: &Arc<Shared>, taken: Taken) {
    let Taken {
        job,
        place,
        waited,
        turn,
    } = taken;
    let runs = matches!(&job, WorkJob::Run(_));
    match job {
        WorkJob::LookUp(waiting) => look_up(shared, *waiting, Some(place)),
        WorkJob::Verify(doubtful) => verify::find_out(shared, *doubtful, place),
        WorkJob::Run(started) => {
            shared.queue.release(place);
            run(shared, *started, waited);
        }
    }
    let ran_until = runs.then(|| shared.clock.now());
    shared.queue.done(turn, ran_until);
}

/// Goes on with what secrets are marked by, where there may be any: they are not kept.
pub(super) fn check_when_marked(shared: &Arc<Shared>, arrived: Arrived) {
    let Arrived { call, ticket } = arrived;
    if !call.tool().input.has_secrets() {
        return check(shared, Arrived { call, ticket });
    }
    let header = Arc::clone(call.header());
    with_key(shared, header, ticket, |shared, _, ticket| {
        check(shared, Arrived { call, ticket });
    });
}

/// Guard, then the ledger.
fn check(shared: &Arc<Shared>, arrived: Arrived) {
    let Arrived { call, ticket } = arrived;
    if let Some(why) = stopped(shared, &ticket) {
        return refuse(
            shared,
            call.refuse("queue", unstarted::not_started(why)),
            ticket,
        );
    }
    let (header, raw) = (Arc::clone(call.header()), Arc::clone(call.raw_arguments()));
    let authorized = || normalize(call).and_then(validate).and_then(authorize);
    let authorized = match judged(&header, &raw, authorized) {
        Ok(authorized) => authorized,
        Err(refused) => return refuse(shared, refused, ticket),
    };
    // Before the rules: a repetition gets the answer of the first call, although a rule that
    // looks at the time may have turned against it since.
    let operation = match contained(|| key::known_before_rules(&authorized)) {
        Ok(Ok(operation)) => operation,
        Ok(Err(problem)) | Err(problem) => {
            return refuse(shared, authorized.refuse("key", *problem), ticket);
        }
    };
    let cleared = match judged(&header, &raw, || clear(authorized)) {
        Ok(cleared) => cleared,
        Err(refused) => return refuse_unless_known(shared, refused, (operation, None), ticket),
    };
    notice::hidden_characters(&cleared);
    let checked = shared.clock.now();
    ask::consent(shared, cleared, ticket, checked);
}

/// Has the backend look at an agreed call, and the ledger begin it, after its checks. Its time
/// runs from `since`: nobody's time is used up by a person who thinks.
pub(super) fn admit(
    shared: &Arc<Shared>,
    call: AgreedCall,
    ticket: Ticket,
    checked: Moment,
    since: Moment,
) {
    if call.tool().is_built_in() {
        return fetch::fetch(shared, call, ticket, checked);
    }
    let operation = || key::operation(call.header(), call.tool(), call.effective());
    let operation = match contained(operation) {
        Ok(Ok(operation)) => operation,
        Ok(Err(problem)) | Err(problem) => {
            return refuse(shared, call.refuse("key", *problem), ticket);
        }
    };
    match prepare(shared, &call) {
        Ok((work, place, demands)) => {
            let waiting = LookUp {
                call,
                work,
                ticket,
                asked: (demands, operation),
                checked,
                since,
            };
            match place {
                Some(place) if lookup::may_wait(&waiting.call, &waiting.work) => {
                    let (now, end) = (shared.clock.now(), since.plus(waiting.call.time()));
                    let job = WorkJob::LookUp(Box::new(waiting));
                    shared.queue.push_work(job, place, now, end);
                }
                place => look_up(shared, waiting, place),
            }
        }
        Err((stage, problem)) => {
            let refused = call.refuse(stage, *problem);
            refuse_unless_known(shared, refused, (operation, None), ticket);
        }
    }
}

/// The checks, then the ledger.
fn look_up(shared: &Arc<Shared>, waiting: LookUp, mut place: Option<Place>) {
    let LookUp {
        call,
        work,
        ticket,
        asked,
        checked,
        since,
    } = waiting;
    let end = since.plus(call.time());
    let looked = lookup::check(shared, call, work, &ticket, end);
    // What waits for nothing needs no second place.
    if !matches!(&looked, Ok((_, work)) if !work.is_immediate()) {
        release(shared, place.take());
    }
    match looked {
        Ok((call, work)) => {
            let prepared = Prepared {
                call,
                work,
                ticket,
                place,
                checked,
                since,
                notes_delivery: key::is_unnamed(asked.1.as_deref()),
                waited: None,
            };
            begin(shared, prepared, asked);
        }
        Err((refused, status)) => {
            refuse_unless_known(shared, refused, (asked.1, Some(status)), ticket);
        }
    }
}

/// Asks the ledger to admit the call. A read that touches nothing outside this process is
/// settled in the same transaction; anything else continues in [`run`] after the commit.
fn begin(shared: &Arc<Shared>, mut prepared: Prepared, asked: (Demands, Option<Box<Operation>>)) {
    let (call, keeping) = (&prepared.call, shared.keeping());
    let admission = settle::admission(call, keeping, prepared.checked, asked);
    let tool = prepared.call.tool();
    prepared.work = match (tool.effect, prepared.work) {
        (Effect::Read, Doing::Once(Work::Immediate(output))) => {
            let Prepared {
                call,
                ticket,
                checked,
                since,
                ..
            } = prepared;
            let (of, times) = ((&call, None), (checked, checked.max(since)));
            let (ending, reply) = conclude(shared, of, times, Notes::default(), Ok(output));
            let whose = settle::whose(&call, &ending);
            let then = answer_when_decided(shared, ticket, whose, reply);
            return shared.ledger.settle_at_once(admission, ending, then);
        }
        (Effect::Read | Effect::Write | Effect::Destroy, work) => work,
    };
    ask(shared, admission, prepared);
}

/// Asks the ledger, and goes on as it says.
pub(super) fn ask(shared: &Arc<Shared>, admission: Admission, prepared: Prepared) {
    let next = Arc::clone(shared);
    let then = move |begun: Result<Begun, LedgerError>| match begun {
        Ok(Begun::Decided(Decided::AsAsked(receipt, notes))) => {
            notice::begun(prepared.call.header(), &receipt);
            let prepared = if prepared.call.tool().is_background {
                background::answer(&next, prepared, &receipt)
            } else {
                prepared
            };
            let started = Started {
                prepared,
                receipt,
                notes,
            };
            dispatch(&next, started);
        }
        Ok(Begun::Decided(Decided::Refused(receipt, problem))) => {
            let body = Body::refused(Refusal::Tool(problem));
            not_begun(&next, prepared, |call_id| recorded(call_id, body, receipt));
        }
        Ok(Begun::Decided(Decided::Replay(receipt, replay))) => {
            let (shared, joined) = (Arc::clone(&next), prepared.waited.is_some());
            let header = Arc::clone(prepared.call.header());
            not_begun(&next, prepared, |_| {
                replayed(&shared, &header, *replay, (joined, None), receipt)
            });
        }
        Ok(Begun::Join(_, running)) if prepared.call.tool().is_background => {
            background::answer_running(&next, prepared, running);
        }
        Ok(Begun::Join(admission, running)) => joins::join(&next, admission, prepared, running),
        Ok(Begun::Doubt(admission, doubt)) => verify::doubt(&next, admission, prepared, doubt),
        Err(error) => not_begun(&next, prepared, |call_id| {
            Answer::unrecorded(call_id, Effects::None, &error.to_string())
        }),
    };
    failpoint::pass(Point::BeginAsked);
    shared.ledger.begin(admission, Box::new(then));
}

/// Has a begun call run: here and now where it waits for nothing, because handing it to another thread
/// takes longer than to do it, and else by a worker.
fn dispatch(shared: &Arc<Shared>, mut started: Started) {
    match started.prepared.place.take() {
        None => run(shared, started, Duration::ZERO),
        Some(place) => {
            let (now, prepared) = (shared.clock.now(), &started.prepared);
            let times = Times::of(&prepared.call, prepared.since, Duration::ZERO);
            let job = WorkJob::Run(Box::new(started));
            shared.queue.push_work(job, place, now, times.overdue(now));
        }
    }
}

/// The backend, then the ledger again, for a call that waited so long for a worker.
fn run(shared: &Arc<Shared>, started: Started, waited: Duration) {
    let Started {
        prepared:
            Prepared {
                call,
                work,
                ticket,
                checked,
                since,
                notes_delivery,
                ..
            },
        receipt,
        notes,
    } = started;
    failpoint::pass(Point::RunTaken);
    let begun = shared.clock.now();
    let times = Times::of(&call, since, waited);
    let result = match work.carry_out(shared, &call, &ticket, (&receipt, times)) {
        End::Told(result) => result,
        End::Interrupted => {
            let left = Answer::begun(steps::left(&call), &receipt);
            ticket.respondent.answer(left);
            return shared.closed();
        }
    };
    let effects = settle::effects_of(call.tool(), &result);
    let (of, times) = ((&call, receipt.operation_id()), (checked, begun));
    let (ending, reply) = conclude(shared, of, times, notes, result);
    // That nobody knows is no answer that could have arrived: what is found out later is one.
    let notes_delivery = notes_delivery && !ending.state.is_unresolved();
    let delivery = notes_delivery.then(|| {
        let received = call.header().received;
        Delivery::new(shared, receipt.row(), received)
    });
    let ended = Recorded {
        whose: settle::whose(&call, &ending),
        reply,
        effects,
        delivery,
        operation: receipt.operation(),
    };
    let then = answer_when_recorded(shared, ticket, ended);
    failpoint::pass(Point::FinishAsked);
    shared.ledger.finish(receipt, ending, then);
}
