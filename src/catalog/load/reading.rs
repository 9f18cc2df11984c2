//! Reads and compiles the files of a folder, several at once, and gives what came of them in the
//! order of their names.

use std::{
    panic::resume_unwind,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread::available_parallelism,
};

use super::{Claimed, definitions};
use crate::{
    base::{
        limits::{DEFINITIONS_MAX, LOADER_FILES_MIN, LOADERS_MAX, RULE_STACK_BYTES},
        thread,
    },
    catalog::{diagnostic::Diagnostic, file, surroundings::Surroundings},
};

/// What came of one file.
pub(super) struct ReadFile {
    /// Its definitions.
    pub(super) claimed: Vec<Claimed>,
    /// What is wrong with it.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// What came of `files`, which are in `dir` (a real path). Ends early, behind the file with which
/// there are more than [`DEFINITIONS_MAX`] definitions or behind a later one.
pub(super) fn read_all(files: &[PathBuf], dir: &Path, around: &Surroundings<'_>) -> Vec<ReadFile> {
    let (next, found) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut done = Vec::new();
        while found.load(Ordering::Relaxed) <= DEFINITIONS_MAX {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(at) else { break };
            let read = read_one(file, dir, around);
            found.fetch_add(read.claimed.len(), Ordering::Relaxed);
            done.push((at, read));
        }
        done
    };
    // Rules are compiled on a large stack: with it at hand, none of them needs a thread.
    let threads = thread::side_by_side("loader", loaders(files.len()), RULE_STACK_BYTES, work);
    let mut all = match threads {
        Ok(threads) => threads
            .into_iter()
            .flat_map(|done| done.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect(),
        Err(_) => work(),
    };
    all.sort_unstable_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, read)| read).collect()
}

/// How many threads it is worth while to start for so many files.
fn loaders(files: usize) -> usize {
    let useful = files.div_ceil(LOADER_FILES_MIN).min(LOADERS_MAX);
    match useful {
        0 | 1 => 1,
        several => several.min(available_parallelism().map_or(1, usize::from)),
    }
}

fn read_one(file: &Path, dir: &Path, around: &Surroundings<'_>) -> ReadFile {
    let mut claimed = Vec::new();
    let diagnostics = match file::read(file, dir) {
        Ok((text, warning)) => {
            let found = definitions(file, text, around, &mut claimed);
            warning.into_iter().chain(found).collect()
        }
        Err(diagnostic) => vec![*diagnostic],
    };
    ReadFile {
        claimed,
        diagnostics,
    }
}
