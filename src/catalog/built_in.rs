//! Tools of the gate itself: compiled like any other, from definitions that come with it.

use std::path::Path;

use super::{
    compile::compile_built_in,
    diagnostic::{Findings, SourceFile},
    source::{self, Syntax},
    tool::{Run, Tool},
};
use crate::base::limits::{HTTP_BODY_BYTES_DEFAULT, STDOUT_BYTES_DEFAULT};

/// The tool that tells what became of an operation.
pub(crate) const OPERATION_GET: &str = "operation_get";
/// The argument that names it.
pub(crate) const OPERATION_ID: &str = "operation_id";
/// The argument that says how long to wait for its end.
pub(crate) const WAIT_MS: &str = "wait_ms";
/// The argument that says where the part of its result begins that is wanted.
pub(crate) const OFFSET: &str = "offset";

const DEFINITION: &str = include_str!("operation_get.yaml");

/// [`OPERATION_GET`].
pub(crate) fn operation_get() -> Option<Tool> {
    let source = SourceFile::new(Path::new("operation_get.yaml"), DEFINITION.to_owned());
    let mut findings = Findings::new(&source);
    let documents = source::parse(Syntax::Yaml, &mut findings);
    let tool = compile_built_in(documents.first()?, &mut findings)?;
    Some(Tool {
        run: Run::Fetch,
        ..tool
    })
}

/// Whether a client that may call `tool` is shown [`OPERATION_GET`]: it may have to ask for the end
/// of a call, or for the rest of a result that is as long as its definition allows on purpose.
pub(super) fn is_shown_beside(tool: &Tool) -> bool {
    let is_long = match &tool.run {
        Run::Exec(plan) => plan.stdout_bytes_max > STDOUT_BYTES_DEFAULT,
        Run::Http(plan) => plan.response_bytes_max > HTTP_BODY_BYTES_DEFAULT,
        Run::Reply(_) | Run::Sql(_) | Run::Steps(_) | Run::Fetch => false,
    };
    is_long || tool.is_background
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_that_come_with_the_gate_are_sound() {
        let tool = operation_get().unwrap();
        assert!(tool.is_built_in());
        assert_eq!(tool.name.as_str(), OPERATION_GET);
        let properties = &tool.input.published["properties"];
        for argument in [OPERATION_ID, WAIT_MS, OFFSET] {
            assert!(properties[argument].is_object(), "{argument}");
        }
    }
}
