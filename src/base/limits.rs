//! Every bound in one place, its unit in its name, the relations between them asserted.

pub(crate) mod flow;
pub(crate) mod programs;
mod relations;
pub(crate) mod results;
pub(crate) mod sql;
pub(crate) mod steps;

use std::time::Duration;

/// Longest line accepted on standard input; a longer one is discarded up to its newline.
pub(crate) const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Longest single JSON string accepted from a client.
pub(crate) const STRING_BYTES_MAX: usize = 1024 * 1024;
/// Deepest nesting of arrays and objects in one message.
pub(crate) const JSON_DEPTH_MAX: usize = 64;
/// Most JSON values (scalars and containers) in one message.
pub(crate) const JSON_NODES_MAX: usize = 100_000;
/// Longest JSON-RPC id, as written on the line.
pub(crate) const ID_BYTES_MAX: usize = 1024;
/// Most members of `params` itself; no method of MCP has more than a handful.
pub(crate) const PARAMS_MEMBERS_MAX: usize = 64;
/// Entries of `rules` and of `allow` in one definition.
pub(crate) const RULES_MAX: usize = 64;
/// Most members of one batch (MCP 2025-03-26 only).
pub(crate) const BATCH_MEMBERS_MAX: usize = 50;

/// Longest reply line; real clients close the connection at 10 MiB.
pub(crate) const REPLY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Replies kept in memory for a client that does not read, before reading from it stops.
pub(crate) const OUTBOX_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Calls that may wait to be checked; beyond it standard input is not read on.
pub(crate) const CHECK_QUEUE_MAX: usize = 1024;
/// Calls that may wait for a worker; beyond it a call is refused as overloaded.
pub(crate) const QUEUE_CALLS_MAX: usize = 256;
/// Calls of one tool among them.
pub(crate) const QUEUE_TOOL_CALLS_MAX: usize = 64;
/// Calls of one tool that run at once, unless its definition says otherwise.
pub(crate) const CONCURRENT_DEFAULT: usize = 4;
/// Most calls of a tool that a definition may let run at once.
pub(crate) const CONCURRENT_MAX: u32 = 1024;
/// A tool whose calls usually run no longer than this is quick, and goes first.
pub(crate) const QUICK_RUN: Duration = Duration::from_secs(1);
/// A waiting call rises one rank in this time; there are three ranks.
pub(crate) const QUEUE_AGEING: Duration = Duration::from_millis(250);
/// How long a call of a tool that never ran is taken to run.
pub(crate) const USUAL_RUN_DEFAULT: Duration = Duration::from_millis(250);
/// Least and most time after which a refused caller is told to come back.
pub(crate) const OVERLOADED_AFTER_MIN: Duration = Duration::from_millis(100);
/// See [`OVERLOADED_AFTER_MIN`].
pub(crate) const OVERLOADED_AFTER_MAX: Duration = Duration::from_secs(30);
/// Memory that the arguments of waiting calls may take together.
pub(crate) const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Verbs that may wait for the ledger's writer.
pub(crate) const LEDGER_QUEUE_MAX: usize = 4096;
/// Verbs that share one commit.
pub(crate) const LEDGER_BATCH_MAX: usize = 512;
/// Bytes of a reply that the ledger keeps; of a longer one it keeps the beginning.
pub(crate) const LEDGER_REPLY_BYTES_MAX: usize = 256 * 1024;
/// How long a lock on the ledger is waited for.
pub(crate) const LEDGER_LOCK_WAIT: Duration = Duration::from_secs(10);
/// How long a newer version waits for the processes of an older one to let go of the ledger.
pub(crate) const LEDGER_MIGRATION_WAIT: Duration = Duration::from_secs(5);
/// Smallest time between two looks whether the ledger file is still in its place, while
/// nothing is synced.
pub(crate) const LEDGER_LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Rows that one read transaction goes through, so that no reader holds up a checkpoint.
pub(crate) const LEDGER_SCAN_ROWS_MAX: i64 = 10_000;
/// Bytes of an export of the audit trail that are read before they are written.
pub(crate) const EXPORT_PAGE_BYTES: usize = 1024 * 1024;
/// Longest line of such an export. Arguments stand in it twice, escaped once more.
pub(crate) const EXPORT_LINE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of a file with anchors.
pub(crate) const ANCHORS_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Events that are taken out of the audit trail in one transaction.
pub(crate) const PRUNE_EVENTS: i64 = 1000;
/// What is younger is never taken out.
pub(crate) const PRUNE_AGE_MIN: Duration = Duration::from_secs(24 * 3600);
/// The longest time that calls can be kept for and then be taken out.
pub(crate) const PRUNE_AGE_DAYS_MAX: u64 = 36_500;
/// How often a server looks for calls that are older than they are to be kept.
pub(crate) const PRUNE_INTERVAL: Duration = Duration::from_secs(3600);
/// The same while it finds some.
pub(crate) const PRUNE_INTERVAL_BUSY: Duration = Duration::from_secs(1);
/// A wall clock that differs by so much from the time that really passed has jumped.
pub(crate) const CLOCK_JUMP_TOLD: Duration = Duration::from_secs(60);
/// Call ids listed for a prefix that fits several.
pub(crate) const LEDGER_MATCHES_MAX: usize = 10;

