//! expect: E0451. A reply leaves that no record stands behind.

use crate::engine::answer::{Answer, Reply};

fn planted(reply: Reply) -> Answer {
    Answer { reply, delivery: None, row: None }
}
