//! Everything that can be said when a call does not succeed, in words that a model can act on.

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value;

use super::{going_round::Loop, stands::StepStands};

/// What a call did to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effects {
    /// Nothing was touched.
    None,
    /// What the tool does was done.
    Applied,
    /// It was done and undone again.
    RolledBack,
    /// It may have been done; nobody here can tell.
    Unknown,
}

impl Effects {
    /// Every one.
    const ALL: [Self; 4] = [Self::None, Self::Applied, Self::RolledBack, Self::Unknown];

    /// The effects that this word stands for.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|effects| effects.as_str() == word)
    }

    /// The word on the wire and in the ledger.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Applied => "applied",
            Self::RolledBack => "rolled_back",
            Self::Unknown => "unknown",
        }
    }
}

/// What the caller should do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Advice {
    /// Do not try again.
    Never,
    /// Try again with other arguments.
    ChangedArgs,
    /// The same call, after [`Problem::after_ms`].
    After,
    /// A person has to do something first.
    AskOperator,
}

impl Advice {
    /// Every one.
    const ALL: [Self; 4] = [
        Self::Never,
        Self::ChangedArgs,
        Self::After,
        Self::AskOperator,
    ];

    /// The advice that this word stands for.
    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|advice| advice.as_str() == word)
    }

    /// The word on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::ChangedArgs => "changed_args",
            Self::After => "after",
            Self::AskOperator => "ask_operator",
        }
    }
}

macro_rules! codes {
    ($($variant:ident = $text:literal, $effects:ident, $advice:ident, $doc:literal;)*) => {
        /// The stable name of a problem. Names are never reused for something else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Code { $(#[doc = $doc] $variant,)* }

        impl Code {
            /// Every code there is, in the order of the catalogue.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name on the wire, in the ledger and in the docs.
            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The code of this name.
            pub(crate) fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == name)
            }

            /// When this code is used, in one sentence.
            pub(crate) fn summary(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }

            /// What the call did, unless the one who reports the problem knows better.
            fn effects(self) -> Effects {
                match self { $(Self::$variant => Effects::$effects,)* }
            }

            /// What to do next, unless the one who reports the problem knows better.
            fn advice(self) -> Advice {
                match self { $(Self::$variant => Advice::$advice,)* }
            }
        }
    };
}

codes! {
    ValidationFailed = "VALIDATION_FAILED", None, ChangedArgs, "The arguments do not fit the tool's input schema or a limit.";
    NormalizationRefused = "NORMALIZATION_REFUSED", None, ChangedArgs, "A value is not in the normal form that its kind demands.";
    RuleViolation = "RULE_VIOLATION", None, ChangedArgs, "A rule of the tool's operator is not met; `reason` is the operator's own code.";
    RuleError = "RULE_ERROR", None, AskOperator, "A rule could not be evaluated, so the call was refused.";
    Forbidden = "FORBIDDEN", None, Never, "This principal may not make this call.";
    CapabilityMissing = "CAPABILITY_MISSING", None, Never, "The client lacks a capability that the tool needs.";
    ConfirmationRequired = "CONFIRMATION_REQUIRED", None, ChangedArgs, "A person has to agree to this call first.";
    ToolDisabled = "TOOL_DISABLED", None, AskOperator, "The tool is switched off.";
    ToolChanged = "TOOL_CHANGED", None, AskOperator, "The tool's definition is not the one that was approved.";
    RateLimited = "RATE_LIMITED", None, After, "Too many calls in too short a time; this one was not started.";
    Overloaded = "OVERLOADED", None, After, "Too many calls are waiting; this one was not started.";
    CircuitOpen = "CIRCUIT_OPEN", None, After, "The backend failed too often of late, so it is left alone for a while.";
    ShuttingDown = "SHUTTING_DOWN", None, After, "The server is ending; this call was not started.";
    BudgetExceeded = "BUDGET_EXCEEDED", None, After, "The call could cost more than is left of the budget.";
    RetryLoop = "RETRY_LOOP", None, ChangedArgs, "Nearly the same call failed in the same way several times, so it was not started again.";
    IdempotencyMismatch = "IDEMPOTENCY_MISMATCH", None, ChangedArgs, "The operation key was used before with other arguments.";
    IdempotencyExpired = "IDEMPOTENCY_EXPIRED", None, ChangedArgs, "The operation of this key ended so long ago that its answer is no longer kept.";
    InProgress = "IN_PROGRESS", Unknown, After, "The same operation is still running.";
    OutcomeUnknown = "OUTCOME_UNKNOWN", Unknown, AskOperator, "What the call did cannot be told.";
    Timeout = "TIMEOUT", Unknown, AskOperator, "The call was not done when its time was up.";
    Cancelled = "CANCELLED", Unknown, AskOperator, "The call was stopped because the client cancelled it or the server ended.";
    BackendFailed = "BACKEND_FAILED", Unknown, AskOperator, "The backend ran and did not succeed.";
    BackendUnavailable = "BACKEND_UNAVAILABLE", None, After, "The backend could not be started or reached.";
    OutputInvalid = "OUTPUT_INVALID", Applied, AskOperator, "The backend's answer does not fit what the tool declares.";
    RolledBack = "ROLLED_BACK", RolledBack, After, "A step failed and everything before it was undone.";
    NeedsAttention = "NEEDS_ATTENTION", Unknown, AskOperator, "A step failed and what was done before it could not be undone.";
    StateUnavailable = "STATE_UNAVAILABLE", None, After, "The ledger cannot be written, so nothing was started.";
    Internal = "INTERNAL", Unknown, AskOperator, "A fault in Tollgate itself.";
}