/// Refusals that are told with all that is wrong, of those that come at once; then so many a second.
pub(crate) const REFUSALS_TOLD_WHOLE_AT_ONCE: u32 = 100;
/// See [`REFUSALS_TOLD_WHOLE_AT_ONCE`].
pub(crate) const REFUSALS_TOLD_WHOLE_PER_SECOND: u32 = 20;

/// Longest idempotency key that a caller may give.
pub(crate) const CALLER_KEY_BYTES_MAX: usize = 255;
/// How long an equal call of a tool that is not idempotent may be a repetition, by default.
pub(crate) const KEY_WINDOW_DEFAULT: Duration = Duration::from_secs(15 * 60);
/// Longest such window that a definition may ask for.
pub(crate) const KEY_WINDOW_MAX: Duration = Duration::from_secs(24 * 3600);
/// An answer that is written later than this after its call finds nobody any more: clients give
/// up after 60 seconds.
pub(crate) const CLIENT_PATIENCE: Duration = Duration::from_secs(55);
/// Shortest and longest time after which the ledger is asked again by a call that waits for one
/// in another process.
pub(crate) const JOIN_POLL_FIRST: Duration = Duration::from_millis(20);
/// See [`JOIN_POLL_FIRST`].
pub(crate) const JOIN_POLL_MAX: Duration = Duration::from_millis(200);
/// How long the answer of an operation is kept for its repetitions.
pub(crate) const KEY_RESULT_KEPT: Duration = Duration::from_secs(24 * 3600);
/// How long the key of an operation is known after its end.
pub(crate) const KEY_TOMBSTONE_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long an operation that nobody named and whose outcome is unknown blocks an equal call.
pub(crate) const KEY_UNKNOWN_BLOCKS: Duration = Duration::from_secs(24 * 3600);
/// Deaths of its process in the middle of one operation, after which a person has to look.
pub(crate) const RECOVERIES_MAX: u32 = 5;

/// A wall clock may run ahead of the time that has passed by so much and is still believed.
pub(crate) const CLOCK_JUMP_MAX: Duration = Duration::from_secs(24 * 3600);
/// Time between the two observations of a leap of the wall clock that make it believed.
pub(crate) const CLOCK_DOUBT: Duration = Duration::from_secs(60);

