//! `tollgate top`: the statistics of a ledger as they change.

use std::{
    io::{self, IsTerminal as _},
    path::Path,
    time::Duration,
};

use super::{
    log::{cells, unusable},
    stats::count,
};
use crate::{
    base::{
        clock::{Clock as _, SystemClock, Timestamp},
        limits::FOLLOW_INTERVAL,
    },
    cli::{
        args::TopArgs,
        compose,
        exit::{CommandError, ExitStatus},
        print,
        span::Since,
        top::{Look, Terminal, page, watch},
    },
    ledger::{
        log::{CallFilter, Order},
        sqlite::{health, read::LogReader},
    },
};

/// How far back calls are counted where nothing else is said.
const SINCE: Since = Since::Ago(Duration::from_secs(60 * 60));
/// Newest calls that are shown.
const NEWEST_SHOWN: usize = 6;

/// Shows the statistics until somebody ends it, or once.
///
/// # Errors
/// When there is no terminal and `--once` was not given, there is no ledger, or it cannot be read.
pub(crate) fn top(args: TopArgs) -> Result<ExitStatus, CommandError> {
    let since = args.selection.since.unwrap_or(SINCE);
    let (state, filter) = args.selection.resolve(SystemClock.wall());
    if !args.once && !io::stdout().is_terminal() {
        let message = "standard output is no terminal; `--once` prints one picture as text";
        return Err(CommandError::Usage(message.to_owned()));
    }
    let dir = compose::state_dir(state)?;
    let reader = LogReader::open(&dir).map_err(unusable)?;
    let look = |now| look(&dir, &reader, &filter, since, now);
    if args.once {
        print(page(&look(SystemClock.wall())?).as_bytes())?;
        return Ok(ExitStatus::Fine);
    }
    let mut terminal = Terminal::take().map_err(CommandError::Stdout)?;
    let every = args.interval.max(FOLLOW_INTERVAL);
    watch(&mut terminal, &SystemClock, every, look)
}

fn look(
    dir: &Path,
    reader: &LogReader,
    filter: &CallFilter,
    since: Since,
    now: Timestamp,
) -> Result<Look, CommandError> {
    let since = since.resolve(now);
    let counted = CallFilter {
        since: Some(since),
        ..filter.clone()
    };
    let newest = CallFilter {
        limit: Some(NEWEST_SHOWN),
        order: Order::NewestFirst,
        ..counted.clone()
    };
    let newest = reader.calls(&newest).map(|call| {
        let call = call.map_err(unusable)?;
        let outcome = call.end.as_ref().map(|end| end.outcome);
        let mut cells = cells(&call);
        let [when, ..] = &mut cells;
        *when = call.received.written("%H:%M:%S");
        Ok((outcome, cells.to_vec()))
    });
    let newest = newest.collect::<Result<_, CommandError>>()?;
    Ok(Look {
        at: now,
        since,
        stats: count(reader, &counted)?,
        health: health::look(dir),
        newest,
    })
}
