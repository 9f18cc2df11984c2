//! The course of steps: what is known of each, and so what is to be done next. Values in, values
//! out; the same whether the steps were done here or by a process that has died.

use serde_json::{Map, Value, json};

use crate::{
    base::stands::{Stands, StepStands},
    catalog::{
        content::{Content, Output},
        steps::{OUTPUT, STEPS, Step, Steps},
        tool::Effect,
    },
    engine::answer::Body,
    ledger::steps::{Side, StepEntry, StepEvent},
};

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The step of this place.
    Act(usize),
    /// The undo of the step of this place.
    Undo(usize),
    /// Nothing: every step is done.
    Finished,
    /// Nothing: whatever was done is undone.
    RolledBack,
    /// Nothing: a person has to look at the step of this place.
    Attention(usize),
}

/// What is known of one step: the last that happened on each side.
#[derive(Clone, Debug, Default)]
struct Track {
    act: Option<StepEvent>,
    undo: Option<StepEvent>,
    /// A try of whoever does not go on may have happened: of the step, of its undo.
    is_in_doubt: (bool, bool),
    gave: Option<Output>,
}

/// How far steps have come.
#[derive(Clone, Debug)]
pub(super) struct Course {
    tracks: Vec<Track>,
    goes_back: bool,
}

impl Course {
    /// Nothing was done yet.
    pub(super) fn new(steps: &Steps) -> Self {
        Self {
            tracks: vec![Track::default(); steps.all.len()],
            goes_back: false,
        }
    }

    /// What was begun by somebody who does not go on. Before the pivot nothing is begun any more:
    /// whoever called is gone. What has no end may have happened. What was tried often enough is
    /// tried anew; what must not be repeated only where a person says so.
    pub(super) fn resumed(steps: &Steps, entries: &[StepEntry], by_a_person: bool) -> Self {
        let mut course = Self::new(steps);
        for entry in entries {
            course.note(entry);
            let kept = entry.output.as_deref().and_then(Body::from_stored);
            if let Some(Body::Output(output)) = kept {
                course.gave(entry.step, output);
            }
        }
        let is_past = course.is_past_pivot(steps);
        let is_done = |track: &Track| track.act == Some(StepEvent::Done);
        // What is taken for done below, to have it undone, is no success.
        let is_whole = course.tracks.iter().all(is_done);
        for (step, track) in steps.all.iter().zip(&mut course.tracks) {
            track.is_in_doubt = (is_uncertain(track.act), is_uncertain(track.undo));
            let is_certain = !matches!(track.undo, Some(StepEvent::Begun | StepEvent::Unknown));
            let may_repeat =
                by_a_person || step.undo.as_ref().is_some_and(|undo| undo.tolerates_absent);
            if track.undo != Some(StepEvent::Done) && (is_certain || may_repeat) {
                track.undo = None;
            }
            if by_a_person && step.undo.is_some() && is_uncertain(track.act) {
                track.act = Some(StepEvent::Done);
            }
            let from_pivot_on = is_past || step.is_pivot && is_uncertain(track.act);
            if from_pivot_on && step.is_retry_safe() && track.act != Some(StepEvent::Done) {
                track.act = None;
            }
        }
        let stands_at_pivot = steps.pivot().is_some_and(|pivot| {
            let mut before = course.tracks.iter().take(pivot);
            before.all(is_done)
                && entries.iter().any(|entry| entry.step == pivot)
                && course
                    .tracks
                    .get(pivot)
                    .is_some_and(|track| track.act.is_none())
        });
        course.goes_back = !is_past && !stands_at_pivot && !is_whole;
        course.goes_back |= entries.iter().any(|entry| entry.side == Side::Undo);
        course
    }

    /// Takes in what happened.
    pub(super) fn note(&mut self, entry: &StepEntry) {
        let Some(track) = self.tracks.get_mut(entry.step) else {
            return;
        };
        match entry.side {
            Side::Act => track.act = Some(entry.event),
            Side::Undo => track.undo = Some(entry.event),
        }
    }

    /// Takes in what the step of place `at` gave.
    pub(super) fn gave(&mut self, at: usize, output: Output) {
        if let Some(track) = self.tracks.get_mut(at) {
            track.gave = Some(output);
        }
    }

    /// Whether an earlier process tried the step of place `at`, or its undo, and nobody knows how
    /// that went: if it does nothing now, it may still have happened.
    pub(super) fn is_in_doubt(&self, at: usize, side: Side) -> bool {
        self.tracks.get(at).is_some_and(|track| match side {
            Side::Act => track.is_in_doubt.0,
            Side::Undo => track.is_in_doubt.1,
        })
    }

    /// Nothing more is begun; what was done is undone.
    pub(super) fn turn_back(&mut self) {
        self.goes_back = true;
    }

    /// Whether nothing was begun yet, by nobody.
    pub(super) fn is_untouched(&self) -> bool {
        let mut tracks = self.tracks.iter();
        tracks.all(|track| track.act.is_none() && !track.is_in_doubt.0)
    }

    /// Whether nothing is undone any more.
    pub(super) fn is_past_pivot(&self, steps: &Steps) -> bool {
        let pivot = steps.pivot().and_then(|pivot| self.tracks.get(pivot));
        pivot.is_some_and(|track| track.act == Some(StepEvent::Done))
    }

