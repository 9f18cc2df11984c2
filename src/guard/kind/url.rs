//! A URL that every parser reads alike: what two parsers could read differently is refused.
//!
//! This is the common ground of RFC 3986 and the WHATWG URL standard, and no more: an ASCII
//! text `scheme://host[:port][/path][?query][#fragment]`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Misfit;

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
    let (host, port) = split_port(authority)?;
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

/// The host, and the port with its colon or nothing.
fn split_port(authority: &str) -> Result<(&str, &str), Misfit> {
    let after_brackets = authority.rfind(']').unwrap_or(0);
    let colon = authority.rfind(':').filter(|&at| at >= after_brackets);
    let Some((host, port)) = colon.map(|at| authority.split_at(at)) else {
        return Ok((authority, ""));
    };
    let digits = port.strip_prefix(':').unwrap_or_default();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    match digits.parse::<u16>() {
        Ok(_) if plain => Ok((host, port)),
        _ => Err(Misfit::new("a URL whose port is a number from 1 to 65535")),
    }
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
    if local || address(host).is_some_and(|address| !is_public(address)) {
        return Err(Misfit::new("a URL at a public host"));
    }
    Ok(())
}

/// A domain name (RFC 1123 section 2.1) or an IP address in the one usual notation. A name
/// whose last label looks like a number is an address to some parsers (`127.1`, `0x7f000001`).
fn is_host(host: &str) -> bool {
    if address(host).is_some() {
        return true;
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    let numeric = last.starts_with(|char: char| char.is_ascii_digit());
    host.len() <= 253 && !numeric && host.split('.').all(label)
}

fn address(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')?
            .parse::<Ipv6Addr>()
            .ok()
            .map(IpAddr::V6),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

/// Whether an address is one of the public internet (IANA special-purpose registries).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => {
            let [first, second, ..] = v6.segments();
            // Only 2000::/3 is given out; documentation, Teredo and 6to4 carry other things.
            (0x2000..=0x3fff).contains(&first)
                && first != 0x2002
                && !(first == 0x2001 && (second < 0x200 || second == 0xdb8))
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || a == 10
        || a == 127
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && (b == 168 || (b == 0 && (c == 0 || c == 2)) || (b == 88 && c == 99)))
        || (a == 198 && (b == 18 || b == 19 || (b == 51 && c == 100)))
        || (a == 203 && b == 0 && c == 113))
}

/// Dot segments, also percent-encoded ones, are resolved by some parsers and not by others.
fn check_path(tail: &str) -> Result<(), Misfit> {
    if tail.contains(['[', ']']) {
        return Err(Misfit::new("a URL with brackets percent-encoded"));
    }
    let path = tail.split(['?', '#']).next().unwrap_or_default();
    let dots = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        plain == "." || plain == ".."
    };
    if path.split('/').any(dots) {
        return Err(Misfit::new("a URL without `.` and `..` in its path"));
    }
    Ok(())
}
