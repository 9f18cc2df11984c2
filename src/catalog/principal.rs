//! What rules see of the one who calls.

use serde_json::{Value, json};

use crate::base::id::Principal;

/// What rules see as `client`. Until principals can be configured, it is who the process acts
/// as, without roles and attributes.
pub(crate) fn client(id: &Principal) -> Value {
    json!({"id": id.as_str(), "roles": [], "attributes": {}})
}
