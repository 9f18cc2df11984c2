//! Tests that count what a whole process has, and so run in a process of their own.

use std::{fs, path::Path, process::Command};

use rustix::process::{Resource, Rlimit, WaitOptions, setrlimit, wait};

use super::*;

/// Calls `body` where no other test runs: here if this is such a process, else in one more
/// instance of the tests that is told to run `test` only.
#[expect(clippy::disallowed_methods, reason = "starts the tests themselves")]
fn alone(test: &str, body: impl FnOnce()) {
    let arguments = ["--exact", test, "--test-threads=1"];
    if std::env::args().skip(1).eq(arguments) {
        return body();
    }
    let itself = std::env::current_exe().unwrap();
    let output = Command::new(itself).args(arguments).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}"
    );
}

const HERE: &str = "backend::process::unix::tests::alone";

#[test]
fn two_hundred_runs_leave_no_descriptor_and_no_zombie() {
    let test = format!("{HERE}::two_hundred_runs_leave_no_descriptor_and_no_zombie");
    alone(&test, || {
        let before = descriptors();
        for round in 0..200 {
            let case = match round % 4 {
                0 => Case::of(&["print", "x"]),
                1 => Case::of(&["exit", "1", "78"]),
                2 => Case::of(&["kill-self", "KILL"]),
                _ => Case::of(&["ready-then-sleep"]),
            };
            case.run_hearing(&|_| case.cancel.fire(Cancelled::ByClient));
        }
        assert_eq!(descriptors(), before);
        let no_child = wait(WaitOptions::NOHANG).unwrap_err();
        assert_eq!(no_child, rustix::io::Errno::CHILD);
    });
}

#[test]
fn a_panic_in_the_listener_leaves_no_descriptor_and_no_zombie() {
    let test = format!("{HERE}::a_panic_in_the_listener_leaves_no_descriptor_and_no_zombie");
    alone(&test, || {
        let before = descriptors();
        let panicked = std::panic::catch_unwind(|| {
            Case::of(&["ready-then-sleep"]).run_hearing(&|_| panic!("on purpose"));
        });
        assert!(panicked.is_err());
        assert_eq!(descriptors(), before);
        let no_child = wait(WaitOptions::NOHANG).unwrap_err();
        assert_eq!(no_child, rustix::io::Errno::CHILD);
    });
}

#[test]
fn h5_without_descriptors_nothing_is_started_and_later_all_is_well() {
    let test = format!("{HERE}::h5_without_descriptors_nothing_is_started_and_later_all_is_well");
    alone(&test, || {
        let limit = Rlimit {
            current: Some(32),
            maximum: Some(32),
        };
        setrlimit(Resource::Nofile, limit).unwrap();
        let path = fake_tool();
        let args = ["print".to_owned(), "x".to_owned()];
        let mut held: Vec<fs::File> =
            std::iter::from_fn(|| fs::File::open("/dev/null").ok()).collect();
        assert!(!held.is_empty());
        // With every number of free descriptors up to enough: not started, or done.
        let done = std::iter::from_fn(|| {
            let outcome = start(&path, &args);
            held.pop();
            Some(outcome)
        })
        .take(12)
        .find_map(|outcome| match outcome {
            Ok(ended) => Some(ended.ending),
            Err(failure) => {
                assert!(matches!(failure, StartFailure::Passing(_)), "{failure:?}");
                None
            }
        });
        assert_eq!(done, Some(Ending::Exited(0)));
    });
}

#[test]
fn x1_a_file_that_is_no_program_lasts_and_is_not_given_to_a_shell() {
    use std::os::unix::fs::PermissionsExt as _;
    let test = format!("{HERE}::x1_a_file_that_is_no_program_lasts_and_is_not_given_to_a_shell");
    // Alone, because a file is busy while another thread's new child still has it open.
    alone(&test, || {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("script");
        fs::write(&path, "true\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        match start(&path, &[]) {
            Err(StartFailure::Lasting(error)) => assert_eq!(error.raw_os_error(), Some(8)),
            other => panic!("{other:?}"),
        }
    });
}

fn start(path: &Path, args: &[String]) -> Result<Ended, StartFailure> {
    let program = Program {
        path,
        args,
        operation: "of-a-test",
        env: &[],
        cwd: "/".as_ref(),
        stdin: None,
        stdout_bytes_max: 8,
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
    run(&program, &watch)
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}
