//! The composition root: the one place where the clock, the catalog, the ledger, the backends,
//! the engine and the connection are named together.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;

use super::{
    args::{Locked, ToolsDir},
    exit::CommandError,
    locate::Environment,
};
use crate::{
    backend::{
        Backend, Programs, exec,
        http::UnderWay,
        process::{self, Keeper},
        sql,
    },
    base::{
        clock::{Clock, SystemClock},
        event::Event,
        held::HeldTo,
        limits::CATALOG_PATIENCE,
        random::{Random, SystemRandom},
        redact::Redactor,
    },
    catalog::{
        config::{Config, ConfigPlace, ReadConfig},
        in_force::InForce,
        load::{self, Loaded},
        lock::Lock,
        permission,
        principal::Claim,
        secret::Secrets,
        seen::Seen,
        surroundings::Surroundings,
    },
    engine::{Engine, Parts, steps::recovery::Former},
    ledger::sqlite::{Keeping, SqliteLedger},
    server::{Settings, connection::Connection},
};

/// What can be chosen.
pub(crate) struct Choices {
    /// Made when this process was hardened.
    pub(crate) keeper: Arc<Keeper>,
    /// Where the ledger is kept.
    pub(crate) state: PathBuf,
    /// How that is kept.
    pub(crate) keeping: Keeping,
    /// How many programs run side by side.
    pub(crate) workers: usize,
    /// What hides the secrets that tools are given.
    pub(crate) redactor: Arc<Redactor>,
    /// What the server says of itself.
    pub(crate) settings: Settings,
}

/// A gate that is ready; its catalog is still to come.
pub(crate) struct Gate {
    /// The tools in force.
    pub(crate) catalog: Arc<InForce>,
    /// The client's side.
    pub(crate) connection: Arc<Connection>,
    /// The work.
    pub(crate) engine: Arc<Engine>,
    /// What it is written to.
    pub(crate) ledger: Arc<SqliteLedger>,
}

/// What the work meets that is not ours.
pub(crate) struct World {
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// What tools run.
    pub(crate) backend: Arc<dyn Backend>,
    /// Chance.
    pub(crate) random: Arc<dyn Random>,
    /// What hides the secrets that tools are given.
    pub(crate) redactor: Arc<Redactor>,
}

impl World {
    /// The one that there is, for a gate whose ledger is in `state`.
    pub(crate) fn real(keeper: Arc<Keeper>, state: &Path, redactor: Arc<Redactor>) -> Self {
        Self {
            clock: Arc::new(SystemClock),
            backend: Arc::new(programs(keeper, state)),
            random: Arc::new(SystemRandom::default()),
            redactor,
        }
    }
}

/// The work without a client's side; its catalog is still to come.
pub(crate) struct Works {
    /// The tools in force.
    pub(crate) catalog: Arc<InForce>,
    /// The work.
    pub(crate) engine: Arc<Engine>,
    ledger: Arc<SqliteLedger>,
}

impl Works {
    /// Puts the parts together, on a ledger in `state`. Opens no file and takes no lock: the
    /// ledger does that with the first call.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(crate) fn assemble(
        state: PathBuf,
        keeping: Keeping,
        workers: usize,
        world: World,
    ) -> Result<Self, CommandError> {
        let catalog = Arc::new(InForce::default());
        let former = former(&catalog, &world.redactor, &state);
        let ledger = Arc::new(SqliteLedger::new(state, Arc::clone(&world.clock), keeping));
        let parts = Parts {
            catalog: Arc::clone(&catalog),
            ledger: ledger.clone(),
            backend: world.backend,
            clock: world.clock,
            random: world.random,
            former,
            redactor: world.redactor,
            workers,
        };
        let engine = Arc::new(Engine::start(parts).context("cannot start the worker threads")?);
        Ok(Self {
            catalog,
            engine,
            ledger,
        })
    }

    /// Ends the work, and then what it is written to.
    pub(crate) fn close(&self) {
        self.engine.close();
        self.ledger.close();
    }
}

