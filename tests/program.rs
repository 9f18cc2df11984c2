//! The program as a shell sees it: statuses, and which stream carries what.

use crate::tollgate;

/// Runs `args` and compares the status, the first line of standard output and the first line
/// of standard error.
#[track_caller]
fn check(args: &[&str], status: i32, stdout: &str, stderr: &str) {
    let assert = tollgate().args(args).assert().code(status);
    let output = assert.get_output();
    let first = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.lines().next().unwrap_or("").to_owned()
    };
    assert_eq!(first(&output.stdout), stdout, "standard output");
    assert_eq!(first(&output.stderr), stderr, "standard error");
}

#[test]
fn version_is_that_of_the_package() {
    let version = concat!("tollgate ", env!("CARGO_PKG_VERSION"));
    check(&["--version"], 0, version, "");
}

#[test]
fn a_wrong_command_line_is_status_2_and_leaves_standard_output_alone() {
    check(&["srve"], 2, "", "error: unrecognized subcommand 'srve'");
}

#[test]
fn a_code_that_does_not_exist_is_status_2_and_the_nearest_is_named() {
    check(&["explain", "TIMEOUT"], 0, "TIMEOUT", "");
    check(
        &["explain", "TIMEUOT"],
        2,
        "",
        "error: there is no code `TIMEUOT`; did you mean `TIMEOUT`?",
    );
}

#[test]
fn help_tells_the_statuses_and_where_things_are_looked_for() {
    let assert = tollgate().arg("--help").assert().success();
    let help = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    for part in [
        "\nEXAMPLES\n",
        "\nFILES\n",
        "\nEXIT STATUS\n",
        "\n   78  the tools folder or the state folder cannot be used\n",
        "\n      $XDG_STATE_HOME/tollgate, by default ~/.local/state/tollgate\n",
    ] {
        assert!(help.contains(part), "{part:?} is missing in:\n{help}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_status_78_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let page = missing.join("tollgate.1");
    check(
        &["man", "--out", missing.to_str().unwrap()],
        78,
        "",
        &format!(
            "error: `{}` could not be written: No such file or directory (os error 2)",
            page.display()
        ),
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_status_74_and_is_told() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = crate::process()
        .args(["completions", "bash"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(74));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: standard output could not be written: No space left on device (os error 28)\n"
    );
}

#[cfg(not(feature = "failpoints"))]
#[test]
fn what_makes_it_fail_for_tests_is_not_in_the_program() {
    let program = std::fs::read(env!("CARGO_BIN_EXE_tollgate")).unwrap();
    let holds = |text: &[u8]| memchr::memmem::find(&program, text).is_some();
    assert!(!holds(b"TOLLGATE_FAILPOINTS"));
    // What is in it can be found so.
    assert!(holds(b"TOLLGATE_STATE"));
}
