//! The ends of steps, in words.

use super::{super::unstarted, Course, End, Halt, Walk, course::Next};
use crate::{
    backend::{Fault, FaultClass},
    base::{
        cancel::Cancelled,
        event::Event,
        problem::{Code, Effects, Problem},
    },
    catalog::content::{Content, Output},
};

impl Walk<'_> {
    /// Nothing is to be done any more.
    pub(super) fn ended(mut self, next: Next) -> (End, Course) {
        let result = match next {
            Next::Finished => match self.why.take() {
                None => Ok(self.answer()),
                Some(fault) => Err(self.with_steps(fault)),
            },
            Next::RolledBack => Err(self.rolled_back()),
            Next::Attention(at) | Next::Act(at) | Next::Undo(at) => Err(self.stuck(at)),
        };
        (End::Told(result), self.course)
    }

    /// The walk cannot go on here.
    pub(super) fn halted(mut self, halt: Halt) -> (End, Course) {
        let is_untouched = self.course.is_untouched();
        if let Halt::Shutdown = halt
            && let Err(Halt::Unwritten(error)) = self.write(None)
        {
            let (call_id, error) = (&self.call_id.to_string(), &error.to_string());
            Event::StepUnwritten { call_id, error }.emit();
        }
        let result = match halt {
            Halt::Shutdown if is_untouched => {
                Err(unstarted::stopped_before_start(Cancelled::Shutdown))
            }
            Halt::Shutdown => return (End::Interrupted, self.course),
            Halt::Unwritten(error) if is_untouched => {
                let message =
                    format!("the ledger cannot be written, so nothing was started: {error}");
                let problem = Problem::new(Code::StateUnavailable, message);
                Err(super::clean(problem))
            }
            Halt::Unwritten(error) => {
                let message =
                    format!("the ledger could not be written in the middle of the steps: {error}");
                Err(self.attention(message))
            }
        };
        (End::Told(result), self.course)
    }

    /// What the last step gave; of one that another process did, what was kept of it.
    fn answer(&mut self) -> Output {
        self.course.answer().unwrap_or_else(|| Output {
            content: vec![Content::Text("done".to_owned())],
            ..Output::default()
        })
    }

    fn rolled_back(&mut self) -> Box<Fault> {
        let why = self.why.take();
        if !self.course.has_undone()
            && let Some(fault) = why
        {
            return self.with_steps(fault);
        }
        let (because, backend_text, status) = because(why);
        let message = format!("{because}; what had been done before was undone");
        self.with_steps(Box::new(Fault {
            class: FaultClass::Definite,
            problem: Problem::new(Code::RolledBack, message),
            backend_text,
            retry_after: None,
            status,
        }))
    }

    fn stuck(&mut self, at: usize) -> Box<Fault> {
        let name = self.steps.all.get(at).map_or("", |step| step.name.as_str());
        let (because, backend_text, status) = because(self.why.take());
        let what = if self.course.is_past_pivot(self.steps) {
            format!(
                "the step `{name}` could not be brought to its end, and nothing is undone any more"
            )
        } else {
            format!(
                "the step `{name}` could not be undone, so what was done before it was left as it is"
            )
        };
        Box::new(Fault {
            backend_text,
            retry_after: None,
            status,
            ..*self.attention(format!("{because}; {what}"))
        })
    }

    fn attention(&self, message: String) -> Box<Fault> {
        let problem = Problem::new(Code::NeedsAttention, message).suggest(format!(
            "ask the operator to look at `tollgate ops show {}`",
            self.call_id
        ));
        self.with_steps(Box::new(Fault {
            class: FaultClass::Ambiguous,
            problem,
            backend_text: None,
            retry_after: None,
            status: None,
        }))
    }

    fn with_steps(&self, mut fault: Box<Fault>) -> Box<Fault> {
        fault.problem.steps = self.course.told(self.steps);
        // What came before it and only reads is no effect, and what was undone is none either.
        if fault.class == FaultClass::Clean {
            fault.problem.effects = Effects::None;
        }
        fault
    }
}

/// Why the steps were not brought to their end, with what the backend said.
fn because(why: Option<Box<Fault>>) -> (String, Option<String>, Option<String>) {
    match why {
        None => (
            "the process that did the steps ended".to_owned(),
            None,
            None,
        ),
        Some(fault) => (fault.problem.message, fault.backend_text, fault.status),
    }
}
