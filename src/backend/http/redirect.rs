//! Where a redirect leads, and whether a request follows it: only as often as its tool says, and
//! never to another origin.

use fluent_uri::{Uri, UriRef, component::Authority};
use ureq::http::{HeaderMap, StatusCode, header::LOCATION};

use super::prepare::origin;
use crate::{
    base::limits::{BACKEND_STATUS_BYTES_MAX, HTTP_URL_BYTES_MAX},
    catalog::plan::{HttpMethod, HttpPlan},
};

/// Where a response leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lead {
    /// Nowhere: it is the last one.
    Nowhere,
    /// To this URL, of the same origin.
    To(String),
    /// To where no request goes.
    Refused(Refused),
}

/// A redirect that is not followed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    why: Why,
    /// Where it leads, in the service's own words, without what could be a secret of its own: the
    /// query, the fragment and whoever stands before the host.
    pub(super) to: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// The tool follows none.
    NotFollowed,
    /// As many as the tool follows were followed.
    Spent,
    /// It leads to another origin.
    OtherOrigin,
    /// It does not say one place that a request can go to.
    NoPlace,
}

impl Refused {
    /// Why, after a response of this status, and what would be right.
    pub(super) fn told(&self, plan: &HttpPlan, status: &str) -> String {
        let instead = "its operator may write where it leads into `url`";
        match self.why {
            Why::NotFollowed if plan.method == HttpMethod::Get => format!(
                "the service answered {status}, and this tool follows no redirect; {instead}, or \
                 let what reads follow it with `redirects`"
            ),
            Why::NotFollowed => format!(
                "the service answered {status}, and this tool follows no redirect; {instead}"
            ),
            Why::Spent => format!(
                "the service answered {status} once more, and this tool follows {} in a row at \
                 most; {instead}",
                plan.redirects
            ),
            Why::OtherOrigin => format!(
                "the service answered {status} and leads away from `{}`, where no request \
                 follows; its operator may make a tool for where it leads",
                origin(plan)
            ),
            Why::NoPlace => format!(
                "the service answered {status} and names no one place to go to; its operator has \
                 to look after it"
            ),
        }
    }
}

/// Where a response of this status with these headers leads, which came from `url` after so many
/// redirects were followed.
pub(super) fn lead(
    plan: &HttpPlan,
    (url, followed): (&str, u32),
    status: StatusCode,
    headers: &HeaderMap,
) -> Lead {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Lead::Nowhere;
    }
    let refused = |why, to| Lead::Refused(Refused { why, to });
    let mut places = headers.get_all(LOCATION).iter();
    let (Some(place), None) = (places.next(), places.next()) else {
        return refused(Why::NoPlace, None);
    };
    let written = place.to_str().unwrap_or_default();
    let Some(place) = resolved(url, written) else {
        return refused(Why::NoPlace, None);
    };
    let to = shown(&place);
    if plan.redirects == 0 {
        return refused(Why::NotFollowed, to);
    }
    if !is_of(plan, &place) {
        return refused(Why::OtherOrigin, to);
    }
    if followed >= plan.redirects {
        return refused(Why::Spent, to);
    }
    let next = joined(plan, &place);
    match next.len() > HTTP_URL_BYTES_MAX {
        true => refused(Why::NoPlace, to),
        false => Lead::To(next),
    }
}

/// RFC 3986 section 5; `None` for what is no reference.
fn resolved(url: &str, written: &str) -> Option<Uri<String>> {
    let base = Uri::parse(url).ok()?;
    let reference = UriRef::parse(written).ok()?;
    reference.resolve_against(&base).ok()
}

fn is_of(plan: &HttpPlan, place: &Uri<String>) -> bool {
    let (scheme, usual) = match plan.tls {
        true => ("https", 443),
        false => ("http", 80),
    };
    let port = |authority: Authority<'_>| match authority.port().map(|port| port.as_str()) {
        None | Some("") => Some(usual),
        Some(digits) => digits.parse().ok(),
    };
    place.scheme().as_str().eq_ignore_ascii_case(scheme)
        && place.authority().is_some_and(|authority| {
            !authority.has_userinfo()
                && authority.host().eq_ignore_ascii_case(&plan.host.name)
                && port(authority) == Some(plan.host.port)
        })
}

/// Its path and its query on the origin of the plan, whatever else it says.
fn joined(plan: &HttpPlan, place: &Uri<String>) -> String {
    let mut url = origin(plan);
    match place.path().as_str() {
        "" => url.push('/'),
        path => url.push_str(path),
    }
    if let Some(query) = place.query() {
        url.push('?');
        url.push_str(query.as_str());
    }
    url
}

