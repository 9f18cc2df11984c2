//! Who runs this program: for the audit trail.

/// The user's name, or the number where it has none.
#[cfg(unix)]
pub(crate) fn name() -> String {
    let uid = rustix::process::geteuid().as_raw();
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_of(uid, &known).unwrap_or_else(|| format!("uid {uid}"))
}

/// Nobody in particular, where the system has no way to tell.
#[cfg(not(unix))]
pub(crate) fn name() -> String {
    "unknown".to_owned()
}

/// The name of `uid` in the lines of passwd(5).
#[cfg(unix)]
fn name_of(uid: u32, lines: &str) -> Option<String> {
    lines.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number: u32 = fields.nth(1)?.parse().ok()?;
        (number == uid).then(|| name.to_owned())
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_user_is_the_first_field() {
        let lines = "root:x:0:0:root:/root:/bin/sh\n\nann:x:1000:1000::/home/ann:/bin/sh\n";
        assert_eq!(name_of(1000, lines).as_deref(), Some("ann"));
        assert_eq!(name_of(7, lines), None);
    }
}
