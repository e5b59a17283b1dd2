//! How a document differs from another one of the same key.

use std::collections::BTreeMap;

use projections::codec::{Key, print_key};
use serde_json::value::RawValue;

use crate::state::{Document, DocumentBody};

/// A document that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its view.
    pub view: String,
    /// Its key.
    pub key: String,
    /// How it differs.
    pub mismatch: Mismatch,
}

/// How a document differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// It should be there, and be this.
    Missing(String),
    /// It is there, as this, and should not be.
    Surplus(String),
    /// These fields differ: name, stored, fresh. A broken document has the one field `$broken`.
    Fields(Vec<(String, String, String)>),
}

/// A key as it is written.
pub fn shown_key(key: &Key) -> String {
    print_key(key).unwrap_or_else(|corrupt| corrupt.to_string())
}

/// A document as text, also where it is broken.
pub fn document_text(document: Document) -> String {
    match document.body {
        DocumentBody::Json(json) => json,
        DocumentBody::Broken(reason) => broken(&reason),
    }
}

/// How what is stored differs from what should be.
pub fn mismatch_of(stored: Option<String>, fresh: Option<String>) -> Option<Mismatch> {
    match (stored, fresh) {
        (None, None) => None,
        (None, Some(fresh)) => Some(Mismatch::Missing(fresh)),
        (Some(stored), None) => Some(Mismatch::Surplus(stored)),
        (Some(stored), Some(fresh)) => (stored != fresh).then(|| Mismatch::Fields(differing_fields(&stored, &fresh))),
    }
}

/// A broken document as text.
pub fn broken(reason: &str) -> String {
    serde_json::json!({ "$broken": reason }).to_string()
}

/// The fields of two JSON objects that are not the same text; all of it, where one is no object.
fn differing_fields(stored: &str, fresh: &str) -> Vec<(String, String, String)> {
    type Fields<'t> = BTreeMap<String, &'t RawValue>;
    let (Ok(mut before), Ok(after)) = (serde_json::from_str::<Fields<'_>>(stored), serde_json::from_str::<Fields<'_>>(fresh))
    else {
        return vec![("document".to_owned(), stored.to_owned(), fresh.to_owned())];
    };
    let shown = |value: Option<&RawValue>| value.map_or("nothing".to_owned(), |value| value.get().to_owned());
    let mut fields = Vec::new();
    for (name, value) in after {
        let stored = before.remove(&name);
        if stored.map(RawValue::get) != Some(value.get()) {
            fields.push((name, shown(stored), shown(Some(value))));
        }
    }
    fields.extend(before.into_iter().map(|(name, value)| (name, shown(Some(value)), shown(None))));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differing_fields_are_told_one_by_one() {
        let field = |name: &str, stored: &str, fresh: &str| (name.to_owned(), stored.to_owned(), fresh.to_owned());
        for (stored, fresh, fields) in [
            (r#"{"a":1,"b":[1]}"#, r#"{"a":1,"b":[2]}"#, vec![field("b", "[1]", "[2]")]),
            (r#"{"a":1.0}"#, r#"{"a":1.00}"#, vec![field("a", "1.0", "1.00")]),
            (r#"{"a":1}"#, r#"{"b":1}"#, vec![field("b", "nothing", "1"), field("a", "1", "nothing")]),
            ("1", "2", vec![field("document", "1", "2")]),
        ] {
            assert_eq!(differing_fields(stored, fresh), fields, "{stored} {fresh}");
        }
    }
}
