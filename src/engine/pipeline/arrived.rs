//! A call that has come.

use super::super::Ticket;
use crate::{
    base::limits::flow::CHECKED_BY_READER_BYTES_MAX,
    catalog::{rule::Expression, tool::Effect},
    guard::resolve::ResolvedCall,
};

/// A call bound to its tool, on its way to the guard.
pub(in super::super) struct Arrived {
    pub(super) call: ResolvedCall,
    pub(super) ticket: Ticket,
}

impl Arrived {
    /// Whether its check is known to take little time: it has few arguments, and no rule loops.
    pub(in super::super) fn is_quick(&self) -> bool {
        let tool = self.call.tool();
        let of_checks = tool.checks.iter().map(|check| &check.rule);
        let rules = tool.rules.iter().chain(of_checks);
        let mut judged = rules.map(|rule| &rule.require).chain(&tool.allow);
        self.call.raw_arguments().len() <= CHECKED_BY_READER_BYTES_MAX
            && !judged.any(Expression::loops)
    }

    /// Whether it changes nothing.
    pub(in super::super) fn is_read(&self) -> bool {
        self.call.tool().effect == Effect::Read
    }
}
