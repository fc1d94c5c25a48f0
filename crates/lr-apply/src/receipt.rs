//! The receipt that makes running a turn twice harmless.
//!
//! Before the first file is replaced, the journal holds the finished `apply` section with the name
//! of its turn. A rerun of that turn whose files are as they were written answers from it.

use lr_files::sha256_hex;
use lr_turn::{Apply, ReadError, Reply, Turn};
use serde::{Deserialize, Serialize};

/// Which reply to which turn a receipt is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    run: Option<String>,
    turn: Option<u64>,
    part: Option<u64>,
    /// SHA-256 of the reply's text.
    reply: String,
}

#[derive(Serialize, Deserialize)]
struct Receipt {
    key: Option<Key>,
    apply: Apply,
}

impl Key {
    pub(crate) fn of(turn: &Turn, reply: &Reply) -> Result<Self, ReadError> {
        let id = turn.id()?;
        Ok(Self {
            run: id.run,
            turn: id.turn,
            part: id.part,
            reply: sha256_hex(reply.text.as_bytes()),
        })
    }
}

/// Returns the text of a receipt.
pub(crate) fn text(key: Option<Key>, apply: &Apply) -> serde_json::Result<String> {
    serde_json::to_string(&Receipt {
        key,
        apply: apply.clone(),
    })
}

/// Returns the section of a receipt if it is for this turn; `None` also if it cannot be read.
pub(crate) fn read(text: &str, key: &Key) -> Option<Apply> {
    let receipt: Receipt = serde_json::from_str(text).ok()?;
    (receipt.key.as_ref() == Some(key)).then_some(receipt.apply)
}
