//! The names of the places; the tests read this file too.

/// A place at a seam: between two things of which the second must not be without the first.
#[cfg_attr(feature = "failpoints", derive(Debug))]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    /// The line was read, and nothing done.
    CallTaken,
    /// The guard is through, and the ledger about to be asked.
    BeginAsked,
    /// The ledger is about to be opened.
    LedgerOpening,
    /// The tables are made, and not committed.
    TablesMade,
    /// What dead processes left is settled, and not committed.
    DeadSettled,
    /// The intent is written, and not committed.
    BeginWritten,
    /// What was committed is about to be synced.
    LogSyncing,
    /// The intent is committed, and nobody was told.
    BeginCommitted,
    /// A worker has the call, and nothing is started.
    RunTaken,
    /// The program has started.
    ProgramStarted,
    /// The statement ran, and is not committed.
    StatementRun,
    /// The statement is committed, and nobody was told.
    StatementCommitted,
    /// The backend is done, and nothing written down.
    EffectDone,
    /// An attempt failed, and the next has no intent yet.
    RetryAsked,
    /// The next attempt has its intent, and has not begun.
    RetryIntended,
    /// The end is known, and the ledger about to be told.
    FinishAsked,
    /// The end is written, and not committed.
    FinishWritten,
    /// The end is committed, and nobody was told.
    FinishCommitted,
    /// The answer is released, and not in the outbox.
    AnswerReleased,
    /// Half of the answer is written to standard output.
    #[cfg(feature = "failpoints")]
    AnswerHalfWritten,
    /// The answer is written, and that it was not noted.
    AnswerWritten,
    /// That the answer arrived is written, and not committed.
    DeliveryWritten,
    /// That the answer arrived is committed.
    DeliveryCommitted,
    /// The room that was set aside is free, and not yet used.
    BallastReleased,
    /// The end is about to be written beside the ledger.
    JournalNear,
    /// The end is written beside the ledger, and nobody was told.
    JournalAppended,
    /// What was written beside the ledger is committed in it, and still there.
    JournalTaken,
    /// A probe is about to be asked.
    ProbeNear,
    /// A probe has answered, and nothing is written down.
    ProbeDone,
    /// What a probe found is written, and not committed.
    FindingWritten,
    /// What a probe found is committed, and nobody was told.
    FindingCommitted,
    /// A step, or its undo, is about to be written down before it begins.
    StepNear,
    /// What became of a step, and what is next, is written, and not committed.
    StepWritten,
    /// The same is committed, and nobody was told.
    StepCommitted,
    /// A step, or its undo, is done, and nothing written down.
    StepDone,
    /// The steps of a dead process are taken over, and that is not committed.
    AdoptionWritten,
    /// The same is committed, and nobody was told.
    AdoptionCommitted,
    /// How steps ended that were taken over is written, and not committed.
    ClosingWritten,
    /// The same is committed, and nobody was told.
    ClosingCommitted,
}

#[cfg(feature = "failpoints")]
impl Point {
    /// Every point.
    pub(crate) const ALL: [Self; 39] = [
        Self::CallTaken,
        Self::BeginAsked,
        Self::LedgerOpening,
        Self::TablesMade,
        Self::DeadSettled,
        Self::BeginWritten,
        Self::LogSyncing,
        Self::BeginCommitted,
        Self::RunTaken,
        Self::ProgramStarted,
        Self::StatementRun,
        Self::StatementCommitted,
        Self::EffectDone,
        Self::RetryAsked,
        Self::RetryIntended,
        Self::FinishAsked,
        Self::FinishWritten,
        Self::FinishCommitted,
        Self::AnswerReleased,
        Self::AnswerHalfWritten,
        Self::AnswerWritten,
        Self::DeliveryWritten,
        Self::DeliveryCommitted,
        Self::BallastReleased,
        Self::JournalNear,
        Self::JournalAppended,
        Self::JournalTaken,
        Self::ProbeNear,
        Self::ProbeDone,
        Self::FindingWritten,
        Self::FindingCommitted,
        Self::StepNear,
        Self::StepWritten,
        Self::StepCommitted,
        Self::StepDone,
        Self::AdoptionWritten,
        Self::AdoptionCommitted,
        Self::ClosingWritten,
        Self::ClosingCommitted,
    ];
}
