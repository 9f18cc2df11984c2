//! Connections, and transactions on them that a statement cannot leave.

use std::{sync::Arc, time::Duration};

use postgres::{
    CancelToken, Client, Config, IsolationLevel, NoTls, Transaction, config::SslMode,
    error::SqlState,
};

use super::{Bounds, Trouble, mark, rows};
use crate::{
    backend::threshold::Threshold,
    base::limits::sql::server::{CONNECT_MAX, SPARE},
    catalog::{
        plan::{SqlAccess, SqlPlan},
        surroundings::{Place, ServerAddress},
    },
};

/// What is to be done on a server, and how long.
pub(super) struct Job {
    pub(super) plan: Arc<SqlPlan>,
    pub(super) bounds: Bounds,
    /// It is passed when something is about to be committed.
    pub(super) threshold: Arc<Threshold>,
    /// To be told of each connection.
    pub(super) connected: Box<dyn Fn(CancelToken) + Send>,
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
        let mut config = Config::new();
        match &server.at {
            ServerAddress::Socket(folder) => config.host(folder.to_str().ok_or(Trouble::NoServer)?),
            ServerAddress::Loopback(address) => config.hostaddr(*address),
        };
        config
            .port(server.port)
            .dbname(&server.database)
            .user(&server.user)
            .application_name("tollgate")
            .ssl_mode(SslMode::Disable)
            .connect_timeout(CONNECT_MAX.min(job.left()).max(Duration::from_millis(1)));
        if let Some(password) = &job.plan.password {
            config.password(password.reveal());
        }
        let client = config.connect(NoTls).map_err(Trouble::Connecting)?;
        // Whoever stops waiting from here on finds the token, or is found below.
        (job.connected)(client.cancel_token());
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
