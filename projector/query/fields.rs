//! `fields=a,b`: documents with some of their columns.

use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::query::{Code, Problem};
use crate::view::ViewSpec;

/// Which columns documents are sent with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Option<Vec<String>>);

// === impl Fields ===

impl Fields {
    /// Takes a parameter of the query, if it is this one.
    pub fn take(&mut self, name: &str, value: &str) -> bool {
        let is_ours = name == "fields";
        if is_ours {
            let named = value.split(',').filter(|name| !name.is_empty()).map(str::to_owned);
            self.0.get_or_insert_default().extend(named);
        }
        is_ours
    }

    /// That the view has them.
    pub fn require(&self, view: &ViewSpec) -> Result<(), Problem> {
        match self.0.iter().flatten().find(|name| view.column(name).is_none()) {
            None => Ok(()),
            Some(name) => Err(Problem::new(Code::NoField, format!("{} has no column {name}", view.name))),
        }
    }

    /// The document with these columns only, in the order in which they were asked for.
    pub fn of(&self, document: String) -> Result<String, Problem> {
        let Some(names) = &self.0 else { return Ok(document) };
        let columns: HashMap<&str, &RawValue> = serde_json::from_str(&document)
            .map_err(|error| Problem::internal(format!("a document is no JSON object: {error}")))?;
        let member = |name: &String| {
            let value = columns.get(name.as_str()).map_or("null", |value| value.get());
            format!("{}:{value}", serde_json::Value::from(name.as_str()))
        };
        let members: Vec<String> = names.iter().map(member).collect();
        Ok(format!("{{{}}}", members.join(",")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_sent_with_what_was_asked_for() {
        let document = r#"{"a":1.50,"b":{"c":[1,"x"]},"d":null}"#;
        let fields = |value: Option<&str>| {
            let mut fields = Fields::default();
            assert!(value.is_none_or(|value| fields.take("fields", value)));
            fields.of(document.to_owned()).unwrap()
        };
        assert_eq!(fields(None), document);
        assert_eq!(fields(Some("b,a")), r#"{"b":{"c":[1,"x"]},"a":1.50}"#);
        assert_eq!(fields(Some("d")), r#"{"d":null}"#);
        assert_eq!(fields(Some("")), "{}");
        assert!(!Fields::default().take("field", "a"));
    }
}
