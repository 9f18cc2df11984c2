//! Of statements on databases.

use std::time::Duration;

/// Rows that a statement gives back.
pub(crate) const ROWS_MAX: usize = 1000;
/// Bytes of JSON that the rows of a statement may take together.
pub(crate) const OUTPUT_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of one value or row inside SQLite.
pub(crate) const VALUE_BYTES_MAX: i32 = 1024 * 1024;
/// Bytes of a statement as written, inside SQLite.
pub(crate) const SOURCE_BYTES_MAX: i32 = 100 * 1024;
/// How long a file is waited for while a definition is loaded.
pub(crate) const INSPECT_MAX: Duration = Duration::from_millis(250);

#[cfg(feature = "postgres")]
pub(crate) mod server {
    //! Of statements on PostgreSQL servers.

    use std::time::Duration;

    /// How long a socket may take to connect.
    pub(crate) const CONNECT_MAX: Duration = Duration::from_secs(10);
    /// How long another host may be silent before it is asked whether it is still there: a statement
    /// holds its place until somebody knows.
    pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(30);
    /// How often it is asked then.
    pub(crate) const STILL_THERE_INTERVAL: Duration = Duration::from_secs(10);
    /// How many questions without an answer mean that it is gone.
    pub(crate) const STILL_THERE_TRIES: u32 = 3;
    /// How long a server is waited for while a definition is loaded.
    pub(crate) const INSPECT_MAX: Duration = Duration::from_secs(2);
    /// How much longer than the call a server lets a statement run: whoever waits for it stops it
    /// before, unless it was killed.
    pub(crate) const SPARE: Duration = Duration::from_secs(1);
    /// How long the end of a statement that was told to stop is waited for.
    pub(crate) const STOP_GRACE: Duration = Duration::from_secs(2);
    /// How often it is told: a word that comes between two of our own is not heard.
    pub(crate) const STOP_INTERVAL: Duration = Duration::from_millis(100);
    /// Statements that a process has under way; beyond the workers only those whose server neither
    /// answers nor goes.
    pub(crate) const STATEMENTS_MAX: usize = 128;
    /// Rows that are fetched at a time.
    pub(crate) const FETCH_ROWS_MAX: usize = 256;
    /// Bytes that are fetched at a time, as far as the rows before tell.
    pub(crate) const FETCH_BYTES: usize = 64 * 1024;
    /// Dimensions of an array.
    pub(crate) const DIMENSIONS_MAX: i32 = 6;
}
