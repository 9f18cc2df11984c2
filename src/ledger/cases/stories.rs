//! Stories of steps: written, left, taken over, gone on with and closed, in any order. Each is told
//! to both kinds of ledger and to a model of them that is written from the promise.

use std::sync::Arc;

use proptest::{prelude::*, test_runner::TestRunner};

use super::{
    super::{
        IntentReceipt, Ledger,
        admission::{Begun, Decided},
        contract::{ending, settlement},
        operation::OperationState,
        record::Outcome,
        steps::{Adopted, Side, StepEntry, StepEvent, Wanted},
        wait,
    },
    walks::{adopt, close_as, entry, write},
    world::{Next, asks, lives, named},
};
use crate::base::{clock::Timestamp, id::CallId, limits::RECOVERIES_MAX};

#[derive(Clone, Copy, Debug)]
enum Verb {
    /// Somebody calls, always for the same operation.
    Call,
    /// Whoever has the steps in hand writes this of the first or the second.
    Step(&'static str, Side, StepEvent),
    /// Who was called ends them so.
    Finish(OperationState),
    /// Who took them over ends them so.
    Close(OperationState),
    /// The process dies, and another is there.
    Crash,
    /// The steps of dead processes are looked for.
    TakeOver,
    /// A person wants them gone on with.
    GoOn,
}

fn verb() -> impl Strategy<Value = Verb> {
    use OperationState::{Attention, Failed, FailedClean, RolledBack, Succeeded};
    use StepEvent::{Begun, Done, Failed as Fails, Nothing, Unknown};
    let name = prop_oneof![Just("a"), Just("b")];
    let side = prop_oneof![3 => Just(Side::Act), 1 => Just(Side::Undo)];
    let event = prop::sample::select(vec![Begun, Done, Fails, Nothing, Unknown]);
    let finished = vec![Succeeded, Failed, FailedClean, RolledBack, Attention];
    let closed = vec![Succeeded, RolledBack, Attention];
    prop_oneof![
        4 => Just(Verb::Call),
        6 => (name, side, event).prop_map(|(name, side, event)| Verb::Step(name, side, event)),
        1 => prop::sample::select(finished).prop_map(Verb::Finish),
        2 => prop::sample::select(closed).prop_map(Verb::Close),
        4 => Just(Verb::Crash),
        4 => Just(Verb::TakeOver),
        2 => Just(Verb::GoOn),
    ]
}

/// What is said where a verb makes no sense.
const NOTHING: &str = "-";

fn taken(entries: &[StepEntry]) -> String {
    let words = entries.iter().map(|entry| {
        let (side, event) = (entry.side.as_str(), entry.event.as_str());
        format!(" {} {side} {event}", entry.name)
    });
    format!("taken{}", words.collect::<String>())
}

/// Who has the steps in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hand {
    Nobody,
    Caller,
    Heir,
}

/// The promise.
struct Model {
    state: Option<OperationState>,
    entries: Vec<StepEntry>,
    hand: Hand,
    deaths: u32,
}

impl Model {
    fn is_open(&self) -> bool {
        self.state.is_some_and(OperationState::is_open)
    }

    fn undoes(&self) -> bool {
        self.entries.iter().any(|entry| entry.side == Side::Undo)
    }

    /// What has begun to be undone ends undone, or waits for a person.
    fn may_end(&self, hand: Hand, state: OperationState) -> bool {
        use OperationState::{Attention, RolledBack};
        self.hand == hand && (!self.undoes() || matches!(state, RolledBack | Attention))
    }

    fn call(&mut self) -> String {
        use OperationState::{Attention, FailedClean, Running};
        let is_orphan = self.is_open() && self.hand == Hand::Nobody;
        if is_orphan && self.entries.is_empty() {
            self.deaths += 1;
            self.state = Some(FailedClean);
        }
        match self.state {
            None | Some(FailedClean) => {
                self.state = Some(Running);
                (self.entries, self.hand) = (Vec::new(), Hand::Caller);
                "runs".to_owned()
            }
            Some(Attention) => "refused NEEDS_ATTENTION".to_owned(),
            Some(state) if state.is_open() => "waits".to_owned(),
            Some(_) => "replay".to_owned(),
        }
    }

    fn take(&mut self, deaths: u32) -> Option<String> {
        self.deaths = deaths;
        if deaths >= RECOVERIES_MAX {
            self.state = Some(OperationState::Attention);
            return None;
        }
        self.hand = Hand::Heir;
        self.state = Some(match self.undoes() {
            true => OperationState::Compensating,
            false => OperationState::Running,
        });
        Some(taken(&self.entries))
    }

