//! One client on one pair of streams: reads lines, asks the session, acts.

use std::{
    io::{self, Read, Write},
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Value, json};

use super::{
    AtOnce, Settings, asks,
    batch::{Batch, Path},
    calls::{Asked, id_in_use},
    in_flight::InFlight,
    listing::Listing,
    methods,
    outbox::Outbox,
    session::{self, Ask, Request, Session},
    subscriptions::Subscriptions,
};
use crate::{
    base::{
        cancel::CancelToken,
        clock::Clock,
        id::CallIds,
        json,
        limits::{BATCH_MEMBERS_MAX, LINE_BYTES_MAX},
        wake,
    },
    catalog::{in_force::InForce, snapshot::Catalog},
    engine::{Engine, ask::Unanswered},
    protocol::{
        encode::{self, Encoded},
        frame::{Frame, LineReader},
        id::RequestId,
        jsonrpc::{self, ErrorCode, Inbound, Malformed, Message},
        meta::LogLevel,
        version::{Era, Version},
    },
};

/// What the answers of a connection share.
pub(super) struct Wire {
    pub(super) outbox: Arc<Outbox>,
    pub(super) in_flight: InFlight,
    pub(super) subscriptions: Subscriptions,
    pub(super) server_info: Value,
}

/// One client. Shared: one thread reads, one writes, and whoever reloads tells it.
pub(crate) struct Connection {
    pub(super) wire: Arc<Wire>,
    pub(super) settings: Settings,
    pub(super) engine: Arc<Engine>,
    pub(super) catalog: Arc<InForce>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: CallIds,
    listing: Mutex<Option<(Arc<Catalog>, Arc<Listing>)>>,
}

impl Connection {
    /// A connection whose calls `engine` runs.
    pub(crate) fn new(
        settings: Settings,
        engine: Arc<Engine>,
        catalog: Arc<InForce>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let wire = Wire {
            outbox: Arc::new(Outbox::default()),
            in_flight: InFlight::default(),
            subscriptions: Subscriptions::default(),
            server_info: methods::server_info(&settings),
        };
        let (wire, ids) = (Arc::new(wire), CallIds::new());
        Self {
            wire,
            settings,
            engine,
            catalog,
            clock,
            ids,
            listing: Mutex::default(),
        }
    }

    /// Reads and serves until the end of `input`.
    ///
    /// # Errors
    /// When `input` cannot be read any more.
    pub(crate) fn read_from(&self, input: impl Read) -> io::Result<()> {
        let mut session = Session::default();
        let mut lines = LineReader::new(input);
        loop {
            let is_open = lines.read()?;
            wake::together(|| self.lines(&mut session, &mut lines));
            if !is_open {
                self.engine.input_ended();
                return Ok(());
            }
        }
    }

    /// Serves every line that was read, as long as answers find room.
    fn lines(&self, session: &mut Session, lines: &mut LineReader<impl Read>) {
        let is_alone = lines.is_one();
        while let Some(frame) = lines.next() {
            self.wire.outbox.wait_for_room();
            match frame {
                Frame::Line(line) => self.line(session, line, is_alone),
                Frame::TooLong => {
                    let message =
                        format!("message too large: a line has at most {LINE_BYTES_MAX} bytes");
                    self.malformed(session, &Malformed::invalid(None, message));
                }
            }
        }
    }

    /// Has answers written by `at_once` as well, by whoever has them, where that is possible.
    pub(crate) fn write_at_once_by(&self, at_once: AtOnce) {
        self.wire.outbox.write_at_once_by(at_once);
    }

    /// Writes answers until [`Self::close`].
    ///
    /// # Errors
    /// When the client no longer reads.
    pub(crate) fn write_to(&self, output: impl Write) -> io::Result<()> {
        self.wire.outbox.write_to(output)
    }

    /// How many bytes were written to the client. It reads as long as they become more.
    pub(crate) fn written_bytes(&self) -> u64 {
        self.wire.outbox.written_bytes()
    }

    /// Ends open subscriptions with their final result: the first thing at the end of input.
    pub(crate) fn end_subscriptions(&self) {
        let Wire {
            outbox,
            in_flight,
            subscriptions,
            server_info,
        } = &*self.wire;
        subscriptions.end(outbox, in_flight, server_info);
    }

    /// Lets the writer end when everything is written.
    pub(crate) fn close(&self) {
        self.wire.outbox.close();
    }

    /// Tells the client that another catalog is in force, if it wants to know.
    pub(crate) fn tools_changed(&self) {
        self.wire
            .subscriptions
            .tools_changed(&self.wire.outbox, &self.wire.in_flight);
    }

    /// Tells a legacy client that asked for log messages; others read standard error.
    pub(crate) fn log(&self, level: LogLevel, message: &str) {
        if self
            .wire
            .subscriptions
            .log_level()
            .is_some_and(|wanted| wanted <= level)
        {
            let params = json!({"level": level.as_str(), "logger": "tollgate", "data": message});
            self.wire.outbox.push(&encode::notification(
                "notifications/message",
                Some(&params),
            ));
        }
    }

    fn line(&self, session: &mut Session, line: &[u8], is_alone: bool) {
        let path = Path::Line(Arc::clone(&self.wire.outbox));
        match jsonrpc::decode(line) {
            Inbound::Blank => {}
            Inbound::One(Ok(message)) => {
                if is_alone && is_call(&message) {
                    self.engine.announce();
                }
                self.message(session, message, &path);
            }
            Inbound::One(Err(malformed)) => self.malformed(session, &malformed),
            Inbound::Batch(members) => self.batch(session, &members),
        }
    }

    fn malformed(&self, session: &Session, malformed: &Malformed) {
        self.wire
            .outbox
            .push(&encode::malformed(malformed, session.era()));
    }

