//! Where an operation may go, as the file holds it.

macro_rules! legal_moves {
    () => {
        "
    OLD.state = 'claimed' AND (NEW.state = 'running' OR NEW.state = 'abandoned')
    OR OLD.state = 'running' AND (NEW.state = 'running' OR NEW.state = 'succeeded'
        OR NEW.state = 'failed' OR NEW.state = 'failed_clean' OR NEW.state = 'unknown'
        OR NEW.state = 'compensating' OR NEW.state = 'rolled_back' OR NEW.state = 'attention')
    OR (OLD.state = 'failed_clean' OR OLD.state = 'abandoned') AND NEW.state = 'running'
    OR OLD.state = 'unknown' AND (NEW.state = 'running' OR NEW.state = 'succeeded'
        OR NEW.state = 'failed_clean' OR NEW.state = 'rolled_back'
        OR NEW.state = 'compensating' OR NEW.state = 'attention')
    OR OLD.state = 'compensating' AND (NEW.state = 'compensating'
        OR NEW.state = 'rolled_back' OR NEW.state = 'attention')
    OR OLD.state = 'attention' AND (NEW.state = 'running' OR NEW.state = 'succeeded'
        OR NEW.state = 'failed_clean' OR NEW.state = 'rolled_back'
        OR NEW.state = 'compensating')"
    };
}

/// A migration: the moves of before and who has an operation in hand, word by word. For a list of
/// words SQLite makes a table in memory at each move, which takes longer than the move.
pub(in super::super) const MOVES: &str = concat!(
    "
DROP INDEX operations_open;
CREATE INDEX operations_open ON operations (owner)
    WHERE state = 'claimed' OR state = 'running' OR state = 'compensating';
DROP TRIGGER operations_begin_at_the_beginning;
CREATE TRIGGER operations_begin_at_the_beginning BEFORE INSERT ON operations
WHEN NEW.state <> 'claimed' AND NEW.state <> 'running'
BEGIN SELECT RAISE(ABORT, 'an operation begins as claimed or running'); END;
DROP TRIGGER operations_move_legally;
CREATE TRIGGER operations_move_legally BEFORE UPDATE OF state ON operations WHEN NOT (",
    legal_moves!(),
    ")
BEGIN SELECT RAISE(ABORT, 'an operation cannot go there'); END"
);

/// A migration: a move that is not legal takes back its whole transaction, and the end of a call that
/// has one as well. Where only the statement is taken back, SQLite copies each page that one changes.
pub(in super::super) const MOVES_OR_NOTHING: &str = concat!(
    "
DROP TRIGGER operations_move_legally;
CREATE TRIGGER operations_move_legally BEFORE UPDATE OF state ON operations WHEN NOT (",
    legal_moves!(),
    ")
BEGIN SELECT RAISE(ROLLBACK, 'an operation cannot go there'); END;
DROP TRIGGER calls_end_once;
CREATE TRIGGER calls_end_once BEFORE UPDATE OF
    state, outcome, stage, code, effects, reply, reply_clipped_from, backend_status,
    guard_us, wait_us, run_us, finished ON calls WHEN OLD.state <> 'running'
BEGIN SELECT RAISE(ROLLBACK, 'how a call ended is never changed'); END"
);

/// A migration: a beginning that is not legal, as a move that is not.
pub(in super::super) const BEGINNING_OR_NOTHING: &str = "
DROP TRIGGER operations_begin_at_the_beginning;
CREATE TRIGGER operations_begin_at_the_beginning BEFORE INSERT ON operations
WHEN NEW.state <> 'claimed' AND NEW.state <> 'running'
BEGIN SELECT RAISE(ROLLBACK, 'an operation begins as claimed or running'); END";

/// A migration: what is not legal is taken back after it was written and not before. Where a trigger runs
/// before, SQLite has to look for the row once more and read all of it again.
pub(in super::super) const JUDGED_AFTERWARDS: &str = concat!(
    "
DROP TRIGGER operations_begin_at_the_beginning;
CREATE TRIGGER operations_begin_at_the_beginning AFTER INSERT ON operations
WHEN NEW.state <> 'claimed' AND NEW.state <> 'running'
BEGIN SELECT RAISE(ROLLBACK, 'an operation begins as claimed or running'); END;
DROP TRIGGER operations_move_legally;
CREATE TRIGGER operations_move_legally AFTER UPDATE OF state ON operations WHEN NOT (",
    legal_moves!(),
    ")
BEGIN SELECT RAISE(ROLLBACK, 'an operation cannot go there'); END;
DROP TRIGGER calls_end_once;
CREATE TRIGGER calls_end_once AFTER UPDATE OF
    state, outcome, stage, code, effects, reply, reply_clipped_from, backend_status,
    guard_us, wait_us, run_us, finished ON calls WHEN OLD.state <> 'running'
BEGIN SELECT RAISE(ROLLBACK, 'how a call ended is never changed'); END"
);
