//! Requests that fail: whether anything was sent, and what is said of it.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Mutex,
};

use super::*;

const LOST_READ: (FaultClass, Code, Effects, Advice) = (
    FaultClass::Ambiguous,
    Code::BackendFailed,
    Effects::None,
    Advice::After,
);
const LOST_WRITE: (FaultClass, Code, Effects, Advice) = (
    FaultClass::Ambiguous,
    Code::OutcomeUnknown,
    Effects::Unknown,
    Advice::AskOperator,
);

#[test]
fn v27_an_address_that_is_not_public_is_never_connected_to() {
    // What a name leads to can change: it is judged when it is connected to.
    fn rebinding(_: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let addresses = [Ipv4Addr::new(93, 184, 216, 34), Ipv4Addr::LOCALHOST];
        Ok(addresses.map(|one| SocketAddr::from((one, port))).to_vec())
    }
    fn metadata(_: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(vec![SocketAddr::from((
            Ipv4Addr::new(169, 254, 169, 254),
            port,
        ))])
    }
    let peer = Peer::new(&[Answer::json("{}")]);
    let forbidden = (
        FaultClass::Clean,
        Code::BackendFailed,
        Effects::None,
        Advice::AskOperator,
    );
    for (look_up, plan) in [
        (
            rebinding as LookUp,
            public(get(peer.address), "rebound.example"),
        ),
        (look_up, public(get(peer.address), "localhost")),
        (look_up, public(get(peer.address), "127.0.0.1")),
        (metadata, get(peer.address)),
    ] {
        let setting = Setting {
            look_up,
            effect: Effect::Write,
            ..Setting::default()
        };
        assert_eq!(told(setting.ask(plan)), forbidden);
    }
    assert_eq!(peer.rest(), Vec::<String>::new());
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the ban is for the program itself"
)]
fn x20_what_cannot_be_reached_or_trusted_was_asked_nothing() {
    fn unknown(_: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
        Err(io::Error::other("no such name"))
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let passing = (
        FaultClass::Clean,
        Code::BackendUnavailable,
        Effects::None,
        Advice::After,
    );
    let writing = || Setting {
        effect: Effect::Write,
        ..Setting::default()
    };
    assert_eq!(told(writing().ask(get(address))), passing);
    let setting = Setting {
        look_up: unknown,
        ..writing()
    };
    assert_eq!(told(setting.ask(get(address))), passing);
    // It answers a TLS handshake with something else.
    let peer = Peer::new(&[
        Answer::Resets,
        Answer::Stalls("HTTP/1.1 400 Bad Request\r\n\r\n".to_owned()),
    ]);
    let tls = || HttpPlan {
        tls: true,
        ..get(peer.address)
    };
    assert_eq!(told(writing().ask(tls())), passing);
    // The peer waits for a whole request, which a handshake never is.
    let setting = Setting {
        time: Duration::from_millis(50),
        ..writing()
    };
    let (class, code, effects, _) = told(setting.ask(tls()));
    assert_eq!(
        (class, code, effects),
        (FaultClass::Clean, Code::Timeout, Effects::None)
    );
}

#[test]
fn who_cannot_show_who_it_is_is_asked_nothing() {
    let peer = Peer::tls(&[Answer::json("{}")]);
    let root =
        ureq::tls::Certificate::from_pem(include_bytes!("../../../../tests/data/tls/root.pem"));
    let roots = Some(vec![root.unwrap().der().to_vec()]);
    let https = |name: &str, roots: Option<Vec<Vec<u8>>>| HttpPlan {
        tls: true,
        host: Arc::new(surroundings::Host {
            name: name.to_owned(),
            port: peer.address.port(),
            is_private: true,
            roots,
        }),
        ..get(peer.address)
    };
    let untrusted = (
        FaultClass::Clean,
        Code::BackendUnavailable,
        Effects::None,
        Advice::AskOperator,
    );
    let setting = Setting {
        effect: Effect::Write,
        look_up: |_, port| Ok(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))]),
        ..Setting::default()
    };
    assert!(setting.ask(https("localhost", roots.clone())).is_ok());
    assert!(peer.asked().starts_with("GET / HTTP/1.1"));
    // Nobody that is known vouches for it; it is somebody else.
    for plan in [https("localhost", None), https("other.example", roots)] {
        assert_eq!(told(setting.ask(plan)), untrusted);
    }
    assert!(peer.rest().iter().all(String::is_empty));
}