impl Gate {
    /// Puts the parts together. Opens no file and takes no lock: the ledger does that with the
    /// first call.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(crate) fn assemble(choices: Choices) -> Result<Self, CommandError> {
        let world = World::real(choices.keeper, &choices.state, choices.redactor);
        let clock = Arc::clone(&world.clock);
        let Works {
            catalog,
            engine,
            ledger,
        } = Works::assemble(choices.state, choices.keeping, choices.workers, world)?;
        let connection = Connection::new(
            choices.settings,
            Arc::clone(&engine),
            Arc::clone(&catalog),
            clock,
        );
        Ok(Self {
            catalog,
            connection: Arc::new(connection),
            engine,
            ledger,
        })
    }

    /// Ends what is left, in the order in which one needs the other.
    pub(crate) fn close(&self) {
        self.stop();
        self.close_ledger();
    }

    /// Ends the work and lets the writer end. Whoever writes answers notes that they arrived, so
    /// the ledger is closed after them.
    pub(crate) fn stop(&self) {
        self.engine.close();
        self.connection.close();
    }

    /// Ends what [`Gate::stop`] left.
    pub(crate) fn close_ledger(&self) {
        self.ledger.close();
    }
}

/// Puts what was loaded in force for the calls that follow, and has `ledger` know which lock they
/// are held to.
pub(crate) fn put_in_force(loaded: Loaded, catalog: &InForce, ledger: &SqliteLedger) {
    if let Some(held) = loaded.held {
        ledger.held_to(held);
    }
    catalog.swap(Arc::new(loaded.catalog));
}

/// The world for a process whose ledger is in `state`.
pub(crate) fn programs(keeper: Arc<Keeper>, state: &Path) -> Programs {
    Programs {
        clock: Arc::new(SystemClock),
        runtime_dir: state.join("run"),
        keeper,
        state_dir: state.to_path_buf(),
        under_way: UnderWay::default(),
    }
}

/// Compiles definitions that were in force once, in the surroundings of today.
fn former(catalog: &Arc<InForce>, redactor: &Arc<Redactor>, state: &Path) -> Arc<Former> {
    let catalog = Arc::clone(catalog);
    let secrets = super::key::secrets(Arc::clone(redactor));
    let path: Vec<PathBuf> = std::env::split_paths(exec::PATH).collect();
    let inspect = sql::inspector(Arc::new(SystemClock), state.to_path_buf());
    Arc::new(move |text| {
        let catalog = catalog.get();
        let around = Surroundings {
            path: &path,
            config: catalog.config(),
            secrets: &secrets,
            inspect_sql: Some(&inspect),
        };
        load::kept(text, &around)
    })
}

/// Takes upon this process what its programs inherit. To be called first: before a thread is
/// started and a file is opened.
///
/// # Errors
/// When the system refuses.
pub(crate) fn harden() -> Result<Keeper, CommandError> {
    Ok(process::harden().context("cannot harden this process")?)
}

/// Where everything is that an operator declares.
#[derive(Clone, Debug)]
pub(crate) struct Declarations {
    /// The folder of definitions.
    pub(crate) tools: PathBuf,
    /// The configuration.
    pub(crate) config: ConfigPlace,
    /// Where the ledger is: no statement of a tool may run on it.
    state: PathBuf,
    /// For whom the tools are.
    pub(crate) claim: Claim,
    /// The lock that the definitions are held to.
    pub(crate) lock: Option<PathBuf>,
    /// Where the secrets are that definitions refer to.
    secrets: Arc<Secrets>,
}

impl Declarations {
    /// The tools folder that was given or found, and the configuration that was given or would
    /// stand beside it. The definitions are held to a lock that stands beside it as well.
    ///
    /// # Errors
    /// When there is no tools folder.
    pub(crate) fn find(given: ToolsDir, claim: Claim) -> Result<Self, CommandError> {
        let tools = super::locate::tools(given.tools, &Environment::read(), Path::is_dir)
            .map_err(|error| CommandError::Unusable(error.to_string()))?;
        let config = ConfigPlace::new(given.config, &tools);
        let declared = Self {
            tools,
            config,
            state: state_dir(None).unwrap_or_default(),
            claim,
            lock: None,
            secrets: Arc::new(super::key::secrets(Arc::default())),
        };
        Ok(declared.held(Locked::default()))
    }

