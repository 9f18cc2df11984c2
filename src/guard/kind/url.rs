//! A URL that every parser reads alike: what two parsers could read differently is refused.
//!
//! This is the common ground of RFC 3986 and the WHATWG URL standard, and no more: an ASCII
//! text `scheme://host[:port][/path][?query][#fragment]`.

use super::Misfit;
use crate::base::url::{is_dots, is_host, is_public, literal, split_port};

const URL_BYTES_MAX: usize = 8192;

/// `value` with its scheme and host in lower case; nothing else is changed. With `hosts` only
/// those may be named (`*.domain`: any host below it); else every host that is public by its
/// looks. What a name leads to is for whoever connects to check.
pub(super) fn normal_form(
    value: &str,
    schemes: &[String],
    hosts: &[String],
) -> Result<String, Misfit> {
    if value.len() > URL_BYTES_MAX {
        return Err(Misfit::new(format!(
            "a URL of at most {URL_BYTES_MAX} bytes"
        )));
    }
    check_characters(value)?;
    let named = |scheme: &str| schemes.contains(&scheme.to_ascii_lowercase());
    let Some((scheme, rest)) = value.split_once("://").filter(|(scheme, _)| named(scheme)) else {
        let schemes: Vec<String> = schemes.iter().map(|one| format!("`{one}://`")).collect();
        return Err(Misfit::new(format!(
            "a URL that begins with {}",
            schemes.join(" or ")
        )));
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    if authority.contains('@') {
        return Err(Misfit::new("a URL without a user name or password"));
    }
    let Some((host, port)) = split_port(authority) else {
        return Err(Misfit::new("a URL whose port is a number from 1 to 65535"));
    };
    let host = host.to_ascii_lowercase();
    check_host(&host, hosts)?;
    check_path(tail)?;
    let scheme = scheme.to_ascii_lowercase();
    Ok(format!("{scheme}://{host}{port}{tail}"))
}

/// RFC 3986 section 2: unreserved, reserved, and `%` with two hexadecimal digits. Brackets are
/// looked at where the host is.
fn check_characters(value: &str) -> Result<(), Misfit> {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    if !value.bytes().all(allowed) {
        return Err(Misfit::new(
            "a URL of ASCII characters, others percent-encoded",
        ));
    }
    let escaped = |after: &str| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !value.split('%').skip(1).all(escaped) {
        return Err(Misfit::new("a URL in which `%` begins an escape, as `%20`"));
    }
    let control = |after: &str| {
        let digits = after.get(..2).map(|digits| u8::from_str_radix(digits, 16));
        matches!(digits, Some(Ok(0..=0x1F | 0x7F)))
    };
    if value.split('%').skip(1).any(control) {
        return Err(Misfit::new("a URL without control characters"));
    }
    Ok(())
}

fn check_host(host: &str, hosts: &[String]) -> Result<(), Misfit> {
    if !hosts.is_empty() {
        let listed = |allowed: &String| match allowed.strip_prefix('*') {
            Some(domain) => {
                domain.starts_with('.') && host.len() > domain.len() && host.ends_with(domain)
            }
            None => host == allowed,
        };
        return if hosts.iter().any(listed) && is_host(host) {
            Ok(())
        } else {
            let hosts: Vec<String> = hosts.iter().map(|one| format!("`{one}`")).collect();
            Err(Misfit::new(format!("a URL at {}", hosts.join(" or "))))
        };
    }
    if !is_host(host) {
        return Err(Misfit::new(
            "a URL whose host is a domain name, or an IP address in its usual form",
        ));
    }
    let local = host == "localhost" || host.ends_with(".localhost");
    if local || literal(host).is_some_and(|address| !is_public(address)) {
        return Err(Misfit::new("a URL at a public host"));
    }
    Ok(())
}

/// Dot segments, also percent-encoded ones, are resolved by some parsers and not by others.
fn check_path(tail: &str) -> Result<(), Misfit> {
    if tail.contains(['[', ']']) {
        return Err(Misfit::new("a URL with brackets percent-encoded"));
    }
    let path = tail.split(['?', '#']).next().unwrap_or_default();
    if path.split('/').any(is_dots) {
        return Err(Misfit::new("a URL without `.` and `..` in its path"));
    }
    Ok(())
}
