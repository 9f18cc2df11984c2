//! Where the steps of a call stand, as its caller is told.

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value;

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    /// It was not done.
    NotRun,
    /// It is done.
    Done,
    /// It says that it failed.
    Failed,
    /// It may be done.
    Unknown,
    /// It was done and undone again.
    Undone,
    /// It could not be undone.
    UndoFailed,
    /// It may be undone.
    UndoUnknown,
}

impl Stands {
    /// Every one.
    const ALL: [Self; 7] = [
        Self::NotRun,
        Self::Done,
        Self::Failed,
        Self::Unknown,
        Self::Undone,
        Self::UndoFailed,
        Self::UndoUnknown,
    ];

    /// The word on the wire and in the ledger.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotRun => "not_run",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Undone => "undone",
            Self::UndoFailed => "undo_failed",
            Self::UndoUnknown => "undo_unknown",
        }
    }
}

/// A step and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StepStands {
    /// Its name.
    pub(crate) name: String,
    /// Where it stands.
    pub(crate) state: Stands,
}

/// As the docs promise it.
impl Serialize for StepStands {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut told = serializer.serialize_map(None)?;
        told.serialize_entry("name", &self.name)?;
        told.serialize_entry("state", self.state.as_str())?;
        told.end()
    }
}

impl StepStands {
    /// What was written as this; `None` for anything else.
    pub(super) fn from_json(json: &Value) -> Option<Self> {
        let text = |name: &str| json.get(name).and_then(Value::as_str);
        let word = text("state")?;
        let state = Stands::ALL.into_iter().find(|one| one.as_str() == word)?;
        let name = text("name")?.to_owned();
        Some(Self { name, state })
    }
}
