//! What looks into the world before a call is admitted: on a worker, since the world may let it
//! wait. Each check must hold, and each file that an argument names must open.

use std::{
    cell::LazyCell,
    collections::HashMap,
    fmt::Write as _,
    ops::Deref,
    sync::{Mutex, PoisonError},
};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{
    Shared, Ticket, kept,
    prepare::{Doing, contained, stopped},
    unstarted,
};
use crate::{
    backend::{self, Fault, Invocation},
    base::{
        cancel::{CancelToken, Cancelled},
        clock::Moment,
        limits::CHECKS_REMEMBERED_MAX,
        problem::{Advice, Code, Effects, Problem},
    },
    catalog::{content::Output, look::Check, tool::Effect},
    guard::{agree::AgreedCall, call::Refused},
};

/// An agreed call whose tool's checks all hold and whose files are open. Only this file makes one,
/// so nothing begins without them.
pub(crate) struct CheckedCall {
    call: AgreedCall,
    status: Option<String>,
}

impl CheckedCall {
    /// Which checks were made and how long each took, for the ledger; `None` where there are
    /// none.
    pub(super) fn status(&self) -> Option<&str> {
        self.status.as_deref()
    }

    /// The call alone: to begin, it has to be checked again.
    pub(super) fn into_agreed(self) -> AgreedCall {
        self.call
    }
}

impl Deref for CheckedCall {
    type Target = AgreedCall;

    fn deref(&self) -> &AgreedCall {
        &self.call
    }
}

/// Whether [`check`] may wait for the world.
pub(super) fn may_wait(call: &AgreedCall, work: &Doing) -> bool {
    !call.tool().checks.is_empty() || work.names_files()
}

/// Makes the checks of the call's tool one after the other, at most until `end`, and opens the
/// files of its work. A call without either is checked as it is.
///
/// # Errors
/// A refusal, and what to write down of the checks: the operator's own where one does not
/// hold, `BACKEND_UNAVAILABLE` or `RULE_ERROR` where it cannot be told whether one holds; as
/// [`Doing::open`] for a file.
pub(super) fn check(
    shared: &Shared,
    call: AgreedCall,
    work: Doing,
    ticket: &Ticket,
    end: Moment,
) -> Result<(CheckedCall, Doing), (Box<Refused>, String)> {
    let mut status = String::new();
    if may_wait(&call, &work) && shared.clock.now() >= end {
        let why = stopped(shared, ticket).map(unstarted::not_started);
        let problem = why.unwrap_or_else(unstarted::late_before_checks);
        return Err((call.refuse("checks", problem), status));
    }
    let mut wrong = None;
    for (number, check) in call.tool().checks.iter().enumerate() {
        let begun = shared.clock.now();
        let made = Making {
            shared,
            call: &call,
            ticket,
            check,
            begun,
            end,
        }
        .make(number);
        let took = shared.clock.now().since(begun).as_millis();
        let word = match &made {
            Ok(Made::Remembered) => " remembered",
            Ok(Made::Holds) | Err(_) => "",
        };
        let separator = if status.is_empty() { "checks: " } else { ", " };
        // Writing to a text cannot fail.
        let _written = write!(status, "{separator}{} {took} ms{word}", check.rule.code);
        if let Err(no) = made {
            wrong = Some(no);
            break;
        }
    }
    match wrong {
        None => match contained(|| work.open()).and_then(|opened| opened) {
            Ok(work) => {
                let status = (!status.is_empty()).then_some(status);
                Ok((CheckedCall { call, status }, work))
            }
            Err(problem) => Err((call.refuse("files", *problem), status)),
        },
        Some(no) => {
            if let Some(told) = &no.status {
                let _written = write!(status, "; {told}");
            }
            let problem = no.problem.with_effects(Effects::None);
            let mut refused = call.refuse("checks", problem);
            refused.log = no.log;
            Err((refused, status))
        }
    }
}

/// Why a call is not let through.
struct No {
    problem: Problem,
    log: Vec<String>,
    /// What the backend said, for the ledger.
    status: Option<String>,
}

impl No {
    fn new(problem: Problem) -> Box<Self> {
        Box::new(Self {
            problem,
            log: Vec::new(),
            status: None,
        })
    }
}

enum Made {
    Holds,
    /// It held a short while ago, as far as the operator wants to know.
    Remembered,
}

/// One check in the making.
struct Making<'a> {
    shared: &'a Shared,
    call: &'a AgreedCall,
    ticket: &'a Ticket,
    check: &'a Check,
    begun: Moment,
    /// When the time of the whole call is up.
    end: Moment,
}

