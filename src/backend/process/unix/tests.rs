//! Programs that hang, flood, fork, die and lie: each is over in time and leaves nothing.

use std::{
    cell::RefCell,
    fs,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use super::{
    super::{Ended, Ending, Keeper, Program, StartFailure, Watch, fake_tool},
    run,
};
use crate::{
    base::{
        cancel::{CancelToken, Cancelled},
        clock::{Clock, Moment, SystemClock, Timestamp},
        limits::{OUTPUT_TOTAL_BYTES_MAX, PIPE_LINGER, STDERR_BYTES_MAX},
    },
    catalog::content::Progress,
};

/// The machine's clock, moved forward by tests that will not wait.
#[derive(Default)]
struct SkippingClock(AtomicU64);

impl SkippingClock {
    fn skip(&self, by: Duration) {
        let micros = u64::try_from(by.as_micros()).unwrap();
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for SkippingClock {
    fn now(&self) -> Moment {
        let skipped = Duration::from_micros(self.0.load(Ordering::SeqCst));
        SystemClock.now().plus(skipped)
    }

    fn wall(&self) -> Timestamp {
        SystemClock.wall()
    }
}

const GRACE: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(60);

struct Case<'a> {
    args: &'a [&'a str],
    stdin: Option<&'a [u8]>,
    deadline: Duration,
    cancel: CancelToken,
    clock: SkippingClock,
    reports: bool,
}

impl<'a> Case<'a> {
    fn of(args: &'a [&'a str]) -> Self {
        Self {
            args,
            stdin: None,
            deadline: LONG,
            cancel: CancelToken::default(),
            clock: SkippingClock::default(),
            reports: true,
        }
    }

    fn run(&self) -> (Ended, Duration) {
        self.run_hearing(&|_| {})
    }

    /// Runs the program, with a progress file if it `reports`; `heard` is told of each report.
    fn run_hearing(&self, heard: &dyn Fn(Progress)) -> (Ended, Duration) {
        let runtime = tempfile::tempdir().unwrap();
        let fifo = runtime.path().join("run").join("fifo");
        let args: Vec<String> = self.args.iter().map(|&arg| arg.to_owned()).collect();
        let program = Program {
            path: &fake_tool(),
            args: &args,
            operation: "of-a-test",
            env: &[],
            cwd: "/".as_ref(),
            stdin: self.stdin,
            stdout_bytes_max: 1024 * 1024,
            progress: self.reports.then_some(&fifo),
            files: &[],
            sandbox: None,
        };
        let start = SystemClock.now();
        let ended = run(
            &program,
            &Watch {
                clock: &self.clock,
                deadline: self.clock.now().plus(self.deadline),
                cancel: &self.cancel,
                kill_grace: GRACE,
                keeper: &Keeper::of_tests(),
                still_running: Duration::from_millis(5),
                progress: heard,
            },
        );
        assert!(!fifo.exists(), "the progress file is taken away");
        (ended.unwrap(), SystemClock.now().since(start))
    }
}

#[test]
fn x4_a_program_that_ignores_the_polite_signal_is_killed_after_the_grace() {
    let case = Case::of(&["ignore-term"]);
    let (ended, took) = case.run_hearing(&|_| case.clock.skip(LONG));
    assert_eq!(ended.ending, Ending::TimedOut);
    assert!(
        took >= GRACE && took < GRACE + Duration::from_secs(5),
        "{took:?}"
    );
}

#[test]
fn x4_x18_the_deadline_comes_without_any_event_also_to_a_stopped_program() {
    for args in [["sleep"].as_slice(), &["kill-self", "STOP"]] {
        let case = Case {
            deadline: Duration::from_millis(200),
            ..Case::of(args)
        };
        let (ended, took) = case.run();
        assert_eq!(ended.ending, Ending::TimedOut, "{args:?}");
        assert!(
            took >= case.deadline && took < Duration::from_secs(5),
            "{took:?}"
        );
    }
}

