//! The world as the engine asks it: what it says of its own failure is written down, so there is
//! no secret in it.

use std::{ops::Deref, sync::Arc};

use crate::{
    backend::{Backend, Fault, Invocation, LookWork, Work},
    base::{
        clock::Moment,
        limits::{BACKEND_STATUS_BYTES_MAX, STDERR_TAIL_BYTES},
        redact::Redactor,
        text::{clip, tail},
    },
    catalog::content::Output,
    ledger::IntentReceipt,
};

/// A backend whose words of a failure are without secrets, the operator's and those of the call,
/// and within their bounds; they are cut last, since half a secret is not found. Who has this
/// cannot ask otherwise.
pub(crate) struct Discreet {
    backend: Arc<dyn Backend>,
    redactor: Arc<Redactor>,
}

impl Discreet {
    /// Asks `backend`, and hides what `redactor` knows.
    pub(crate) fn new(backend: Arc<dyn Backend>, redactor: Arc<Redactor>) -> Self {
        Self { backend, redactor }
    }

    /// See [`Backend::invoke`]; `own` hides the secrets that the caller gave.
    ///
    /// # Errors
    /// As there.
    pub(super) fn invoke(
        &self,
        work: &Work,
        invocation: &Invocation<'_>,
        receipt: &IntentReceipt,
        own: &impl Deref<Target = Redactor>,
    ) -> Result<Output, Box<Fault>> {
        let result = self.backend.invoke(work, invocation, receipt);
        result.map_err(|fault| self.hidden(fault, own))
    }

    /// See [`Backend::look`]; `own` hides the secrets that the caller gave.
    ///
    /// # Errors
    /// As there.
    pub(super) fn look(
        &self,
        work: LookWork,
        invocation: &Invocation<'_>,
        own: &impl Deref<Target = Redactor>,
    ) -> Result<Output, Box<Fault>> {
        let result = self.backend.look(work, invocation);
        result.map_err(|fault| self.hidden(fault, own))
    }

    /// See [`Backend::is_over`].
    pub(super) fn is_over(&self, name: &str, deadline: Moment) -> bool {
        self.backend.is_over(name, deadline)
    }

    fn hidden(&self, mut fault: Box<Fault>, own: &impl Deref<Target = Redactor>) -> Box<Fault> {
        let hide = |text: &str, cut: fn(&str) -> &str| {
            let hidden = self.redactor.text(text);
            cut(&own.text(&hidden)).to_owned()
        };
        if let Some(status) = &mut fault.status {
            *status = hide(status, |text| clip(text, BACKEND_STATUS_BYTES_MAX));
        }
        if let Some(text) = &mut fault.backend_text {
            *text = hide(text, |text| tail(text, STDERR_TAIL_BYTES));
        }
        fault
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        backend::FaultClass,
        base::{
            problem::{Code, Problem},
            secret::Secret,
        },
        testing::nothing::Nothing,
    };

    #[test]
    fn o2_what_is_said_of_a_failure_has_no_secret_not_even_half_of_one() {
        let redactor = |secret: &str| Redactor::of([Secret::new(secret)]);
        let operators = Arc::new(redactor("cN4ry-operator"));
        let discreet = Discreet::new(Arc::new(Nothing), operators);
        let both = |said: &str| {
            let fault = Fault {
                class: FaultClass::Clean,
                problem: Problem::new(Code::BackendFailed, "no".to_owned()),
                retry_after: None,
                backend_text: Some(said.to_owned()),
                status: Some(said.to_owned()),
            };
            let fault = discreet.hidden(Box::new(fault), &&redactor("cN4ry-caller"));
            [fault.status.unwrap(), fault.backend_text.unwrap()]
        };
        assert_eq!(
            both("lost: cN4ry-operator and cN4ry-caller"),
            ["lost: (secret) and (secret)"; 2]
        );
        let before = "x".repeat(BACKEND_STATUS_BYTES_MAX - "cN4ry".len());
        for secret in ["cN4ry-operator", "cN4ry-caller"] {
            let [status, _] = both(&format!("{before}{secret}"));
            assert_eq!(status, format!("{before}(secr"));
            let after = "x".repeat(STDERR_TAIL_BYTES - "ator".len());
            let [_, text] = both(&format!("{secret}{after}"));
            assert_eq!(text, format!("ret){after}"));
        }
    }
}