/// Ends of calls by which a breaker judges its backend.
pub(crate) const BREAKER_WINDOW_CALLS_MAX: usize = 20;
/// Ends older than this do not count.
pub(crate) const BREAKER_WINDOW: Duration = Duration::from_secs(120);
/// Failures in a row that open a breaker.
pub(crate) const BREAKER_CONSECUTIVE_MAX: usize = 5;
/// Ends it takes before half of them being failures opens a breaker.
pub(crate) const BREAKER_RATE_SAMPLES_MIN: usize = 10;
/// First pause of a breaker; each further one is twice as long.
pub(crate) const BREAKER_OPEN_FIRST: Duration = Duration::from_secs(15);
/// Longest pause of a breaker, before it is spread by a fifth.
pub(crate) const BREAKER_OPEN_MAX: Duration = Duration::from_secs(300);
/// Probes in a row that must succeed to close a breaker.
pub(crate) const BREAKER_PROBES_WANTED: u32 = 2;
/// What a call is told to wait while another is the probe.
pub(crate) const BREAKER_PROBE_WAIT: Duration = Duration::from_secs(1);

/// Similar failures in a row at which the caller is told that it goes round in circles.
pub(crate) const LOOP_TOLD_AT: u32 = 3;
/// The one that is stopped.
pub(crate) const LOOP_STOPPED_AT: u32 = 5;
/// Failures further apart are not a loop.
pub(crate) const LOOP_WINDOW: Duration = Duration::from_secs(600);
/// How long similar calls are refused at first; each further time is twice as long.
pub(crate) const LOOP_COOL_DOWN_FIRST: Duration = Duration::from_secs(30);
/// The longest of those times.
pub(crate) const LOOP_COOL_DOWN_MAX: Duration = Duration::from_secs(600);
/// Arguments of a failed call that are compared one by one.
pub(crate) const LOOP_LEAVES_MAX: usize = 64;
/// Bytes of a pointer to such an argument that are kept.
pub(crate) const LOOP_POINTER_BYTES_MAX: usize = 128;
/// Characters of such an argument that are looked at to tell whether another is near.
pub(crate) const LOOP_SKETCH_CHARS_MAX: usize = 256;
/// Bits of 64 in which the sketches of near values differ; those of unrelated ones in 32 or so.
pub(crate) const LOOP_NEAR_BITS_MAX: u32 = 20;
/// Varied arguments, and values of each, that are remembered.
pub(crate) const LOOP_TRIED_MAX: usize = 5;
/// Ways of failing that are remembered for one principal.
pub(crate) const LOOP_ROWS_MAX: i64 = 200;

/// Budgets that may be declared.
pub(crate) const BUDGETS_MAX: usize = 1000;
/// Longest name of a backend that shares its breaker.
pub(crate) const BACKEND_NAME_BYTES_MAX: usize = 64;
/// Statements that are kept prepared beside those that every call needs.
pub(crate) const LEDGER_STATEMENTS_MAX: usize = 64;

/// Room that is set aside for ends of calls that come when the disk is full.
pub(crate) const BALLAST_BYTES: u64 = 4 * 1024 * 1024;
/// Room for the journal that takes them when the ledger cannot be written at all.
pub(crate) const EMERGENCY_BYTES: u64 = 256 * 1024;
/// Bytes of a reply that this journal keeps.
pub(crate) const EMERGENCY_REPLY_BYTES_MAX: usize = 16 * 1024;
/// From this much of a budget on, in percent, a person is told that it is nearly spent.
pub(crate) const BUDGET_NEAR_PERCENT: u64 = 90;
/// Free space below which the ledger counts as unusable.
pub(crate) const LEDGER_FREE_BYTES_MIN: u64 = 1024 * 1024;

