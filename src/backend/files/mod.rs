//! Files that arguments name: opened beneath their root, or the call is refused.
//!
//! What a name leads to can be another file by the time a program opens it. So a program is given
//! an open descriptor and no name, and nothing but [`open`] makes the one of the other.

use std::ops::Deref;

use serde_json::Value;

use super::{
    failure::AFTER_MS,
    unfit::{not_a_file, too_many_files},
};
use crate::{
    base::{
        json::push_pointer,
        limits::{FILES_OF_A_CALL_MAX, FILES_OPEN_MAX},
        problem::{Advice, Code, Problem},
    },
    catalog::plan::FileArg,
};

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as platform;

#[cfg(not(unix))]
mod elsewhere;
#[cfg(not(unix))]
use elsewhere as platform;

/// A regular file beneath its root, open. Only [`open`] makes one.
#[derive(Debug)]
pub(super) struct ConfinedFile(platform::Opened);

impl Deref for ConfinedFile {
    type Target = platform::Opened;

    fn deref(&self) -> &platform::Opened {
        &self.0
    }
}

/// Why a name is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// There is nothing of this name.
    Missing,
    /// It is no name of something beneath the root.
    Outside,
    /// A symbolic link or a mount is on its way, wherever that leads.
    Detour,
    /// A folder, a pipe, a socket or a device.
    Irregular,
    /// A file to be written that has other names, which may stand elsewhere.
    Linked,
    /// The system does not let us.
    Denied,
    /// Too many files are open already.
    Full,
    /// The root is not what it was, or the system cannot do it.
    Broken,
}

/// Opens every file that `arguments` name at the places of `args`. Returns the files, and the
/// arguments with what stands for each of them in a program instead of its name.
///
/// # Errors
/// `VALIDATION_FAILED` for a name that is not opened, `BACKEND_UNAVAILABLE` where it could not be
/// tried.
pub(super) fn open(
    args: &[FileArg],
    arguments: &Value,
) -> Result<(Vec<ConfinedFile>, Value), Box<Problem>> {
    let mut files = Vec::new();
    let opened = replace(args, arguments, |arg, name, at| {
        let opened = platform::open(&arg.root, name, arg.access).map_err(|why| told(why, at))?;
        let path = opened.path();
        files.push(ConfinedFile(opened));
        Ok(path)
    })?;
    Ok((files, opened))
}

/// The arguments as they will be, with nothing opened: what else is wrong with them shows.
///
/// # Errors
/// `VALIDATION_FAILED` for a value that is no name, or one name too many.
pub(super) fn stand_in(args: &[FileArg], arguments: &Value) -> Result<Value, Box<Problem>> {
    replace(args, arguments, |_, _, _| Ok("/dev/null".to_owned()))
}

/// Has `make` put something in the place of every name; absent ones stay absent.
fn replace(
    args: &[FileArg],
    arguments: &Value,
    mut make: impl FnMut(&FileArg, &str, &str) -> Result<String, Box<Problem>>,
) -> Result<Value, Box<Problem>> {
    let mut replaced = arguments.clone();
    let mut left = FILES_OF_A_CALL_MAX;
    for arg in args {
        let mut names = arg.path.0.iter();
        let found = names.try_fold(&mut replaced, |value, name| value.get_mut(name));
        let at = arg.path.pointer();
        let mut one = |value: &mut Value, at: &str| {
            let name = match value {
                Value::Null => return Ok(()),
                Value::String(name) => name,
                Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    return Err(told(Why::Outside, at));
                }
            };
            left = left.checked_sub(1).ok_or_else(|| too_many_files(at))?;
            *name = make(arg, name, at)?;
            Ok(())
        };
        match found {
            None => {}
            Some(Value::Array(items)) => {
                for (index, item) in items.iter_mut().enumerate() {
                    let mut at = at.clone();
                    push_pointer(&mut at, &index.to_string());
                    one(item, &at)?;
                }
            }
            Some(value) => one(value, &at)?,
        }
    }
    Ok(replaced)
}

fn told(why: Why, at: &str) -> Box<Problem> {
    let (why, expected) = match why {
        Why::Missing => (
            "there is none of this name",
            "the name of a file that exists",
        ),
        Why::Outside => (
            "it is not a relative path",
            "a relative path without `..`, as `folder/file`",
        ),
        Why::Detour => (
            "a symbolic link or a mount is on its way",
            "a path without symbolic links",
        ),
        Why::Irregular => (
            "it is a folder, a pipe, a socket or a device",
            "the name of a regular file",
        ),
        Why::Linked => (
            "it has more than one name, and a change would show under all of them",
            "a file without further hard links",
        ),
        Why::Denied => (
            "the system does not allow it",
            "a file that this tool may open",
        ),
        Why::Full => {
            let message = format!(
                "{FILES_OPEN_MAX} files of calls are open already, or the system has no room for \
                 another; nothing was started"
            );
            let problem = Problem::new(Code::BackendUnavailable, message);
            return Box::new(problem.after_ms(AFTER_MS));
        }
        Why::Broken => {
            let message = format!(
                "the folder in which `{at}` names a file cannot be used, so nothing was done; the \
                 operator has to look after it"
            );
            let problem = Problem::new(Code::BackendUnavailable, message);
            return Box::new(problem.with_advice(Advice::AskOperator));
        }
    };
    not_a_file(at, why, expected)
}

#[cfg(all(test, unix))]
mod tests;
