//! The world as the engine asks it: what it says of its own failure is written down, so there is
//! no secret in it.

use std::{ops::Deref, sync::Arc};

use crate::{
    backend::{Backend, Fault, Invocation, LookWork, Work},
    base::{clock::Moment, limits::BACKEND_STATUS_BYTES_MAX, redact::Redactor, text::clip},
    catalog::content::Output,
    ledger::IntentReceipt,
};

/// A backend whose status is without secrets, the operator's and those of the call, and within its
/// bound; only then it is cut, since half a secret is not found. Who has this cannot ask otherwise.
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
        if let Some(status) = &mut fault.status {
            let hidden = self.redactor.text(status);
            let hidden = own.text(&hidden);
            *status = clip(&hidden, BACKEND_STATUS_BYTES_MAX).to_owned();
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
    };

    struct Nothing;

    impl Backend for Nothing {
        fn invoke(
            &self,
            _: &Work,
            _: &Invocation<'_>,
            _: &IntentReceipt,
        ) -> Result<Output, Box<Fault>> {
            unreachable!("only its faults are looked at")
        }

        fn look(&self, _: LookWork, _: &Invocation<'_>) -> Result<Output, Box<Fault>> {
            unreachable!("only its faults are looked at")
        }

        fn is_over(&self, _: &str, _: Moment) -> bool {
            true
        }
    }

    #[test]
    fn o2_a_status_has_no_secret_not_even_half_of_one() {
        let redactor = |secret: &str| Redactor::of([Secret::new(secret)]);
        let operators = Arc::new(redactor("cN4ry-operator"));
        let discreet = Discreet::new(Arc::new(Nothing), operators);
        let told = |status: &str| {
            let fault = Fault {
                class: FaultClass::Clean,
                problem: Problem::new(Code::BackendFailed, "no".to_owned()),
                retry_after: None,
                backend_text: None,
                status: Some(status.to_owned()),
            };
            let fault = discreet.hidden(Box::new(fault), &&redactor("cN4ry-caller"));
            fault.status.unwrap()
        };
        assert_eq!(
            told("lost: cN4ry-operator and cN4ry-caller"),
            "lost: (secret) and (secret)"
        );
        let before = "x".repeat(BACKEND_STATUS_BYTES_MAX - "cN4ry".len());
        for secret in ["cN4ry-operator", "cN4ry-caller"] {
            assert_eq!(told(&format!("{before}{secret}")), format!("{before}(secr"));
        }
    }
}
