//! Who runs this program, for records: what the system knows, not what the environment says.

/// The user's name, or the number where it has none.
pub(crate) fn name() -> String {
    platform::name()
}

/// The user's name and number, as far as it has them.
pub(crate) fn name_and_number() -> String {
    platform::name_and_number()
}

/// The number of whoever started this program.
pub(crate) fn number() -> String {
    platform::number()
}

#[cfg(unix)]
mod platform {
    //! Numbers, and the names that passwd(5) gives them.
    use rustix::process::{geteuid, getuid};

    fn known(uid: u32) -> Option<String> {
        let lines = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        super::name_of(uid, &lines)
    }

    pub(super) fn name() -> String {
        let uid = geteuid().as_raw();
        known(uid).unwrap_or_else(|| format!("uid {uid}"))
    }

    pub(super) fn name_and_number() -> String {
        let uid = geteuid().as_raw();
        match known(uid) {
            Some(name) => format!("{name} (uid {uid})"),
            None => format!("uid {uid}"),
        }
    }

    pub(super) fn number() -> String {
        format!("uid {}", getuid().as_raw())
    }
}

#[cfg(not(unix))]
mod platform {
    //! Nobody in particular: the standard library has no way to tell.
    pub(super) fn name() -> String {
        "unknown".to_owned()
    }

    pub(super) fn name_and_number() -> String {
        name()
    }

    pub(super) fn number() -> String {
        name()
    }
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
