//! The bytes of keys and rows, as they are cached and stored.

mod key;
mod key_text;
mod prefix;
mod row;

pub use key::{Key, KeyBuilder, decode_key, split_key};
pub use key_text::{BadKeyText, parse_key, print_key};
pub use prefix::text_prefix;
pub use row::{Row, RowBuilder};

/// Stored bytes that cannot be read: a damaged store, or one written by a newer version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stored bytes cannot be read: {0}")]
pub struct Corrupt(pub &'static str);

/// Takes the next `N` bytes off the front.
pub(crate) fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Corrupt> {
    let (head, rest) = bytes.split_first_chunk().ok_or(Corrupt("they end early"))?;
    *bytes = rest;
    Ok(*head)
}