/// How long a handshake waits for a catalog that is still being loaded.
pub(crate) const CATALOG_PATIENCE: Duration = Duration::from_millis(50);
/// Principals of one configuration; each call compares its key with all of them.
pub(crate) const PRINCIPALS_MAX: usize = 256;
/// Longest key of a principal.
pub(crate) const KEY_BYTES_MAX: u64 = 4096;
/// Longest value of a secret that definitions refer to.
pub(crate) const SECRET_BYTES_MAX: u64 = 16 * 1024;
/// Secrets that one process can hide.
pub(crate) const SECRETS_MAX: usize = 256;
/// Shorter secrets are not looked for in what is written: they would be found everywhere.
pub(crate) const REDACTED_BYTES_MIN: usize = 6;
/// Definition file size.
pub(crate) const DEFINITION_BYTES_MAX: u64 = 256 * 1024;
/// Definitions in one folder. One thousand is a measured goal; beyond it a client drowns.
pub(crate) const DEFINITIONS_MAX: usize = 2000;
/// Threads that read definitions side by side.
pub(crate) const LOADERS_MAX: usize = 4;
/// Definition files for which another such thread is worth its start.
pub(crate) const LOADER_FILES_MIN: usize = 8;
/// Problems reported for one definition file; the rest is counted.
pub(crate) const DIAGNOSTICS_PER_FILE_MAX: usize = 100;
/// A description longer than this costs every conversation too much.
pub(crate) const DESCRIPTION_CHARS_ADVISED: usize = 2000;
/// Tools that every client hands to its model; one known client drops what is beyond.
pub(crate) const TOOLS_ADVISED: usize = 40;
/// Quiet time in the folder before a change is acted on, so that one save is one reload.
pub(crate) const WATCH_QUIET: Duration = Duration::from_millis(150);
/// A folder that never falls quiet is acted on after this time.
pub(crate) const WATCH_BUSY_MAX: Duration = Duration::from_secs(2);

/// Subschemas inside each other in one schema.
pub(crate) const SCHEMA_DEPTH_MAX: usize = 32;
/// Subschemas of one schema.
pub(crate) const SCHEMA_NODES_MAX: usize = 2000;
/// Longest regular expression of a schema, as written.
pub(crate) const PATTERN_BYTES_MAX: usize = 4096;
/// Memory that one compiled regular expression may take.
pub(crate) const PATTERN_MEMORY_BYTES_MAX: usize = 1024 * 1024;
/// Values of one call that may be read as another type.
pub(crate) const COERCIONS_MAX: usize = 1000;

/// One element of an argument list; Linux refuses 131,072 bytes and more (MAX_ARG_STRLEN).
pub(crate) const ARGV_ELEMENT_BYTES_MAX: usize = 131_071;
/// A whole argument list.
pub(crate) const ARGV_BYTES_MAX: usize = 1024 * 1024;

/// Default and largest time for one call. Many clients give up after 60 s whatever is said.
pub(crate) const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
/// See [`TIMEOUT_DEFAULT`].
pub(crate) const TIMEOUT_MAX: Duration = Duration::from_secs(3600);
/// Between the polite and the final signal to a program that must end.
pub(crate) const KILL_GRACE: Duration = Duration::from_secs(2);
/// The same while this process itself is told to end: its client waits two seconds in all.
pub(crate) const KILL_GRACE_SHUTDOWN: Duration = Duration::from_secs(1);
/// How long a process that was told to end waits for its programs.
pub(crate) const STOP_PATIENCE: Duration = Duration::from_millis(1500);
/// How long a pipe may stay open after the program that owned it has ended.
pub(crate) const PIPE_LINGER: Duration = Duration::from_millis(250);

/// Files that the arguments of one call may name.
pub(crate) const FILES_OF_A_CALL_MAX: usize = 16;
/// Files of calls that are open at once in one process, of the 1,024 descriptors that it usually has.
pub(crate) const FILES_OPEN_MAX: usize = 256;
/// Descriptors that a program in a sandbox may have open.
pub(crate) const OPEN_FILES_DEFAULT: u64 = 256;
/// Largest limit in bytes that a definition can set a program.
pub(crate) const PROGRAM_LIMIT_MAX: u64 = 1 << 40;

