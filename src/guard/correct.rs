//! What would have worked: the arguments with every mistake repaired, where each can be
//! repaired in one way only. Offered to the model, never run.

use serde_json::Value;

use super::{
    coerce::{Reading, apply, reading, split},
    normalize::bring,
};
use crate::{
    base::{limits::VIOLATIONS_MAX, problem::Problem, text},
    catalog::schema::{Finding, InputSchema, Type, Wanted},
};

/// Repairs that uncover further mistakes: a renamed member may be of a wrong type.
const ROUNDS_MAX: usize = 3;

/// Adds to `problem` what would repair `arguments`: suggestions in words, and the whole
/// arguments corrected if they then fit `schema` and are in normal form. Arguments that hold
/// a secret are not repeated.
pub(super) fn correct(schema: &InputSchema, arguments: &Value, mut problem: Problem) -> Problem {
    let mut corrected = arguments.clone();
    for _ in 0..ROUNDS_MAX {
        let findings = schema.findings(&corrected, VIOLATIONS_MAX + 1);
        if findings.len() > VIOLATIONS_MAX {
            return problem;
        }
        let repairs: Vec<Repair> = findings
            .iter()
            .filter_map(|finding| Repair::find(&corrected, finding))
            .collect();
        if repairs.is_empty() {
            break;
        }
        let secrets = schema.secrets(&corrected);
        for repair in repairs {
            if !secrets.contains(repair.at()) {
                problem = problem.suggest(repair.words());
            }
            repair.perform(&mut corrected);
        }
    }
    let secret = [arguments, &corrected]
        .iter()
        .any(|value| !schema.secrets(value).is_empty());
    let fits = schema.is_valid(&corrected) && bring(schema, &mut corrected).is_ok();
    if fits && !secret {
        problem.corrected_arguments = Some(corrected);
    }
    problem
}

/// One repair.
enum Repair {
    /// Another value.
    Set { at: String, value: Value },
    /// The member is better left out.
    Drop { at: String },
    /// The member has another name.
    Rename { at: String, name: String },
}

impl Repair {
    /// The only repair for `finding`, if there is exactly one.
    fn find(arguments: &Value, finding: &Finding) -> Option<Self> {
        let at = finding.at.clone();
        let given = arguments.pointer(&at)?;
        match &finding.wanted {
            Wanted::Types(types) => {
                match reading(given, types).or_else(|| trimmed(given, types))? {
                    Reading::As(value) => Some(Self::Set { at, value }),
                    Reading::Absent => Some(Self::Drop { at }),
                }
            }
            Wanted::OneOf(options) => {
                let option = only_near(given.as_str()?, options.iter().filter_map(Value::as_str))?;
                Some(Self::Set {
                    value: option.into(),
                    at,
                })
            }
            Wanted::Nothing(known) => {
                let (parent, wrong) = split(&at)?;
                let members = arguments.pointer(parent)?.as_object()?;
                let absent = |name: &&str| !members.contains_key(*name);
                let near = only_near(&wrong, known.iter().map(String::as_str).filter(absent))?;
                let name = near.to_owned();
                // Two members that were both meant to be the same one cannot both be renamed.
                let rivals = members
                    .keys()
                    .filter(|other| !known.contains(other))
                    .filter(|other| text::nearest(other, [near]).len() == 1);
                (rivals.count() == 1).then_some(Self::Rename { at, name })
            }
            Wanted::Other => None,
        }
    }

    fn at(&self) -> &String {
        match self {
            Self::Set { at, .. } | Self::Drop { at } | Self::Rename { at, .. } => at,
        }
    }

    fn words(&self) -> String {
        let at = text::clip(self.at(), 200);
        match self {
            Self::Set { value, .. } => match value {
                Value::String(string) => format!("use {} for `{at}`", text::quote(string)),
                Value::Array(_) => format!("give an array for `{at}`, not a string that holds one"),
                Value::Object(_) => {
                    format!("give an object for `{at}`, not a string that holds one")
                }
                Value::Null | Value::Bool(_) | Value::Number(_) => {
                    format!("use {value} for `{at}`")
                }
            },
            Self::Drop { .. } => format!("leave out `{at}`"),
            Self::Rename { name, .. } => format!("rename `{at}` to `{name}`"),
        }
    }

    fn perform(self, arguments: &mut Value) {
        // A repair whose place another repair took away does nothing; the check at the end
        // decides over the whole.
        match self {
            Self::Set { at, value } => {
                apply(arguments, &at, Reading::As(value));
            }
            Self::Drop { at } => {
                apply(arguments, &at, Reading::Absent);
            }
            Self::Rename { at, name } => {
                let Some((parent, wrong)) = split(&at) else {
                    return;
                };
                let members = arguments.pointer_mut(parent).and_then(Value::as_object_mut);
                if let Some(members) = members
                    && let Some(value) = members.shift_remove(&wrong)
                {
                    members.insert(name, value);
                }
            }
        }
    }
}

/// A number with blanks around it: plain enough to be offered, not plain enough to be run.
fn trimmed(given: &Value, types: &[Type]) -> Option<Reading> {
    let numbers = types
        .iter()
        .all(|one| matches!(one, Type::Integer | Type::Number | Type::Null));
    let bare = given.as_str()?.trim();
    numbers.then(|| reading(&bare.into(), types)).flatten()
}

/// The only one of `known` that is near to `given`; the one that differs in case alone goes
/// before all others.
fn only_near<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let known: Vec<&str> = known.collect();
    let bare = given.trim().to_lowercase();
    let same: Vec<&str> = known
        .iter()
        .copied()
        .filter(|name| name.to_lowercase() == bare)
        .collect();
    let near = if same.is_empty() {
        text::nearest(given, known)
    } else {
        same
    };
    match near.as_slice() {
        [only] => Some(only),
        _ => None,
    }
}