#[test]
fn x21_what_was_sent_and_is_not_answered_may_have_been_done() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"a\":";
    for answer in [
        Answer::Resets,
        Answer::Says(String::new()),
        Answer::Says("HTTP/1.1 200 OK\r\nConte".to_owned()),
        Answer::Says("220 ready for mail\r\n\r\n".to_owned()),
        Answer::Says(head.to_owned()),
        Answer::Says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\"".to_owned()),
    ] {
        for (effect, lost) in [(Effect::Read, LOST_READ), (Effect::Write, LOST_WRITE)] {
            let peer = Peer::new(std::slice::from_ref(&answer));
            let setting = Setting {
                effect,
                ..Setting::default()
            };
            assert_eq!(told(setting.ask(get(peer.address))), lost, "{answer:?}");
            peer.asked();
            assert_eq!(peer.rest(), Vec::<String>::new());
        }
    }
}

#[test]
fn x6_what_is_not_answered_in_time_may_have_been_done() {
    for (effect, effects) in [
        (Effect::Read, Effects::None),
        (Effect::Write, Effects::Unknown),
    ] {
        let peer = Peer::new(&[Answer::Stalls(String::new())]);
        let setting = Setting {
            effect,
            ..Setting::default()
        };
        let clock = Arc::new(ManualClock::at_seconds(1));
        let (plan, later) = (get(peer.address), Arc::clone(&clock));
        let asking = crate::base::thread::spawn("asks", move || {
            let setting = Setting {
                still_running: Duration::from_millis(1),
                ..setting
            };
            told(setting.ask_at(&*clock, plan, &json!({})))
        });
        peer.asked();
        later.advance(LONG);
        let (class, code, known, _) = asking.unwrap().join().unwrap();
        assert_eq!(
            (class, code, known),
            (FaultClass::Ambiguous, Code::Timeout, effects)
        );
    }
}

#[test]
fn x23_a_response_that_stands_still_or_does_not_end_is_cut() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n";
    let peer = Peer::new(&[Answer::Stalls(head.to_owned())]);
    let setting = Setting {
        idle_max: Duration::from_millis(50),
        effect: Effect::Write,
        ..Setting::default()
    };
    assert_eq!(told(setting.ask(get(peer.address))), LOST_WRITE);
    let too_large = |effect| {
        let known = match effect {
            Effect::Read => (Effects::None, Advice::After),
            Effect::Write | Effect::Destroy => (Effects::Unknown, Advice::AskOperator),
        };
        (FaultClass::Ambiguous, Code::OutputInvalid, known.0, known.1)
    };
    let endless = "HTTP/1.1 200 OK\r\n\r\n".to_owned() + &"x".repeat(4096);
    let header = "HTTP/1.1 200 OK\r\nX-Long: ".to_owned() + &"x".repeat(1024 * 1024);
    for answer in [Answer::Floods(endless), Answer::Says(header)] {
        for effect in [Effect::Read, Effect::Write] {
            let peer = Peer::new(std::slice::from_ref(&answer));
            let setting = Setting {
                effect,
                ..Setting::default()
            };
            let plan = HttpPlan {
                response: HttpResponse::Text,
                ..get(peer.address)
            };
            assert_eq!(told(setting.ask(plan)), too_large(effect));
        }
    }
    let headers = "HTTP/1.1 200 OK\r\n".to_owned() + &"X-Long: 0\r\n".repeat(100_000);
    let peer = Peer::new(&[Answer::Says(headers)]);
    assert_eq!(told(Setting::default().ask(get(peer.address))), LOST_READ);
    // A bomb stays packed: nobody asked for compression, so nothing is unpacked.
    let peer = Peer::new(&[Answer::whole("200 OK", &["Content-Encoding: gzip"], "{}")]);
    let (class, code, ..) = told(Setting::default().ask(get(peer.address)));
    assert_eq!((class, code), (FaultClass::Definite, Code::OutputInvalid));
}

