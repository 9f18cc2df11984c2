//! Connections, and transactions on them that a statement cannot leave.

use std::{sync::Arc, time::Duration};

use postgres::{Client, Config, IsolationLevel, Transaction, error::SqlState};

use super::{
    Bounds, Trouble, mark, rows,
    tls::{Stop, Wire},
};
use crate::{
    backend::{
        resolve::{Unresolved, look_up, resolve},
        threshold::Threshold,
    },
    base::limits::sql::server::{
        CONNECT_MAX, SILENCE_MAX, SPARE, STILL_THERE_INTERVAL, STILL_THERE_TRIES,
    },
    catalog::{
        plan::{SqlAccess, SqlPlan},
        surroundings::{Host, Place, ServerAddress},
    },
};

/// What is to be done on a server, and how long.
pub(super) struct Job {
    pub(super) plan: Arc<SqlPlan>,
    pub(super) bounds: Bounds,
    /// It is passed when something is about to be committed.
    pub(super) threshold: Arc<Threshold>,
    /// To be told of each connection.
    pub(super) connected: Box<dyn Fn(Stop) + Send>,
}

impl Job {
    fn left(&self) -> Duration {
        let now = self.bounds.clock.now();
        self.bounds.deadline.since(now)
    }

    /// # Errors
    /// [`Trouble::Stopped`] when nobody waits any more.
    pub(super) fn goes_on(&self) -> Result<(), Trouble> {
        match self.bounds.are_over() {
            true => Err(Trouble::Stopped),
            false => Ok(()),
        }
    }
}

/// A connection. What it holds and has set on the server ends with it, and so does a transaction
/// that is not committed.
pub(super) struct Session(pub(super) Client);

impl Session {
    /// Connects to the server of the job's plan.
    ///
    /// # Errors
    /// When there is no connection, or nobody waits for it any more.
    pub(super) fn open(job: &Job) -> Result<Self, Trouble> {
        let Place::Postgres(server) = &job.plan.database.place else {
            return Err(Trouble::NoServer);
        };
        let wire = Wire::to(&server.at).map_err(Trouble::NoTls)?;
        let mut config = Config::new();
        config
            .port(server.port)
            .dbname(&server.database)
            .user(&server.user)
            .application_name("tollgate")
            .ssl_mode(wire.mode());
        if let Some(password) = &job.plan.password {
            config.password(password.reveal());
        }
        let client = match &server.at {
            ServerAddress::Socket(folder) => {
                config.host(folder.to_str().ok_or(Trouble::NoServer)?);
                connect(&mut config, &wire, job)
            }
            ServerAddress::Loopback(address) => connect(config.hostaddr(*address), &wire, job),
            ServerAddress::Elsewhere(host) => connect_elsewhere(host, &config, &wire, job),
        }?;
        // Whoever stops waiting from here on finds how to stop it, or is found below.
        let token = client.cancel_token();
        (job.connected)(Stop { token, wire });
        job.goes_on()?;
        Ok(Self(client))
    }

    /// A transaction in which the server lets nothing write.
    ///
    /// # Errors
    /// When the server has one.
    pub(super) fn begin_reading(&mut self, job: &Job) -> Result<Transaction<'_>, Trouble> {
        let started = self.0.build_transaction().read_only(true).start();
        bounded(started, job)
    }

    /// A transaction that reads what is committed now, whatever the database has it otherwise.
    ///
    /// # Errors
    /// When the server has one.
    pub(super) fn begin_looking(&mut self, job: &Job) -> Result<Transaction<'_>, Trouble> {
        let builder = self.0.build_transaction().read_only(true);
        let builder = builder.isolation_level(IsolationLevel::ReadCommitted);
        bounded(builder.start(), job)
    }

    /// A transaction that can write.
    ///
    /// # Errors
    /// When the server has one.
    pub(super) fn begin_writing(&mut self, job: &Job) -> Result<Transaction<'_>, Trouble> {
        let started = self.0.build_transaction().read_only(false).start();
        bounded(started, job)
    }
}

fn connect(config: &mut Config, wire: &Wire, job: &Job) -> Result<Client, Trouble> {
    let most = CONNECT_MAX.min(job.left()).max(Duration::from_millis(1));
    let connected = config.connect_timeout(most).connect(wire.clone());
    connected.map_err(Trouble::connecting)
}

/// Connects to the first address of `host` that answers; whatever that says is final. Its name is
/// looked up here, so that it is judged where it leads.
fn connect_elsewhere(
    host: &Host,
    config: &Config,
    wire: &Wire,
    job: &Job,
) -> Result<Client, Trouble> {
    let mut trouble = Trouble::Unresolved(Unresolved::NotFound);
    for address in resolve(host, look_up).map_err(Trouble::Unresolved)? {
        job.goes_on()?;
        let mut config = config.clone();
        config
            .host(&host.name)
            .hostaddr(address.ip())
            .keepalives_idle(SILENCE_MAX)
            .keepalives_interval(STILL_THERE_INTERVAL)
            .keepalives_retries(STILL_THERE_TRIES);
        match connect(&mut config, wire, job) {
            Err(Trouble::Connecting(error)) if error.as_db_error().is_none() => {
                trouble = Trouble::Connecting(error);
            }
            answered => return answered,
        }
    }
    Err(trouble)
}

/// The server itself ends what outlasts the call, in case nobody is left to tell it, and what
/// waits for a lock a little before. Texts are read as they were when their end was looked for.
fn bounded<'c>(
    started: Result<Transaction<'c>, postgres::Error>,
    job: &Job,
) -> Result<Transaction<'c>, Trouble> {
    let mut transaction = started.map_err(Trouble::Beginning)?;
    let left = job.left();
    let (most, waiting) = (
        (left + SPARE).as_millis(),
        (left * 9 / 10).as_millis().max(1),
    );
    transaction
        .batch_execute(&format!(
            "SET LOCAL statement_timeout = {most}; SET LOCAL lock_timeout = {waiting}; \
             SET LOCAL idle_in_transaction_session_timeout = {most}; \
             SET LOCAL standard_conforming_strings = on"
        ))
        .map_err(Trouble::Beginning)?;
    job.goes_on()?;
    Ok(transaction)
}

/// Holds the statement of the job's plan against its server: has it prepared, runs nothing.
///
/// # Errors
/// What would be wrong with it in a call.
pub(super) fn inspect(job: &Job) -> Result<(), Trouble> {
    let plan = &job.plan;
    let mut session = Session::open(job)?;
    if let SqlAccess::Write { marker: true, .. } = plan.access {
        mark::check_table(&mut session)?;
    }
    let mut transaction = session.begin_looking(job)?;
    rows::statement(&mut transaction, plan)?;
    if plan.access == SqlAccess::Read {
        // What changes something cannot stand within a query.
        let inner = format!("SELECT 1 FROM ({}\n) AS held", plan.text);
        let refused = transaction.prepare(&inner).err();
        let code = refused.as_ref().and_then(postgres::Error::code);
        if let Some(&SqlState::FEATURE_NOT_SUPPORTED | &SqlState::SYNTAX_ERROR) = code {
            return Err(Trouble::Writes);
        }
    }
    Ok(())
}
