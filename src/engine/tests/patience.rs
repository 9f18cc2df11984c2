//! How long a call may take whose caller says how long it waits.

use super::*;
use crate::guard::call::Patience;

#[test]
fn the_time_of_a_call_is_that_of_its_tool_or_less_where_its_caller_says_so() {
    for (patience, waited, is_late) in [
        (Patience::For(Duration::from_secs(2)), 3, true),
        (Patience::For(Duration::from_secs(9)), 3, false),
        (Patience::For(Duration::from_secs(99)), 11, true),
        (Patience::Untold, 3, false),
    ] {
        let setting = Setting::new(done);
        let mut call = testing::incoming(&*setting.clock, "look", json!({}));
        Arc::get_mut(&mut call.header).unwrap().patience = patience.clone();
        setting.clock.advance(Duration::from_secs(waited));
        let (ticket, heard) = testing::ticket();
        setting.engine.submit(call, ticket);
        let told = match heard.reply().body {
            Body::Problem { problem, .. } => Some(problem.code),
            _ => None,
        };
        assert_eq!(told, is_late.then_some(Code::Timeout), "{patience:?}");
        let calls = setting.ledger.calls();
        let status = calls[0].end.as_ref().unwrap().backend_status.as_deref();
        let wanted = match patience {
            Patience::For(time) if time.as_secs() < 10 => Some(time.as_millis()),
            _ => None,
        };
        let wanted = wanted.map(|millis| format!("deadline {millis} ms"));
        assert_eq!(status, wanted.as_deref());
    }
}