    /// An array: a batch in 2025-03-26, no message in any other revision.
    fn batch(&self, session: &mut Session, members: &[&str]) {
        let refusal = if !session.takes_batches() {
            "an array is no message here: batches exist in MCP 2025-03-26 only".to_owned()
        } else if members.is_empty() {
            "a batch has at least one member".to_owned()
        } else if members.len() > BATCH_MEMBERS_MAX {
            format!("a batch has at most {BATCH_MEMBERS_MAX} members")
        } else {
            return self.batch_members(session, members);
        };
        self.malformed(session, &Malformed::invalid(None, refusal));
    }

    fn batch_members(&self, session: &mut Session, members: &[&str]) {
        let path = Path::Batch(Batch::new(Arc::clone(&self.wire.outbox)));
        for member in members {
            match jsonrpc::decode_message(member) {
                Ok(Message::Request { id, method, .. }) if method == "initialize" => {
                    let malformed =
                        Malformed::invalid(Some(id), "`initialize` cannot be in a batch");
                    let answer = encode::malformed(&malformed, session.era());
                    path.join().end(Some(answer));
                }
                Ok(message) => self.message(session, message, &path),
                Err(malformed) => {
                    let answer = encode::malformed(&malformed, session.era());
                    path.join().end(Some(answer));
                }
            }
        }
        path.end(None);
    }

    fn message(&self, session: &mut Session, message: Message<'_>, path: &Path) {
        match message {
            Message::Request { id, method, params } => {
                let path = path.join();
                if self.wire.in_flight.is_open(id.key()) {
                    return path.end(Some(id_in_use(&id, session.era())));
                }
                match session.request(&method, params) {
                    Ok(request) => self.request(id, request, path),
                    Err(refusal) => path.end(Some(encode::error(
                        &id,
                        refusal.code,
                        &refusal.message,
                        refusal.data.as_ref(),
                    ))),
                }
            }
            Message::Notification { method, params } => self.notification(session, &method, params),
            Message::Response { id, result } => {
                if let Some(number) = id.as_ref().and_then(asks::number) {
                    let result = result.and_then(|text| json::parse(text).ok());
                    let answer = result.ok_or(Unanswered::Failed);
                    self.engine.answered(number, answer);
                }
            }
        }
    }

    /// A notification is never answered; unknown ones are ignored.
    fn notification(&self, session: &Session, method: &str, params: Option<&str>) {
        match method {
            "notifications/cancelled" => {
                if let Some(key) = session::cancelled_id(params) {
                    self.wire.in_flight.cancel(&key);
                }
            }
            "notifications/initialized" if session.has_handshake() => {
                self.wire.subscriptions.legacy_is_ready();
            }
            _ => {}
        }
    }

    fn request(&self, id: RequestId, request: Request, path: Path) {
        let Request {
            version,
            client,
            capabilities,
            meta,
            ask,
        } = request;
        let result = match ask {
            Ask::Call(params) => {
                return self.call(Asked {
                    id,
                    version,
                    client,
                    capabilities,
                    meta,
                    params,
                    path,
                });
            }
            Ask::Listen { tools } => return self.listen(id, tools, &path),
            Ask::Initialize(version) => {
                methods::initialize(version, &self.settings, self.instructions().as_deref())
            }
            Ask::Discover => {
                methods::discover(version, &self.settings, self.instructions().as_deref())
            }
            Ask::Ping => json!({}),
            Ask::SetLevel(level) => {
                self.wire.subscriptions.set_log_level(level);
                json!({})
            }
            Ask::List(cursor) => {
                return path.end(Some(self.list(&id, version, cursor.as_deref())));
            }
        };
        path.end(Some(encode::result(&id, &result)));
    }

    fn list(&self, id: &RequestId, version: Version, cursor: Option<&str>) -> Encoded {
        let listing = self.listing();
        match listing.page(cursor, self.settings.page_size) {
            Ok(page) => encode::result(id, &methods::tools_list(version, &self.settings, &page)),
            Err(message) => encode::error(id, ErrorCode::InvalidParams, &message, None),
        }
    }

    /// The listing of the catalog in force, rendered when first asked for.
    fn listing(&self) -> Arc<Listing> {
        let catalog = self.catalog.get();
        let mut cached = self.listing.lock().unwrap_or_else(PoisonError::into_inner);
        match &*cached {
            Some((of, listing)) if Arc::ptr_eq(of, &catalog) => Arc::clone(listing),
            Some(_) | None => {
                let listing = Arc::new(Listing::new(&catalog));
                *cached = Some((catalog, Arc::clone(&listing)));
                listing
            }
        }
    }

    /// The operator's instructions and, where the catalog is here already, what is wrong with
    /// it. A handshake must not wait for a large folder.
    fn instructions(&self) -> Option<String> {
        let notice = self
            .catalog
            .get_within(self.settings.patience)
            .and_then(|catalog| catalog.notice().map(str::to_owned));
        match (self.settings.instructions.clone(), notice) {
            (Some(instructions), Some(notice)) => Some(format!("{instructions}\n\n{notice}")),
            (instructions, notice) => instructions.or(notice),
        }
    }

    fn listen(&self, id: RequestId, tools: bool, path: &Path) {
        match self.wire.in_flight.open(id.key(), CancelToken::default()) {
            Ok(open) => {
                let tools = tools && self.settings.reloads;
                self.wire
                    .subscriptions
                    .listen(&self.wire.outbox, id, open, tools);
            }
            Err(_) => path.end(Some(id_in_use(&id, Era::Modern))),
        }
    }
}

fn is_call(message: &Message<'_>) -> bool {
    matches!(message, Message::Request { method, .. } if method == session::CALL)
}