    fn tell(&mut self, verb: Verb) -> String {
        let none = || "none".to_owned();
        match verb {
            Verb::Call => self.call(),
            Verb::Step(..) if self.hand == Hand::Nobody => NOTHING.to_owned(),
            Verb::Step(name, side, event) => {
                self.entries.push(entry(name, side, event));
                "stepped".to_owned()
            }
            Verb::Finish(state) if self.may_end(Hand::Caller, state) => self.end(state),
            Verb::Close(state) if self.may_end(Hand::Heir, state) => self.end(state),
            Verb::Finish(_) | Verb::Close(_) => NOTHING.to_owned(),
            Verb::Crash => {
                self.hand = Hand::Nobody;
                "crash".to_owned()
            }
            Verb::TakeOver => {
                let is_orphan = self.is_open() && self.hand == Hand::Nobody;
                if is_orphan && !self.entries.is_empty() {
                    let given_up = || "given up".to_owned();
                    return self.take(self.deaths + 1).unwrap_or_else(given_up);
                }
                none()
            }
            Verb::GoOn if self.state.is_some() && self.entries.is_empty() => none(),
            Verb::GoOn if self.hand != Hand::Nobody => "running".to_owned(),
            Verb::GoOn => match self.state {
                None => NOTHING.to_owned(),
                Some(state) if state.is_open() || state == OperationState::Attention => {
                    self.take(0).unwrap_or_else(none)
                }
                Some(state) => format!("settled {state:?}"),
            },
        }
    }

    fn end(&mut self, state: OperationState) -> String {
        (self.state, self.hand) = (Some(state), Hand::Nobody);
        "ended".to_owned()
    }
}

/// One ledger, and what is known of it by who uses it.
struct Teller<'n> {
    next: &'n mut Next,
    ledger: Arc<dyn Ledger>,
    receipt: Option<IntentReceipt>,
    id: Option<CallId>,
}

impl Teller<'_> {
    fn call(&mut self) -> String {
        let mut admission = asks(&named(1, 1));
        admission.backend = "steps";
        match wait(|then| self.ledger.begin(admission, then)).unwrap() {
            Begun::Decided(Decided::AsAsked(receipt, _)) => {
                self.id = receipt.operation_id();
                self.receipt = Some(receipt);
                "runs".to_owned()
            }
            Begun::Decided(Decided::Refused(_, problem)) => {
                format!("refused {}", problem.code.as_str())
            }
            Begun::Decided(Decided::Replay(..)) => "replay".to_owned(),
            Begun::Join(..) => "waits".to_owned(),
            Begun::Doubt(..) => "doubt".to_owned(),
        }
    }

    fn adopt(&mut self, wanted: Wanted) -> String {
        match adopt(&self.ledger, wanted) {
            Adopted::Taken(left) => {
                self.receipt = Some(left.receipt);
                taken(&left.entries)
            }
            Adopted::NotFound => "none".to_owned(),
            Adopted::StillRunning => "running".to_owned(),
            Adopted::Settled(state) => format!("settled {state:?}"),
            Adopted::Undefined => "undefined".to_owned(),
            Adopted::GivenUp(..) => "given up".to_owned(),
        }
    }

    /// Does it, where the model says that it makes sense.
    fn tell(&mut self, verb: Verb) -> String {
        match verb {
            Verb::Call => self.call(),
            Verb::Step(name, side, event) => {
                let receipt = self.receipt.take().unwrap();
                let entries = [entry(name, side, event)];
                self.receipt = Some(write(&self.ledger, &receipt, &entries));
                "stepped".to_owned()
            }
            Verb::Finish(state) => {
                let mut ending = ending(&settlement(Outcome::Failed));
                ending.state = state;
                // Just now, by either clock.
                ending.settlement.finished = Timestamp::from_micros(i64::MAX);
                let receipt = self.receipt.take().unwrap();
                wait(|then| self.ledger.finish(receipt, ending, then)).unwrap();
                "ended".to_owned()
            }
            Verb::Close(state) => {
                close_as(&self.ledger, self.receipt.take().unwrap(), state);
                "ended".to_owned()
            }
            Verb::Crash => {
                self.receipt = None;
                self.ledger = (self.next)();
                "crash".to_owned()
            }
            Verb::TakeOver => self.adopt(Wanted::Orphaned),
            Verb::GoOn => self.adopt(Wanted::Named(self.id.unwrap())),
        }
    }
}

#[test]
fn s19_x31_every_story_of_steps_ends_as_promised_in_both_ledgers() {
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let stories = prop::collection::vec(verb(), 1..24);
    let told = runner.run(&stories, |verbs| {
        for mut next in lives() {
            let mut model = Model {
                state: None,
                entries: Vec::new(),
                hand: Hand::Nobody,
                deaths: 0,
            };
            let ledger = next();
            let mut teller = Teller {
                next: &mut next,
                ledger,
                receipt: None,
                id: None,
            };
            for (at, verb) in verbs.iter().enumerate() {
                let promised = model.tell(*verb);
                if promised != NOTHING {
                    prop_assert_eq!(teller.tell(*verb), promised, "{} {:?}", at, verb);
                }
            }
        }
        Ok(())
    });
    told.unwrap();
}
