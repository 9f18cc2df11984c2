//! The wire: lines, JSON-RPC 2.0 messages and the shapes of all five MCP revisions. Knows no
//! tool and no policy.

pub(crate) mod encode;
pub(crate) mod frame;
pub(crate) mod id;
pub(crate) mod jsonrpc;
pub(crate) mod meta;
pub(crate) mod params;
pub(crate) mod version;
