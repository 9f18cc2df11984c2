//! What a person is asked before a call may begin, and what their answers make of it.
//!
//! Pure, and the same for both eras: whoever carries the questions hands the answers in. A
//! call that nobody has to be asked about is agreed to at once.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::{Map, Value};

use super::{
    call::{Change, ChangeKind, Header, Refused},
    clear::ClearedCall,
    normalize::Parts,
    rules::{self, Facts, RuleRefusal},
    show::shown,
};
use crate::{
    base::{
        id::CallId,
        limits::ASK_TRIES_MAX,
        problem::{Advice, Code, Detail, Problem},
    },
    catalog::{
        ask::{ASK, CONFIRM, Question},
        rule::Rule,
        tool::Tool,
    },
};

/// A call that needs nobody's agreement, or has it. Nothing else can begin.
#[derive(Debug)]
pub(crate) struct AgreedCall {
    parts: Box<Parts>,
    asking: Option<CallId>,
}

/// A call that waits for a person, of a tool that asks.
#[derive(Debug)]
pub(crate) struct AskingCall {
    parts: Box<Parts>,
    kept: Kept,
    wrong: BTreeMap<String, Vec<Detail>>,
}

/// What is known of an asking beside its call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Kept {
    /// The answers so far, by the keys of their questions.
    pub(crate) answers: Map<String, Value>,
    /// How often nothing usable came back.
    pub(crate) tries: u32,
    /// The call that was first answered with a question, where questions travel as answers.
    /// At most one call of its asking may begin.
    pub(crate) asking: Option<CallId>,
}

/// Where a call stands with the person.
#[derive(Debug)]
pub(crate) enum Consent {
    /// It may begin.
    Agreed(AgreedCall),
    /// Something is still to be asked.
    Open(Box<AskingCall>),
}

/// One question, ready to be shown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Posed {
    /// Names the answer.
    pub(crate) key: String,
    /// What the person reads.
    pub(crate) message: String,
    /// The form.
    pub(crate) schema: Value,
}

/// Looks whether anybody has to be asked about the call.
pub(crate) fn agree(call: ClearedCall) -> Consent {
    let parts = call.into_parts();
    if parts.tool.asks.is_empty() {
        let asking = None;
        return Consent::Agreed(AgreedCall { parts, asking });
    }
    let (kept, wrong) = (Kept::default(), BTreeMap::new());
    AskingCall { parts, kept, wrong }.go_on()
}

impl AskingCall {
    /// What is known of the call.
    pub(crate) fn header(&self) -> &Arc<Header> {
        &self.parts.header
    }

    /// The tool it is for.
    pub(crate) fn tool(&self) -> &Arc<Tool> {
        &self.parts.tool
    }

    /// The arguments byte for byte as received.
    pub(crate) fn raw_arguments(&self) -> &Arc<str> {
        &self.parts.raw_arguments
    }

    /// The arguments that would be run, without answers.
    pub(crate) fn effective(&self) -> &Value {
        &self.parts.effective
    }

    /// Every difference between the two.
    pub(crate) fn changes(&self) -> &[Change] {
        &self.parts.changes
    }

    /// What has to be known to go on later.
    pub(crate) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The questions of this round that have no answer yet.
    pub(crate) fn questions(&self) -> Vec<Posed> {
        let filled = with_answers(&self.parts.effective, &self.kept.answers);
        let secrets = self.parts.tool.input.secrets(&self.parts.effective);
        self.open()
            .map(|question| {
                let mut message = shown(&question.message, &filled, &secrets);
                if let Some(details) = self.wrong.get(&question.key) {
                    message.push_str("\n\nThe answer before did not fit:");
                    for detail in details {
                        message.push_str(&format!(" `{}` must be {};", detail.at, detail.expected));
                    }
                    message.pop();
                }
                Posed {
                    key: question.key.clone(),
                    message,
                    schema: question.schema.clone(),
                }
            })
            .collect()
    }

