//! Names that cannot be mixed up with each other.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use super::clock::Timestamp;

/// Where a request stands in its caller's trace, in hexadecimal digits (W3C Trace Context).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    /// The trace: 32 digits.
    pub(crate) id: String,
    /// The span of the caller: 16 digits.
    pub(crate) span: String,
}

/// Our own name for one `tools/call`: a UUID version 7 (RFC 9562), so that ids sort by time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CallId(uuid::Uuid);

impl CallId {
    /// The sixteen bytes as the ledger keeps them.
    pub(crate) fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The id with these bytes.
    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(uuid::Uuid::from_bytes(bytes))
    }

    /// Reads the usual 36-character form; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        uuid::Uuid::try_parse(text).ok().map(Self)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Makes [`CallId`]s that rise within one process and differ between processes, without a
/// system call per id: the time, a counter, and 48 bits drawn once per process.
#[derive(Debug)]
pub(crate) struct CallIds {
    process: [u8; 6],
    counter: AtomicU32,
}

impl CallIds {
    /// Draws the process part from the system's random numbers.
    pub(crate) fn new() -> Self {
        let random = uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, 0, 0));
        let mut process = [0; 6];
        for (to, from) in process.iter_mut().zip(random.as_bytes().iter().rev()) {
            *to = *from;
        }
        Self {
            process,
            counter: AtomicU32::new(0),
        }
    }

    /// The next id, stamped with `at`.
    pub(crate) fn next(&self, at: Timestamp) -> CallId {
        let count = self.counter.fetch_add(1, Ordering::Relaxed);
        let [a, b, c, d] = [
            count >> 22 & 0x0f,
            count >> 14 & 0xff,
            count >> 8 & 0x3f,
            count & 0xff,
        ]
        .map(|part| u8::try_from(part).unwrap_or(0));
        let [e, f, g, h, i, j] = self.process;
        let millis = u64::try_from(at.as_micros() / 1000).unwrap_or(0);
        let tail = [a, b, c, d, e, f, g, h, i, j];
        CallId(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) struct $name(Arc<str>);

        impl $name {
            /// Takes the text as it is; whoever reads names from outside checks them first.
            pub(crate) fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

name! {
    /// The name of a tool, as the client uses it.
    ToolName
}
name! {
    /// The configured identity for which calls are made; never what a client says of itself.
    Principal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_within_a_process_and_survive_their_text_form() {
        let ids = CallIds::new();
        let at = Timestamp::from_micros(1_700_000_000_000_000);
        let made: Vec<_> = (0..5000).map(|_| ids.next(at)).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(CallId::parse(&made[7].to_string()), Some(made[7]));
        assert_eq!(CallId::from_bytes(*made[7].as_bytes()), made[7]);
        assert_eq!(made[0].0.get_version_num(), 7);
    }

    #[test]
    fn two_processes_make_different_ids() {
        let at = Timestamp::from_micros(1_700_000_000_000_000);
        assert_ne!(CallIds::new().next(at), CallIds::new().next(at));
    }
}