    /// Whether something was undone.
    pub(super) fn has_undone(&self) -> bool {
        let mut undone = self.tracks.iter();
        undone.any(|track| track.undo == Some(StepEvent::Done))
    }

    /// What is to be done next.
    pub(super) fn next(&self, steps: &Steps) -> Next {
        let is_past = self.is_past_pivot(steps);
        if !self.goes_back {
            let mut tracks = self.tracks.iter().enumerate();
            match tracks.find(|(_, track)| track.act != Some(StepEvent::Done)) {
                None => return Next::Finished,
                Some((at, track)) if track.act.is_none() => return Next::Act(at),
                Some((at, _)) if is_past => return Next::Attention(at),
                Some(_) => {}
            }
        }
        let backwards = steps.all.iter().zip(&self.tracks).enumerate().rev();
        for (at, (step, track)) in backwards {
            match way_back(step, track) {
                Back::Nothing => {}
                Back::Undo if !is_past => return Next::Undo(at),
                Back::Undo | Back::Stuck => return Next::Attention(at),
            }
        }
        Next::RolledBack
    }

    /// The output of the last step, if it is known.
    pub(super) fn answer(&mut self) -> Option<Output> {
        self.tracks.last_mut().and_then(|track| track.gave.take())
    }

    /// What templates are filled with: the arguments, and beside them what the steps gave.
    pub(super) fn context(&self, steps: &Steps, arguments: &Value) -> Value {
        let given = steps.all.iter().zip(&self.tracks);
        let given = given.filter_map(|(step, track)| {
            let value = value(track.gave.as_ref()?);
            Some((step.name.clone(), json!({OUTPUT: value})))
        });
        let given: Map<String, Value> = given.collect();
        let mut context = arguments.clone();
        if let Some(context) = context.as_object_mut() {
            context.insert(STEPS.to_owned(), Value::Object(given));
        }
        context
    }

    /// Where each step stands, for the caller.
    pub(super) fn told(&self, steps: &Steps) -> Vec<StepStands> {
        let all = steps.all.iter().zip(&self.tracks);
        let told = all.map(|(step, track)| StepStands {
            name: step.name.clone(),
            state: stands(track),
        });
        told.collect()
    }
}

/// What there is to be undone of a step.
enum Back {
    Nothing,
    Undo,
    Stuck,
}

fn way_back(step: &Step, track: &Track) -> Back {
    let Some(act) = track.act.filter(|_| step.effect != Effect::Read) else {
        return Back::Nothing;
    };
    let tolerates_absent = step.undo.as_ref().map(|undo| undo.tolerates_absent);
    match (act, track.undo, tolerates_absent) {
        (StepEvent::Nothing, ..) | (_, Some(StepEvent::Done), _) => Back::Nothing,
        // It was tried as often as may be.
        (_, Some(_), _) => Back::Stuck,
        (StepEvent::Done, None, Some(_)) => Back::Undo,
        (StepEvent::Failed | StepEvent::Begun | StepEvent::Unknown, None, Some(true)) => Back::Undo,
        // It says itself that it did not do what it is for.
        (StepEvent::Failed, None, _) => Back::Nothing,
        (StepEvent::Begun | StepEvent::Unknown, None, _) | (StepEvent::Done, None, None) => {
            Back::Stuck
        }
    }
}

fn is_uncertain(event: Option<StepEvent>) -> bool {
    matches!(event, Some(StepEvent::Begun | StepEvent::Unknown))
}

fn stands(track: &Track) -> Stands {
    let (act_in_doubt, undo_in_doubt) = track.is_in_doubt;
    match (track.act, track.undo) {
        (None, _) if act_in_doubt => Stands::Unknown,
        (Some(_), None) if undo_in_doubt => Stands::UndoUnknown,
        (None | Some(StepEvent::Nothing), _) => Stands::NotRun,
        (Some(_), Some(StepEvent::Done)) => Stands::Undone,
        (Some(_), Some(StepEvent::Failed | StepEvent::Nothing)) => Stands::UndoFailed,
        (Some(_), Some(StepEvent::Begun | StepEvent::Unknown)) => Stands::UndoUnknown,
        (Some(StepEvent::Done), None) => Stands::Done,
        (Some(StepEvent::Failed), None) => Stands::Failed,
        (Some(StepEvent::Begun | StepEvent::Unknown), None) => Stands::Unknown,
    }
}

/// What a later template sees of an output: its JSON, else its first text; nothing of one that was
/// cut, since half of a name is another name.
fn value(output: &Output) -> Value {
    if output.truncated_from.is_some() {
        return Value::Null;
    }
    let text = || {
        output.content.iter().find_map(|content| match content {
            Content::Text(text) => Some(Value::from(text.as_str())),
            Content::Image { .. }
            | Content::Audio { .. }
            | Content::TextResource { .. }
            | Content::BlobResource { .. }
            | Content::ResourceLink(_) => None,
        })
    };
    let structured = output.structured.as_deref().cloned();
    structured.or_else(text).unwrap_or_default()
}

#[cfg(test)]
mod tests;