#[test]
fn p25_a_cancelled_program_is_ended_and_its_reports_are_heard_no_more() {
    for why in [Cancelled::ByClient, Cancelled::Shutdown] {
        let case = Case::of(&["ready-then-sleep"]);
        let heard = RefCell::new(0);
        let (ended, took) = case.run_hearing(&|_| {
            *heard.borrow_mut() += 1;
            case.cancel.fire(why);
        });
        assert_eq!(ended.ending, Ending::Cancelled(why));
        assert_eq!(heard.into_inner(), 1);
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
}

#[test]
fn h7_a_machine_that_slept_past_the_deadline_ends_the_program_when_it_wakes() {
    let case = Case::of(&["ready-then-sleep"]);
    let (ended, took) = case.run_hearing(&|_| case.clock.skip(Duration::from_secs(8 * 3600)));
    assert_eq!(ended.ending, Ending::TimedOut);
    assert!(took < LONG, "{took:?}");
}

#[test]
fn of_a_program_that_cannot_report_it_is_told_that_it_runs() {
    let case = Case {
        reports: false,
        ..Case::of(&["sleep"])
    };
    let heard = RefCell::new(Vec::new());
    let (ended, _) = case.run_hearing(&|progress| {
        let told = (progress.total, progress.message.unwrap());
        heard.borrow_mut().push((progress.done, told));
        case.clock.skip(Duration::from_secs(7));
        if heard.borrow().len() == 3 {
            case.cancel.fire(Cancelled::ByClient);
        }
    });
    assert_eq!(ended.ending, Ending::Cancelled(Cancelled::ByClient));
    let heard = heard.into_inner();
    assert!(
        heard.is_sorted_by(|one, next| one.0 + 7.0 <= next.0),
        "{heard:?}"
    );
    assert_eq!(heard.len(), 3);
    let (total, message) = &heard[0].1;
    assert!(
        total.is_none() && message.starts_with("running for "),
        "{message}"
    );
}

#[test]
fn x7_a_flood_is_counted_cut_and_ended() {
    let before = resident_bytes();
    let (ended, _) = Case::of(&["print-many", "1000000000"]).run();
    assert_eq!(ended.ending, Ending::Flooded);
    assert_eq!(ended.stdout.len(), 1024 * 1024);
    let most = OUTPUT_TOTAL_BYTES_MAX + 64 * 1024;
    let range = OUTPUT_TOTAL_BYTES_MAX..most;
    assert!(
        range.contains(&ended.stdout_bytes),
        "{}",
        ended.stdout_bytes
    );
    // Other tests run beside this one, so this tells a flood that is kept, no more.
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < OUTPUT_TOTAL_BYTES_MAX, "{grown}");
}

#[test]
fn x7_what_is_more_than_is_kept_is_counted() {
    let (ended, _) = Case::of(&["print-many", "3000000"]).run();
    assert_eq!(ended.ending, Ending::Exited(0));
    assert_eq!(
        (ended.stdout.len(), ended.stdout_bytes),
        (1024 * 1024, 3_000_000)
    );
}

fn resident_bytes() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

#[test]
fn x8_a_program_that_closes_its_pipes_early_is_waited_for() {
    let input = vec![b'x'; 1024];
    let case = Case {
        stdin: Some(&input),
        ..Case::of(&["close-stdout-then-exit", "7"])
    };
    assert_eq!(case.run().0.ending, Ending::Exited(7));
    let case = Case::of(&["close-stdout-then-sleep"]);
    let (ended, _) = case.run_hearing(&|_| case.clock.skip(LONG));
    assert_eq!(ended.ending, Ending::TimedOut);
}

#[test]
fn x9_a_child_that_keeps_the_pipes_open_holds_up_nothing_and_dies() {
    let (ended, took) = Case::of(&["leave-child"]).run();
    assert_eq!(ended.ending, Ending::Exited(0));
    assert!(
        took >= PIPE_LINGER && took < PIPE_LINGER + Duration::from_secs(5),
        "{took:?}"
    );
    let pid: i32 = String::from_utf8(ended.stdout).unwrap().parse().unwrap();
    assert!(is_dead(pid), "{pid}");
}

/// Whether it ends without being told to: nobody waits for it here but for its end.
fn is_dead(pid: i32) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let Ok(watch) = super::exit::ExitWatch::new(Pid::from_raw(pid).unwrap()) else {
        return true;
    };
    let failure_bound = Timespec::try_from(Duration::from_secs(10)).unwrap();
    let mut fds = [PollFd::new(&watch, PollFlags::IN)];
    poll(&mut fds, Some(&failure_bound)) == Ok(1)
}

#[test]
fn x12_a_program_that_never_reads_is_not_waited_for() {
    let input = vec![b'x'; 10 * 1024 * 1024];
    let case = Case {
        stdin: Some(&input),
        ..Case::of(&["print", "done"])
    };
    let (ended, _) = case.run();
    assert_eq!(
        (ended.ending, ended.stdout.as_slice()),
        (Ending::Exited(0), &b"done"[..])
    );
}