    /// Goes on with an asking of this very call; `kept` is what [`Self::kept`] gave.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub(crate) fn resume(
        self,
        kept: Kept,
        responses: &Map<String, Value>,
    ) -> Result<Consent, Box<Refused>> {
        match (Self { kept, ..self }).go_on() {
            Consent::Open(open) => open.answer(responses),
            agreed @ Consent::Agreed(_) => Ok(agreed),
        }
    }

    /// Takes what came back, by the keys of the questions, each as MCP's ElicitResult. What was
    /// not asked is ignored; what is missing or does not fit is asked again.
    ///
    /// # Errors
    /// `CONFIRMATION_REQUIRED` when the person declined or closed a question, and when nothing
    /// usable came for the last time.
    pub(crate) fn answer(
        mut self,
        responses: &Map<String, Value>,
    ) -> Result<Consent, Box<Refused>> {
        let mut taken = Vec::new();
        let mut wrong = BTreeMap::new();
        let mut no = None;
        for question in self.open() {
            let Some(response) = responses.get(&question.key) else {
                continue;
            };
            match response.get("action").and_then(Value::as_str) {
                Some("accept") => match question.read(response.get("content")) {
                    Ok(content) => taken.push((question.key.clone(), content)),
                    Err(details) => drop(wrong.insert(question.key.clone(), details)),
                },
                Some("decline") => no = Some(declined(question)),
                Some("cancel") => no = no.or_else(|| Some(dismissed(question))),
                Some(_) | None => drop(wrong.insert(question.key.clone(), vec![no_action()])),
            }
        }
        if let Some(problem) = no {
            return Err(self.refuse(problem));
        }
        if taken.is_empty() {
            self.kept.tries += 1;
            if self.kept.tries >= ASK_TRIES_MAX {
                let details = wrong.into_values().flatten().collect();
                return Err(self.refuse(unusable().with_details(details)));
            }
        }
        self.kept.answers.extend(taken);
        self.wrong = wrong;
        Ok(self.go_on())
    }

    /// Refuses the call: nobody was, or could be, asked. Nothing was touched.
    pub(crate) fn refuse(self, problem: Problem) -> Box<Refused> {
        let mut refused = self.parts.refuse("ask", problem, Vec::new());
        refused.asking = self.kept.asking;
        refused
    }

    /// The questions without an answer of the first round that has one.
    fn open(&self) -> impl Iterator<Item = &Question> {
        let is_open = |question: &&Question| !self.kept.answers.contains_key(&question.key);
        let round = self
            .parts
            .tool
            .asks
            .iter()
            .find(|round| round.iter().any(|question| is_open(&question)));
        round.into_iter().flatten().filter(is_open)
    }

    fn go_on(self) -> Consent {
        if self.open().next().is_some() {
            return Consent::Open(Box::new(self));
        }
        let Self {
            mut parts, kept, ..
        } = self;
        for (key, content) in &kept.answers {
            parts.changes.push(Change {
                at: format!("/{ASK}/{key}"),
                kind: ChangeKind::Answered,
                from: None,
                to: Some(content.clone()),
            });
        }
        parts.effective = with_answers(&parts.effective, &kept.answers);
        let asking = kept.asking;
        Consent::Agreed(AgreedCall { parts, asking })
    }
}

impl AgreedCall {
    /// How long it may take: as long as its tool, or less where its caller says so.
    pub(crate) fn time(&self) -> Duration {
        self.parts.header.time(self.parts.tool.timeout)
    }

    /// What is known of the call.
    pub(crate) fn header(&self) -> &Arc<Header> {
        &self.parts.header
    }

    /// The tool it is for.
    pub(crate) fn tool(&self) -> &Arc<Tool> {
        &self.parts.tool
    }

    /// The arguments byte for byte as received.
    pub(crate) fn raw_arguments(&self) -> &Arc<str> {
        &self.parts.raw_arguments
    }

    /// The arguments that will be run, with the answers beside them.
    pub(crate) fn effective(&self) -> &Value {
        &self.parts.effective
    }

    /// Every difference between the two.
    pub(crate) fn changes(&self) -> &[Change] {
        &self.parts.changes
    }

    /// The asking whose one agreement this call uses up.
    pub(crate) fn asking(&self) -> Option<CallId> {
        self.asking
    }

    /// Judges what was looked up for the call by the rule that it must meet.
    ///
    /// # Errors
    /// As for a rule of the guard.
    pub(crate) fn judge(&self, rule: &Rule, result: &Value) -> Result<(), Box<RuleRefusal>> {
        let secrets = self.parts.tool.input.secrets(&self.parts.effective);
        let facts = Facts {
            result: Some(result),
            ..self.parts.facts(&secrets)
        };
        rules::check(std::slice::from_ref(rule), facts)
    }

    /// Refuses the call for a reason found outside the guard (no place in the queue, a value
    /// that its backend cannot take). Nothing was touched.
    pub(crate) fn refuse(self, stage: &'static str, problem: Problem) -> Box<Refused> {
        let mut refused = self.parts.refuse(stage, problem, Vec::new());
        refused.asking = self.asking;
        refused
    }
}

/// The arguments with the answers under [`ASK`]; whatever a caller put there is gone.
fn with_answers(arguments: &Value, answers: &Map<String, Value>) -> Value {
    let mut filled = arguments.clone();
    if let Some(members) = filled.as_object_mut() {
        members.insert(ASK.to_owned(), Value::Object(answers.clone()));
    }
    filled
}

fn required(reason: &str, message: String) -> Problem {
    let mut problem = Problem::new(Code::ConfirmationRequired, message);
    problem.reason = Some(reason.to_owned());
    problem
}

fn declined(question: &Question) -> Problem {
    let message = match question.key.as_str() {
        CONFIRM => "a person was asked and did not agree; nothing was done".to_owned(),
        key => format!("a person was asked for `{key}` and declined; nothing was done"),
    };
    required("DECLINED", message).with_advice(Advice::Never)
}

fn dismissed(question: &Question) -> Problem {
    let message = format!(
        "a person was asked for `{}` and closed the question; nothing was done",
        question.key
    );
    required("DISMISSED", message).with_advice(Advice::AskOperator)
}

fn unusable() -> Problem {
    let message = format!("no usable answer came in {ASK_TRIES_MAX} tries; nothing was done");
    required("NO_ANSWER", message).with_advice(Advice::AskOperator)
}

fn no_action() -> Detail {
    Detail {
        at: "/action".to_owned(),
        constraint: "enum".to_owned(),
        expected: "one of `accept`, `decline` and `cancel`".to_owned(),
        got: None,
        limit: None,
    }
}
