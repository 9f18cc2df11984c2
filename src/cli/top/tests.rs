//! What is shown, when it is shown anew, and what ends it.

use std::{collections::VecDeque, io, time::Duration};

use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers},
};

use super::{Look, Screen, Wanted, page, screen::wanted, watch};
use crate::{
    base::{
        amount::Amount,
        clock::{Clock as _, ManualClock, Timestamp},
        quota::{Period, Scope},
    },
    cli::{
        exit::{CommandError, ExitStatus},
        stats::{Stats, tests::fact},
    },
    ledger::{
        log::CallFact,
        record::Outcome,
        sqlite::{
            health::Health,
            restraint::{Account, BreakerView, BudgetView},
        },
    },
};

const MINUTE_US: i64 = 60_000_000;

fn breaker(
    backend: &str,
    phase: &'static str,
    left_s: Option<u64>,
    failures: (usize, usize),
) -> BreakerView {
    BreakerView {
        backend: backend.to_owned(),
        phase,
        remaining: left_s.map(Duration::from_secs),
        openings: 1,
        failures,
    }
}

fn budget(tool: Option<&str>, period: Period, spent: &str, limit: &str) -> BudgetView {
    let scope = Scope {
        principal: None,
        tool: tool.map(str::to_owned),
    };
    let amount = |text: &str| Amount::parse(text).unwrap();
    let account = Account {
        number: period.number(Timestamp::from_micros(0)),
        spent: amount(spent),
        ..Account::default()
    };
    BudgetView::of(scope, period, account, amount(limit))
}

/// Half an hour of two tools, and a name that somebody made up.
fn busy() -> Look {
    let mut stats = Stats::default();
    for minute in 0..30 {
        for _ in 0..minute % 7 {
            stats.add(fact("search", minute, Outcome::Succeeded));
        }
    }
    let refund = fact("refund", 29, Outcome::TimedOut);
    stats.add(CallFact {
        attempts: Some(3),
        ..refund
    });
    for (minute, reason) in [(3, "TOO_LATE"), (28, "TOO_MUCH"), (29, "TOO_MUCH")] {
        let reply = format!("{{\"error\":{{\"reason\":\"{reason}\"}}}}");
        stats.add(CallFact {
            stage: Some("rules"),
            code: Some("RULE_VIOLATION"),
            by_rule: Some(&reply),
            ..fact("refund", minute, Outcome::Refused)
        });
    }
    stats.add(fact("日本\u{1b}[2J", 29, Outcome::Refused));
    let cells = |tool: &str, outcome: &str, code: &str| {
        let all = ["00:29:00", tool, outcome, "1.0 ms", code, "01a2"];
        all.map(str::to_owned).to_vec()
    };
    Look {
        at: Timestamp::from_micros(31 * MINUTE_US),
        since: Timestamp::from_micros(0),
        stats,
        health: Health {
            running: 1,
            unknown: 1,
            breakers: vec![
                breaker("files", "closed", None, (1, 20)),
                breaker("quiet", "closed", None, (0, 20)),
                breaker("shop", "open", Some(12), (5, 20)),
            ],
            budgets: vec![
                budget(None, Period::Day, "1.5", "10"),
                budget(Some("refund"), Period::Month, "9.25", "10"),
            ],
            ..Health::default()
        },
        newest: vec![
            (
                Some(Outcome::TimedOut),
                cells("refund", "timed_out", "TIMEOUT"),
            ),
            (Some(Outcome::Succeeded), cells("search", "succeeded", "")),
            (None, cells("search", "running", "")),
        ],
    }
}

#[test]
fn the_page_is_the_picture_that_is_kept() {
    assert_eq!(page(&busy()), include_str!("page.txt"));
}