/// A path that is too long is left out: where it could be cut might be the middle of a secret.
fn shown(place: &Uri<String>) -> Option<String> {
    let authority = place.authority()?;
    let port = authority.port().map_or("", |port| port.as_str());
    let colon = if port.is_empty() { "" } else { ":" };
    let (scheme, host, path) = (place.scheme(), authority.host(), place.path());
    let path = match path.as_str() {
        long if long.len() > BACKEND_STATUS_BYTES_MAX => "/…",
        path => path,
    };
    Some(format!("Location: {scheme}://{host}{colon}{port}{path}"))
}

#[cfg(test)]
mod tests {
    use std::{
        net::{Ipv4Addr, SocketAddr},
        sync::Arc,
    };

    use super::{super::tests::get, *};
    use crate::catalog::surroundings::Host;

    const URL: &str = "https://api.example.com/v1/items/1?token=s3cr3t";

    fn plan(redirects: u32) -> HttpPlan {
        HttpPlan {
            tls: true,
            host: Arc::new(Host {
                name: "api.example.com".to_owned(),
                port: 443,
                is_private: false,
                roots: None,
            }),
            redirects,
            ..get(SocketAddr::from((Ipv4Addr::LOCALHOST, 443)))
        }
    }

    fn after(redirects: u32, followed: u32, status: u16, places: &[&str]) -> Lead {
        let mut headers = HeaderMap::new();
        for place in places {
            headers.append(LOCATION, place.parse().unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        lead(&plan(redirects), (URL, followed), status, &headers)
    }

    #[track_caller]
    fn refuses(lead: Lead, why: Why, to: Option<&str>) {
        let to = to.map(|to| format!("Location: {to}"));
        assert_eq!(lead, Lead::Refused(Refused { why, to }));
    }

    #[test]
    fn v27_a_place_of_the_same_origin_is_followed_however_it_is_written() {
        for (place, leads) in [
            ("https://api.example.com/a", "/a"),
            ("HTTPS://API.Example.COM:443/a?b=c#d", "/a?b=c"),
            ("https://api.example.com", "/"),
            ("https://api.example.com:/a", "/a"),
            ("//api.example.com/a", "/a"),
            ("/a/../../b", "/b"),
            ("2", "/v1/items/2"),
            ("../x?y", "/v1/x?y"),
            ("?page=2", "/v1/items/1?page=2"),
            ("/a/%2e%2e/b", "/b"),
        ] {
            let url = format!("https://api.example.com{leads}");
            for status in [301, 302, 303, 307, 308] {
                assert_eq!(
                    after(1, 0, status, &[place]),
                    Lead::To(url.clone()),
                    "{place}"
                );
            }
        }
    }

    #[test]
    fn v27_another_origin_is_never_followed_and_told_without_what_could_be_secret() {
        for (place, to) in [
            ("http://api.example.com/a", "http://api.example.com/a"),
            (
                "https://api.example.com:8443/a",
                "https://api.example.com:8443/a",
            ),
            ("https://api.example.com./a", "https://api.example.com./a"),
            ("https://x.api.example.com", "https://x.api.example.com"),
            ("//169.254.169.254/latest", "https://169.254.169.254/latest"),
            (
                "https://u:p@api.example.com/a?k=v#f",
                "https://api.example.com/a",
            ),
            (
                "https://api.example.com:99999/",
                "https://api.example.com:99999/",
            ),
            (
                "https://api.example.com%2f@evil.example/",
                "https://evil.example/",
            ),
        ] {
            refuses(after(3, 0, 302, &[place]), Why::OtherOrigin, Some(to));
        }
        refuses(
            after(3, 0, 302, &["file:///etc/passwd"]),
            Why::OtherOrigin,
            Some("file:///etc/passwd"),
        );
        refuses(
            after(3, 0, 302, &["data:text/plain,x"]),
            Why::OtherOrigin,
            None,
        );
    }

    #[test]
    fn v27_what_names_no_one_place_is_not_followed() {
        for places in [
            &[][..],
            &["/a", "/b"],
            &["https://[::1/"],
            &["/a b"],
            &["https://\\evil.example/"],
            &["/%zz"],
        ] {
            refuses(after(3, 0, 302, places), Why::NoPlace, None);
        }
        let long = format!("/{}", "x".repeat(HTTP_URL_BYTES_MAX));
        let here = "https://api.example.com/…";
        refuses(after(3, 0, 302, &[&long]), Why::NoPlace, Some(here));
    }

    #[test]
    fn as_many_are_followed_as_the_tool_says() {
        let here = Some("https://api.example.com/a");
        refuses(after(0, 0, 302, &["/a"]), Why::NotFollowed, here);
        for (redirects, followed) in [(1, 1), (3, 3), (3, 4)] {
            refuses(after(redirects, followed, 302, &["/a"]), Why::Spent, here);
        }
        assert!(matches!(after(3, 2, 302, &["/a"]), Lead::To(_)));
        for status in [200, 204, 300, 304, 305, 404] {
            assert_eq!(after(3, 0, status, &["/a"]), Lead::Nowhere, "{status}");
        }
    }
}
