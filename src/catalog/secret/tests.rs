//! References that are followed, and those that cannot be: named, never shown.

use super::*;

fn secrets() -> Secrets {
    let environment = |name: &str| match name {
        "TOKEN" => Some("hunter2x".into()),
        "EMPTY" => Some("".into()),
        "LONG" => Some("x".repeat(SECRET_BYTES_MAX as usize + 1).into()),
        _ => None,
    };
    Secrets::new(Box::new(environment), Arc::default())
}

#[track_caller]
fn check(inside: &str, expected: Result<&str, &str>) {
    let secrets = secrets();
    let read = secrets.read(&Reference::parse(inside).unwrap());
    let read = read.map_err(|(message, help)| format!("{message} ({help})"));
    let value = read.as_ref().map(Secret::reveal).map_err(String::as_str);
    assert_eq!(value, expected);
    if let Ok(value) = expected {
        assert_eq!(secrets.redactor().text(value), "(secret)");
    }
}

#[test]
fn references_name_an_entry_or_a_file() {
    let env = |name: &str| Some(Reference::Env(name.to_owned()));
    assert_eq!(Reference::parse("env:A_b"), env("A_b"));
    assert_eq!(
        Reference::parse("file:/run/a:b"),
        Some(Reference::File("/run/a:b".into()))
    );
    for wrong in ["", "env", "env:", "env:A=B", "file:", "file:a", "vault:x"] {
        assert_eq!(Reference::parse(wrong), None, "{wrong}");
    }
    let given = "${secret:file:/run/a:b}";
    let inside = given.strip_prefix("${secret:").unwrap();
    let reference = Reference::parse(inside.strip_suffix('}').unwrap()).unwrap();
    assert_eq!(reference.to_string(), given);
}

#[test]
fn c10_what_cannot_be_used_is_named_by_its_reference() {
    check("env:TOKEN", Ok("hunter2x"));
    check(
        "env:GONE",
        Err(
            "`${secret:env:GONE}` cannot be used: the environment has no `GONE` \
             (set it for the process that starts the gate)",
        ),
    );
    check(
        "env:EMPTY",
        Err("`${secret:env:EMPTY}` cannot be used: it is empty (give it a value)"),
    );
    check(
        "env:LONG",
        Err(
            "`${secret:env:LONG}` cannot be used: it is longer than 16384 bytes \
             (let the program read it from a file of its own)",
        ),
    );
}

#[cfg(unix)]
#[test]
fn c10_a_file_that_others_can_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    let inside = format!("file:{}", path.display());
    let because = |why: &str| format!("`${{secret:{inside}}}` cannot be used: {why}");
    let missing = "it cannot be read: No such file or directory (os error 2) \
                   (make it, for the gate's own user)";
    check(&inside, Err(&because(missing)));
    for (content, mode, expected) in [
        (&b"hunter2x\r\n"[..], 0o600, Ok("hunter2x")),
        (b"hunter2x\n\n", 0o400, Ok("hunter2x\n")),
        (
            b"hunter2x",
            0o644,
            Err("others can read it, or it belongs to another user \
                 (`chmod 600` it, and `chown` it to the gate's user)"),
        ),
        (
            b"\xff",
            0o600,
            Err("it is not UTF-8 (encode it, for example in base64)"),
        ),
        (
            b"a\0b",
            0o600,
            Err("it holds a NUL character (encode it, for example in base64)"),
        ),
    ] {
        let _gone = fs::remove_file(&path);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let expected = expected.map_err(because);
        check(&inside, expected.as_ref().copied().map_err(String::as_str));
    }
    let folder = format!("file:{}", dir.path().display());
    let because = format!("`${{secret:{folder}}}` cannot be used: it is not a file (name a file)");
    check(&folder, Err(&because));
}
