//! The parts of a URL that parsers read differently: its host, its port, dots in its path.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// Everything but what may stand in every part of a URL as it is (RFC 3986 section 2.3).
pub(crate) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The host, and the port with its colon or nothing; `None` where the port is no number from 1
/// to 65535.
pub(crate) fn split_port(authority: &str) -> Option<(&str, &str)> {
    let after_brackets = authority.rfind(']').unwrap_or(0);
    let colon = authority.rfind(':').filter(|&at| at >= after_brackets);
    let Some((host, port)) = colon.map(|at| authority.split_at(at)) else {
        return Some((authority, ""));
    };
    let digits = port.strip_prefix(':').unwrap_or_default();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    (plain && digits.parse::<u16>().is_ok()).then_some((host, port))
}

/// Whether a segment of a path is one that some parsers resolve: `.` or `..`, also with dots
/// that are percent-encoded.
pub(crate) fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

/// A domain name (RFC 1123 section 2.1) or an IP address in the one usual notation. A name
/// whose last label looks like a number is an address to some parsers (`127.1`, `0x7f000001`).
pub(crate) fn is_host(host: &str) -> bool {
    if literal(host).is_some() {
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

/// The address that `host` is written as, in the one usual notation of its kind.
pub(crate) fn literal(host: &str) -> Option<IpAddr> {
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
pub(crate) fn is_public(address: IpAddr) -> bool {
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

/// Whether an address is one of this machine or of a network of its own, as companies have them.
/// What nothing serves (multicast, unspecified) and what serves only the machine it runs on
/// (link-local: the metadata of clouds) is not.
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_loopback() || v4.is_private() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(addresses: &[&str]) -> Vec<IpAddr> {
        let parsed = addresses.iter().map(|one| one.parse().unwrap());
        parsed.collect()
    }

    #[test]
    fn v27_an_address_is_public_private_or_for_nobody() {
        let public = [
            "93.184.216.34",
            "2606:2800:220:1::1",
            "100.63.0.1",
            "172.32.0.1",
        ];
        for address in all(&public) {
            assert!(is_public(address) && !is_private(address), "{address}");
        }
        let private = [
            "127.0.0.1",
            "127.9.9.9",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
        ];
        for address in all(&private) {
            assert!(!is_public(address) && is_private(address), "{address}");
        }
        let nobody = [
            "0.0.0.0",
            "169.254.169.254",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "::",
            "fe80::1",
            "ff02::1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "192.0.2.1",
            "2001:db8::1",
        ];
        for address in all(&nobody) {
            assert!(!is_public(address) && !is_private(address), "{address}");
        }
    }

    #[test]
    fn v27_a_host_has_one_notation() {
        for host in [
            "api.example.com",
            "localhost",
            "127.0.0.1",
            "[::1]",
            "a-1.b",
        ] {
            assert!(is_host(host), "{host}");
        }
        for host in [
            "127.1",
            "0x7f000001",
            "2130706433",
            "0177.0.0.1",
            "localhost.",
            "a..b",
            "-a",
            "a_b",
            "::1",
            "[::1",
            "",
            "a b",
            "ex%61mple.com",
        ] {
            assert!(!is_host(host), "{host}");
        }
    }
}
