//! A server that has worked for long is as it was.

use serde_json::json;

use crate::life_harness::{Home, Server};

/// What the process holds: memory in KiB, descriptors, threads.
fn held(server: &Server) -> (u64, usize, u64) {
    (
        server.status("VmRSS"),
        server.descriptors(),
        server.status("Threads"),
    )
}

#[test]
fn h6_ten_thousand_calls_leave_no_memory_descriptor_or_thread_behind() {
    let home = Home::new();
    home.reply("echo");
    let mut server = home.serve(&["--no-watch", "--log-level", "off"]);
    server.initialize();
    let mut after_thousand = None;
    for number in 0..10_000 {
        // One in ten is refused: that path must leave as little behind.
        let arguments = match number % 10 {
            9 => json!({"text": number}),
            _ => json!({"text": number.to_string()}),
        };
        let id = server.call("echo", arguments);
        server.answer(id);
        if number == 999 {
            after_thousand = Some(held(&server));
        }
    }
    let (before, after) = (after_thousand.unwrap(), held(&server));
    assert!(after.0 < before.0 + 4096, "{before:?} KiB, then {after:?}");
    assert_eq!((after.1, after.2), (before.1, before.2));
    assert_eq!(server.finish().0, 0);
}
