//! What would have worked: the arguments with every mistake repaired, where each can be
//! repaired in one way only. Offered to the model, never run.

mod loose;
mod spelling;

use serde_json::Value;

use super::{
    coerce::{Reading, apply, reading, split},
    kind::normal_form,
    normalize::{UNDECLARED, bring},
};
use crate::{
    base::{limits::VIOLATIONS_MAX, problem::Problem, text},
    catalog::schema::{Finding, InputSchema, Wanted},
};

/// Repairs that uncover further mistakes: a renamed member may be of a wrong type.
const ROUNDS_MAX: usize = 3;
/// Larger arguments are not tried in other spellings: each trial checks the whole.
const TRIED_BYTES_MAX: usize = 16 * 1024;

/// Adds to `problem` what would repair `arguments`: suggestions in words, and the whole
/// arguments corrected if they then fit `schema` and are in normal form. Arguments that hold
/// a secret are not repeated.
pub(super) fn correct(schema: &InputSchema, arguments: &Value, mut problem: Problem) -> Problem {
    let mut corrected = arguments.clone();
    for _ in 0..ROUNDS_MAX {
        let Some(repairs) = Place::new(schema, &corrected).repairs() else {
            return problem;
        };
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
    let changed = corrected != *arguments;
    let fits = schema.is_valid(&corrected) && bring(schema, &mut corrected).is_ok();
    if changed && fits && !secret {
        problem.corrected_arguments = Some(corrected);
    }
    problem
}

/// Arguments in which something is wrong.
struct Place<'a> {
    schema: &'a InputSchema,
    arguments: &'a Value,
    findings: Vec<Finding>,
    small: bool,
}

impl<'a> Place<'a> {
    fn new(schema: &'a InputSchema, arguments: &'a Value) -> Self {
        Self {
            schema,
            arguments,
            findings: schema.findings(arguments, VIOLATIONS_MAX + 1),
            small: is_small(arguments),
        }
    }

    /// What can be repaired in one way only; `None` where too much is wrong.
    fn repairs(&self) -> Option<Vec<Repair>> {
        if self.findings.len() > VIOLATIONS_MAX {
            return None;
        }
        let misfits = bring(self.schema, &mut self.arguments.clone()).err();
        let misfits = misfits.unwrap_or_default().into_iter();
        let misfits = misfits.filter_map(|detail| self.respelled(&detail.at));
        let findings = self.findings.iter();
        let mut repairs: Vec<Repair> = Vec::new();
        for repair in misfits.chain(findings.filter_map(|finding| self.find(finding))) {
            if !repairs.iter().any(|other| other.at() == repair.at()) {
                repairs.push(repair);
            }
        }
        Some(repairs)
    }

    /// The only repair for `finding`, if there is exactly one.
    fn find(&self, finding: &Finding) -> Option<Repair> {
        let at = finding.at.clone();
        let given = self.arguments.pointer(&at)?;
        match &finding.wanted {
            Wanted::Types(types) => match reading(given, types) {
                Some(Reading::As(value)) => Some(Repair::Set { at, value }),
                Some(Reading::Absent) => Some(Repair::Drop { at }),
                None => self.only_fit(at, loose::readings(given, types)),
            },
            Wanted::OneOf(options) => {
                let value = only_option(given, options)?;
                Some(Repair::Set { at, value })
            }
            Wanted::Nothing(known) => {
                let name = self.other_name(finding, known)?;
                Some(Repair::Rename { at, name })
            }
            Wanted::Unique => {
                let mut items: Vec<&Value> = Vec::new();
                for item in given.as_array()? {
                    if !items.contains(&item) {
                        items.push(item);
                    }
                }
                let value = items.into_iter().cloned().collect();
                Some(Repair::Set { at, value })
            }
            Wanted::Other => self.respelled(&at),
        }
    }

