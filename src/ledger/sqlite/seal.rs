//! Keyed hashes: what is kept of an operation's key and arguments gives neither away to whoever
//! can guess them but does not have this database.

use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use super::instance;
use crate::base::clock::Timestamp;

/// HMAC-SHA-256 (RFC 2104) under a secret of this database.
pub(super) struct Seal {
    inner: Sha256,
    outer: Sha256,
}

impl Seal {
    /// The seal of this database; its secret is drawn when there is none yet.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        // Two version 7 UUIDs have 148 random bits from the system.
        let id = || instance::new_id(Timestamp::from_micros(0)).simple();
        let fresh = format!("{}{}", id(), id());
        connection.execute(
            "INSERT INTO meta (name, value) VALUES ('seal', ?1) ON CONFLICT DO NOTHING",
            params![fresh],
        )?;
        let sql = "SELECT value FROM meta WHERE name = 'seal'";
        let secret: String = connection.query_row(sql, [], |row| row.get(0))?;
        Ok(Self::with(secret.as_bytes()))
    }

    /// `secret` is at most one block of 64 bytes.
    fn with(secret: &[u8]) -> Self {
        let pad = |with: u8| {
            let mut block = [with; 64];
            for (byte, secret) in block.iter_mut().zip(secret) {
                *byte ^= secret;
            }
            Sha256::new_with_prefix(block)
        };
        Self {
            inner: pad(0x36),
            outer: pad(0x5c),
        }
    }

    /// The keyed hash of `value`.
    pub(super) fn seal(&self, value: &[u8]) -> [u8; 32] {
        let inner = self.inner.clone().chain_update(value).finalize();
        self.outer.clone().chain_update(inner).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::hex;

    /// RFC 4231, test cases 1 and 2.
    #[test]
    fn it_is_the_hmac_of_the_published_vectors() {
        let hex = |bytes: [u8; 32]| hex::encode(&bytes);
        assert_eq!(
            hex(Seal::with(&[0x0b; 20]).seal(b"Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            hex(Seal::with(b"Jefe").seal(b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
