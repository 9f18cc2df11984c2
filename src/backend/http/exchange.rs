//! Sends one request on a thread of its own and waits for what becomes of it. Looking up a name
//! and connecting cannot be interrupted, so whoever waits does not depend on them: it gives up,
//! and then nothing is sent.

use std::{
    io::{self, Read as _},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
};

use ureq::{
    Agent, Error,
    http::{Request, Response},
    tls::{Certificate, RootCerts, TlsConfig},
    unversioned::transport::{Connector as _, RustlsConnector, TcpConnector},
};

use super::{
    Host,
    prepare::Prepared,
    redirect::{Lead, Refused, lead},
    resolve::Checked,
    wire::Watch,
};
use crate::{
    backend::{Invocation, resolve::Forbidden, still_running::StillRunning, threshold::Threshold},
    base::{
        cancel::Cancelled,
        limits::{HTTP_CONNECT_MAX, HTTP_HEAD_BYTES_MAX, HTTP_REQUESTS_MAX},
        secret::Secret,
        thread,
    },
    catalog::surroundings,
};

/// The requests of this process.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnderWay(Arc<()>);

impl UnderWay {
    /// One more; it ends when that is dropped. `None` where there are too many.
    fn join(&self) -> Option<Self> {
        (Arc::strong_count(&self.0) <= HTTP_REQUESTS_MAX).then(|| self.clone())
    }
}

/// The last response, whole.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) status: u16,
    /// The header `Retry-After` as it came.
    pub(super) retry_after: Option<String>,
    /// Whether the body is compressed, though nobody asked for that.
    pub(super) is_encoded: bool,
    /// Where it leads, and why that was not followed.
    pub(super) redirect: Option<Refused>,
    /// At most one byte more than may be taken; of a redirect nothing.
    pub(super) body: Vec<u8>,
}

/// Why there is no response.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Nothing was sent, and nothing will be.
    Unsent(Unsent),
    /// It was sent, at least in part.
    Lost(Lost),
}

/// Why nothing was sent.
#[derive(Debug)]
pub(super) enum Unsent {
    /// The time was up, or the call was cancelled.
    Stopped(Option<Cancelled>),
    /// This process has too many requests under way, or the system no thread.
    NoRoom,
    /// The service is at an address that it must not be at.
    Forbidden(Forbidden),
    /// It is not who it should be, or does not speak TLS.
    Untrusted(String),
    /// It cannot be found or reached.
    Unreachable(String),
}

/// Why what was sent has no answer.
#[derive(Debug)]
pub(super) enum Lost {
    /// The time was up, or the call was cancelled.
    Stopped(Option<Cancelled>),
    /// After a redirect, the service was at an address that it must not be at.
    Forbidden(Forbidden),
    /// The head of the response is too large.
    HeadTooLarge,
    /// The connection broke or stood still, or what came is not HTTP.
    Broken(String),
}

enum Event {
    Ended(Result<Received, Error>),
    Stopped,
}

/// Sends the request and waits for its response, its end or the end of the call's time.
///
/// # Errors
/// [`Trouble`], which knows whether anything was sent.
pub(super) fn exchange(
    host: &Host<'_>,
    prepared: &Prepared,
    key: Option<String>,
    invocation: &Invocation<'_>,
) -> Result<Received, Trouble> {
    let left = invocation.deadline.since(host.clock.now());
    let cancelled = invocation.cancel.fired();
    if cancelled.is_some() || left.is_zero() {
        return Err(Trouble::Unsent(Unsent::Stopped(cancelled)));
    }
    let under_way = host.under_way.join();
    let under_way = under_way.ok_or(Trouble::Unsent(Unsent::NoRoom))?;
    let wire = Arc::new(Threshold::default());
    let agent = agent(host, prepared, &wire);
    let (tell, told) = sync_channel(2);
    let stop = tell.clone();
    // There is room for both; nobody listens once the wait is over.
    invocation.cancel.on_fire(move || {
        let _full = stop.try_send(Event::Stopped);
    });
    send(agent.clone(), prepared.clone(), key, (under_way, tell))
        .map_err(|_| Trouble::Unsent(Unsent::NoRoom))?;
    match wait(host, invocation, &told) {
        Some(Ok(received)) => Ok(received),
        Some(Err(error)) => Err(match wire.give_up() {
            true => Trouble::Unsent(unsent(error)),
            false => Trouble::Lost(lost(error)),
        }),
        None => {
            let is_unsent = wire.give_up();
            agent.shutdown();
            let cancelled = invocation.cancel.fired();
            Err(match is_unsent {
                true => Trouble::Unsent(Unsent::Stopped(cancelled)),
                false => Trouble::Lost(Lost::Stopped(cancelled)),
            })
        }
    }
}

/// What became of the request; `None` once the time is up or the call cancelled.
fn wait(
    host: &Host<'_>,
    invocation: &Invocation<'_>,
    told: &Receiver<Event>,
) -> Option<Result<Received, Error>> {
    let mut still = StillRunning::new(host.clock.now(), host.still_running);
    loop {
        let now = host.clock.now();
        let left = invocation.deadline.since(now);
        match told.recv_timeout(left.min(still.due.since(now))) {
            Ok(Event::Ended(ended)) => return Some(ended),
            Ok(Event::Stopped) | Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {
                let now = host.clock.now();
                if now >= invocation.deadline {
                    return None;
                }
                still.tell(now, invocation.progress);
            }
        }
    }
}

