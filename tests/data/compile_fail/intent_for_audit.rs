//! expect: E0308. A reply is let out when only the intent is on the disk.

use crate::ledger::{AuditReceipt, IntentReceipt};

fn planted(begun: IntentReceipt) -> AuditReceipt {
    begun
}
