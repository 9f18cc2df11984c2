//! What a tool's backend is to do, compiled: files, statements and requests with their bounds.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::{
    surroundings::{Database, Host},
    template::{ArgPath, ConfidentialTemplate, JsonTemplate, TextTemplate},
};
use crate::base::secret::Secret;

/// An argument that names files, which a program gets open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileArg {
    /// Where the name is, or an array of names.
    pub(crate) path: ArgPath,
    /// Absolute: the folder that they are beneath.
    pub(crate) root: PathBuf,
    /// What they are opened for.
    pub(crate) access: FileAccess,
}

/// What a file is opened for. It has to be there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileAccess {
    /// To be read.
    Read,
    /// To be read and written.
    Write,
}

/// One statement on one database.
#[derive(Debug)]
pub(crate) struct SqlPlan {
    /// Where it runs.
    pub(crate) database: Arc<Database>,
    /// What the server of the database wants to hear from the gate's role.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "only a server asks for one")
    )]
    pub(crate) password: Option<Secret>,
    /// Exactly one statement, as the operator wrote it; for PostgreSQL with the number of each
    /// parameter in the place of its name.
    pub(crate) text: String,
    /// Whether it may change something.
    pub(crate) access: SqlAccess,
    /// Every parameter by its name in the statement (with its sign, as `:id`), and its value; in
    /// the order of their numbers.
    pub(crate) params: Vec<(String, JsonTemplate)>,
    /// Rows that are given back at most.
    pub(crate) rows_max: usize,
}

/// What a statement may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SqlAccess {
    /// It can read.
    Read,
    /// It can change rows, in a transaction of its own.
    Write {
        /// How many rows it may change; anything else is rolled back.
        expect_rows: Option<RowRange>,
        /// Whether a row that names the operation is written in the same transaction.
        marker: bool,
    },
}

/// A number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowRange {
    /// At least so many.
    pub(crate) min: u64,
    /// At most so many; `None` is no bound.
    pub(crate) max: Option<u64>,
}

impl RowRange {
    /// Whether `rows` is within.
    pub(crate) fn contains(self, rows: u64) -> bool {
        rows >= self.min && self.max.is_none_or(|max| rows <= max)
    }
}

/// One request to one host.
#[derive(Debug)]
pub(crate) struct HttpPlan {
    /// How it asks.
    pub(crate) method: HttpMethod,
    /// Whether it is `https`.
    pub(crate) tls: bool,
    /// Where it goes.
    pub(crate) host: Arc<Host>,
    /// The segments of its path: percent-encoded as far as they are written, values in them not.
    pub(crate) path: Vec<TextTemplate>,
    /// Names and values; one whose argument is absent is left out.
    pub(crate) query: Vec<(String, ConfidentialTemplate)>,
    /// As for `query`.
    pub(crate) headers: Vec<(String, ConfidentialTemplate)>,
    /// What is sent along.
    pub(crate) body: HttpBody,
    /// What is made of the response.
    pub(crate) response: HttpResponse,
    /// How much of a response is taken.
    pub(crate) response_bytes_max: usize,
    /// Statuses after which nothing was done, as the author knows.
    pub(crate) retry_status: Vec<u16>,
    /// How many redirects are followed, one after the other; more than none only of a `GET` that
    /// reads.
    pub(crate) redirects: u32,
    /// What the service makes of its `Idempotency-Key`.
    pub(crate) downstream_key: DownstreamKey,
}

impl HttpPlan {
    /// For how long after its first attempt an operation may be run again although it may have
    /// happened, because the service knows it by its key. A repetition has arrived by its own
    /// `timeout`, or never does, so that time is taken off.
    pub(crate) fn known_for(&self, timeout: Duration) -> Option<Duration> {
        match self.downstream_key {
            DownstreamKey::Ignored | DownstreamKey::Known => None,
            DownstreamKey::ValidFor(time) => time.checked_sub(timeout),
        }
    }
}

/// What a service makes of the `Idempotency-Key` of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DownstreamKey {
    /// Nothing, as far as is known.
    Ignored,
    /// It knows the further attempts of a call by it.
    Known,
    /// It knows any repetition by it that comes no later than so long after the first.
    ValidFor(Duration),
}

/// How a request asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HttpMethod {
    /// Asks for something.
    Get,
    /// Adds or does something.
    Post,
    /// Replaces something.
    Put,
    /// Changes something.
    Patch,
    /// Takes something away.
    Delete,
}

impl HttpMethod {
    /// Every method.
    pub(crate) const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// The word in a definition and on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether something can be sent along.
    pub(crate) fn has_body(self) -> bool {
        match self {
            Self::Post | Self::Put | Self::Patch => true,
            Self::Get | Self::Delete => false,
        }
    }
}

/// What is sent along with a request.
#[derive(Debug)]
pub(crate) enum HttpBody {
    /// Nothing.
    None,
    /// A JSON value.
    Json(JsonTemplate),
    /// Names and values as a form has them; one whose argument is absent is left out.
    Form(Vec<(String, ConfidentialTemplate)>),
    /// A text.
    Text(TextTemplate),
}

/// Whether a header can hold it: visible ASCII, spaces and tabs, and so nothing that would end
/// its line.
pub(crate) fn fits_header(value: &str) -> bool {
    let fits = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
    value.bytes().all(fits)
}

/// What is made of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HttpResponse {
    /// The value at `pointer` of its JSON; empty is all of it.
    Json {
        /// JSON pointer (RFC 6901).
        pointer: String,
    },
    /// Its text.
    Text,
}
