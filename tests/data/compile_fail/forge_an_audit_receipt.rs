//! expect: E0451. A reply is let out for a row that was never written.

use crate::ledger::AuditReceipt;

fn planted() -> AuditReceipt {
    AuditReceipt { row: 1, in_journal: false }
}
