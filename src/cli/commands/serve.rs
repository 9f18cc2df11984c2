//! `tollgate serve`: answers a client on standard input and output until one of them ends.

use std::{
    io,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use annotate_snippets::Renderer;
use anyhow::Context as _;

use crate::{
    base::{
        event::Event,
        limits::{CATALOG_PATIENCE, STOP_PATIENCE},
        redact::Redactor,
        thread,
    },
    catalog::{
        config::ReadConfig,
        diagnostic::{Diagnostic, Severity},
        in_force::InForce,
        load::Loaded,
        permission,
        seen::Seen,
        snapshot::Catalog,
        watch::Watcher,
    },
    cli::{
        args::{AuditSync, ServeArgs},
        compose::{self, Choices, Declarations, Gate},
        exit::{CommandError, ExitStatus},
        key,
        signals::{self, Asked},
        streams,
    },
    ledger::sqlite::{self, read::LogReader},
    observe,
    protocol::meta,
    server::{Settings, connection::Connection},
};

mod flush;

use flush::flushed;

/// What the main thread waits for.
enum Heard {
    InputEnded(io::Result<()>),
    Drained,
    OutputEnded(io::Result<()>),
    Signal(Asked),
}

/// Serves.
///
/// # Errors
/// When it cannot start. A broken definition is no such reason, unless `--strict` says so.
pub(crate) fn serve(args: ServeArgs) -> Result<ExitStatus, CommandError> {
    let keeper = Arc::new(compose::harden()?);
    let redactor = Arc::new(Redactor::default());
    let _log = observe::start(args.log.resolve(), Arc::clone(&redactor));
    let state = compose::state_dir(args.state_dir.state)?;
    let claim = key::claim(&args.key_file)?;
    let declared = Declarations::find(args.tools_dir, claim).map(|found| {
        let found = found.with_state(&state).hidden_by(Arc::clone(&redactor));
        found.held(args.locked)
    });
    // Nothing starts with a lock that says nothing.
    declared.as_ref().map_or(Ok(()), Declarations::check_lock)?;
    let seen = declared.as_ref().ok().map(Declarations::seen);
    let config = sound_config(declared.as_ref().ok())?;
    let server = Arc::clone(&config.config);
    compose::check_user(&server)?;
    if permission::is_root() {
        Event::RunningAsRoot {}.emit();
    }
    let first = if args.strict {
        First::Loaded(Box::new(strictly(declared.as_ref(), config)?))
    } else {
        First::Config(config)
    };
    let drain = args.drain;
    let left_in = state.clone();
    let gate = Gate::assemble(Choices {
        keeper,
        state,
        keeping: sqlite::Keeping {
            sync: match args.audit_sync {
                AuditSync::Writes => sqlite::AuditSync::Writes,
                AuditSync::All => sqlite::AuditSync::All,
            },
            calls: server.retention.calls,
        },
        workers: args.workers.get(),
        redactor,
        settings: Settings {
            name: args
                .name
                .or_else(|| server.server.name.clone())
                .unwrap_or_else(|| "tollgate".to_owned()),
            version: env!("CARGO_PKG_VERSION"),
            instructions: args
                .instructions
                .or_else(|| server.server.instructions.clone()),
            patience: seen.as_ref().map_or(CATALOG_PATIENCE, Seen::patience),
            page_size: args.page_size.map(std::num::NonZero::get),
            reloads: !args.no_watch,
        },
    })?;
    let (tell, events) = sync_channel(8);
    start_streams(&gate, &tell).context("cannot start to serve")?;
    let loader = Arc::new(Loader {
        declared,
        catalog: Arc::clone(&gate.catalog),
        ledger: Arc::clone(&gate.ledger),
        connection: Arc::clone(&gate.connection),
        turn: Mutex::new(()),
    });
    // Before the first load, so that no change after it goes unseen.
    let _watcher = if args.no_watch { None } else { loader.watch() };
    let reload = Arc::clone(&loader);
    let heard = tell.clone();
    signals::listen(move |asked| match asked {
        Asked::Reload => reload.again(),
        Asked::Interrupt | Asked::Terminate => drop(heard.send(Heard::Signal(asked))),
    })
    .context("cannot listen for signals")?;
    loader.first(first, seen.as_ref());
    recover(&gate, &left_in);
    Ok(run(&gate, drain, &tell, &events))
}

/// Has steps gone on with that another process left in the ledger of `state`. Only where there are
/// some is the ledger opened before the first call.
fn recover(gate: &Gate, state: &Path) {
    let reader = LogReader::open_if_any(state);
    let has_orphans = reader.and_then(|reader| match reader {
        Some(reader) => reader.has_orphaned_steps(),
        None => Ok(false),
    });
    match has_orphans {
        Ok(true) => gate.engine.recover(),
        Ok(false) => {}
        Err(error) => {
            let error = &error.to_string();
            Event::StepsLeft { error }.emit();
        }
    }
}

/// Reader and writer, each on its own thread. The reader is never joined: it may wait for its
/// client for ever.
fn start_streams(gate: &Gate, tell: &SyncSender<Heard>) -> io::Result<()> {
    let stdout = streams::take_stdout()?;
    if let Some(at_once) = streams::at_once(&stdout)? {
        gate.connection.write_at_once_by(at_once);
    }
    let (connection, ended) = (Arc::clone(&gate.connection), tell.clone());
    thread::spawn("stdin", move || {
        let read = connection.read_from(io::stdin().lock());
        drop(ended.send(Heard::InputEnded(read)));
    })?;
    let (connection, ended) = (Arc::clone(&gate.connection), tell.clone());
    thread::spawn("stdout", move || {
        let written = connection.write_to(stdout);
        drop(ended.send(Heard::OutputEnded(written)));
    })?;
    Ok(())
}

/// Waits for the end and brings it about: at the end of input everything that was accepted is
/// answered if it ends within `drain`; a signal or a client that no longer reads ends fast.
fn run(
    gate: &Gate,
    drain: std::time::Duration,
    tell: &SyncSender<Heard>,
    events: &Receiver<Heard>,
) -> ExitStatus {
    let status = loop {
        match events.recv() {
            Ok(Heard::InputEnded(read)) => {
                if let Err(error) = read {
                    let error = &error.to_string();
                    Event::InputFailed { error }.emit();
                }
                gate.connection.end_subscriptions();
                let (engine, drained) = (Arc::clone(&gate.engine), tell.clone());
                let waiting = thread::spawn("drain", move || {
                    if !engine.drain(drain) {
                        Event::DrainExpired {}.emit();
                    }
                    drop(drained.send(Heard::Drained));
                });
                if waiting.is_err() {
                    break ExitStatus::Fine;
                }
            }
            Ok(Heard::Drained) => break ExitStatus::Fine,
            Ok(Heard::OutputEnded(_)) => break ExitStatus::StdoutLost,
            Ok(Heard::Signal(Asked::Interrupt)) => break ExitStatus::Interrupted,
            Ok(Heard::Signal(Asked::Terminate)) => break ExitStatus::Terminated,
            Ok(Heard::Signal(Asked::Reload)) => {}
            Err(_) => break ExitStatus::Internal,
        }
    };
    gate.stop();
    let status = if status == ExitStatus::StdoutLost {
        status
    } else {
        let written = || gate.connection.written_bytes();
        flushed(events, status, STOP_PATIENCE, written)
    };
    gate.close_ledger();
    status
}

/// The configuration, if nothing is wrong with it: what it could not say might have been a
/// restriction.
fn sound_config(declared: Option<&Declarations>) -> Result<ReadConfig, CommandError> {
    let config = declared.map(Declarations::read_config).unwrap_or_default();
    if config.is_broken {
        report(&config.diagnostics);
        return Err(compose::broken_config());
    }
    Ok(config)
}

/// What there is of the first set before the server starts.
enum First {
    /// All of it.
    Loaded(Box<Loaded>),
    /// The configuration; the definitions are read beside the first messages.
    Config(ReadConfig),
}

/// The definitions for `--strict`: all of them are sound, or nothing starts.
fn strictly(
    declared: Result<&Declarations, &CommandError>,
    config: ReadConfig,
) -> Result<Loaded, CommandError> {
    let declared = declared.map_err(|error| CommandError::Unusable(error.to_string()))?;
    let loaded = declared.load_with(config);
    if loaded.is_clean() {
        return Ok(loaded);
    }
    report(&loaded.diagnostics);
    let message = "the definitions have errors, and `--strict` was given; nothing was started";
    Err(CommandError::Unusable(message.to_owned()))
}

/// Loads the definitions, at first and again.
struct Loader {
    declared: Result<Declarations, CommandError>,
    catalog: Arc<InForce>,
    ledger: Arc<sqlite::SqliteLedger>,
    connection: Arc<Connection>,
    turn: Mutex<()>,
}

impl Loader {
    /// The first set is in force with whatever of it is sound. What became of it is noted in `seen`.
    fn first(&self, first: First, seen: Option<&Seen>) {
        let loaded = match (&self.declared, first) {
            (_, First::Loaded(loaded)) => *loaded,
            (Ok(declared), First::Config(config)) => declared.load_with(config),
            (Err(error), First::Config(_)) => {
                let error = &error.to_string();
                Event::DefinitionsMissing { error }.emit();
                Loaded::nowhere()
            }
        };
        report(&loaded.diagnostics);
        tell_rights(&loaded.catalog);
        let listed = loaded.catalog.listed().count();
        let is_clean = loaded.is_clean();
        compose::put_in_force(loaded, &self.catalog, &self.ledger);
        if let Some(seen) = seen {
            seen.conclude(is_clean);
        }
        let tools = listed as u64;
        Event::ToolsLoaded { tools }.emit();
    }

    /// A later set is in force only if all of it is sound; else the one before stays.
    fn again(&self) {
        let Ok(declared) = &self.declared else {
            return;
        };
        // The first set comes first, and of two reloads the one that read last.
        let _first = self.catalog.get();
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = declared.load();
        let before = self.catalog.get();
        report(&loaded.diagnostics);
        let is_lost = before.config().is_from_file() && !loaded.catalog.config().is_from_file();
        let wrong = if is_lost && !loaded.config_is_broken {
            Some("the configuration is gone; the set before stays in force")
        } else if !loaded.is_clean() {
            Some("the changed definitions have errors; the set before stays in force")
        } else {
            None
        };
        if let Some(message) = wrong {
            Event::ReloadRefused { reason: message }.emit();
            self.connection.log(meta::LogLevel::Warning, message);
            return;
        }
        if before.is_same_as(&loaded.catalog) {
            return;
        }
        let tell = !before.shows_same_as(&loaded.catalog);
        tell_rights(&loaded.catalog);
        let listed = loaded.catalog.listed().count();
        compose::put_in_force(loaded, &self.catalog, &self.ledger);
        let tools = listed as u64;
        Event::ToolsReloaded { tools }.emit();
        if tell {
            self.connection.tools_changed();
        }
    }

    fn watch(self: &Arc<Self>) -> Option<Watcher> {
        let declared = self.declared.as_ref().ok()?;
        let loader = Arc::clone(self);
        match Watcher::start(&declared.tools, &declared.config.file, move || {
            loader.again();
        }) {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                let error = &error.to_string();
                Event::WatchFailed { error }.emit();
                None
            }
        }
    }
}

/// One line where nothing is offered, because of who asks.
fn tell_rights(catalog: &Catalog) {
    if let Some(why) = &catalog.client().without_rights {
        Event::NoRights { reason: why }.emit();
    }
}

fn report(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        let finding = &diagnostic.human(&Renderer::plain());
        match diagnostic.severity {
            Severity::Error => Event::DefinitionError { finding },
            Severity::Warning => Event::DefinitionWarning { finding },
            Severity::Note => Event::DefinitionNote { finding },
        }
        .emit();
    }
}