    /// The same, held to the lock beside the folder where it is there or asked for.
    pub(crate) fn held(self, choice: Locked) -> Self {
        let path = Lock::path(&self.tools);
        // What cannot be looked at is there.
        let is_there = path.try_exists().unwrap_or(true);
        if choice.no_lock && is_there {
            let path = &path.display().to_string();
            Event::LockIgnored { path }.emit();
        }
        let lock = (choice.locked || is_there && !choice.no_lock).then_some(path);
        Self { lock, ..self }
    }

    /// The same, hiding secrets by `redactor`.
    pub(crate) fn hidden_by(self, redactor: Arc<Redactor>) -> Self {
        let secrets = Arc::new(super::key::secrets(redactor));
        Self { secrets, ..self }
    }

    /// What hides the secrets of the definitions that were read.
    pub(crate) fn redactor(&self) -> &Arc<Redactor> {
        self.secrets.redactor()
    }

    /// The same, whatever was approved: for who looks at definitions and serves nobody.
    pub(crate) fn unheld(self) -> Self {
        Self { lock: None, ..self }
    }

    /// Whether the lock, if there is one, can be used.
    ///
    /// # Errors
    /// When it cannot.
    pub(crate) fn check_lock(&self) -> Result<(), CommandError> {
        let read = self.lock.as_deref().map(Lock::read).transpose();
        read.map(drop)
            .map_err(|error| CommandError::Unusable(error.to_string()))
    }

    /// The same where the ledger is kept in `state`.
    pub(crate) fn with_state(self, state: &Path) -> Self {
        let state = state.to_path_buf();
        Self { state, ..self }
    }

    /// What the next start will know of these files; to be asked before they are read.
    pub(crate) fn seen(&self) -> Seen {
        let lock = Lock::path(&self.tools);
        Seen::now(
            &self.state,
            &self.tools,
            [self.config.file.as_path(), &lock],
        )
    }

    /// Reads the configuration.
    pub(crate) fn read_config(&self) -> ReadConfig {
        ReadConfig::at(&self.config)
    }

    /// Compiles the definitions against `config`.
    pub(crate) fn load_with(&self, config: ReadConfig) -> Loaded {
        let path: Vec<PathBuf> = std::env::split_paths(exec::PATH).collect();
        let inspect = sql::inspector(Arc::new(SystemClock), self.state.clone());
        let mut loaded = load::load(&self.tools, config, &path, &self.secrets, Some(&inspect));
        loaded.held = Some(HeldTo {
            path: Lock::path(&self.tools).display().to_string(),
            approvals: self.lock.as_deref().map(|lock| loaded.hold_to(lock)),
        });
        loaded.catalog = loaded.catalog.acting_as(&self.claim);
        loaded
    }

    /// Reads the configuration, then the definitions.
    pub(crate) fn load(&self) -> Loaded {
        self.load_with(self.read_config())
    }
}

/// Whether this process may run as who it is.
///
/// # Errors
/// When it is root and the configuration will not have that.
pub(crate) fn check_user(config: &Config) -> Result<(), CommandError> {
    if config.server.require_unprivileged && permission::is_root() {
        let message = "this is root, and the configuration says `require_unprivileged`; \
                       start it as another user";
        return Err(CommandError::Unusable(message.to_owned()));
    }
    Ok(())
}

/// The error of a command that cannot go on with what is wrong in the configuration.
pub(crate) fn broken_config() -> CommandError {
    let message = "the configuration has errors; nothing was started";
    CommandError::Unusable(message.to_owned())
}

/// The state folder that was given or is the user's own.
///
/// # Errors
/// When there is none.
pub(crate) fn state_dir(given: Option<PathBuf>) -> Result<PathBuf, CommandError> {
    super::locate::state(given, &Environment::read())
        .map_err(|error| CommandError::Unusable(error.to_string()))
}

/// The settings of a gate that nobody has named.
pub(crate) fn settings() -> Settings {
    Settings {
        name: "tollgate".to_owned(),
        version: env!("CARGO_PKG_VERSION"),
        instructions: None,
        patience: CATALOG_PATIENCE,
        page_size: None,
        reloads: false,
    }
}
