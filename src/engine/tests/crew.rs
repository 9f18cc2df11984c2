//! How many workers there are.

use std::sync::Barrier;

use super::*;
use crate::base::thread;

#[test]
fn workers_are_started_one_ahead_of_the_work_as_long_as_there_may_be_more() {
    let meeting = Arc::new(Barrier::new(3));
    let met = Arc::clone(&meeting);
    let setting = Setting::new(move || {
        met.wait();
        met.wait();
        done()
    });
    let threads = || setting.engine.shared.threads.count();
    // The gate is one of them.
    assert_eq!(threads(), 2);
    setting.call("say");
    assert_eq!(threads(), 2);
    let calls = [(); 3].map(|()| setting.submit("look"));
    meeting.wait();
    assert_eq!(threads(), 3);
    meeting.wait();
    // The third has nobody to meet: the test stands in for the second worker.
    for _ in 0..2 {
        let met = Arc::clone(&meeting);
        let other = thread::spawn("other", move || met.wait()).unwrap();
        meeting.wait();
        other.join().unwrap();
    }
    for call in calls {
        assert!(matches!(call.reply().body, Body::Output(_)));
    }
    assert_eq!(threads(), 3);
}
