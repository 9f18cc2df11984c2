//! Services that send a request elsewhere: where it follows, and what is said where it does not.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicUsize, Ordering},
};

use super::*;

const REFUSED: (FaultClass, Code, Effects, Advice) = (
    FaultClass::Definite,
    Code::BackendFailed,
    Effects::None,
    Advice::AskOperator,
);

fn following(redirects: u32, plan: HttpPlan) -> HttpPlan {
    HttpPlan { redirects, ..plan }
}

/// What is said of a redirect that was not followed: in our words, and in the service's.
#[track_caller]
fn refused(result: Result<Output, Box<Fault>>, effects: Effects) -> (String, Option<String>) {
    let fault = result.unwrap_err();
    let problem = fault.problem;
    let told = (fault.class, problem.code, problem.effects, problem.advice);
    assert_eq!(told, (REFUSED.0, REFUSED.1, effects, REFUSED.3));
    assert_eq!(fault.status.as_deref(), Some("http 302"));
    (problem.message, fault.backend_text)
}

#[test]
fn v27_a_redirect_is_not_followed_unless_the_tool_says_so() {
    let peer = Peer::new(&[Answer::leads_to("http://169.254.169.254/latest?key=1")]);
    for (effect, effects) in [
        (Effect::Read, Effects::None),
        (Effect::Write, Effects::Unknown),
    ] {
        let setting = Setting {
            effect,
            ..Setting::default()
        };
        let (message, to) = refused(setting.ask(get(peer.address)), effects);
        assert!(message.contains("follows no redirect"), "{message}");
        assert_eq!(
            to.as_deref(),
            Some("Location: http://169.254.169.254/latest")
        );
        peer.asked();
    }
    assert_eq!(peer.rest(), Vec::<String>::new());
}

#[test]
fn v27_what_reads_follows_within_its_origin() {
    let endless = "HTTP/1.1 307 Temporary Redirect\r\nLocation: c\r\n\r\n".to_owned();
    let peer = Peer::new(&[
        Answer::leads_to("http://{here}/a/b?page=2#top"),
        Answer::Floods(endless),
        Answer::json("{\"n\":1}"),
    ]);
    let plan = HttpPlan {
        query: pairs(&[("q", "{x}")]),
        headers: pairs(&[("Authorization", "Bearer t")]),
        ..following(2, get(peer.address))
    };
    let output = Setting::default().ask_with(plan, &json!({"x": "y"}));
    assert_eq!(output.unwrap().structured, Some(Box::new(json!({"n": 1}))));
    for line in ["GET /?q=y ", "GET /a/b?page=2 ", "GET /a/c "] {
        let asked = peer.asked();
        assert!(asked.starts_with(line), "{asked}");
        let asked = asked.to_ascii_lowercase();
        assert!(asked.contains("\r\nauthorization: bearer t\r\n"), "{asked}");
        let host = format!("\r\nhost: {}\r\n", peer.address);
        assert!(asked.contains(&host), "{asked}");
    }
    assert_eq!(peer.rest(), Vec::<String>::new());
}

#[test]
fn v27_no_request_and_no_credential_goes_to_another_origin() {
    let other = Peer::new(&[Answer::json("{}")]);
    let tls = Peer::tls(&[Answer::json("{}")]);
    for place in [
        format!("http://{}/a", other.address),
        format!("https://{}/a", tls.address),
        format!("//localhost:{}/a", other.address.port()),
        "http://169.254.169.254/latest/meta-data".to_owned(),
    ] {
        let peer = Peer::new(&[Answer::leads_to(&place)]);
        let headers = pairs(&[("Authorization", "Bearer t")]);
        let plan = HttpPlan {
            headers,
            ..following(3, get(peer.address))
        };
        let (message, to) = refused(Setting::default().ask(plan), Effects::None);
        let away = format!("leads away from `http://{}`", peer.address);
        assert!(message.contains(&away), "{message}");
        let place = place
            .strip_prefix("//")
            .map_or_else(|| place.clone(), |place| format!("http://{place}"));
        assert_eq!(to, Some(format!("Location: {place}")));
        assert_eq!(peer.asked().matches("Bearer t").count(), 1);
        assert_eq!(peer.rest(), Vec::<String>::new());
    }
    assert_eq!(other.rest(), Vec::<String>::new());
    assert_eq!(tls.rest(), Vec::<String>::new());
}

