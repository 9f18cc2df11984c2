//! The loop guard: recognizes nearly the same call that fails in the same way again and again.
//!
//! Values are kept as hashes and sketches: enough to tell that something was changed, where, and
//! whether by little.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::time::{Mark, Now, micros};
use crate::base::{
    going_round::Tried,
    limits::{
        LOOP_COOL_DOWN_FIRST, LOOP_COOL_DOWN_MAX, LOOP_LEAVES_MAX, LOOP_NEAR_BITS_MAX,
        LOOP_POINTER_BYTES_MAX, LOOP_SKETCH_CHARS_MAX, LOOP_STOPPED_AT, LOOP_TOLD_AT,
        LOOP_TRIED_MAX, LOOP_WINDOW,
    },
    text,
};

/// What a failure is recognized by: the same way of failing has the same bytes.
pub(crate) type Signature = [u8; 16];

/// The signature of a failure that is described by `parts`.
pub(crate) fn signature<'a>(parts: impl IntoIterator<Item = &'a str>) -> Signature {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut short = Signature::default();
    for (to, from) in short.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    short
}

/// What is kept of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Trace {
    /// Tells it from every other.
    hash: u64,
    /// Differs in few bits from that of a value that is spelled nearly the same.
    sketch: u64,
}

impl Trace {
    fn of(value: &Value) -> Self {
        Self {
            hash: hash(value),
            sketch: match value {
                Value::String(text) => sketch(text),
                other => sketch(&other.to_string()),
            },
        }
    }

    fn is_near(self, other: Self) -> bool {
        (self.sketch ^ other.sketch).count_ones() <= LOOP_NEAR_BITS_MAX
    }
}

/// The scalars of some arguments: pointer and trace of the value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Leaves(BTreeMap<String, Trace>);

impl Leaves {
    /// Those of the arguments that `json` is; what cannot be read counts as `null`.
    pub(crate) fn of_json(json: &str) -> Self {
        Self::of(&serde_json::from_str(json).unwrap_or(Value::Null))
    }

    /// Those of `arguments`, at most [`LOOP_LEAVES_MAX`]; the rest goes into the last.
    pub(crate) fn of(arguments: &Value) -> Self {
        let mut leaves = Self::default();
        leaves.add(String::new(), arguments);
        leaves
    }

    fn add(&mut self, at: String, value: &Value) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                for (name, value) in members {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    self.add(format!("{at}/{name}"), value);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                for (index, value) in items.iter().enumerate() {
                    self.add(format!("{at}/{index}"), value);
                }
            }
            Value::Object(_)
            | Value::Array(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_) => self.insert(&at, Trace::of(value)),
        }
    }

    fn insert(&mut self, at: &str, value: Trace) {
        let at = if self.0.len() < LOOP_LEAVES_MAX {
            text::clip(at, LOOP_POINTER_BYTES_MAX)
        } else {
            REST
        };
        let so_far = self.0.entry(at.to_owned()).or_default();
        so_far.hash = so_far.hash.rotate_left(1) ^ value.hash;
        so_far.sketch = so_far.sketch.rotate_left(1) ^ value.sketch;
    }
}

/// Stands for all leaves beyond [`LOOP_LEAVES_MAX`].
const REST: &str = "/...";
/// Stands for a leaf that was not there.
const ABSENT: Trace = Trace { hash: 0, sketch: 0 };

fn hash(value: &Value) -> u64 {
    let digest = Sha256::digest(value.to_string());
    let short = digest.iter().take(8);
    short.fold(0, |number, byte| number << 8 | u64::from(*byte)) | 1
}

/// A similarity hash (Charikar) of pairs of neighbouring characters: each pair votes on every bit.
/// The first votes a little louder, so that no vote ends in a draw.
fn sketch(text: &str) -> u64 {
    let mut votes = [0_i32; 64];
    let mut before = '\0';
    let ended = text.chars().take(LOOP_SKETCH_CHARS_MAX).chain(['\0']);
    for (place, next) in ended.enumerate() {
        let pair = scatter(u64::from(u32::from(before)) << 32 | u64::from(u32::from(next)));
        let weight = if place == 0 { 3 } else { 2 };
        for (bit, vote) in votes.iter_mut().enumerate() {
            *vote += if pair >> bit & 1 == 1 {
                weight
            } else {
                -weight
            };
        }
        before = next;
    }
    let bits = votes.iter().rev();
    bits.fold(0, |sketch, vote| sketch << 1 | u64::from(*vote > 0))
}

/// Spreads a number over all bits, the same in every version (SplitMix64's last steps).
fn scatter(number: u64) -> u64 {
    let mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// One way of failing, and how often in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repeats {
    /// Similar failures in a row.
    pub(crate) count: u32,
    /// When the latest was.
    pub(crate) at: Mark,
    /// Similar calls are refused until then.
    pub(crate) until: Option<Mark>,
    /// How often they were.
    pub(crate) stops: u32,
    /// For each leaf the different values it had, the latest last.
    values: BTreeMap<String, Vec<Trace>>,
}

