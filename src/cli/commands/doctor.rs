//! `tollgate doctor`: everything that could be wrong, and the way out.

use crate::{
    base::clock::{Clock as _, SystemClock},
    cli::{
        args::DoctorArgs,
        doctor::{self, Subject, Weight},
        exit::{CommandError, ExitStatus},
        install::client::Platform,
        locate::Environment,
        print,
    },
};

/// Prints what was found.
///
/// # Errors
/// When standard output cannot be written: whatever else is wrong is a finding.
pub(crate) fn doctor(args: DoctorArgs) -> Result<ExitStatus, CommandError> {
    let findings = doctor::examine(&Subject {
        tools: args.tools_dir,
        state: args.state_dir.state,
        environment: Environment::read(),
        platform: Platform::here(),
        now: SystemClock.wall(),
    });
    let text = if args.json {
        format!("{:#}\n", doctor::json(&findings))
    } else {
        doctor::told(&findings)
    };
    print(text.as_bytes())?;
    Ok(match doctor::worst(&findings) {
        Weight::Fine | Weight::Note => ExitStatus::Fine,
        Weight::Warning => ExitStatus::Attention,
        Weight::Error => ExitStatus::Findings,
    })
}
