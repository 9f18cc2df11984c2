//! Where an operation may go, as the file holds it.

/// A migration: the moves of before and who has an operation in hand, word by word. For a list of
/// words SQLite makes a table in memory at each move, which takes longer than the move.
pub(in super::super) const MOVES: &str = "
DROP INDEX operations_open;
CREATE INDEX operations_open ON operations (owner)
    WHERE state = 'claimed' OR state = 'running' OR state = 'compensating';
DROP TRIGGER operations_begin_at_the_beginning;
CREATE TRIGGER operations_begin_at_the_beginning BEFORE INSERT ON operations
WHEN NEW.state <> 'claimed' AND NEW.state <> 'running'
BEGIN SELECT RAISE(ABORT, 'an operation begins as claimed or running'); END;
DROP TRIGGER operations_move_legally;
CREATE TRIGGER operations_move_legally BEFORE UPDATE OF state ON operations WHEN NOT (
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
        OR NEW.state = 'compensating'))
BEGIN SELECT RAISE(ABORT, 'an operation cannot go there'); END";
