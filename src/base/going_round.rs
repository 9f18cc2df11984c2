//! What a caller is told who goes round in circles.

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value;

/// That nearly the same call has failed in the same way several times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loop {
    /// How many times in a row.
    pub(crate) count: u32,
    /// The arguments that were varied.
    pub(crate) tried: Vec<Tried>,
    /// What none of them met; empty where it was the backend that failed.
    pub(crate) constraint: String,
}

/// One of the arguments that were varied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Tried {
    /// JSON pointer (RFC 6901) into the arguments.
    pub(crate) at: String,
    /// How many different values it had, as far as they are kept.
    pub(crate) values: usize,
}

/// Under the names that the docs promise.
impl Serialize for Loop {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut told = serializer.serialize_map(None)?;
        told.serialize_entry("count", &self.count)?;
        told.serialize_entry("tried", &self.tried)?;
        told.serialize_entry("constraint", &self.constraint)?;
        let hint = "stop and ask the user instead of trying one more variation";
        told.serialize_entry("hint", hint)?;
        told.end()
    }
}

impl Loop {
    /// What was written as this; `None` for anything else.
    pub(super) fn from_json(json: &Value) -> Option<Self> {
        let tried = json.get("tried")?.as_array()?.iter().map(|one| {
            Some(Tried {
                at: one.get("at")?.as_str()?.to_owned(),
                values: usize::try_from(one.get("values")?.as_u64()?).ok()?,
            })
        });
        Some(Self {
            count: u32::try_from(json.get("count")?.as_u64()?).ok()?,
            tried: tried.collect::<Option<_>>()?,
            constraint: json.get("constraint")?.as_str()?.to_owned(),
        })
    }
}
