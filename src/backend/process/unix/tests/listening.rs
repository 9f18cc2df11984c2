//! How often a program wakes who listens to it.

use super::*;
use crate::base::limits::programs::OUTPUT_PATIENCE;

/// How often the calling thread has gone to sleep by itself.
fn sleeps() -> u64 {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let mut lines = status.lines();
    let count = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    count.unwrap().trim().parse().unwrap()
}

/// Runs a program that prints so many bytes, one at a time.
fn sleeps_of_single_bytes(count: u64) -> (u64, Duration) {
    let count_text = count.to_string();
    let before = sleeps();
    let (ended, took) = Case::of(&["print-singly", &count_text]).run();
    assert_eq!(
        (ended.ending, ended.stdout_bytes),
        (Ending::Exited(0), count)
    );
    (sleeps() - before, took)
}

#[test]
fn who_prints_little_at_a_time_wakes_nobody_each_time() {
    let (sleeps, took) = sleeps_of_single_bytes(4000);
    // One sleep until it may be listened to again, one until there is something to hear; and a few
    // for its start and its end.
    let looks = took.as_micros() / OUTPUT_PATIENCE.as_micros();
    let most = 2 * u64::try_from(looks).unwrap() + 50;
    assert!(sleeps <= most, "{sleeps} sleeps in {took:?}");
}