#[test]
fn v27_where_a_name_leads_is_judged_again_for_each_redirect() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    fn rebinding(_: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let address = match ASKED.fetch_add(1, Ordering::Relaxed) {
            0 => Ipv4Addr::LOCALHOST,
            _ => Ipv4Addr::new(169, 254, 169, 254),
        };
        Ok(vec![SocketAddr::from((address, port))])
    }
    let peer = Peer::new(&[Answer::leads_to("/a"), Answer::json("{}")]);
    let setting = Setting {
        look_up: rebinding,
        ..Setting::default()
    };
    let result = setting.ask(following(1, get(peer.address)));
    let status = result.as_ref().unwrap_err().status.clone().unwrap();
    assert_eq!(
        status,
        "redirect not followed: the name leads to 169.254.169.254"
    );
    assert_eq!(told(result), REFUSED);
    peer.asked();
    assert_eq!(peer.rest(), Vec::<String>::new());
    assert_eq!(ASKED.load(Ordering::Relaxed), 2);
}

#[test]
fn redirects_that_go_round_end_where_the_tool_says() {
    for redirects in 1..=3 {
        let peer = Peer::new(&[Answer::leads_to("/round")]);
        let plan = following(redirects, get(peer.address));
        let (message, to) = refused(Setting::default().ask(plan), Effects::None);
        let most = format!("follows {redirects} in a row at most");
        assert!(message.contains(&most), "{message}");
        assert_eq!(to, Some(format!("Location: http://{}/round", peer.address)));
        assert_eq!(peer.rest().len(), 1 + usize::try_from(redirects).unwrap());
    }
}

#[test]
fn x23_what_a_redirect_leads_to_is_held_to_the_same_bounds() {
    let endless = "HTTP/1.1 200 OK\r\n\r\n".to_owned() + &"x".repeat(4096);
    let peer = Peer::new(&[Answer::leads_to("/a"), Answer::Floods(endless)]);
    let plan = HttpPlan {
        response: HttpResponse::Text,
        ..following(1, get(peer.address))
    };
    let (_, code, effects, _) = told(Setting::default().ask(plan));
    assert_eq!((code, effects), (Code::OutputInvalid, Effects::None));
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n".to_owned();
    let peer = Peer::new(&[Answer::leads_to("/a"), Answer::Stalls(head)]);
    let setting = Setting {
        idle_max: Duration::from_millis(50),
        ..Setting::default()
    };
    let (class, code, effects, _) = told(setting.ask(following(1, get(peer.address))));
    let lost = (FaultClass::Ambiguous, Code::BackendFailed, Effects::None);
    assert_eq!((class, code, effects), lost);
}

#[test]
fn x6_the_time_of_a_call_does_not_begin_anew_with_a_redirect() {
    let peer = Peer::new(&[Answer::leads_to("/a"), Answer::Stalls(String::new())]);
    let clock = Arc::new(ManualClock::at_seconds(1));
    let (plan, later) = (following(3, get(peer.address)), Arc::clone(&clock));
    let asking = crate::base::thread::spawn("asks", move || {
        let setting = Setting {
            still_running: Duration::from_millis(1),
            ..Setting::default()
        };
        told(setting.ask_at(&*clock, plan, &json!({})))
    });
    // Half of the time is gone before the redirect is followed, and the rest after it.
    for _ in 0..2 {
        peer.asked();
        later.advance(LONG / 2);
    }
    let (class, code, effects, _) = asking.unwrap().join().unwrap();
    let late = (FaultClass::Ambiguous, Code::Timeout, Effects::None);
    assert_eq!((class, code, effects), late);
}