impl Making<'_> {
    fn make(&self, number: usize) -> Result<Made, Box<No>> {
        let memory = &self.shared.checks;
        let key = self.check.cache.map(|time| (self.key(number), time));
        if let Some((key, time)) = &key
            && memory.holds(key, *time, self.begun)
        {
            return Ok(Made::Remembered);
        }
        let result = self.look()?;
        self.call
            .judge(&self.check.rule, &result)
            .map_err(|refusal| {
                Box::new(No {
                    problem: refusal.problem,
                    log: refusal.log,
                    status: None,
                })
            })?;
        if let Some((key, time)) = key {
            memory.remember(key, self.shared.clock.now(), time);
        }
        Ok(Made::Holds)
    }

    /// The value that the operator's expression calls `result`.
    fn look(&self) -> Result<Value, Box<No>> {
        let header = self.call.header();
        let deadline = self.begun.plus(self.check.timeout).min(self.end);
        if let Some(why) = self.stopped() {
            return Err(No::new(why));
        }
        if self.begun >= deadline {
            return Err(No::new(unstarted::late_before_checks()));
        }
        let work = contained(|| backend::prepare_look(&self.check.look, self.call.effective()))
            .and_then(|prepared| prepared)
            .map_err(|problem| No::new(*problem))?;
        let cancel = CancelToken::default();
        let stop = cancel.clone();
        self.ticket
            .cancel
            .on_fire(move || stop.fire(Cancelled::ByClient));
        let _registered = self.shared.register(header.call_id, &cancel);
        let invocation = Invocation {
            operation: header.call_id,
            part: None,
            effect: Effect::Read,
            deadline,
            cancel: &cancel,
            progress: &|_| {},
        };
        let own = LazyCell::new(|| kept::own_secrets(self.call));
        let output = contained(|| self.shared.backend.look(work, &invocation, &own))
            .map_err(|problem| No::new(*problem))?
            .map_err(|fault| self.not_made(*fault))?;
        self.result(output)
    }

    fn stopped(&self) -> Option<Problem> {
        stopped(self.shared, self.ticket).map(unstarted::not_started)
    }

    /// A check that cannot be made is one that does not hold.
    fn not_made(&self, fault: Fault) -> Box<No> {
        let code = &self.check.rule.code;
        if let Some(problem) = self.stopped() {
            return No::new(problem);
        }
        let message = format!(
            "the check `{code}` could not be made, so nothing was started: {}",
            fault.problem.message
        );
        let mut problem = Problem::new(Code::BackendUnavailable, message);
        problem.reason = Some(code.clone());
        problem.advice = match fault.problem.advice {
            Advice::After => Advice::After,
            Advice::Never | Advice::ChangedArgs | Advice::AskOperator => Advice::AskOperator,
        };
        problem.after_ms = fault
            .problem
            .after_ms
            .filter(|_| problem.advice == Advice::After);
        Box::new(No {
            problem,
            log: Vec::new(),
            status: fault.status,
        })
    }

    /// What was found: its JSON, or else its text, if it is all there.
    fn result(&self, output: Output) -> Result<Value, Box<No>> {
        let code = &self.check.rule.code;
        output.into_looked_up().ok_or_else(|| {
            let message = format!(
                "the check `{code}` gave something that cannot be judged, so nothing was started"
            );
            let mut problem = Problem::new(Code::RuleError, message);
            problem.reason = Some(code.clone());
            No::new(problem)
        })
    }

    /// Which check of which text, for whom and for which arguments.
    fn key(&self, number: usize) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.call.tool().digest);
        hash.update(number.to_be_bytes());
        let principal = self.call.header().principal.as_str();
        hash.update(principal.len().to_be_bytes());
        hash.update(principal);
        hash.update(self.call.effective().to_string());
        hash.finalize().into()
    }
}

/// Checks that held a short while ago. One that did not hold is always made again.
#[derive(Default)]
pub(super) struct Memory(Mutex<HashMap<[u8; 32], Moment>>);

impl Memory {
    fn holds(&self, key: &[u8; 32], time: std::time::Duration, now: Moment) -> bool {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(key)
            .is_some_and(|until| *until > now && now.plus(time) >= *until)
    }

    fn remember(&self, key: [u8; 32], now: Moment, time: std::time::Duration) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= CHECKS_REMEMBERED_MAX {
            held.retain(|_, until| *until > now);
        }
        // Rather asked again than forgotten in an order that nobody can foresee.
        if held.len() < CHECKS_REMEMBERED_MAX {
            held.insert(key, now.plus(time));
        }
    }
}
