//! How a program is shut in: paths that are there, and what the kernel can hold it to.

use std::path::{Path, PathBuf};

use super::super::{
    definition::{SandboxDefinition, Spanned},
    diagnostic::{Findings, Span, tick},
    sandbox::{Reach, Sandbox},
};
use crate::base::kernel::Confinement;

/// Compiles `sandbox` for a kernel that is capable of `here`.
pub(super) fn compile(
    sandbox: &SandboxDefinition<'_>,
    here: Confinement,
    findings: &mut Findings,
) -> Sandbox {
    check(sandbox, here, findings);
    let files = sandbox.files.as_ref().map(|reach| {
        let mut all = |given: &[Spanned<'_>]| -> Vec<PathBuf> {
            let given = given.iter();
            given.filter_map(|path| existing(*path, findings)).collect()
        };
        Reach {
            read: all(&reach.read),
            write: all(&reach.write),
        }
    });
    Sandbox {
        files,
        network: sandbox.no_network.is_none(),
        require: sandbox.require,
        limits: sandbox.limits,
    }
}

/// What cannot be held here is an error where the definition requires it, else a warning.
fn check(sandbox: &SandboxDefinition<'_>, here: Confinement, findings: &mut Findings) {
    let mut missing = |span: Span, what: &str| {
        let message = format!("this system cannot {what}");
        if sandbox.require {
            let help = "run the gate where it can, or take `require: true` out";
            findings.error("sandbox", span, message, help);
        } else {
            let help = "the tool runs without; `require: true` would refuse it";
            findings.warn("sandbox", span, message, help);
        }
    };
    if !here.limits {
        missing(
            sandbox.span,
            "give a program limits of its own (that takes Linux)",
        );
    }
    if sandbox.files.is_some() && !here.files {
        missing(
            sandbox.span,
            "restrict the files that a program reaches (that takes Landlock, Linux 5.13)",
        );
    }
    if let Some(span) = sandbox.no_network.filter(|_| !here.network) {
        missing(
            span,
            "refuse TCP to a program (that takes Landlock, Linux 6.7)",
        );
    }
}

fn existing(given: Spanned<'_>, findings: &mut Findings) -> Option<PathBuf> {
    let path = Path::new(given.text);
    let (message, help) = if given.text.contains(['{', '}']) {
        (
            format!("{} takes no placeholders", tick(given.text)),
            "name the folder that all of the paths are in",
        )
    } else if !path.is_absolute() {
        (format!("{} is not an absolute path", tick(given.text)), "")
    } else if !path.exists() {
        (
            format!("there is no {}", tick(given.text)),
            "make it first, or take it out",
        )
    } else {
        return Some(path.to_path_buf());
    };
    findings.error("sandbox", given.span, message, help);
    None
}