/// Attempts of one call, unless its definition allows fewer or more.
pub(crate) const ATTEMPTS_DEFAULT: u32 = 3;
/// Most attempts that a definition may allow.
pub(crate) const ATTEMPTS_MAX: u32 = 10;
/// Longest wait before the second attempt; it doubles with each further one.
pub(crate) const RETRY_WAIT_FIRST: Duration = Duration::from_millis(100);
/// Longest wait before any attempt.
pub(crate) const RETRY_WAIT_MAX: Duration = Duration::from_secs(5);
/// Retries that a tool can save up.
pub(crate) const RETRY_TOKENS_MAX: f64 = 10.0;
/// Retries that a tool earns with each call.
pub(crate) const RETRY_TOKENS_EARNED: f64 = 0.1;

/// Default cap on a program's standard output that is kept.
pub(crate) const STDOUT_BYTES_DEFAULT: usize = 1024 * 1024;
/// Cap on the end of standard error that is kept.
pub(crate) const STDERR_BYTES_MAX: usize = 64 * 1024;
/// How much of standard error a caller is shown.
pub(crate) const STDERR_TAIL_BYTES: usize = 1024;
/// A program that prints more than this, kept or not, is ended.
pub(crate) const OUTPUT_TOTAL_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Longest line by which a program reports progress; a longer one is ignored.
pub(crate) const PROGRESS_LINE_BYTES_MAX: usize = 512;

/// Default time for one look-up before a call.
pub(crate) const CHECK_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);
/// Default time for finding out whether an operation took effect.
pub(crate) const PROBE_TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);
/// The longest such time: it comes after that of the call, and clients wait for a minute.
pub(crate) const PROBE_TIMEOUT_MAX: Duration = Duration::from_secs(30);
/// How long a check that was met may count as met.
pub(crate) const CHECK_CACHE_MAX: Duration = Duration::from_secs(3600);
/// Checks that are remembered as met.
pub(crate) const CHECKS_REMEMBERED_MAX: usize = 1024;

/// How long the connection of a request may take, its name looked up and TLS agreed on included.
pub(crate) const HTTP_CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long a response may stand still once it has begun, or a request not be taken.
pub(crate) const HTTP_IDLE_MAX: Duration = Duration::from_secs(10);
/// Requests that a process has under way; beyond the workers only those that were given up
/// while a name was looked up or a connection made.
pub(crate) const HTTP_REQUESTS_MAX: usize = 128;
/// Bytes of the head of a response.
pub(crate) const HTTP_HEAD_BYTES_MAX: usize = 64 * 1024;
/// Bytes of the body of a response where a definition says nothing.
pub(crate) const HTTP_BODY_BYTES_DEFAULT: usize = 1024 * 1024;
/// Redirects that a definition may let one request follow.
pub(crate) const HTTP_REDIRECTS_MAX: u32 = 3;
/// Bytes of a URL with its values.
pub(crate) const HTTP_URL_BYTES_MAX: usize = 8192;
/// Bytes of a header's value.
pub(crate) const HTTP_HEADER_BYTES_MAX: usize = 8192;
/// The longest wait that a service asks for and an attempt is made after.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);
/// The longest wait that a service asks for and a caller is told.
pub(crate) const RETRY_AFTER_TOLD_MAX: Duration = Duration::from_secs(24 * 3600);

/// Bytes of what a backend says of its own failure that the ledger keeps.
pub(crate) const BACKEND_STATUS_BYTES_MAX: usize = 300;

/// Characters of a caller's own value that are repeated in an error.
pub(crate) const QUOTE_CHARS_MAX: usize = 120;
/// Violations listed in one error.
pub(crate) const VIOLATIONS_MAX: usize = 10;