#[test]
fn a_terminal_of_eighty_columns_shows_what_matters() {
    let mut terminal = Terminal::new(TestBackend::new(80, 32)).unwrap();
    let look = busy();
    terminal
        .draw(|frame| frame.render_widget(&look, frame.area()))
        .unwrap();
    let shown = terminal.backend().to_string();
    for part in [
        "attention",
        "search     ",
        "BACKEND_FAILED",
        "timed_out",
        "shop     open",
        "92 %",
        "q ends",
    ] {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
    assert!(!shown.contains('\u{1b}'));
}

#[test]
fn the_smallest_terminal_is_no_fault() {
    for (width, height) in [(1, 1), (3, 2), (20, 9)] {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let look = busy();
        terminal
            .draw(|frame| frame.render_widget(&look, frame.area()))
            .unwrap();
    }
}

/// A screen in front of which time passes as the test says.
struct Stage<'a> {
    clock: &'a ManualClock,
    /// How long each wait takes, in milliseconds, and what comes of it.
    waits: VecDeque<(u64, Wanted)>,
    /// When something was shown, and when that was looked at; in milliseconds.
    shown: Vec<(u64, i64)>,
}

impl Screen for Stage<'_> {
    fn show(&mut self, look: &Look) -> io::Result<()> {
        let now = self.clock.now().as_micros() / 1000;
        self.shown.push((now, look.at.as_micros() / 1000));
        Ok(())
    }

    fn wait(&mut self, most: Duration) -> io::Result<Wanted> {
        let (millis, wanted) = self.waits.pop_front().unwrap();
        let waited = Duration::from_millis(millis);
        assert!(waited <= most, "{waited:?} of at most {most:?}");
        self.clock.advance(waited);
        Ok(wanted)
    }
}

#[test]
fn a_look_is_shown_for_its_time_and_then_the_next_is_taken() {
    let clock = ManualClock::at_seconds(0);
    let (nothing, end) = (Wanted::Nothing, Wanted::End(ExitStatus::Fine));
    let waits = [
        (200, nothing),
        (200, nothing),
        (100, nothing),
        // Shown for half a second; the next one is shown again in between.
        (50, Wanted::Again),
        (200, nothing),
        (200, nothing),
        (50, nothing),
        (150, end),
    ];
    let mut screen = Stage {
        clock: &clock,
        waits: waits.into(),
        shown: Vec::new(),
    };
    let since = clock.wall();
    let look = |now: Timestamp| {
        let at = Timestamp::from_micros(now.as_micros() - since.as_micros());
        Ok(Look { at, ..busy() })
    };
    let ended = watch(&mut screen, &clock, Duration::from_millis(500), look);
    assert_eq!(ended.unwrap(), ExitStatus::Fine);
    assert_eq!(screen.shown, [(0, 0), (500, 500), (550, 500), (1000, 1000)]);
    assert!(screen.waits.is_empty());
}

#[test]
fn a_ledger_that_cannot_be_read_any_more_ends_it() {
    let clock = ManualClock::at_seconds(0);
    let mut screen = Stage {
        clock: &clock,
        waits: VecDeque::new(),
        shown: Vec::new(),
    };
    let look = |_| Err(CommandError::Unusable("gone".to_owned()));
    let ended = watch(&mut screen, &clock, Duration::from_secs(1), look);
    assert!(matches!(ended, Err(CommandError::Unusable(_))));
}

#[test]
fn keys_end_it_and_another_size_shows_it_again() {
    let key = |code, modifiers| Event::Key(KeyEvent::new(code, modifiers));
    let (plain, control) = (KeyModifiers::NONE, KeyModifiers::CONTROL);
    for (event, expected) in [
        (
            key(KeyCode::Char('q'), plain),
            Wanted::End(ExitStatus::Fine),
        ),
        (key(KeyCode::Esc, plain), Wanted::End(ExitStatus::Fine)),
        (
            key(KeyCode::Char('c'), control),
            Wanted::End(ExitStatus::Interrupted),
        ),
        (key(KeyCode::Char('c'), plain), Wanted::Nothing),
        (key(KeyCode::Enter, plain), Wanted::Nothing),
        (Event::Resize(80, 24), Wanted::Again),
        (Event::FocusLost, Wanted::Nothing),
    ] {
        assert_eq!(wanted(&event), expected, "{event:?}");
    }
}