#[test]
fn x9_a_request_that_is_cancelled_after_it_was_sent_may_have_been_done() {
    let peer = Peer::new(&[Answer::Stalls(String::new())]);
    let setting = Setting {
        effect: Effect::Write,
        ..Setting::default()
    };
    let (plan, cancel) = (get(peer.address), setting.cancel.clone());
    let asking = crate::base::thread::spawn("asks", move || told(setting.ask(plan))).unwrap();
    peer.asked();
    cancel.fire(Cancelled::ByClient);
    let (class, code, effects, _) = asking.join().unwrap();
    let expected = (FaultClass::Ambiguous, Code::Cancelled, Effects::Unknown);
    assert_eq!((class, code, effects), expected);
}

#[test]
fn a_request_that_takes_long_is_said_to_run() {
    let peer = Peer::new(&[Answer::Stalls(String::new())]);
    let (mut setting, cancel) = (Setting::default(), CancelToken::default());
    setting.still_running = Duration::from_millis(1);
    setting.cancel = cancel.clone();
    // It goes on until it was told.
    setting.progress = Box::new(move |progress| {
        assert!(
            progress
                .message
                .is_some_and(|told| told.starts_with("running for"))
        );
        cancel.fire(Cancelled::ByClient);
    });
    assert_eq!(told(setting.ask(get(peer.address))).1, Code::Cancelled);
}

#[test]
fn x9_a_request_that_is_cancelled_before_it_was_sent_is_never_sent() {
    /// The address of the peer, once the test lets it be known.
    static ADDRESS: Mutex<Option<SocketAddr>> = Mutex::new(None);
    fn held(_: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(ADDRESS.lock().unwrap().iter().copied().collect())
    }
    let peer = Peer::new(&[Answer::json("{}")]);
    let setting = Setting {
        look_up: held,
        effect: Effect::Write,
        ..Setting::default()
    };
    let mut address = ADDRESS.lock().unwrap();
    let (plan, cancel) = (get(peer.address), setting.cancel.clone());
    let asking = crate::base::thread::spawn("asks", move || told(setting.ask(plan))).unwrap();
    cancel.fire(Cancelled::Shutdown);
    let (class, code, effects, _) = asking.join().unwrap();
    let expected = (FaultClass::Clean, Code::Cancelled, Effects::None);
    assert_eq!((class, code, effects), expected);
    // That it sends nothing now that it could is for the tests of `wire`.
    *address = Some(peer.address);
}

#[test]
fn what_has_no_time_or_no_room_is_not_sent() {
    let peer = Peer::new(&[Answer::json("{}")]);
    let late = Setting {
        time: Duration::ZERO,
        ..Setting::default()
    };
    let (class, code, ..) = told(late.ask(get(peer.address)));
    assert_eq!((class, code), (FaultClass::Clean, Code::Timeout));
    let full = Setting::default();
    let others: Vec<UnderWay> = (0..HTTP_REQUESTS_MAX)
        .map(|_| full.under_way.clone())
        .collect();
    let (class, code, ..) = told(full.ask(get(peer.address)));
    assert_eq!((class, code), (FaultClass::Clean, Code::BackendUnavailable));
    assert_eq!(peer.rest(), Vec::<String>::new());
    drop(others);
    assert!(full.ask(get(peer.address)).is_ok());
}
