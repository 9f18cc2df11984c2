//! Every way in which a program can fail a call, in words, with what can be said of its effect.

use super::{
    Fault, FaultClass,
    plain::plain,
    process::{Ended, Ending, StartFailure},
};
use crate::{
    base::{
        cancel::Cancelled,
        limits::OUTPUT_TOTAL_BYTES_MAX,
        problem::{Advice, Code, Effects, Problem},
    },
    catalog::tool::{Effect, ExitCodes},
};

/// Milliseconds to wait before a call that had no effect is worth another try.
pub(super) const AFTER_MS: u64 = 1000;

/// The time was up, or the call cancelled, before `beginning`.
pub(super) fn too_late(cancelled: Option<Cancelled>, beginning: &str) -> Fault {
    let (code, why) = match cancelled {
        None => (Code::Timeout, "the time was up"),
        Some(why) => (Code::Cancelled, because(why)),
    };
    let problem = Problem::new(code, format!("{why} before {beginning}"));
    refused(problem.after_ms(AFTER_MS))
}

/// A value turned out to be none that can be used, before anything was started.
pub(super) fn refused(problem: Problem) -> Fault {
    Fault {
        class: FaultClass::Clean,
        problem: problem.with_effects(Effects::None),
        retry_after: None,
        backend_text: None,
        status: None,
    }
}

/// The program did not start.
pub(super) fn not_started(failure: &StartFailure) -> Fault {
    let unavailable = |message: &str| Problem::new(Code::BackendUnavailable, message);
    let (problem, error) = match failure {
        StartFailure::Lasting(error) => {
            let problem = unavailable(
                "the program of this tool cannot be started, so nothing was done; its operator \
                 has to look after it",
            );
            (problem.with_advice(Advice::AskOperator), error)
        }
        StartFailure::Passing(error) => {
            let problem = unavailable(
                "the system has no room for another program just now, so nothing was done",
            );
            (problem.after_ms(AFTER_MS), error)
        }
    };
    let status = match error.raw_os_error() {
        Some(number) => format!("not started: errno {number}"),
        None => format!("not started: {}", error.kind()),
    };
    Fault {
        class: FaultClass::Clean,
        problem,
        retry_after: None,
        backend_text: None,
        status: Some(status),
    }
}

/// The program started and did not succeed; `None` where it exited with code 0.
pub(super) fn unsuccessful(ended: &Ended, effect: Effect, codes: &ExitCodes) -> Option<Fault> {
    let (class, code, message, status) = match ended.ending {
        Ending::Exited(0) => return None,
        Ending::Exited(code) if codes.retry.contains(&code) => (
            FaultClass::Clean,
            Code::BackendUnavailable,
            format!("the program had nothing done when it ended with exit code {code}"),
            format!("exit {code}"),
        ),
        Ending::Exited(code) if codes.ambiguous.contains(&code) => (
            FaultClass::Ambiguous,
            lost_code(effect),
            format!("the program ended with exit code {code}, and may have done it"),
            format!("exit {code}"),
        ),
        Ending::Exited(code) => (
            FaultClass::Definite,
            Code::BackendFailed,
            format!("the program failed with exit code {code}"),
            format!("exit {code}"),
        ),
        Ending::Signalled(signal) => (
            FaultClass::Ambiguous,
            lost_code(effect),
            format!("the program was killed by signal {signal} before it was done"),
            format!("signal {signal}"),
        ),
        Ending::TimedOut => (
            FaultClass::Ambiguous,
            Code::Timeout,
            "the program was not done when its time was up, and was ended".to_owned(),
            "timeout".to_owned(),
        ),
        Ending::Cancelled(why) => (
            FaultClass::Ambiguous,
            Code::Cancelled,
            format!("the program was ended: {}", because(why)),
            "cancelled".to_owned(),
        ),
        Ending::Flooded => (
            FaultClass::Ambiguous,
            Code::OutputInvalid,
            format!("the program printed more than {OUTPUT_TOTAL_BYTES_MAX} bytes, and was ended"),
            "flooded".to_owned(),
        ),
        Ending::Lost(kind) => (
            FaultClass::Ambiguous,
            lost_code(effect),
            "the program was ended because it could not be watched".to_owned(),
            format!("lost: {kind}"),
        ),
    };
    Some(Fault {
        class,
        problem: judged(class, Problem::new(code, message), effect),
        retry_after: None,
        backend_text: said(&ended.stderr_tail),
        status: Some(status),
    })
}

/// The program succeeded, but what it printed is not what its tool declares.
pub(super) fn bad_output(why: String, stderr_tail: &[u8], effect: Effect) -> Fault {
    Fault {
        backend_text: said(stderr_tail),
        ..unreadable(why, "exit 0".to_owned(), effect)
    }
}

/// The backend succeeded, as `status` says, but its answer is not what its tool declares.
pub(super) fn unreadable(why: String, status: String, effect: Effect) -> Fault {
    let effects = match effect {
        Effect::Read => Effects::None,
        Effect::Write | Effect::Destroy => Effects::Applied,
    };
    Fault {
        class: FaultClass::Definite,
        problem: Problem::new(Code::OutputInvalid, why).with_effects(effects),
        retry_after: None,
        backend_text: None,
        status: Some(status),
    }
}

