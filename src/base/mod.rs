//! What every floor may use and what knows no domain word: time, names, text, limits, JSON.

pub(crate) mod amount;
pub(crate) mod cancel;
pub(crate) mod canonical;
pub(crate) mod capability;
pub(crate) mod clock;
pub(crate) mod event;
pub(crate) mod explain;
pub(crate) mod failpoint;
pub(crate) mod file_id;
pub(crate) mod held;
pub(crate) mod hex;
pub(crate) mod id;
pub(crate) mod json;
pub(crate) mod kernel;
pub(crate) mod limits;
pub(crate) mod nap;
pub(crate) mod problem;
pub(crate) mod quota;
pub(crate) mod random;
pub(crate) mod redact;
pub(crate) mod secret;
pub(crate) mod stands;
pub(crate) mod text;
pub(crate) mod thread;
pub(crate) mod url;
pub(crate) mod wake;
