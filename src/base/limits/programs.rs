//! Of programs while they run.

use std::time::Duration;

/// How long nobody listens to what a program prints, unless it ends. A program that fills its pipe
/// meanwhile is held up for as long, once.
pub(crate) const OUTPUT_PATIENCE: Duration = Duration::from_millis(2);
/// What is much to be printed in that time. A pipe holds as much where the user has too many.
pub(crate) const OUTPUT_MUCH_BYTES: u64 = 4096;
