//! A backend that touches nothing: it says what was recorded.

use std::sync::{Mutex, PoisonError};

use crate::{
    backend::{Backend, Fault, FaultClass, Invocation, LookWork, Work},
    base::{
        clock::Moment,
        id::CallId,
        problem::{Code, Effects, Problem},
    },
    catalog::content::Output,
    engine::answer::Body,
    ledger::{
        IntentReceipt,
        log::{CallEnd, CallRecord},
        record::Outcome,
    },
};

/// The recorded outcome of the call that is made next.
#[derive(Debug, Default)]
pub(super) struct Outcomes(Mutex<Option<(CallId, Option<CallEnd>)>>);

impl Outcomes {
    /// The next call is this one.
    pub(super) fn expect(&self, call: &CallRecord) {
        let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *next = Some((call.call_id, call.end.clone()));
    }
}

impl Backend for Outcomes {
    fn invoke(
        &self,
        _: &Work,
        invocation: &Invocation<'_>,
        _: &IntentReceipt,
    ) -> Result<Output, Box<Fault>> {
        let next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*next {
            Some((id, Some(end))) if *id == invocation.operation => recorded(end),
            Some(_) | None => Err(unrecorded()),
        }
    }

    /// Nothing was started.
    fn is_over(&self, _: &str, _: Moment) -> bool {
        true
    }

    fn look(&self, _: LookWork, _: &Invocation<'_>) -> Result<Output, Box<Fault>> {
        Err(unrecorded())
    }
}

/// What a backend must have said for a call to end so.
fn recorded(end: &CallEnd) -> Result<Output, Box<Fault>> {
    let class = match (end.outcome, end.effects.as_str()) {
        (Outcome::Succeeded | Outcome::Failed, "none") => FaultClass::Clean,
        (Outcome::Succeeded | Outcome::Failed, "applied" | "rolled_back") => FaultClass::Definite,
        (Outcome::Succeeded | Outcome::Failed, _) => FaultClass::Definite,
        (Outcome::RolledBack, _) => FaultClass::Definite,
        (
            Outcome::Cancelled | Outcome::TimedOut | Outcome::Unknown | Outcome::NeedsAttention,
            _,
        ) => FaultClass::Ambiguous,
        // It was not run.
        (Outcome::Refused | Outcome::Asked, _) => return Err(unrecorded()),
    };
    let stored = end
        .reply
        .as_deref()
        .filter(|_| end.reply_clipped_from.is_none());
    let problem = match stored.and_then(Body::from_stored) {
        Some(Body::Output(output)) => return Ok(output),
        Some(Body::Problem { problem, .. } | Body::Incapable { problem, .. }) => *problem,
        Some(Body::Protocol { .. } | Body::Asks { .. }) | None => {
            let code = end.code.as_deref().and_then(Code::parse);
            match (end.outcome, code) {
                // Its reply was too long to be kept whole.
                (Outcome::Succeeded, _) => return Ok(Output::default()),
                (_, code) => Problem::new(code.unwrap_or(Code::OutcomeUnknown), "as recorded"),
            }
        }
    };
    let effects = Effects::parse(&end.effects).unwrap_or(Effects::Unknown);
    Err(Box::new(Fault {
        class,
        problem: problem.with_effects(effects),
        backend_text: None,
        status: end.backend_status.clone(),
        retry_after: None,
    }))
}

/// A call that was not run has no outcome, and none is made up.
fn unrecorded() -> Box<Fault> {
    let message = "the recording has no outcome for this call, because it was not run";
    Box::new(Fault {
        class: FaultClass::Clean,
        problem: Problem::new(Code::BackendUnavailable, message),
        backend_text: None,
        status: Some("not recorded".to_owned()),
        retry_after: None,
    })
}