#[test]
fn x12_all_of_a_long_input_arrives() {
    let input = vec![b'x'; 10 * 1024 * 1024];
    let case = Case {
        stdin: Some(&input),
        ..Case::of(&["cat"])
    };
    let (ended, _) = case.run();
    assert_eq!(ended.ending, Ending::Exited(0));
    assert_eq!(ended.stdout_bytes, 10 * 1024 * 1024);
}

#[test]
fn x13_much_on_stderr_before_the_input_is_read_is_no_deadlock() {
    let input = vec![b'x'; 200 * 1024];
    let case = Case {
        stdin: Some(&input),
        ..Case::of(&["stderr-then-stdin", "204800"])
    };
    let (ended, _) = case.run();
    assert_eq!(
        (ended.ending, ended.stdout.as_slice()),
        (Ending::Exited(0), &b"204800"[..])
    );
    assert_eq!(ended.stderr_tail, vec![b'e'; STDERR_BYTES_MAX]);
}

#[test]
fn x17_a_signal_that_is_not_ours_is_told_as_such() {
    for (name, number) in [("KILL", 9), ("TERM", 15)] {
        let (ended, _) = Case::of(&["kill-self", name]).run();
        assert_eq!(ended.ending, Ending::Signalled(number));
    }
}

#[test]
fn x18_a_stopped_program_is_killed() {
    let case = Case::of(&["kill-self", "STOP"]);
    let (ended, _) = case.run_hearing(&|_| case.clock.skip(LONG));
    assert_eq!(ended.ending, Ending::TimedOut);
}

#[test]
fn x19_a_program_has_three_descriptors_and_no_environment() {
    let (ended, _) = Case::of(&["fds"]).run();
    let mut open: Vec<u32> = serde_json::from_slice(&ended.stdout).unwrap();
    // What whoever started the tests left open for everyone is not ours to close.
    open.retain(|fd| !inherited().contains(fd));
    assert_eq!(open, [0, 1, 2]);
    let (ended, _) = Case::of(&["env"]).run();
    let env: serde_json::Map<_, _> = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(
        env.keys().collect::<Vec<_>>(),
        ["PROGRESS", "TOLLGATE_OPERATION_ID"]
    );
}

/// Descriptors of this process, beyond the first three, without close-on-exec.
fn inherited() -> Vec<u32> {
    const O_CLOEXEC: u32 = 0o2_000_000;
    let keeps = |fd: &u32| {
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{fd}")).unwrap_or_default();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
        let flags = flags.and_then(|text| u32::from_str_radix(text.trim(), 8).ok());
        flags.is_some_and(|flags| flags & O_CLOEXEC == 0)
    };
    (3..256).filter(keeps).collect()
}

#[test]
fn x1_what_cannot_be_started_lasts() {
    let directory = tempfile::tempdir().unwrap();
    let program = Program {
        path: &directory.path().join("absent"),
        args: &[],
        operation: "of-a-test",
        env: &[],
        cwd: "/".as_ref(),
        stdin: None,
        stdout_bytes_max: 0,
        progress: None,
        files: &[],
        sandbox: None,
    };
    let watch = Watch {
        clock: &SystemClock,
        deadline: SystemClock.now().plus(LONG),
        cancel: &CancelToken::default(),
        kill_grace: GRACE,
        keeper: &Keeper::of_tests(),
        still_running: LONG,
        progress: &|_| {},
    };
    let failure = run(&program, &watch).unwrap_err();
    assert!(matches!(failure, StartFailure::Lasting(_)), "{failure:?}");
}

#[test]
fn the_portable_exit_watch_hears_the_end_too() {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let args = ["sleep".to_owned()];
    let program = Program {
        path: &fake_tool(),
        args: &args,
        operation: "of-a-test",
        env: &[],
        cwd: "/".as_ref(),
        stdin: None,
        stdout_bytes_max: 0,
        progress: None,
        files: &[],
        sandbox: None,
    };
    let keeper = Keeper::of_tests();
    let mut leash = super::leash::Leash::start(&program, None, &keeper).unwrap();
    let watch = super::exit_portable::ExitWatch::new(leash.pid()).unwrap();
    let at_once = Timespec::default();
    assert_eq!(
        poll(&mut [PollFd::new(&watch, PollFlags::IN)], Some(&at_once)),
        Ok(0)
    );
    kill_process(leash.pid(), Signal::KILL).unwrap();
    assert_eq!(poll(&mut [PollFd::new(&watch, PollFlags::IN)], None), Ok(1));
    assert_eq!(leash.reap().unwrap().code(), None);
}

mod alone;
mod listening;
