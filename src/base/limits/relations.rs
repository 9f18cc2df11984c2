//! How the bounds stand to each other, held when the program is compiled.

use super::*;

const _: () = assert!(STRING_BYTES_MAX < LINE_BYTES_MAX);
const _: () = assert!(REPLY_BYTES_MAX < 10 * 1024 * 1024);
const _: () = assert!(QUEUE_TOOL_CALLS_MAX <= QUEUE_CALLS_MAX);
const _: () = assert!(LEDGER_BATCH_MAX <= LEDGER_QUEUE_MAX);
const _: () = assert!(KILL_GRACE_SHUTDOWN.as_millis() <= KILL_GRACE.as_millis());
const _: () = assert!(KILL_GRACE_SHUTDOWN.as_millis() < STOP_PATIENCE.as_millis());
const _: () = assert!(STDERR_TAIL_BYTES <= STDERR_BYTES_MAX);
const _: () = assert!(LOOP_TOLD_AT < LOOP_STOPPED_AT);
const _: () = assert!(BREAKER_OPEN_FIRST.as_secs() <= BREAKER_OPEN_MAX.as_secs());
const _: () = assert!(BREAKER_RATE_SAMPLES_MIN <= BREAKER_WINDOW_CALLS_MAX);
// Base64 makes four bytes of three.
const _: () = assert!(
    ASK_ROUNDS_MAX * ASK_QUESTIONS_MAX * (ASK_ANSWER_BYTES_MAX + ASK_KEY_CHARS_MAX + 8) * 4 / 3
        + 1024
        < ASK_STATE_BYTES_MAX
);
const _: () = assert!(RULE_STEPS_INLINE_MAX < RULE_STEPS_MAX);
const _: () = assert!(RULE_TERMS_MAX <= RULE_TOKENS_MAX);
