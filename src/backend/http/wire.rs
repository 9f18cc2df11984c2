//! Whether a request has left: the one thing that decides what a failure means.

use std::{io, sync::Arc, time::Duration};

use ureq::{
    Error,
    unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport},
};

use crate::backend::threshold::Threshold;

/// Puts a [`Watched`] around the connection that was made, its TLS included: handshakes do not
/// count, no service acts on them.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) wire: Arc<Threshold>,
    pub(super) idle_max: Duration,
}

impl<In: Transport> Connector<In> for Watch {
    type Out = Watched<In>;

    fn connect(
        &self,
        _details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|connection| Watched {
            connection,
            wire: Arc::clone(&self.wire),
            idle_max: self.idle_max,
            has_answered: false,
        }))
    }
}

/// A connection that tells when the request begins, and does not stand still once the response
/// has.
#[derive(Debug)]
pub(super) struct Watched<T> {
    connection: T,
    wire: Arc<Threshold>,
    idle_max: Duration,
    has_answered: bool,
}

impl<T: Transport> Transport for Watched<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.connection.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if !self.wire.pass() {
            return Err(Error::Io(io::ErrorKind::ConnectionAborted.into()));
        }
        self.connection.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, mut timeout: NextTimeout) -> Result<bool, Error> {
        if self.has_answered {
            timeout.per_read = Some(self.idle_max.into());
        }
        let any = self.connection.await_input(timeout)?;
        self.has_answered |= any;
        Ok(any)
    }

    fn is_open(&mut self) -> bool {
        self.connection.is_open()
    }

    fn is_tls(&self) -> bool {
        self.connection.is_tls()
    }
}

#[cfg(test)]
mod tests {
    use ureq::unversioned::transport::LazyBuffers;

    use super::*;

    /// Takes whatever is sent, and notes how long it is waited for.
    #[derive(Debug)]
    struct Taking {
        buffers: LazyBuffers,
        sent: usize,
        waited: Vec<NextTimeout>,
    }

    impl Transport for Taking {
        fn buffers(&mut self) -> &mut dyn Buffers {
            &mut self.buffers
        }

        fn transmit_output(&mut self, amount: usize, _timeout: NextTimeout) -> Result<(), Error> {
            self.sent += amount;
            Ok(())
        }

        fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
            self.waited.push(timeout);
            Ok(true)
        }

        fn is_open(&mut self) -> bool {
            true
        }
    }

    fn watched(wire: &Arc<Threshold>) -> Watched<Taking> {
        Watched {
            connection: Taking {
                buffers: LazyBuffers::new(64, 64),
                sent: 0,
                waited: Vec::new(),
            },
            wire: Arc::clone(wire),
            idle_max: Duration::from_secs(7),
            has_answered: false,
        }
    }

    #[test]
    fn nothing_is_sent_for_a_request_that_was_given_up() {
        let wire = Arc::new(Threshold::default());
        let mut connection = watched(&wire);
        assert!(wire.give_up());
        assert!(
            connection
                .transmit_output(9, NextTimeout::default())
                .is_err()
        );
        assert_eq!(connection.connection.sent, 0);
        assert!(wire.give_up());
    }

    #[test]
    fn what_has_begun_to_leave_cannot_be_given_up_unsent() {
        let wire = Arc::new(Threshold::default());
        let mut connection = watched(&wire);
        for sent in [4, 8] {
            assert!(
                connection
                    .transmit_output(4, NextTimeout::default())
                    .is_ok()
            );
            assert_eq!(connection.connection.sent, sent);
            assert!(!wire.give_up());
        }
    }

    #[test]
    fn a_response_may_take_its_time_to_begin_and_not_stand_still_then() {
        let mut connection = watched(&Arc::new(Threshold::default()));
        for _ in 0..2 {
            connection.await_input(NextTimeout::default()).unwrap();
        }
        let waited = connection.connection.waited.iter();
        let idle: Vec<_> = waited.map(|timeout| timeout.per_read).collect();
        assert_eq!(idle, [None, Some(Duration::from_secs(7).into())]);
    }
}
