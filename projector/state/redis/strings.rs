//! The strings of a commit, as commands that cannot fail: they take no notice of what was there before.

use std::sync::Arc;

use projections::engine::{CellKey, Changes, Content, DocumentChange, DocumentMark, Space};

use super::keys::BuildKeys;
use super::packed::Packed;
use crate::document;

/// So many strings are written by one command: Redis takes about a million words.
const AT_ONCE: usize = 100_000;

/// Writes the strings, and removes those that are gone.
pub fn pack(packed: &mut Packed, keys: &BuildKeys, changes: &Changes) {
    for cells in changes.cells.chunk_by(|(a, _), (b, _)| a.space == b.space) {
        self::cells(packed, keys, cells);
    }
    for documents in changes.documents.chunk_by(|a, b| a.view == b.view) {
        self::documents(packed, keys, documents);
    }
    for tried in changes.tried.iter().filter(|tried| tried.stays.is_none()) {
        packed.command(&["UNLINK", &keys.dead_letter(tried.position)]);
    }
}

/// Cells of one family.
fn cells(packed: &mut Packed, keys: &BuildKeys, cells: &[(CellKey, Option<Arc<[u8]>>)]) {
    match cells {
        [] | [(CellKey { space: Space::Job | Space::Parked, .. }, _), ..] => {}
        [(first, _), ..] => {
            let strings = cells.iter().map(|(cell, bytes)| (&cell.key[..], bytes.as_deref()));
            family(packed, &keys.strings_of(first.space), strings);
        }
    }
}

/// Documents of one view, and their marks.
fn documents(packed: &mut Packed, keys: &BuildKeys, changes: &[DocumentChange]) {
    let Some(first) = changes.first() else { return };
    let spec = keys.catalogue().views.get(first.view);
    let json = |change: &DocumentChange| match &change.content {
        Content::Present(row) => spec.map(|spec| document::to_json(spec, row)),
        Content::Absent | Content::Broken(_) => None,
    };
    let texts: Vec<(String, Option<String>)> =
        changes.iter().map(|change| (keys.document_name(&change.key), json(change))).collect();
    let strings = texts.iter().map(|(name, json)| (name.as_bytes(), json.as_deref().map(str::as_bytes)));
    family(packed, &keys.documents(first.view), strings);
    let marks: Vec<Option<[u8; 24]>> = changes.iter().map(mark).collect();
    let strings = changes.iter().zip(&marks).map(|(change, mark)| (&change.key[..], mark.as_ref().map(|mark| &mark[..])));
    family(packed, &keys.strings_of(Space::Document(first.view)), strings);
}

fn mark(change: &DocumentChange) -> Option<[u8; 24]> {
    let mark = DocumentMark { hash: change.content.hash(), version: change.version };
    (change.content != Content::Absent).then(|| mark.to_bytes())
}

/// Strings whose keys start with `head`; those that are `None` are removed.
fn family<'s>(packed: &mut Packed, head: &str, strings: impl Iterator<Item = (&'s [u8], Option<&'s [u8]>)> + Clone) {
    let head = head.as_bytes();
    let mut written = strings.clone().filter_map(|(key, value)| Some((key, value?)));
    let mut left = written.clone().count();
    while let count @ 1.. = left.min(AT_ONCE) {
        packed.begin(1 + 2 * count);
        packed.word(b"MSET");
        for (key, value) in written.by_ref().take(count) {
            packed.joined(head, key);
            packed.word(value);
        }
        left -= count;
    }
    let mut removed = strings.filter(|(_, value)| value.is_none());
    let mut left = removed.clone().count();
    while let count @ 1.. = left.min(AT_ONCE) {
        packed.begin(1 + count);
        packed.word(b"UNLINK");
        removed.by_ref().take(count).for_each(|(key, _)| packed.joined(head, key));
        left -= count;
    }
}

#[cfg(test)]
mod tests {
    use projections::codec::Key;
    use schemas::Value;

    use super::*;

    #[test]
    fn many_strings_are_written_by_several_commands() {
        let keys: Vec<Key> = (0..AT_ONCE as i64 + 1).map(|number| Key::of(&[Value::Int(number)])).collect();
        let mut packed = Packed::default();
        family(&mut packed, "k:", keys.iter().map(|key| (&key[..], Some(&b"x"[..]))));
        family(&mut packed, "k:", keys.iter().map(|key| (&key[..], None)));
        assert_eq!(packed.commands(), 4);
        family(&mut packed, "k:", [].into_iter());
        assert_eq!(packed.commands(), 4, "nothing is done by no command");
    }
}
