//! Systems on which descriptors are not handed to programs: definitions that ask for it are not
//! loaded, and nothing is opened.

use std::path::Path;

use super::Why;
use crate::catalog::plan::FileAccess;

/// A file that is open: there is none.
#[derive(Debug)]
pub(in crate::backend) enum Opened {}

impl Opened {
    /// What stands for it in a program.
    pub(super) fn path(&self) -> String {
        match *self {}
    }
}

/// Opens nothing.
///
/// # Errors
/// Always.
pub(super) fn open(_root: &Path, _name: &str, _access: FileAccess) -> Result<Opened, Why> {
    Err(Why::Broken)
}
