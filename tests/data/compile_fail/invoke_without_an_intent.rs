//! expect: E0061. A backend is invoked without the proof that its intent is in the ledger.

use crate::backend::{Backend, Invocation, Work};

fn planted(backend: &dyn Backend, work: Work, invocation: &Invocation<'_>) {
    let _done = backend.invoke(work, invocation);
}
