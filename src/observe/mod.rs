//! What is noticed: lines on standard error, for people or for programs, and in files that roll
//! over. A courtesy, never the truth: lines may be dropped under load, and nothing ever waits
//! for them.

mod lines;
mod rolling;
pub(crate) mod schema;
mod sink;

use std::{io, path::PathBuf, sync::Arc};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;

use lines::Lines;
use rolling::Rolling;
use sink::{Keeper, Sink};

use crate::base::redact::Redactor;

/// What is written, and where to.
#[derive(Debug)]
pub(crate) struct Choices {
    /// The least important event that is written.
    pub(crate) level: LevelFilter,
    /// How lines on standard error look.
    pub(crate) format: Format,
    /// Where files of lines are kept as well.
    pub(crate) files: Option<Files>,
}

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON object a line, as the published schema says.
    Json,
}

/// A folder of files of lines, bounded in size and number.
#[derive(Debug)]
pub(crate) struct Files {
    /// The folder; made if it is not there.
    pub(crate) folder: PathBuf,
    /// The size beyond which another file is begun.
    pub(crate) bytes_max: u64,
    /// How many there may be; the oldest goes.
    pub(crate) count_max: u32,
}

/// Keeps the log going; what waits is written when it is dropped.
pub(crate) struct Log {
    _keepers: Vec<Keeper>,
}

/// Starts to write events, without the secrets that `redactor` knows then. Only the first call of
/// a process has an effect.
pub(crate) fn start(choices: Choices, redactor: Arc<Redactor>) -> Log {
    let (stderr, keeper) = Sink::start("stderr", io::stderr());
    let mut keepers = vec![keeper];
    let mut outlets = vec![(choices.format, stderr)];
    if let Some(files) = choices.files {
        let (sink, keeper) = Sink::start("files", Rolling::new(files));
        outlets.push((Format::Json, sink));
        keepers.push(keeper);
    }
    let lines = Lines::new(choices.level, outlets, redactor);
    let started =
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines));
    // A second subscriber cannot be set; the first goes on.
    drop(started);
    Log { _keepers: keepers }
}
