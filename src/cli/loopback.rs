//! A conversation with ourselves: commands ask as a client would, so that they take the same
//! path as one.

use serde_json::{Value, json};

use super::{
    compose::{Gate, put_in_force},
    exit::CommandError,
};
use crate::catalog::load::Loaded;

/// Sends one modern request of a client with these capabilities and gives the message that
/// answers it, after the notifications that came before it. The gate is closed afterwards.
///
/// # Errors
/// When there is no answer, which would be a fault of ours.
pub(crate) fn ask(
    gate: &Gate,
    loaded: Loaded,
    method: &str,
    mut params: Value,
    capabilities: &Value,
) -> Result<Vec<Value>, CommandError> {
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
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let line = format!("{request}\n");
    let read = gate.connection.read_from(line.as_bytes());
    read.map_err(|error| CommandError::Internal(error.into()))?;
    // The command line waits as long as the tool may take.
    let _answered = gate.engine.drain(crate::base::limits::TIMEOUT_MAX);
    gate.close();
    let mut written = Vec::new();
    let wrote = gate.connection.write_to(&mut written);
    wrote.map_err(|error| CommandError::Internal(error.into()))?;
    let lines = written
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    let messages: Vec<Value> = lines
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    if messages.is_empty() {
        return Err(CommandError::Internal(anyhow::anyhow!(
            "the gate did not answer"
        )));
    }
    Ok(messages)
}
