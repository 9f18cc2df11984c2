//! What whoever reads a ledger can ask its audit trail.

use std::io::Write;

use super::{
    super::{explain, read::LogReader, schema},
    anchor::{self, Anchors},
    chain::{Fault, Verdict},
    export::{self, ExportError, Source},
    verify,
};
use crate::{base::clock::Timestamp, ledger::LedgerError};

impl LogReader {
    /// Whether the audit trail and the calls are as they were written, and `anchors` agree.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn verify(&self, anchors: &Anchors) -> Result<Verdict, LedgerError> {
        if !anchors.are_of(&self.id()?) {
            return Ok(Verdict::Broken {
                seq: 1,
                call: None,
                fault: Fault::OtherLedger,
            });
        }
        verify::verify(self.connection(), self.version(), anchors).map_err(|error| explain(&error))
    }

    /// An anchor of the audit trail as it is at `now`, as it is to be kept.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn anchor(&self, now: Timestamp) -> Result<String, LedgerError> {
        let head = super::head(self.connection()).map_err(|error| explain(&error))?;
        Ok(anchor::line(&self.id()?, &head, now))
    }

    /// Writes the audit trail as it is at `now` to `out`.
    ///
    /// # Errors
    /// When the ledger cannot be read or `out` not be written.
    pub(crate) fn export(&self, now: Timestamp, out: &mut dyn Write) -> Result<(), ExportError> {
        let source = Source {
            connection: self.connection(),
            version: self.version(),
            id: &self.id()?,
        };
        export::export(&source, now, out)
    }

    /// The id of the database.
    fn id(&self) -> Result<String, LedgerError> {
        schema::id(self.connection()).map_err(|error| explain(&error))
    }
}
