//! expect: E0382. The end of one call is written two times.

use crate::ledger::{IntentReceipt, Ledger, admission::Ending};

fn planted(ledger: &dyn Ledger, of: IntentReceipt, first: Ending, second: Ending) {
    ledger.finish(of, first, Box::new(|_| {}));
    ledger.finish(of, second, Box::new(|_| {}));
}
