//! Extraction, by example and by property.

mod agreement;
mod reference;
mod values;
mod violations;

use super::*;
use crate::SourceFile;
use crate::registry::Registry;
use crate::upcast::NoSql;

/// A registry with one type, `A` of the service `s`, in one version.
fn event_type(schema: &str) -> Arc<EventType> {
    let file = SourceFile { path: "s/A.v1.json".to_owned(), text: schema.to_owned() };
    let registry = Registry::build("", &[file], &NoSql).unwrap_or_else(|mistakes| panic!("{schema}: {mistakes:?}"));
    registry.event_type("A").unwrap().clone()
}

fn path(text: &str) -> Vec<String> {
    text.split('.').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn envelope(data: &str) -> Envelope<'_> {
    Envelope { id: "1".into(), source: "s".into(), ty: "A".into(), version: 1, subject: None, time: None, data }
}
