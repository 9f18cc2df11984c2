//! What the end of a request means: for the caller, and for whether it may be made again.

use std::time::Duration;

use ureq::http::StatusCode;

use super::exchange::{Lost, Received, Trouble, Unsent};
use crate::{
    backend::{
        Fault, FaultClass,
        failure::{AFTER_MS, because, judged, lost_code, too_late, unreadable},
        output::{Printed, parse, structured, text},
    },
    base::{
        clock::Timestamp,
        limits::{HTTP_HEAD_BYTES_MAX, RETRY_AFTER_TOLD_MAX},
        problem::{Advice, Code, Effects, Problem},
    },
    catalog::{
        content::{Content, Output},
        plan::{HttpPlan, HttpResponse},
        tool::Effect,
    },
};

/// What the JSON that came is called.
const RESPONSE: &str = "the response";

/// What a status says of what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// It was done.
    Done,
    /// It was not done, and may be another time.
    Passing,
    /// It was not done.
    Refused,
    /// It was done or not, and what there is of it is elsewhere.
    Elsewhere,
    /// It may have been done.
    Unclear,
}

/// `retry` has the statuses after which nothing was done, as the author knows.
fn meaning(status: u16, wants_a_wait: bool, retry: &[u16]) -> Meaning {
    match status {
        200..=299 => Meaning::Done,
        300..=399 => Meaning::Elsewhere,
        status if retry.contains(&status) => Meaning::Passing,
        429 => Meaning::Passing,
        503 if wants_a_wait => Meaning::Passing,
        408 => Meaning::Unclear,
        400..=499 | 501 | 505 => Meaning::Refused,
        _ => Meaning::Unclear,
    }
}

/// What a response is for a call of this effect. No word of it is told but its status and where
/// it leads, unless it is one of success.
///
/// # Errors
/// A [`Fault`] for any other, and for one that is not what the tool declares.
pub(super) fn of_response(
    plan: &HttpPlan,
    received: &Received,
    effect: Effect,
    now: Timestamp,
) -> Result<Output, Box<Fault>> {
    let status = received.status;
    let after = received.retry_after.as_deref();
    let after = after.and_then(|after| retry_after(after, now));
    let told = told(status);
    let fault = |class, problem: Problem, retry_after| Fault {
        class,
        problem,
        retry_after,
        backend_text: None,
        status: Some(format!("http {status}")),
    };
    Err(Box::new(
        match meaning(status, after.is_some(), &plan.retry_status) {
            Meaning::Done => return content(plan, received, effect),
            Meaning::Passing => {
                let message = format!("the service answered {told}, so nothing was done");
                let millis = after.map_or(AFTER_MS, |after| {
                    u64::try_from(after.as_millis()).unwrap_or(u64::MAX)
                });
                let problem = Problem::new(Code::BackendUnavailable, message).after_ms(millis);
                fault(
                    FaultClass::Clean,
                    problem.with_effects(Effects::None),
                    after,
                )
            }
            Meaning::Refused => {
                let message = format!("the service refused with {told}; nothing was done");
                let problem = Problem::new(Code::BackendFailed, message);
                let problem = problem
                    .with_effects(Effects::None)
                    .with_advice(advice(status));
                fault(FaultClass::Definite, problem, None)
            }
            Meaning::Elsewhere => {
                let redirect = received.redirect.as_ref();
                let message = match redirect {
                    Some(refused) => refused.told(plan, &told),
                    None => format!("the service answered {told}, which is no result"),
                };
                let problem = Problem::new(Code::BackendFailed, message);
                let problem = judged(FaultClass::Definite, problem, effect);
                Fault {
                    backend_text: redirect.and_then(|refused| refused.to.clone()),
                    ..fault(
                        FaultClass::Definite,
                        problem.with_advice(Advice::AskOperator),
                        None,
                    )
                }
            }
            Meaning::Unclear => {
                let message = format!("the service answered {told}");
                let problem = Problem::new(lost_code(effect), message);
                let problem = judged(FaultClass::Ambiguous, problem, effect);
                fault(FaultClass::Ambiguous, problem, None)
            }
        },
    ))
}

