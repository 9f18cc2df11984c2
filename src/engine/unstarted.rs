//! Calls whose backend is not asked, in words: values in, values out.

use crate::{
    backend::{Fault, FaultClass},
    base::{
        cancel::Cancelled,
        id::CallId,
        problem::{Advice, Code, Effects, Problem},
    },
};

/// Why nothing is started any more.
pub(super) fn shutting_down() -> Problem {
    Problem::new(
        Code::ShuttingDown,
        "the server is ending; nothing was started",
    )
}

/// A call that was cancelled, or met the end of the process, before its backend was asked.
pub(super) fn stopped_before_start(why: Cancelled) -> Box<Fault> {
    clean(not_started(why))
}

/// The same in words.
pub(super) fn not_started(why: Cancelled) -> Problem {
    let problem = match why {
        Cancelled::ByClient => Problem::new(Code::Cancelled, "cancelled before it was started"),
        Cancelled::Shutdown => shutting_down(),
    };
    problem.with_effects(Effects::None)
}

/// A call that was cancelled, or met the end of the process, while it waited for the operation
/// that the call `id` began, which goes on.
pub(super) fn stopped_joining(why: Cancelled, id: CallId) -> Problem {
    let (code, text) = match why {
        Cancelled::ByClient => (Code::Cancelled, "cancelled"),
        Cancelled::Shutdown => (Code::ShuttingDown, "the server is ending"),
    };
    let message = format!("{text} while the same operation (`{id}`) was still running");
    Problem::new(code, message).with_effects(Effects::Unknown)
}

/// A call that waited so long that its time was up before its backend was asked.
pub(super) fn late_before_start() -> Box<Fault> {
    let message = "its time was up before a worker was free; nothing was started";
    clean(
        Problem::new(Code::Timeout, message)
            .with_effects(Effects::None)
            .with_advice(Advice::After)
            .after_ms(1000),
    )
}

/// A call whose time was up before what it depends on was looked up.
pub(super) fn late_before_checks() -> Problem {
    let message = "its time was up before its checks were made; nothing was started";
    Problem::new(Code::Timeout, message)
        .with_effects(Effects::None)
        .after_ms(1000)
}

/// A call that had spent half of its time waiting: what is left would hardly do.
pub(super) fn waited_too_long() -> Box<Fault> {
    let message = "half of its time was up before a worker was free; nothing was started";
    clean(
        Problem::new(Code::Overloaded, message)
            .with_effects(Effects::None)
            .after_ms(1000),
    )
}

fn clean(problem: Problem) -> Box<Fault> {
    Box::new(Fault {
        class: FaultClass::Clean,
        problem,
        retry_after: None,
        backend_text: None,
        status: None,
    })
}