/// A read has done nothing, and one that was cut short may as well be made again. Of anything
/// else nobody knows.
pub(super) fn judged(class: FaultClass, problem: Problem, effect: Effect) -> Problem {
    match (effect, class) {
        (_, FaultClass::Clean) | (Effect::Read, FaultClass::Ambiguous) => {
            problem.with_effects(Effects::None).after_ms(AFTER_MS)
        }
        (Effect::Read, FaultClass::Definite) => problem.with_effects(Effects::None),
        (Effect::Write | Effect::Destroy, FaultClass::Definite | FaultClass::Ambiguous) => {
            problem.with_effects(Effects::Unknown)
        }
    }
}

/// The code where what became of it cannot be told.
pub(super) fn lost_code(effect: Effect) -> Code {
    match effect {
        Effect::Read => Code::BackendFailed,
        Effect::Write | Effect::Destroy => Code::OutcomeUnknown,
    }
}

/// Who stopped it, in words.
pub(super) fn because(cancelled: Cancelled) -> &'static str {
    match cancelled {
        Cancelled::ByClient => "the client cancelled the call",
        Cancelled::Shutdown => "the server is ending",
    }
}

/// Standard error, made plain; `None` where nothing is left.
fn said(stderr: &[u8]) -> Option<String> {
    let text = plain(stderr).text;
    let text = text.trim_end();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[track_caller]
    fn check(fault: &Fault, class: FaultClass, code: Code, effects: Effects, advice: Advice) {
        let problem = &fault.problem;
        assert_eq!(
            (fault.class, problem.code, problem.effects, problem.advice),
            (class, code, effects, advice)
        );
    }

    fn after(ending: Ending, effect: Effect) -> Fault {
        let ended = Ended {
            ending,
            stdout: Vec::new(),
            stdout_bytes: 0,
            stderr_tail: Vec::new(),
        };
        let codes = ExitCodes {
            retry: vec![75],
            ambiguous: vec![76],
        };
        unsuccessful(&ended, effect, &codes).unwrap()
    }

    #[test]
    fn x4_x17_what_cannot_be_told_of_a_write_is_nothing_for_a_read() {
        use Advice::{After, AskOperator};
        use Code::{BackendFailed, OutcomeUnknown, OutputInvalid, Timeout};
        use FaultClass::{Ambiguous, Definite};
        let endings = [
            (Ending::Exited(3), Definite, BackendFailed, BackendFailed),
            (
                Ending::Signalled(9),
                Ambiguous,
                BackendFailed,
                OutcomeUnknown,
            ),
            (Ending::TimedOut, Ambiguous, Timeout, Timeout),
            (
                Ending::Cancelled(Cancelled::ByClient),
                Ambiguous,
                Code::Cancelled,
                Code::Cancelled,
            ),
            (Ending::Flooded, Ambiguous, OutputInvalid, OutputInvalid),
            (
                Ending::Lost(io::ErrorKind::Other),
                Ambiguous,
                BackendFailed,
                OutcomeUnknown,
            ),
        ];
        for (ending, class, of_read, of_write) in endings {
            let advice = if class == Definite {
                AskOperator
            } else {
                After
            };
            check(
                &after(ending, Effect::Read),
                class,
                of_read,
                Effects::None,
                advice,
            );
            for effect in [Effect::Write, Effect::Destroy] {
                let fault = after(ending, effect);
                check(&fault, class, of_write, Effects::Unknown, AskOperator);
            }
        }
    }

    #[test]
    fn x3_exit_codes_mean_what_the_author_says() {
        for effect in [Effect::Read, Effect::Write] {
            let fault = after(Ending::Exited(75), effect);
            let (code, advice) = (Code::BackendUnavailable, Advice::After);
            check(&fault, FaultClass::Clean, code, Effects::None, advice);
        }
        let fault = after(Ending::Exited(76), Effect::Write);
        let (class, code) = (FaultClass::Ambiguous, Code::OutcomeUnknown);
        check(&fault, class, code, Effects::Unknown, Advice::AskOperator);
    }

    #[test]
    fn x1_a_missing_program_is_for_the_operator_and_a_full_system_passes() {
        let clean = |failure| not_started(&failure);
        let missing = clean(StartFailure::Lasting(io::Error::from_raw_os_error(2)));
        let code = Code::BackendUnavailable;
        check(
            &missing,
            FaultClass::Clean,
            code,
            Effects::None,
            Advice::AskOperator,
        );
        assert_eq!(missing.status.as_deref(), Some("not started: errno 2"));
        let full = clean(StartFailure::Passing(io::Error::from_raw_os_error(11)));
        check(&full, FaultClass::Clean, code, Effects::None, Advice::After);
    }

    #[test]
    fn x15_output_that_does_not_fit_leaves_a_write_applied() {
        let bad = |effect| bad_output("odd".to_owned(), b"", effect);
        let (class, code) = (FaultClass::Definite, Code::OutputInvalid);
        let ask = Advice::AskOperator;
        check(&bad(Effect::Read), class, code, Effects::None, ask);
        check(&bad(Effect::Write), class, code, Effects::Applied, ask);
    }

    #[test]
    fn x2_what_stands_on_stderr_is_plain() {
        assert_eq!(said(b"\x1b]0;x\x07 \n"), None);
        assert_eq!(said(b"a\x1b[31mb\n").as_deref(), Some("ab"));
    }
}