/// Longest expression of a rule.
pub(crate) const RULE_SOURCE_BYTES_MAX: usize = 2048;
/// Names and literals in one expression.
pub(crate) const RULE_TERMS_MAX: usize = 200;
/// Words and signs in one expression: bounds the depth of its tree, and so the stack.
pub(crate) const RULE_TOKENS_MAX: usize = 800;
/// Brackets inside each other in one expression.
pub(crate) const RULE_DEPTH_MAX: usize = 32;
/// Loops (`all`, `exists`, `map`, ...) that one value may pass through.
pub(crate) const RULE_LOOP_DEPTH_MAX: usize = 2;
/// Times that the bodies of an expression's loops may run, multiplied through.
pub(crate) const RULE_ITERATIONS_MAX: u64 = 100_000;
/// Memory that one intermediate value may take.
pub(crate) const RULE_VALUE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Estimated steps (about a fifth of a microsecond each) of an evaluation that is started.
pub(crate) const RULE_STEPS_MAX: u64 = 5_000_000;
/// Estimated steps of an evaluation that runs on the caller's own thread.
pub(crate) const RULE_STEPS_INLINE_MAX: u64 = 10_000;
/// Memory of one compiled regular expression.
pub(crate) const RULE_REGEX_BYTES_MAX: usize = 1024 * 1024;
/// Longest evaluation of one expression; beyond it the call is refused.
pub(crate) const RULE_TIME_MAX: Duration = Duration::from_millis(50);
/// Evaluations that may be running although nobody waits for them any more.
pub(crate) const RULE_STUCK_MAX: usize = 4;
/// Stack of a thread that compiles or evaluates an expression.
pub(crate) const RULE_STACK_BYTES: usize = 16 * 1024 * 1024;

/// Names of tools, principals or problems that statistics tell apart.
pub(crate) const STATS_NAMES_MAX: usize = 1000;
/// Stretches of time that statistics tell apart.
pub(crate) const STATS_BUCKETS_MAX: usize = 240;

/// Largest settings file of a client that is edited.
pub(crate) const CLIENT_FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Rounds of questions that one tool may ask.
pub(crate) const ASK_ROUNDS_MAX: usize = 8;
/// Questions of one round.
pub(crate) const ASK_QUESTIONS_MAX: usize = 8;
/// Fields of one form.
pub(crate) const ASK_FIELDS_MAX: usize = 32;
/// Characters of the key of a question.
pub(crate) const ASK_KEY_CHARS_MAX: usize = 64;
/// How often nothing usable may come back before the call is refused.
pub(crate) const ASK_TRIES_MAX: u32 = 3;
/// Characters of one value that are shown to a person; the rest is counted.
pub(crate) const ASK_VALUE_CHARS_MAX: usize = 500;
/// One answer, as JSON.
pub(crate) const ASK_ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Lines of the log that may wait for standard error or for a file; newer ones are dropped.
pub(crate) const LOG_LINES_MAX: usize = 4096;
/// Size beyond which another file of log lines is begun, unless somebody says otherwise.
pub(crate) const LOG_FILE_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Smallest such size: no line is longer.
pub(crate) const LOG_FILE_BYTES_MIN: u64 = 64 * 1024;
/// Files of log lines that are kept, unless somebody says otherwise.
pub(crate) const LOG_FILES_MAX: u32 = 10;
/// Bytes of one text in a line of the log.
pub(crate) const LOG_TEXT_BYTES_MAX: usize = 8 * 1024;

/// Recorded calls that are held in memory while they are made again.
pub(crate) const RERUN_CALLS_AT_ONCE: usize = 1000;
/// How often `log --follow` and `top` look whether the ledger has changed.
pub(crate) const FOLLOW_INTERVAL: Duration = Duration::from_millis(200);
/// Running calls whose end `log --follow` waits for; of more, the oldest are not told.
pub(crate) const FOLLOWED_CALLS_MAX: usize = 10_000;

/// Calls whose question may be with a client at one time.
pub(crate) const ASKS_OPEN_MAX: usize = 64;
/// How long a person may take while the call is open.
pub(crate) const ASK_PATIENCE: Duration = Duration::from_secs(600);
/// How long a question that was given as an answer may be answered.
pub(crate) const ASK_STATE_LIFE: Duration = Duration::from_secs(300);
/// Longest state that is looked at; those that we give out are shorter.
pub(crate) const ASK_STATE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Smallest time between two progress notifications of one call.
pub(crate) const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// How often a client is told that a program still runs that reports nothing.
pub(crate) const STILL_RUNNING_INTERVAL: Duration = Duration::from_secs(5);