/// One thing that is wrong with the arguments.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Detail {
    /// JSON pointer (RFC 6901) into the arguments; empty for the arguments as a whole.
    pub(crate) at: String,
    /// What is demanded there: a JSON Schema keyword or an operator's rule.
    pub(crate) constraint: String,
    /// What would be right, in words.
    pub(crate) expected: String,
    /// The bound that `constraint` sets, where it is a number: for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<Value>,
    /// What was given, quoted and clipped; `None` where it is absent or secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) got: Option<String>,
}

impl Detail {
    fn from_json(json: &Value) -> Option<Self> {
        let text = |name: &str| Some(json.get(name)?.as_str()?.to_owned());
        Some(Self {
            at: text("at")?,
            constraint: text("constraint")?,
            limit: json.get("limit").cloned(),
            expected: text("expected")?,
            got: text("got"),
        })
    }
}

/// Why a call did not succeed. Texts from backends never enter it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    /// The stable name.
    pub(crate) code: Code,
    /// The operator's own code, where a rule of theirs refused; which kind of no it was, where
    /// a person was asked.
    pub(crate) reason: Option<String>,
    /// One sentence for the model.
    pub(crate) message: String,
    /// What the call did.
    pub(crate) effects: Effects,
    /// What to do next.
    pub(crate) advice: Advice,
    /// For [`Advice::After`]: milliseconds to wait.
    pub(crate) after_ms: Option<u64>,
    /// Everything that is wrong with the arguments.
    pub(crate) details: Vec<Detail>,
    /// What would probably work.
    pub(crate) suggestions: Vec<String>,
    /// The whole arguments, corrected, where exactly one correction is possible.
    pub(crate) corrected_arguments: Option<Value>,
    /// That it is not the first failure of its kind.
    pub(crate) going_round: Option<Loop>,
    /// What became of the steps of the call, where it has some.
    pub(crate) steps: Vec<StepStands>,
}

impl Problem {
    /// A problem with the catalogue's own effects and advice.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            reason: None,
            message: message.into(),
            effects: code.effects(),
            advice: code.advice(),
            after_ms: None,
            details: Vec::new(),
            suggestions: Vec::new(),
            corrected_arguments: None,
            going_round: None,
            steps: Vec::new(),
        }
    }

    /// The same, knowing better what the call did.
    pub(crate) fn with_effects(self, effects: Effects) -> Self {
        Self { effects, ..self }
    }

    /// The same, knowing better what to do next.
    pub(crate) fn with_advice(self, advice: Advice) -> Self {
        Self { advice, ..self }
    }

    /// The same, to be tried again after `after_ms` milliseconds.
    pub(crate) fn after_ms(self, after_ms: u64) -> Self {
        Self {
            advice: Advice::After,
            after_ms: Some(after_ms),
            ..self
        }
    }

    /// The same, with one more suggestion.
    pub(crate) fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestions.push(suggestion.into());
        self
    }

    /// The same, with everything that is wrong with the arguments.
    pub(crate) fn with_details(self, details: Vec<Detail>) -> Self {
        Self { details, ..self }
    }

    /// The same with the first thing that is wrong and no more, for a caller who gets more
    /// problems than can be read.
    pub(crate) fn in_one_line(mut self) -> Self {
        self.details.truncate(1);
        self.suggestions.clear();
        self.corrected_arguments = None;
        self
    }

    /// The problem that was written as this; `None` for anything else.
    pub(crate) fn from_json(json: &Value) -> Option<Self> {
        let text = |name: &str| json.get(name).and_then(Value::as_str);
        let list = |name: &str| json.get(name).and_then(Value::as_array);
        let retry = json.get("retry")?;
        let suggestions = list("suggestions").into_iter().flatten();
        Some(Self {
            code: Code::parse(text("code")?)?,
            reason: text("reason").map(str::to_owned),
            message: text("message")?.to_owned(),
            effects: Effects::parse(text("effects")?)?,
            advice: Advice::parse(retry.get("advice")?.as_str()?)?,
            after_ms: retry.get("after_ms").and_then(Value::as_u64),
            details: list("details")
                .into_iter()
                .flatten()
                .map(Detail::from_json)
                .collect::<Option<_>>()?,
            suggestions: suggestions
                .map(|one| Some(one.as_str()?.to_owned()))
                .collect::<Option<_>>()?,
            corrected_arguments: json.get("corrected_arguments").cloned(),
            going_round: json.get("loop").and_then(Loop::from_json),
            steps: list("steps")
                .into_iter()
                .flatten()
                .map(StepStands::from_json)
                .collect::<Option<_>>()?,
        })
    }
}

/// Under the names that the docs promise.
impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Retry {
            advice: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            after_ms: Option<u64>,
        }
        let mut told = serializer.serialize_map(None)?;
        told.serialize_entry("code", self.code.as_str())?;
        told.serialize_entry("message", &self.message)?;
        told.serialize_entry("effects", self.effects.as_str())?;
        let retry = Retry {
            advice: self.advice.as_str(),
            after_ms: self.after_ms,
        };
        told.serialize_entry("retry", &retry)?;
        if let Some(reason) = &self.reason {
            told.serialize_entry("reason", reason)?;
        }
        if !self.details.is_empty() {
            told.serialize_entry("details", &self.details)?;
        }
        if !self.suggestions.is_empty() {
            told.serialize_entry("suggestions", &self.suggestions)?;
        }
        if let Some(corrected) = &self.corrected_arguments {
            told.serialize_entry("corrected_arguments", corrected)?;
        }
        if let Some(going_round) = &self.going_round {
            told.serialize_entry("loop", going_round)?;
        }
        if !self.steps.is_empty() {
            told.serialize_entry("steps", &self.steps)?;
        }
        told.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn code_names_are_unique_and_shout() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for name in names {
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte == b'_'),
                "{name}"
            );
        }
    }
}
