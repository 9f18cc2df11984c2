//! Ten thousand stories of repeated calls, told to the ledger and to a model of it that is
//! written from the promise, not from the code: calls, repetitions, ends, crashes, recoveries,
//! resolutions, jumps of the clock.

mod model;

use std::cell::RefCell;

use proptest::{prelude::*, test_runner::TestRunner};
use rusqlite::Connection;

use model::{How, Model, Stands, Step, Told, step};

use super::{
    super::{
        admission::Admission,
        contract::{admission, ending, row, settlement},
        operation::{KeySource, Operation, OperationState},
        record::Outcome,
        resolution::{Finding, Resolution, Resolved},
    },
    admit, resolve, schema,
    statements::Statements,
    written::Written,
};
use crate::base::{clock::Timestamp, id::CallId, limits::KEY_WINDOW_DEFAULT};

const STORIES: u32 = 10_000;

/// What runs in the ledger at present.
struct Running {
    key: u8,
    call: i64,
    operation: i64,
    owner: i64,
}

struct Story<'s, 'c> {
    connection: &'c Connection,
    statements: &'s mut Statements<'c>,
    model: Model,
    now: i64,
    me: i64,
    running: Vec<Running>,
    ended: Vec<(u8, i64)>,
    names: Vec<(u8, CallId, i64)>,
    last: Option<(u8, u8, bool)>,
}

impl<'s, 'c> Story<'s, 'c> {
    fn begin(connection: &'c Connection, statements: &'s mut Statements<'c>) -> Self {
        let me = instance(connection);
        statements.reborn_as(me).unwrap();
        Self {
            connection,
            statements,
            model: Model::default(),
            now: 1_767_225_600_000_000,
            me,
            running: Vec::new(),
            ended: Vec::new(),
            names: Vec::new(),
            last: None,
        }
    }

    fn at(&self) -> Timestamp {
        Timestamp::from_micros(self.now)
    }

    fn call(&mut self, key: u8, arguments: u8, retry_safe: bool) {
        self.last = Some((key, arguments, retry_safe));
        let is_named = Model::is_named(key);
        // What nobody names is the same operation only with the same content.
        let arguments = if is_named { arguments } else { 0 };
        let operation = Operation {
            key: [key; 32],
            source: if is_named {
                KeySource::Meta
            } else {
                KeySource::Content
            },
            fingerprint: [arguments; 32],
            retry_safe,
            window: KEY_WINDOW_DEFAULT,
            joined: None,
            may_verify: false,
            known_there: None,
        };
        let admission = Admission {
            operation: Some(Box::new(operation)),
            ..admission(&row("write"))
        };
        let id = admission.row.call_id;
        let now = self.at();
        let expected = self.model.call(key, arguments, retry_safe, self.now);
        let told = match admit::begin(self.statements, &admission, now).unwrap() {
            Written::AsAsked((call, operation), _) => {
                let operation = operation.unwrap().operation;
                self.running.push(Running {
                    key,
                    call,
                    operation,
                    owner: self.me,
                });
                self.names.push((key, id, operation));
                if let Some(promise) = self.model.operations.get_mut(&key) {
                    promise.rows = (operation, call);
                }
                Told::Runs
            }
            Written::Join(_) => Told::Waits,
            Written::Replay(..) => Told::Replay,
            Written::Refused(_, problem) => Told::Refused(problem.code.as_str()),
            Written::Doubt(..) | Written::Left | Written::Resolved(_) | Written::Adopted(_) => {
                unreachable!()
            }
        };
        assert_eq!(told, expected);
    }

    fn end(&mut self, which: usize, how: How) {
        if self.running.is_empty() {
            return;
        }
        let one = self.running.swap_remove(which % self.running.len());
        if one.owner != self.me {
            return;
        }
        let (state, stands) = match how {
            How::Succeeds => (OperationState::Succeeded, Stands::Done),
            How::Fails => (OperationState::Failed, Stands::Failed),
            How::FailsClean => (OperationState::FailedClean, Stands::Free),
            How::Vanishes => (OperationState::Unknown, Stands::Unknown),
        };
        let mut ending = ending(&settlement(Outcome::Failed));
        ending.state = state;
        ending.settlement.finished = self.at();
        let operation = Some(one.operation);
        admit::finish(self.statements, one.call, operation, &ending).unwrap();
        self.ended.push((one.key, one.call));
        let promise = self.model.operations.get_mut(&one.key).unwrap();
        (promise.stands, promise.since) = (stands, self.now);
    }