    /// The name that the unknown member of `finding` was meant to have: the only one near it,
    /// or the only one that is missing where nothing else is unknown.
    fn other_name(&self, finding: &Finding, known: &[String]) -> Option<String> {
        let (parent, wrong) = split(&finding.at)?;
        let members = self.arguments.pointer(parent)?.as_object()?;
        let unknown = || members.keys().filter(|other| !known.contains(other));
        let absent = |name: &&str| !members.contains_key(*name);
        let absent = known.iter().map(String::as_str).filter(absent);
        if let Some(near) = only_near(&wrong, absent.clone()) {
            // Two members that were both meant to be the same one cannot both be renamed.
            let rivals = unknown().filter(|other| text::likeliest(other, [near]).len() == 1);
            return (rivals.count() == 1).then(|| near.to_owned());
        }
        if !text::likeliest(&wrong, absent).is_empty() || unknown().count() != 1 {
            return None;
        }
        let missing = self.findings.iter().filter_map(|other| {
            let (above, name) = split(&other.at)?;
            (other.keyword == "required" && above == parent).then_some(name)
        });
        let mut missing = missing.collect::<Vec<_>>().into_iter();
        let name = missing.next().filter(|_| missing.next().is_none())?;
        let mut at = parent.to_owned();
        crate::base::json::push_pointer(&mut at, &name);
        let mut renamed = self.arguments.clone();
        let repair = Repair::Rename {
            at: finding.at.clone(),
            name: name.clone(),
        };
        repair.perform(&mut renamed);
        self.fits_at(&renamed, &at).then_some(name)
    }

    /// The string at `at` in the only other spelling that fits.
    fn respelled(&self, at: &str) -> Option<Repair> {
        let given = self.arguments.pointer(at)?.as_str()?;
        if !self.small {
            return None;
        }
        for group in spelling::spellings(given) {
            let group = group.into_iter().filter(|other| other != given);
            let mut fits: Vec<Value> = Vec::new();
            for value in group.map(Value::from) {
                if !fits.contains(&value) && self.fits_as(at, &value) {
                    fits.push(value);
                }
            }
            match fits.as_slice() {
                [] => {}
                [only] => {
                    return Some(Repair::Set {
                        at: at.to_owned(),
                        value: only.clone(),
                    });
                }
                _ => return None,
            }
        }
        None
    }

    /// The only one of `values` that fits at `at`; one that stands alone is tried with the rest.
    fn only_fit(&self, at: String, mut values: Vec<Value>) -> Option<Repair> {
        if values.len() > 1 && self.small {
            values.retain(|value| self.fits_as(&at, value));
        }
        let mut values = values.into_iter();
        let value = values.next().filter(|_| values.next().is_none())?;
        Some(Repair::Set { at, value })
    }

    fn fits_as(&self, at: &str, value: &Value) -> bool {
        let mut arguments = self.arguments.clone();
        let placed = apply(&mut arguments, at, Reading::As(value.clone())).is_some();
        placed && self.fits_at(&arguments, at)
    }

    /// Whether nothing is wrong at `at` or below it.
    fn fits_at(&self, arguments: &Value, at: &str) -> bool {
        let normal = match arguments.pointer(at) {
            Some(Value::String(text)) => {
                let place = self.schema.facts().place(arguments, at);
                let kind = place.map_or(&UNDECLARED, |place| &place.kind);
                normal_form(kind, text).is_ok()
            }
            Some(_) => bring(self.schema, &mut arguments.clone()).is_ok(),
            None => false,
        };
        normal && self.schema.fits_at(arguments, at)
    }
}

/// Whether it costs little to check `arguments` again and again.
fn is_small(arguments: &Value) -> bool {
    fn room(value: &Value, left: usize) -> Option<usize> {
        let left = left.checked_sub(8)?;
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => Some(left),
            Value::String(text) => left.checked_sub(text.len()),
            Value::Array(items) => items.iter().try_fold(left, |left, item| room(item, left)),
            Value::Object(members) => members.iter().try_fold(left, |left, (name, member)| {
                room(member, left.checked_sub(name.len())?)
            }),
        }
    }
    room(arguments, TRIED_BYTES_MAX).is_some()
}

/// The one of `options` that `given` was meant to be.
fn only_option(given: &Value, options: &[Value]) -> Option<Value> {
    if let Some(text) = given.as_str() {
        let near = only_near(text, options.iter().filter_map(Value::as_str));
        if let Some(near) = near {
            return Some(near.into());
        }
    }
    // `"2"` for 2, and 2 for `"2"`.
    let bare = |value: &Value| match value {
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    let given = bare(given);
    let same = |option: &&Value| bare(option) == given;
    let mut same = options.iter().filter(same);
    same.next().filter(|_| same.next().is_none()).cloned()
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
        text::likeliest(given, known)
    } else {
        same
    };
    match near.as_slice() {
        [only] => Some(only),
        _ => None,
    }
}
