//! A path is relative and stays where it is put, however a later reader decodes it.

use super::{Misfit, nfkc};

const COMPONENT_BYTES_MAX: usize = 255;
const PATH_BYTES_MAX: usize = 4096;

/// Characters that separate, climb, or name a stream, a home or an escape. When a compatibility
/// form of the text has more of them than the text, some later reader might see them.
const LOADED: [char; 6] = ['/', '\\', '.', ':', '~', '%'];

/// Names that mean devices on Windows, whatever stands behind their first dot.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// `value` without `.` components and doubled slashes; nothing else is changed.
pub(super) fn normal_form(value: &str) -> Result<String, Misfit> {
    if value.is_empty() || value.len() > PATH_BYTES_MAX {
        return Err(Misfit::new(format!(
            "a path of 1 to {PATH_BYTES_MAX} bytes"
        )));
    }
    check(value)?;
    let compatible = nfkc(value);
    if compatible != value {
        let count = |text: &str| LOADED.map(|loaded| text.matches(loaded).count());
        if count(&compatible) != count(value) {
            return Err(Misfit::new(
                "a path without look-alikes of `/`, `\\`, `.`, `:`, `~` and `%`",
            ));
        }
        check(&compatible)?;
    }
    Ok(collapse(value))
}

fn check(path: &str) -> Result<(), Misfit> {
    if path.starts_with('/') {
        return Err(Misfit::new(
            "a relative path, without a `/` at its beginning",
        ));
    }
    if path.chars().any(char::is_control) {
        return Err(Misfit::new("a path without control characters"));
    }
    if path.contains('\\') || path.contains(':') {
        return Err(Misfit::new("a path separated by `/`, without `\\` and `:`"));
    }
    if has_escape(path) {
        return Err(Misfit::new(
            "a path as it is, without percent escapes such as `%2e`",
        ));
    }
    path.split('/')
        .filter(|component| !matches!(*component, "" | "."))
        .try_for_each(check_component)
}

fn check_component(component: &str) -> Result<(), Misfit> {
    let expected = if component == ".." {
        "a path without `..`"
    } else if component.len() > COMPONENT_BYTES_MAX {
        return Err(Misfit::new(format!(
            "a path whose components have at most {COMPONENT_BYTES_MAX} bytes"
        )));
    } else if component.starts_with('~') {
        "a path without `~` at the beginning of a component"
    } else if component.ends_with(['.', ' ']) {
        "a path whose components do not end with a dot or a space"
    } else if is_device(component) {
        "a path without the name of a device, such as `NUL`"
    } else {
        return Ok(());
    };
    Err(Misfit::new(expected))
}

/// `%` with two hexadecimal digits, or the `%u0000` of some servers.
fn has_escape(path: &str) -> bool {
    path.split('%').skip(1).any(|after| {
        let after = after.strip_prefix(['u', 'U']).unwrap_or(after);
        let mut digits = after.chars().take(2);
        let hex = |char: Option<char>| char.is_some_and(|char| char.is_ascii_hexdigit());
        hex(digits.next()) && hex(digits.next())
    })
}

fn is_device(component: &str) -> bool {
    let stem = component.split('.').next().unwrap_or_default();
    let stem = stem.trim_end_matches(' ').to_lowercase();
    let numbered = ["com", "lpt"].iter().any(|name| {
        stem.strip_prefix(name).is_some_and(|number| {
            let mut chars = number.chars();
            let digit = |char: char| char.is_ascii_digit() || "¹²³".contains(char);
            chars.next().is_some_and(digit) && chars.next().is_none()
        })
    });
    numbered || DEVICES.contains(&stem.as_str())
}

fn collapse(path: &str) -> String {
    let kept: Vec<&str> = path
        .split('/')
        .filter(|component| !matches!(*component, "" | "."))
        .collect();
    let mut collapsed = kept.join("/");
    if collapsed.is_empty() {
        collapsed.push('.');
    } else if path.ends_with('/') || path.ends_with("/.") {
        // A slash at the end says that a directory is meant.
        collapsed.push('/');
    }
    collapsed
}