impl Repeats {
    /// A further failure of this kind, of a call with these `leaves`.
    pub(crate) fn failed(before: Option<Self>, leaves: &Leaves, now: &Now) -> Self {
        let here = Mark::after(now, 0);
        match before.filter(|before| before.is_fresh(now) && before.is_similar(leaves)) {
            None => Self {
                count: 1,
                at: here,
                until: None,
                stops: 0,
                values: leaves
                    .0
                    .iter()
                    .map(|(at, value)| (at.clone(), vec![*value]))
                    .collect(),
            },
            Some(mut repeats) => {
                repeats.count = repeats.count.saturating_add(1);
                repeats.at = here;
                repeats.until = None;
                repeats.note(leaves);
                repeats
            }
        }
    }

    fn note(&mut self, leaves: &Leaves) {
        let known = self.values.keys().chain(leaves.0.keys());
        let pointers: BTreeSet<String> = known.cloned().collect();
        for at in pointers {
            let value = leaves.0.get(&at).copied().unwrap_or(ABSENT);
            let values = self.values.entry(at).or_insert_with(|| vec![ABSENT]);
            values.retain(|known| *known != value);
            values.push(value);
            if values.len() > LOOP_TRIED_MAX {
                values.remove(0);
            }
        }
        while self.values.len() > 2 * LOOP_LEAVES_MAX {
            self.values.pop_last();
        }
    }

    /// Whether it still matters.
    fn is_fresh(&self, now: &Now) -> bool {
        self.until.unwrap_or(self.at).elapsed_us(now) <= micros(LOOP_WINDOW)
    }

    /// Whether a call with these `leaves` is nearly the latest that failed: at least half of
    /// all leaves are the same, where a value that is spelled nearly the same counts as such.
    ///
    /// So one of two arguments that is really another makes another call, and one of three does
    /// not; a single argument is varied only where its values are near each other.
    fn is_similar(&self, leaves: &Leaves) -> bool {
        let last = self.values.iter().filter_map(|(at, values)| {
            let value = values.last().copied()?;
            (value != ABSENT).then_some((at, value))
        });
        let (mut same, mut known) = (0, 0);
        for (at, value) in last {
            known += 1;
            let given = leaves.0.get(at);
            same += usize::from(given.is_some_and(|given| given.is_near(value)));
        }
        let union = known + leaves.0.len() - same;
        same * 2 >= union
    }

    /// Whether the caller is to be told that it goes round in circles.
    pub(crate) fn is_told(&self) -> bool {
        self.count >= LOOP_TOLD_AT
    }

    /// Whether the failure itself is one too many.
    pub(crate) fn is_stopped(&self) -> bool {
        self.count >= LOOP_STOPPED_AT
    }

    /// What becomes of a call with these `leaves` that would be run: `None` lets it through,
    /// otherwise it is to wait so long, and the state to keep is told.
    pub(crate) fn meet(&self, leaves: &Leaves, now: &Now) -> Option<(Self, Duration)> {
        let is_next = self.count.saturating_add(1) >= LOOP_STOPPED_AT;
        if !is_next || !self.is_fresh(now) || !self.is_similar(leaves) {
            return None;
        }
        match self.until {
            Some(until) => {
                let wait = until.remaining_us(now).min(micros(LOOP_COOL_DOWN_MAX));
                (wait > 0).then(|| (self.clone(), Duration::from_micros(wait)))
            }
            None => {
                let doubled = LOOP_COOL_DOWN_FIRST.saturating_mul(1 << self.stops.min(16));
                let wait = doubled.min(LOOP_COOL_DOWN_MAX);
                let stopped = Self {
                    until: Some(Mark::after(now, micros(wait))),
                    stops: self.stops.saturating_add(1),
                    ..self.clone()
                };
                Some((stopped, wait))
            }
        }
    }

    /// What was varied, at most [`LOOP_TRIED_MAX`] arguments.
    pub(crate) fn tried(&self) -> Vec<Tried> {
        let varied = self.values.iter().filter(|(_, values)| values.len() > 1);
        varied
            .take(LOOP_TRIED_MAX)
            .map(|(at, values)| Tried {
                at: at.clone(),
                values: values.len(),
            })
            .collect()
    }

    /// The leaves as the ledger keeps them.
    pub(crate) fn values_json(&self) -> String {
        // Writing our own closed types into memory cannot fail.
        serde_json::to_string(&self.values).unwrap_or_default()
    }

    /// Puts a stored state together again; leaves that cannot be read count as none.
    pub(crate) fn from_stored(
        (count, stops): (u32, u32),
        at: Mark,
        until: Option<Mark>,
        values_json: &str,
    ) -> Self {
        Self {
            count,
            at,
            until,
            stops,
            values: serde_json::from_str(values_json).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests;
