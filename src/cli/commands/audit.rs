//! `tollgate audit`: whether the ledger is as it was written.

use crate::{
    cli::{
        args::{AuditArgs, AuditCommand},
        compose,
        exit::{CommandError, ExitStatus},
        print,
    },
    ledger::sqlite::{read::LogReader, verify::Verdict},
};

/// Follows the audit trail from its first event.
///
/// # Errors
/// When there is no ledger or it cannot be read.
pub(crate) fn audit(args: AuditArgs) -> Result<ExitStatus, CommandError> {
    let AuditCommand::Verify(args) = args.command;
    let unusable = |error: crate::ledger::LedgerError| CommandError::Unusable(error.to_string());
    let reader = LogReader::open(&compose::state_dir(args.state)?).map_err(unusable)?;
    match reader.verify().map_err(unusable)? {
        Verdict::Whole(events) => {
            print(format!("{events} events, each as it was written\n").as_bytes())?;
            Ok(ExitStatus::Fine)
        }
        Verdict::Broken { seq, call, fault } => {
            let told = format!(
                "broken at event {seq} (call in row {call}): {}\n",
                fault.as_str()
            );
            print(told.as_bytes())?;
            Ok(ExitStatus::Findings)
        }
    }
}