/// Each request has a connection of its own: one that was kept could be found closed only after
/// a part of the request was sent.
fn agent(host: &Host<'_>, prepared: &Prepared, wire: &Arc<Threshold>) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .max_idle_connections(0)
        .max_response_header_size(HTTP_HEAD_BYTES_MAX)
        .timeout_connect(Some(HTTP_CONNECT_MAX))
        .timeout_per_write(Some(host.idle_max))
        .tls_config(trust(&prepared.plan.host))
        .user_agent(concat!("tollgate/", env!("CARGO_PKG_VERSION")))
        .accept_encoding("identity")
        .build();
    let watch = Watch {
        wire: Arc::clone(wire),
        idle_max: host.idle_max,
    };
    let connector =
        ().chain(TcpConnector::default())
            .chain(RustlsConnector::default())
            .chain(watch);
    let resolver = Checked {
        host: Arc::clone(&prepared.plan.host),
        look_up: host.look_up,
    };
    Agent::with_parts(config, connector, resolver)
}

/// Who may vouch for the host.
fn trust(host: &surroundings::Host) -> TlsConfig {
    let roots = match &host.roots {
        None => RootCerts::WebPki,
        Some(roots) => {
            let roots = roots.iter();
            let roots = roots.map(|der| Certificate::from_der(der).to_owned());
            RootCerts::Specific(Arc::new(roots.collect()))
        }
    };
    TlsConfig::builder().root_certs(roots).build()
}

fn send(
    agent: Agent,
    prepared: Prepared,
    key: Option<String>,
    (under_way, tell): (UnderWay, SyncSender<Event>),
) -> io::Result<()> {
    let request = move || {
        let ended = ask(&agent, &prepared, key);
        // Who waited may have given up.
        let _nobody = tell.send(Event::Ended(ended));
        drop(under_way);
    };
    thread::spawn("http", request).map(drop)
}

/// Asks, and asks where the answer leads as often as the tool says: each time over a connection
/// of its own, to an address that is judged anew.
fn ask(agent: &Agent, prepared: &Prepared, key: Option<String>) -> Result<Received, Error> {
    let plan = &prepared.plan;
    let mut url = prepared.url.clone();
    let mut followed = 0;
    loop {
        let response = once(agent, prepared, &url, key.as_deref())?;
        let here = (url.reveal(), followed);
        match lead(plan, here, response.status(), response.headers()) {
            Lead::Nowhere => {
                let received = head(&response, None);
                let body = read(response, plan.response_bytes_max)?;
                return Ok(Received { body, ..received });
            }
            Lead::Refused(refused) => return Ok(head(&response, Some(refused))),
            Lead::To(next) => {
                url = Secret::new(next);
                followed += 1;
            }
        }
    }
}

fn once(
    agent: &Agent,
    prepared: &Prepared,
    url: &Secret,
    key: Option<&str>,
) -> Result<Response<ureq::Body>, Error> {
    let plan = &prepared.plan;
    let mut request = Request::builder()
        .method(plan.method.as_str())
        .uri(url.reveal())
        .header("connection", "close");
    for (name, value) in &prepared.headers {
        request = request.header(name, value.reveal());
    }
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    if plan.method.has_body() {
        let body = prepared.body.as_ref().map_or("", Secret::reveal);
        agent.run(request.body(body)?)
    } else {
        agent.run(request.body(())?)
    }
}

/// A response whose body is not read yet.
fn head(response: &Response<ureq::Body>, redirect: Option<Refused>) -> Received {
    let header = |name: &str| {
        let value = response.headers().get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    Received {
        status: response.status().as_u16(),
        retry_after: header("retry-after"),
        is_encoded: header("content-encoding").is_some_and(|encoding| encoding != "identity"),
        redirect,
        body: Vec::new(),
    }
}

/// At most one byte more than `bytes_max`.
fn read(response: Response<ureq::Body>, bytes_max: usize) -> Result<Vec<u8>, Error> {
    let most = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    let mut body = Vec::new();
    let mut reader = response.into_body().into_reader();
    reader
        .by_ref()
        .take(most.saturating_add(1))
        .read_to_end(&mut body)?;
    Ok(body)
}

fn unsent(error: Error) -> Unsent {
    match error {
        Error::Other(other) => match other.downcast::<Forbidden>() {
            Ok(forbidden) => Unsent::Forbidden(*forbidden),
            Err(other) => Unsent::Unreachable(other.to_string()),
        },
        // What rustls finds wrong comes as invalid data of the connection.
        Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            Unsent::Untrusted(error.to_string())
        }
        Error::Tls(_) | Error::Rustls(_) => Unsent::Untrusted(error.to_string()),
        error => Unsent::Unreachable(error.to_string()),
    }
}

fn lost(error: Error) -> Lost {
    match error {
        Error::LargeResponseHeader(..) => Lost::HeadTooLarge,
        Error::Other(other) => match other.downcast::<Forbidden>() {
            Ok(forbidden) => Lost::Forbidden(*forbidden),
            Err(other) => Lost::Broken(other.to_string()),
        },
        error => Lost::Broken(error.to_string()),
    }
}