    /// The answer of a call arrives; it counts for its operation while that has run no further.
    fn deliver(&mut self, which: usize) {
        if self.ended.is_empty() {
            return;
        }
        let (key, call) = self.ended[which % self.ended.len()];
        let stands = self.model.operations[&key].stands;
        if matches!(stands, Stands::Unknown | Stands::Attention) {
            return;
        }
        let at = self.at();
        self.statements.operations.delivered(call, at).unwrap();
        let promise = self.model.operations.get_mut(&key).unwrap();
        promise.is_arrived |= promise.rows.1 == call;
    }

    fn crash(&mut self) {
        self.me = instance(self.connection);
        self.statements.reborn_as(self.me).unwrap();
        for promise in self.model.operations.values_mut() {
            promise.is_orphan = true;
        }
    }

    fn resolve(&mut self, which: usize, finding: Finding) {
        if self.names.is_empty() {
            return;
        }
        let (key, id, operation) = self.names[which % self.names.len()];
        let resolution = Resolution {
            finding,
            by: "ann".to_owned(),
            note: "looked".to_owned(),
            attempt: None,
        };
        let now = self.at();
        let told = resolve::resolve(self.statements, id, &resolution, now).unwrap();
        if let Resolved::Done(_) = told {
            if self.model.operations[&key].rows.0 == operation {
                self.model.bury(key, self.now);
            }
            let promise = self.model.operations.get_mut(&key).unwrap();
            if promise.rows.0 == operation {
                assert!(matches!(
                    promise.stands,
                    Stands::Unknown | Stands::Attention
                ));
                promise.stands = match finding {
                    Finding::Succeeded => Stands::Done,
                    Finding::NotApplied => Stands::Free,
                    Finding::RolledBack => Stands::Undone,
                };
                promise.since = self.now;
                promise.is_arrived = false;
            }
        }
    }

    fn tell(&mut self, step: &Step) {
        match *step {
            Step::Call {
                key,
                arguments,
                retry_safe,
            } => self.call(key, arguments, retry_safe),
            Step::Repeat => {
                if let Some((key, arguments, retry_safe)) = self.last {
                    self.call(key, arguments, retry_safe);
                }
            }
            Step::End(which, how) => self.end(which, how),
            Step::Deliver(which) => self.deliver(which),
            Step::Crash => self.crash(),
            Step::Resolve(which, finding) => self.resolve(which, finding),
            Step::Jump(by) => self.now += by,
        }
    }
}

/// A new process: no lock file has its name, so to everybody else it is dead.
fn instance(connection: &Connection) -> i64 {
    let sql = "INSERT INTO instances (id, pid, start, version)
        VALUES (randomblob(16), 1, 0, 'test')";
    connection.prepare_cached(sql).unwrap().execute([]).unwrap();
    connection.last_insert_rowid()
}

#[test]
fn s1_to_s18_ten_thousand_stories_end_as_promised() {
    let state = tempfile::tempdir().unwrap();
    let mut connection = Connection::open_in_memory().unwrap();
    schema::migrate(&mut connection, 0, "x").unwrap();
    let mut runner = TestRunner::new(ProptestConfig {
        cases: STORIES,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let stories = prop::collection::vec(step(), 1..16);
    let statements = Statements::prepare(&connection, state.path(), 0).unwrap();
    let statements = RefCell::new(statements);
    let told = runner.run(&stories, |steps| {
        connection.execute_batch("BEGIN").unwrap();
        let _back = RollBack(&connection);
        let mut statements = statements.borrow_mut();
        let mut story = Story::begin(&connection, &mut statements);
        for step in &steps {
            story.tell(step);
        }
        Ok(())
    });
    told.unwrap();
}

/// The next story begins with an empty ledger, also after one that went wrong.
struct RollBack<'c>(&'c Connection);

impl Drop for RollBack<'_> {
    fn drop(&mut self) {
        self.0.execute_batch("ROLLBACK").unwrap();
    }
}