fn told(status: u16) -> String {
    let known = StatusCode::from_u16(status).ok();
    match known.and_then(|status| status.canonical_reason()) {
        Some(reason) => format!("{status} ({reason})"),
        None => status.to_string(),
    }
}

/// Whether other arguments could help against a refusal.
fn advice(status: u16) -> Advice {
    match status {
        400 | 404 | 409 | 410 | 412 | 413 | 414 | 416 | 422 => Advice::ChangedArgs,
        _ => Advice::AskOperator,
    }
}

/// Seconds, or a date (RFC 9110 section 10.2.3); bounded. `None` for anything else.
fn retry_after(written: &str, now: Timestamp) -> Option<Duration> {
    let wait = match written.trim() {
        digits if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Duration::from_secs(digits.parse().unwrap_or(u64::MAX))
        }
        date => {
            let then = chrono::DateTime::parse_from_rfc2822(date).ok()?;
            let micros = then.timestamp_micros().saturating_sub(now.as_micros());
            Duration::from_micros(u64::try_from(micros).unwrap_or(0))
        }
    };
    Some(wait.min(RETRY_AFTER_TOLD_MAX))
}

/// The body of a response of success, as the tool declares it.
fn content(plan: &HttpPlan, received: &Received, effect: Effect) -> Result<Output, Box<Fault>> {
    let status = format!("http {}", received.status);
    let body = &received.body;
    if body.len() > plan.response_bytes_max {
        let most = plan.response_bytes_max;
        let message = format!("the response has more than {most} bytes, and was left there");
        return Err(Box::new(too_large(message, status, effect)));
    }
    let read = if received.is_encoded {
        Err("the response is compressed, though nobody asked for that".to_owned())
    } else {
        read(&plan.response, body)
    };
    read.map_err(|why| Box::new(unreadable(why, status, effect)))
}

/// What has no content is no JSON either, and is told as an empty text.
fn read(response: &HttpResponse, body: &[u8]) -> Result<Output, String> {
    match response {
        HttpResponse::Text => Ok(text(Printed {
            kept: body,
            bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
        })),
        HttpResponse::Json { .. } if body.is_empty() => Ok(Output {
            content: vec![Content::Text(String::new())],
            ..Output::default()
        }),
        HttpResponse::Json { pointer } => {
            let mut value = parse(body, RESPONSE)?;
            let found = value.pointer_mut(pointer).map(serde_json::Value::take);
            found
                .map(structured)
                .ok_or_else(|| format!("the response has nothing at `{pointer}`"))
        }
    }
}

fn too_large(message: String, status: String, effect: Effect) -> Fault {
    let problem = Problem::new(Code::OutputInvalid, message);
    Fault {
        class: FaultClass::Ambiguous,
        problem: judged(FaultClass::Ambiguous, problem, effect),
        retry_after: None,
        backend_text: None,
        status: Some(status),
    }
}

/// What it means that there is no response.
pub(super) fn of_trouble(trouble: Trouble, effect: Effect) -> Fault {
    match trouble {
        Trouble::Unsent(why) => unsent(why),
        Trouble::Lost(why) => lost(why, effect),
    }
}

fn unsent(why: Unsent) -> Fault {
    let passing = |message: &str| {
        Problem::new(Code::BackendUnavailable, message)
            .with_effects(Effects::None)
            .after_ms(AFTER_MS)
    };
    let lasting = |code, message: &str| {
        Problem::new(code, message)
            .with_effects(Effects::None)
            .with_advice(Advice::AskOperator)
    };
    let (problem, status) = match why {
        Unsent::Stopped(cancelled) => return too_late(cancelled, "the request was sent"),
        Unsent::NoRoom => {
            let message = "there is no room for another request just now, so nothing was done";
            (passing(message), "not sent: no room".to_owned())
        }
        Unsent::Forbidden(forbidden) => {
            let message = "the service is at an address that requests must not go to, so nothing \
                           was sent; its operator has to look after it";
            let problem = lasting(Code::BackendFailed, message);
            (problem, format!("not sent: {forbidden}"))
        }
        Unsent::Untrusted(why) => {
            let message = "the service could not show who it is, so nothing was sent; its \
                           operator has to look after it";
            let problem = lasting(Code::BackendUnavailable, message);
            (problem, format!("not sent: tls: {why}"))
        }
        Unsent::Unreachable(why) => {
            let message = "the service could not be reached, so nothing was done";
            (passing(message), format!("not sent: {why}"))
        }
    };
    Fault {
        class: FaultClass::Clean,
        problem,
        retry_after: None,
        backend_text: None,
        status: Some(status),
    }
}

