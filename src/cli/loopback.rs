//! A conversation with ourselves: commands ask as a client would, so that they take the same
//! path as one.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{
    compose::{Gate, put_in_force},
    exit::CommandError,
};
use crate::catalog::load::Loaded;

/// Sends one modern request of a client with these capabilities and gives what `show` makes of the
/// message that answers it. The answer counts as delivered once `show` has not failed: it is where
/// the answer goes. The gate is closed afterwards.
///
/// # Errors
/// What `show` fails with, or that there is no answer, which would be a fault of ours.
pub(crate) fn ask<T>(
    gate: &Gate,
    loaded: Loaded,
    (method, mut params): (&str, Value),
    capabilities: &Value,
    show: impl FnOnce(&Value) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    put_in_force(loaded, &gate.catalog, &gate.ledger);
    if let Some(params) = params.as_object_mut() {
        let envelope = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": capabilities,
            "io.modelcontextprotocol/clientInfo": {"name": "tollgate call", "version": env!("CARGO_PKG_VERSION")},
            "progressToken": 1,
        });
        params.insert("_meta".to_owned(), envelope);
    }
    let request = json!({"jsonrpc": "2.0", "id": ID, "method": method, "params": params});
    let line = format!("{request}\n");
    let read = gate.connection.read_from(line.as_bytes());
    read.map_err(|error| CommandError::Internal(error.into()))?;
    // The command line waits as long as the tool may take.
    let _answered = gate.engine.drain(crate::base::limits::TIMEOUT_MAX);
    gate.stop();
    let mut client = Client {
        written: Vec::new(),
        show: Some(show),
        shown: None,
    };
    let wrote = gate.connection.write_to(&mut client);
    gate.close_ledger();
    match (client.shown, wrote) {
        (Some(shown), _) => shown,
        (None, Err(error)) => Err(CommandError::Internal(error.into())),
        (None, Ok(())) => Err(CommandError::Internal(anyhow::anyhow!(
            "the gate did not answer"
        ))),
    }
}

/// The id of the one request.
const ID: u64 = 1;

/// Takes what the gate writes, and shows the answer as soon as it is whole.
struct Client<T, F> {
    written: Vec<u8>,
    show: Option<F>,
    shown: Option<Result<T, CommandError>>,
}

impl<T, F: FnOnce(&Value) -> Result<T, CommandError>> Write for Client<T, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Fails where the answer could not be shown, so that it does not count as delivered.
    fn flush(&mut self) -> io::Result<()> {
        let Some(lines) = self.written.strip_suffix(b"\n") else {
            return Ok(());
        };
        // What comes before the answer are notifications.
        let last = lines.rsplit(|byte| *byte == b'\n').next();
        let answer = last.and_then(|line| serde_json::from_slice::<Value>(line).ok());
        let answer = answer.filter(|answer| answer.get("id") == Some(&json!(ID)));
        let Some(answer) = answer else {
            return Ok(());
        };
        if let Some(show) = self.show.take()
            && self.shown.insert(show(&answer)).is_err()
        {
            return Err(io::ErrorKind::Other.into());
        }
        Ok(())
    }
}
