//! The refusal of a value that cannot go where a template puts it.

use crate::base::{
    limits::FILES_OF_A_CALL_MAX,
    problem::{Code, Detail, Problem},
};

/// A value that a `receiver` could take for something else. It is not repeated: only the schema
/// knows whether it is a secret.
pub(super) fn refused(at: &str, receiver: &str, why: &str) -> Box<Problem> {
    let message = format!("the value at `{at}` cannot be given to the {receiver}: {why}");
    let expected = format!("a text that a {receiver} cannot take for anything but a value");
    refusal(Code::NormalizationRefused, message, at, expected)
}

/// A value of more than `bytes_max`; all of them together where `at` is empty.
pub(super) fn too_long(at: &str, receiver: &str, bytes_max: usize) -> Box<Problem> {
    let (message, expected) = if at.is_empty() {
        (
            format!("the arguments are too long for a {receiver}"),
            format!("at most {bytes_max} bytes in all"),
        )
    } else {
        (
            format!("the value at `{at}` is too long to be given to the {receiver}"),
            format!("at most {bytes_max} bytes"),
        )
    };
    refusal(Code::ValidationFailed, message, at, expected)
}

/// A value that names no file which could be opened.
pub(super) fn not_a_file(at: &str, why: &str, expected: &str) -> Box<Problem> {
    let message = format!("the value at `{at}` names no file that can be opened: {why}");
    refusal(Code::ValidationFailed, message, at, expected.to_owned())
}

/// One file more than a call may have.
pub(super) fn too_many_files(at: &str) -> Box<Problem> {
    let message = format!("the call names more than {FILES_OF_A_CALL_MAX} files");
    let expected = format!("at most {FILES_OF_A_CALL_MAX} files in all");
    refusal(Code::ValidationFailed, message, at, expected)
}

fn refusal(code: Code, message: String, at: &str, expected: String) -> Box<Problem> {
    let detail = Detail {
        at: at.to_owned(),
        constraint: "argument".to_owned(),
        limit: None,
        expected,
        got: None,
    };
    Box::new(Problem::new(code, message).with_details(vec![detail]))
}