fn lost(why: Lost, effect: Effect) -> Fault {
    let (code, message, status) = match why {
        Lost::Stopped(None) => (
            Code::Timeout,
            "the service had not answered when the time was up".to_owned(),
            "timeout".to_owned(),
        ),
        Lost::Stopped(Some(why)) => (
            Code::Cancelled,
            format!("the request was broken off: {}", because(why)),
            "cancelled".to_owned(),
        ),
        Lost::Forbidden(forbidden) => {
            let message = "the service redirected, and its name led to an address then that \
                           requests must not go to, so it was not asked again; its operator has \
                           to look after it";
            let problem = Problem::new(Code::BackendFailed, message);
            return Fault {
                class: FaultClass::Definite,
                problem: judged(FaultClass::Definite, problem, effect)
                    .with_advice(Advice::AskOperator),
                retry_after: None,
                backend_text: None,
                status: Some(format!("redirect not followed: {forbidden}")),
            };
        }
        Lost::HeadTooLarge => {
            let most = HTTP_HEAD_BYTES_MAX;
            let message = format!("the response has more than {most} bytes of headers");
            return too_large(message, "lost: headers".to_owned(), effect);
        }
        Lost::Broken(why) => (
            lost_code(effect),
            "the connection to the service broke before its answer was there".to_owned(),
            format!("lost: {why}"),
        ),
    };
    let problem = Problem::new(code, message);
    Fault {
        class: FaultClass::Ambiguous,
        problem: judged(FaultClass::Ambiguous, problem, effect),
        retry_after: None,
        backend_text: None,
        status: Some(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x22_x24_a_status_says_what_was_done() {
        use Meaning::{Done, Elsewhere, Passing, Refused, Unclear};
        for (statuses, bare, waiting) in [
            (&[200, 201, 204, 299][..], Done, Done),
            (&[300, 302, 303, 304, 307, 308], Elsewhere, Elsewhere),
            (&[429], Passing, Passing),
            (&[503], Unclear, Passing),
            (
                &[400, 401, 403, 404, 409, 422, 451, 499, 501, 505],
                Refused,
                Refused,
            ),
            (
                &[100, 408, 500, 502, 504, 507, 599, 600, 999],
                Unclear,
                Unclear,
            ),
        ] {
            for status in statuses {
                assert_eq!(meaning(*status, false, &[]), bare, "{status}");
                assert_eq!(meaning(*status, true, &[]), waiting, "{status}");
            }
        }
        for status in [409, 500, 503] {
            assert_eq!(
                meaning(status, false, &[409, 500, 503]),
                Passing,
                "{status}"
            );
        }
    }

    #[test]
    fn x22_a_wait_is_seconds_or_a_date_and_bounded() {
        let now = Timestamp::from_micros(1_767_225_600_000_000);
        let seconds = Duration::from_secs;
        for (written, wait) in [
            ("0", Some(seconds(0))),
            (" 120 ", Some(seconds(120))),
            ("3600", Some(seconds(3600))),
            ("999999999999999999999999", Some(RETRY_AFTER_TOLD_MAX)),
            ("Thu, 01 Jan 2026 00:01:00 GMT", Some(seconds(60))),
            ("Wed, 31 Dec 2025 23:59:00 GMT", Some(seconds(0))),
            ("Thu, 01 Jan 2099 00:00:00 GMT", Some(RETRY_AFTER_TOLD_MAX)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(retry_after(written, now), wait, "{written}");
        }
    }
}
