//! Work on a server, on a thread of its own: nothing that the client does can be interrupted, so
//! whoever waits for it does not depend on it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
    mpsc::{Receiver, RecvTimeoutError, sync_channel},
};

use super::{Bounds, Job, Trouble, tls::Stop};
use crate::{
    backend::threshold::Threshold,
    base::{
        limits::sql::server::{STATEMENTS_MAX, STOP_GRACE, STOP_INTERVAL},
        thread,
    },
    catalog::plan::SqlPlan,
};

/// What is told to whoever waits.
enum Event<T> {
    /// There is a connection, on which this can end what runs.
    Connected(Stop),
    /// What came of it.
    Ended(Result<T, Trouble>),
    /// The call was cancelled.
    Stopped,
}

/// How many statements are under way.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

/// One of them; it ends when that is dropped.
struct UnderWay(());

impl UnderWay {
    /// `None` where there are too many.
    fn join() -> Option<Self> {
        let one_more = |many| (many < STATEMENTS_MAX).then_some(many + 1);
        UNDER_WAY
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more)
            .ok()
            .map(|_| Self(()))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Has `work` done, and waits for it until its time is up or it is cancelled. Then the server is
/// told to stop, and nothing more is committed.
///
/// # Errors
/// As `work`; [`Trouble::Stopped`] and [`Trouble::NoRoom`] where nothing was done, and
/// [`Trouble::Committing`] where nobody knows.
pub(super) fn apart<T: Send + 'static>(
    plan: &Arc<SqlPlan>,
    bounds: &Bounds,
    work: impl FnOnce(&Job) -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    if bounds.are_over() {
        return Err(Trouble::Stopped);
    }
    let under_way = UnderWay::join().ok_or(Trouble::NoRoom)?;
    let threshold = Arc::new(Threshold::default());
    let (tell, told) = sync_channel(4);
    let stop = tell.clone();
    // Nobody listens once the wait is over.
    bounds.cancel.on_fire(move || {
        let _full = stop.try_send(Event::Stopped);
    });
    let connected = tell.clone();
    let job = Job {
        plan: Arc::clone(plan),
        bounds: bounds.clone(),
        threshold: Arc::clone(&threshold),
        connected: Box::new(move |stop| {
            let _nobody = connected.try_send(Event::Connected(stop));
        }),
    };
    let body = move || {
        let ended = work(&job);
        let _nobody = tell.send(Event::Ended(ended));
        drop(under_way);
    };
    thread::spawn("postgres", body).map_err(|_| Trouble::NoRoom)?;
    Wait {
        bounds,
        threshold: &threshold,
        told: &told,
        stop: None,
    }
    .wait()
}

struct Wait<'a, T> {
    bounds: &'a Bounds,
    threshold: &'a Threshold,
    told: &'a Receiver<Event<T>>,
    /// Of the last connection.
    stop: Option<Stop>,
}

impl<T> Wait<'_, T> {
    fn wait(mut self) -> Result<T, Trouble> {
        loop {
            let left = self.bounds.deadline.since(self.bounds.clock.now());
            match self.told.recv_timeout(left) {
                Ok(Event::Connected(stop)) => self.stop = Some(stop),
                Ok(Event::Ended(ended)) => return ended,
                Ok(Event::Stopped) => return self.stop(),
                Err(RecvTimeoutError::Timeout) if !self.bounds.are_over() => {}
                Err(RecvTimeoutError::Timeout) => return self.stop(),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(match self.threshold.give_up() {
                        true => Trouble::NoRoom,
                        false => Trouble::Committing(None),
                    });
                }
            }
        }
    }

    /// Gives up what is not being committed, and waits for a moment, so that the server is done
    /// with it before anybody is told.
    fn stop(mut self) -> Result<T, Trouble> {
        let is_given_up = self.threshold.give_up();
        let clock = &self.bounds.clock;
        let end = clock.now().plus(STOP_GRACE);
        while clock.now() < end {
            if let Some(stop) = self.stop.clone().filter(|_| is_given_up) {
                // It connects, which may take its time as well.
                let _no_thread = thread::spawn("postgres-stop", || stop.tell());
            }
            match self.told.recv_timeout(STOP_INTERVAL) {
                Ok(Event::Connected(stop)) => self.stop = Some(stop),
                Ok(Event::Ended(ended)) => return ended,
                Ok(Event::Stopped) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        Err(match is_given_up {
            true => Trouble::Stopped,
            false => Trouble::Committing(None),
        })
    }
}
