//! The receipt that makes running a turn twice harmless.
//!
//! Before the first file is replaced, the journal holds the finished `apply` section with the name
//! of its turn. A rerun of that turn whose files are as they were written answers from it. The parts
//! of one turn keep theirs together, so that a stream of them can be run again from any point.

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

#[derive(Deserialize)]
struct Receipt {
    key: Option<Key>,
    apply: Apply,
}

#[derive(Serialize)]
struct Written<'a> {
    key: Option<&'a Key>,
    apply: &'a Apply,
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
pub(crate) fn text(key: Option<&Key>, apply: &Apply) -> serde_json::Result<String> {
    serde_json::to_string(&Written { key, apply })
}

/// Tells whether a receipt is for another part of the turn.
pub(crate) fn is_of_same_turn(text: &str, key: &Key) -> bool {
    let receipt: Option<Receipt> = serde_json::from_str(text).ok();
    receipt
        .and_then(|receipt| receipt.key)
        .is_some_and(|it| it.run == key.run && it.turn == key.turn && it.part != key.part)
}

/// Returns the section of a receipt if it is for this turn; `None` also if it cannot be read.
pub(crate) fn read(text: &str, key: &Key) -> Option<Apply> {
    let receipt: Receipt = serde_json::from_str(text).ok()?;
    (receipt.key.as_ref() == Some(key)).then_some(receipt.apply)
}
