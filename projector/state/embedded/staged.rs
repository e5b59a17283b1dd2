//! What is kept in a file that is to be loaded elsewhere, read back as changes: documents and dead letters as cells among it.

use std::borrow::Cow;

use projections::codec::{Key, Row, split_key};
use projections::engine::{Changes, Content, DeadLetter, DocumentChange, Link, SetKey, SetSpace};
use projections::plan::{EntityId, Plan};

use super::address::{self, Stored};

/// Adds what is stored under this key of a cell; `None` where it cannot be read.
pub fn add_cell(changes: &mut Changes, key: &[u8], value: &[u8]) -> Option<()> {
    match address::parse_cell(key)? {
        Stored::Cell(cell) => changes.cells.push((cell, Some(value.into()))),
        Stored::Document(view, key) => {
            let (version, content) = decode_document(value)?;
            changes.documents.push(DocumentChange { view, key, version, content });
        }
        Stored::Letter(position) => changes.dead_letters.push(decode_letter(position, value)?),
    }
    Some(())
}

/// Adds the member that is stored under this key; `None` where it cannot be read.
pub fn add_link(changes: &mut Changes, key: &[u8], plan: &Plan) -> Option<()> {
    let (space, rest) = address::parse_link(key)?;
    let parts = match space {
        SetSpace::Index(index) => plan.indexes.get(index)?.columns.len(),
        SetSpace::Members(rollup) => plan.rollups.get(rollup)?.group_len,
        SetSpace::Cells(_) => return None,
    };
    let (value, member) = split_key(rest, parts).ok()?;
    changes.links.push(Link { set: SetKey { space, value }, member, present: true });
    Some(())
}

/// Eight little-endian bytes of the version, 1 where the document is broken, then its row or the reason; `None` where there is no document.
pub fn encode_document(change: &DocumentChange) -> Option<Vec<u8>> {
    let (tag, body): (u8, &[u8]) = match &change.content {
        Content::Absent => return None,
        Content::Present(row) => (0, row.bytes()),
        Content::Broken(reason) => (1, reason.as_bytes()),
    };
    Some([&change.version.to_le_bytes(), &[tag][..], body].concat())
}

/// Version and content of such bytes.
pub fn decode_document(bytes: &[u8]) -> Option<(u64, Content)> {
    let (version, rest) = bytes.split_first_chunk()?;
    let (tag, body) = rest.split_first()?;
    let content = match tag {
        0 => Content::Present(Row::from_bytes(body).ok()?),
        _ => Content::Broken(String::from_utf8(body.to_vec()).ok()?),
    };
    Some((u64::from_le_bytes(*version), content))
}

/// What is kept of a dead letter beside its position: time, kind, reason, keys, event.
type Letter<'l> = (i64, Cow<'l, str>, Cow<'l, str>, Vec<(EntityId, Vec<u8>)>, Cow<'l, [u8]>);

/// As JSON: there are few of them.
pub fn encode_letter(letter: &DeadLetter) -> Vec<u8> {
    let keys = letter.keys.iter().map(|(entity, key)| (*entity, key.to_vec())).collect();
    let (kind, reason) = (Cow::Borrowed(&*letter.kind), Cow::Borrowed(&*letter.reason));
    let kept: Letter<'_> = (letter.time, kind, reason, keys, Cow::Borrowed(&letter.event));
    serde_json::json!(kept).to_string().into_bytes()
}

fn decode_letter(position: u64, bytes: &[u8]) -> Option<DeadLetter> {
    let (time, kind, reason, keys, event): Letter<'static> = serde_json::from_slice(bytes).ok()?;
    let keys = keys.into_iter().map(|(entity, key)| (entity, Key::from_bytes(&key))).collect();
    let (kind, event) = (Cow::Owned(kind.into_owned()), event.into());
    Some(DeadLetter { position, time, kind, reason: reason.into_owned(), keys, event })
}

#[cfg(test)]
mod tests {
    use schemas::Value;

    use super::*;

    fn key(text: &str) -> Key {
        Key::of(&[Value::Text(text.into())])
    }

    #[test]
    fn documents_come_back() {
        let row = Row::of(&[Value::Int(7), Value::Null]);
        for content in [Content::Present(row), Content::Broken("division by zero".into())] {
            let change = DocumentChange { view: 1, key: key("a"), version: 1 << 40, content: content.clone() };
            let bytes = encode_document(&change).unwrap();
            assert_eq!(decode_document(&bytes), Some((1 << 40, content)));
            assert_eq!(decode_document(&bytes[..8]), None);
        }
        let gone = DocumentChange { view: 1, key: key("a"), version: 3, content: Content::Absent };
        assert_eq!(encode_document(&gone), None);
    }

    #[test]
    fn dead_letters_come_back() {
        let letter = DeadLetter {
            position: 9,
            time: -5,
            kind: "broken_json".into(),
            reason: "a \"quoted\" reason".into(),
            keys: vec![(2, key("a")), (0, key("b"))],
            event: b"{\xff".as_slice().into(),
        };
        assert_eq!(decode_letter(9, &encode_letter(&letter)), Some(letter));
        assert_eq!(decode_letter(9, b"[]"), None);
    }
}
