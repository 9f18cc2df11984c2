//! expect: E0382. The end of one call is written two times.

use crate::ledger::{IntentReceipt, Ledger, record::Settlement};

fn planted(ledger: &dyn Ledger, of: IntentReceipt, first: Settlement, second: Settlement) {
    ledger.finish(of, first, Box::new(|_| {}));
    ledger.finish(of, second, Box::new(|_| {}));
}
