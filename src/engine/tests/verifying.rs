//! S17: what becomes of an operation of which nobody knows, when its tool can tell.

use std::{collections::VecDeque, sync::PoisonError};

use super::*;
use crate::{
    base::problem::Advice,
    ledger::operation::OperationState::{self, FailedClean, Succeeded, Unknown},
};

/// What the backend does, one after the other: runs and probes alike.
fn scripted(acts: &[&'static str]) -> Setting {
    let acts: VecDeque<&str> = acts.iter().copied().collect();
    let acts = Mutex::new(acts);
    Setting::new(move || {
        let mut acts = acts.lock().unwrap_or_else(PoisonError::into_inner);
        match acts.pop_front().expect("one more than was scripted") {
            "lost" => Err(Box::new(Fault {
                class: FaultClass::Ambiguous,
                problem: Problem::new(Code::OutcomeUnknown, "it was killed"),
                backend_text: None,
                retry_after: None,
                status: Some("signal 9".to_owned()),
            })),
            "broken" => Err(Box::new(Fault {
                class: FaultClass::Definite,
                problem: Problem::new(Code::BackendFailed, "it failed"),
                backend_text: None,
                retry_after: None,
                status: Some("exit 1".to_owned()),
            })),
            "panic" => panic!("planted"),
            text => Ok(Output {
                content: vec![Content::Text(text.to_owned())],
                ..Output::default()
            }),
        }
    })
}

fn said(reply: &Reply) -> &str {
    match &reply.body {
        Body::Output(output) => match output.content.as_slice() {
            [Content::Text(text)] => text,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn stands(setting: &Setting, state: OperationState) {
    assert_eq!(setting.ledger.operation(1), state);
}

#[test]
fn s17_an_attempt_that_was_lost_and_took_effect_is_a_success() {
    let setting = scripted(&["lost", "done"]);
    let reply = setting.call("verified");
    assert_eq!(
        said(&reply),
        "Done. Its own answer was lost; that it was done was found by the probe of `verified`."
    );
    stands(&setting, Succeeded);
    assert_eq!(setting.asked(), 1);
    let status = "signal 9; found done by the probe of `verified`";
    assert_eq!(
        setting.recorded(),
        ("verify".to_owned(), Some(status.to_owned()))
    );
}

#[test]
fn s17_an_attempt_that_took_no_effect_is_made_again() {
    let setting = scripted(&["lost", "nothing", "done"]);
    assert_eq!(said(&setting.call("verified")), "done");
    stands(&setting, Succeeded);
    assert_eq!(setting.asked(), 2);

    let setting = scripted(&["lost", "nothing", "lost", "nothing", "lost", "nothing"]);
    let reply = setting.call("verified");
    assert_eq!(problem(&reply), (Code::BackendFailed, Effects::None));
    stands(&setting, FailedClean);
}

#[test]
fn s17_what_gives_no_clear_answer_leaves_it_unknown() {
    for unclear in ["lost", "broken", "panic"] {
        let setting = scripted(&["lost", unclear]);
        let reply = setting.call("verified");
        assert_eq!(problem(&reply), (Code::OutcomeUnknown, Effects::Unknown));
        stands(&setting, Unknown);
        assert_eq!(setting.asked(), 1);
    }
}

#[test]
fn what_was_done_and_owes_json_says_that_it_was_done() {
    let setting = scripted(&["lost"]);
    let reply = setting.call("verified_with_schema");
    assert_eq!(problem(&reply), (Code::OutputInvalid, Effects::Applied));
    match &reply.body {
        Body::Problem { problem, .. } => assert_eq!(problem.advice, Advice::AskOperator),
        other => panic!("{other:?}"),
    }
    stands(&setting, OperationState::Failed);
}

#[test]
fn s17_a_repetition_is_answered_by_what_the_probe_finds() {
    let setting = scripted(&["lost", "broken", "done"]);
    setting.call("verified");
    let reply = setting.call("verified");
    assert!(
        said(&reply).starts_with("Done. Its own answer was lost"),
        "{reply:?}"
    );
    assert!(reply.about.replayed.is_some());
    assert_eq!(setting.asked(), 1);
    stands(&setting, Succeeded);
}

#[test]
fn s17_a_repetition_runs_where_the_probe_finds_nothing() {
    let setting = scripted(&["lost", "broken", "nothing", "done"]);
    setting.call("verified");
    assert_eq!(said(&setting.call("verified")), "done");
    assert_eq!(setting.asked(), 2);
}

#[test]
fn s17_a_repetition_is_refused_where_nobody_can_tell_and_asks_each_time() {
    let setting = scripted(&["lost", "broken", "broken", "panic", "done"]);
    for _ in 0..3 {
        let reply = setting.call("verified");
        assert_eq!(problem(&reply), (Code::OutcomeUnknown, Effects::Unknown));
    }
    assert!(said(&setting.call("verified")).starts_with("Done."));
    assert_eq!(setting.asked(), 1);
}

#[test]
fn a_changed_definition_does_not_answer_for_the_one_before() {
    let setting = scripted(&["lost", "broken"]);
    setting.call("verified");
    let changed = DEFINITIONS.replace("result == 'done'", "result != 'nothing'");
    setting.catalog.swap(Arc::new(testing::catalog(&changed)));
    let reply = setting.call("verified");
    assert_eq!(problem(&reply), (Code::OutcomeUnknown, Effects::Unknown));
    stands(&setting, Unknown);
}
