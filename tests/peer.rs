//! A service on this machine that answers as a test says, badly where that is wanted, and counts
//! what it is asked.
#![expect(
    clippy::disallowed_methods,
    reason = "the bans on threads are for the program itself"
)]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned, crypto::ring, pki_types::PrivatePkcs8KeyDer,
};
use ureq::tls::{PemItem, parse_pem};

/// What takes longer than this has failed.
const BOUND: Duration = Duration::from_secs(60);

/// What becomes of a connection.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// The request is read, these bytes are sent, and that is the end. For `{here}` in them stands
    /// where the service listens.
    Says(String),
    /// As `Says`, and then the connection stays open until the other side closes it.
    Stalls(String),
    /// As `Says`, and then the same bytes for as long as they are taken.
    Floods(String),
    /// The request arrives, and the connection is reset.
    Resets,
}

impl Answer {
    /// A whole response with this status line, these headers and this body.
    pub(crate) fn whole(status: &str, headers: &[&str], body: &str) -> Self {
        let length = body.len();
        let mut said = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n");
        for header in headers {
            said.push_str(header);
            said.push_str("\r\n");
        }
        Self::Says(said + "\r\n" + body)
    }

    fn at(&self, address: SocketAddr) -> Self {
        let filled = |said: &String| said.replace("{here}", &address.to_string());
        match self {
            Self::Says(said) => Self::Says(filled(said)),
            Self::Stalls(said) => Self::Stalls(filled(said)),
            Self::Floods(said) => Self::Floods(filled(said)),
            Self::Resets => Self::Resets,
        }
    }

    /// A redirect to this place.
    pub(crate) fn leads_to(place: &str) -> Self {
        Self::whole("302 Found", &[&format!("Location: {place}")], "")
    }

    /// A success with this JSON.
    pub(crate) fn json(body: &str) -> Self {
        Self::whole("200 OK", &["Content-Type: application/json"], body)
    }
}

/// The service. It ends with the process: nothing of it outlives the test that needs it to.
pub(crate) struct Peer {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    asked: Receiver<String>,
}

impl Peer {
    /// Answers the first connection with the first of `answers`, and all after the last with the
    /// last.
    pub(crate) fn new(answers: &[Answer]) -> Self {
        Self::start(answers, None)
    }

    /// As [`Self::new`], with TLS as `localhost`, for which the root in `tests/data/tls` vouches.
    pub(crate) fn tls(answers: &[Answer]) -> Self {
        let config = tls_config(include_bytes!("data/tls/localhost.pem"));
        Self::start(answers, Some(config))
    }

    fn start(answers: &[Answer], tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, asked) = channel();
        let answers: Vec<Answer> = answers.iter().map(|one| one.at(address)).collect();
        thread::spawn(move || {
            for (at, stream) in listener.incoming().enumerate() {
                let answer = answers[at.min(answers.len() - 1)].clone();
                let (tell, tls) = (tell.clone(), tls.clone());
                thread::spawn(move || {
                    let stream = stream.unwrap();
                    match (&answer, tls) {
                        (Answer::Resets, _) => reset(&stream, &tell),
                        (_, None) => serve(stream, &answer, &tell),
                        (_, Some(tls)) => {
                            let session = ServerConnection::new(tls).unwrap();
                            serve(StreamOwned::new(session, stream), &answer, &tell);
                        }
                    }
                });
            }
        });
        Self { address, asked }
    }

    /// The next request, whole; empty for a connection that was closed without one.
    pub(crate) fn asked(&self) -> String {
        self.asked.recv_timeout(BOUND).unwrap()
    }

    /// All further requests that have been answered.
    pub(crate) fn rest(&self) -> Vec<String> {
        self.asked.try_iter().collect()
    }
}

/// What was not read makes a reset of the close.
fn reset(stream: &TcpStream, tell: &Sender<String>) {
    let mut begun = [0; 16 * 1024];
    let length = stream.peek(&mut begun).unwrap_or(0);
    let begun = String::from_utf8_lossy(&begun[..length]).into_owned();
    let _test_ended = tell.send(begun);
}

fn serve(mut stream: impl Read + Write, answer: &Answer, tell: &Sender<String>) {
    let request = request(&mut stream);
    let is_empty = request.is_empty();
    let _test_ended = tell.send(request);
    if is_empty {
        return;
    }
    let (Answer::Says(said) | Answer::Stalls(said) | Answer::Floods(said)) = answer else {
        return;
    };
    let mut taken = stream
        .write_all(said.as_bytes())
        .and_then(|()| stream.flush());
    while taken.is_ok() && matches!(answer, Answer::Floods(_)) {
        taken = stream.write_all(said.as_bytes());
    }
    if let Answer::Stalls(_) = answer {
        let _closed = stream.read(&mut [0]);
    }
}

/// A head and as much of a body as it says.
fn request(stream: &mut impl Read) -> String {
    let mut read = Vec::new();
    let mut more = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, length)| length.parse().unwrap());
            if body.len() >= length {
                return text.into_owned();
            }
        }
        match stream.read(&mut more) {
            Ok(0) | Err(_) => return text.into_owned(),
            Ok(length) => read.extend_from_slice(&more[..length]),
        }
    }
}

/// Of a service that shows the certificate in `pem`, whose key is beside it.
pub(crate) fn tls_config(pem: &[u8]) -> Arc<ServerConfig> {
    let mut certificates = Vec::new();
    let mut key = None;
    for item in parse_pem(pem) {
        match item.unwrap() {
            PemItem::Certificate(one) => certificates.push(one.der().to_vec().into()),
            PemItem::PrivateKey(one) => key = Some(one.der().to_vec()),
            _ => {}
        }
    }
    let key = PrivatePkcs8KeyDer::from(key.unwrap());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates, key.into())
        .unwrap();
    Arc::new(config)
}
